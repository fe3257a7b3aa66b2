"""Our webhooks, and beside them the bare views they are measured against."""

from django.urls import include, path

from . import bare_views


urlpatterns = [
    path("sms/", include("wagtail_sms_automation.urls")),
    path("bare/plain/", bare_views.insert_plain),
    path("bare/row/", bare_views.insert_row),
]
