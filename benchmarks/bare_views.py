"""The peers of the webhook: no signature, no order, no wake-up; one insert."""

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

from wagtail_sms_automation.models import InboundMessage, MessageType

from .models import PlainMessage


@csrf_exempt
def insert_plain(request):
    """Insert one row into a table without any constraint."""
    PlainMessage.objects.create(**_fields(request))
    return HttpResponse("OK", content_type="text/plain; charset=utf-8")


@csrf_exempt
def insert_row(request):
    """Insert the row that our webhook inserts, with its indexes and its unique key."""
    InboundMessage.objects.create(
        message_type=MessageType.SMS,
        # Not for the worker: it would be answered.
        state=InboundMessage.State.PROCESSED,
        **_fields(request),
    )
    return HttpResponse("OK", content_type="text/plain; charset=utf-8")


def _fields(request):
    return {
        "gateway": "default",
        "gateway_id": request.POST["id"],
        "originator": request.POST["originator"],
        "recipient": request.POST["recipient"],
        "body": request.POST["body"],
        "payload": request.POST.dict(),
    }
