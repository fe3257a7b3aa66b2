"""URLs of the example site."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from restaurant import phone


urlpatterns = [
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("sms/", include("wagtail_sms_automation.urls")),
]

if settings.DEBUG:
    # Anyone could text under any number on the phone page.
    urlpatterns += [
        path("phone/", phone.show, name="phone"),
        path("phone/conversation/", phone.conversation, name="phone_conversation"),
        *staticfiles_urlpatterns(),
        *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
    ]

urlpatterns += [path("", include(wagtail_urls))]
