"""The public webhooks, with and without the final slash.

A POST to the missing spelling would be redirected, and providers drop or change it.
"""

from django.urls import path

from .webhooks import delivery_report_webhook, inbound_webhook


app_name = "wagtail_sms_automation"
urlpatterns = [
    path("<slug:alias>/inbound", inbound_webhook),
    path("<slug:alias>/delivery-report", delivery_report_webhook),
    path("<slug:alias>/inbound/", inbound_webhook, name="inbound"),
    path(
        "<slug:alias>/delivery-report/", delivery_report_webhook, name="delivery_report"
    ),
]
