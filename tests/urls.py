"""URLs of the test suite."""

from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls


urlpatterns = [
    path("admin/", include(wagtailadmin_urls)),
    path("sms/", include("wagtail_sms_automation.urls")),
    path("", include(wagtail_urls)),
]
