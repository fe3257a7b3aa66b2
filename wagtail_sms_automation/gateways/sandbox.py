"""The sandbox: takes every message and sends none, so a site works without keys."""

import hashlib
import uuid

from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from wagtail_sms_automation.gateways.base import (
    BadSignature,
    DeliveryReport,
    Gateway,
    RawRequest,
    Received,
    ReportStatus,
    Sent,
    Submission,
)
from wagtail_sms_automation.gateways.fields import read_fields


SIGNATURE_HEADER = "sandbox-signature"

INBOUND_FIELDS = (
    *("id", "originator", "recipient", "body", "mediaUrls", "mediaUrl"),
    "createdDatetime",
)
REPORT_FIELDS = ("id", "reference", "recipient", "status", "statusDatetime")


class SandboxGateway(Gateway):
    """Says of every message that it was delivered at once."""

    def send(self, submission: Submission) -> Sent:
        """Take one SMS; nobody receives it."""
        gateway_id = uuid.uuid4().hex
        report = DeliveryReport(
            status=ReportStatus.DELIVERED,
            provider_status=ReportStatus.DELIVERED.value,
            gateway_id=gateway_id,
            reference=submission.reference,
            recipient=submission.recipient,
            reported_at=timezone.now(),
        )
        return Sent(gateway_id=gateway_id, reports=(report,))

    def verify(self, request: RawRequest) -> None:
        """Raise BadSignature unless sign() made the header for this request."""
        given = request.headers.get(SIGNATURE_HEADER, "")
        for url in request.urls:
            expected = _signature(request.method, url, request.body)
            if constant_time_compare(given, expected):
                return
        raise BadSignature(f"{SIGNATURE_HEADER} does not fit this request.")

    def sign(self, method: str, url: str, body: bytes) -> dict[str, str]:
        """The header that verify() accepts."""
        return {SIGNATURE_HEADER: _signature(method, url, body)}

    def parse_inbound(self, request: RawRequest) -> Received:
        """Read an inbound message, or raise BadPayload."""
        fields = read_fields(request, INBOUND_FIELDS)
        originator = fields.text("originator").strip()
        media_urls = fields.web_addresses("mediaUrls", "mediaUrl")
        if not originator:
            raise fields.missing("originator")
        if "body" not in fields and not media_urls:
            raise fields.missing("body")
        return Received(
            gateway_id=fields.text("id"),
            originator=originator,
            recipient=fields.text("recipient").strip(),
            body=fields.text("body"),
            sent_at=fields.moment("createdDatetime"),
            media_urls=media_urls,
            payload=fields.payload,
        )

    def parse_report(self, request: RawRequest) -> DeliveryReport:
        """Read a delivery report in the words of ReportStatus, or raise BadPayload."""
        fields = read_fields(request, REPORT_FIELDS)
        if not fields.text("id", "reference"):
            raise fields.missing("id and no reference")
        word = fields.text("status").strip()
        if not word:
            raise fields.missing("status")
        return DeliveryReport(
            status=ReportStatus(word) if word in set(ReportStatus) else None,
            provider_status=word,
            gateway_id=fields.text("id"),
            reference=fields.text("reference"),
            recipient=fields.text("recipient").strip(),
            reported_at=fields.moment("statusDatetime"),
            payload=fields.payload,
        )


def _signature(method: str, url: str, body: bytes) -> str:
    body_hash = hashlib.sha256(body).hexdigest()
    value = f"{method.upper()}\n{url}\n{body_hash}"
    return salted_hmac(
        "wagtail_sms_automation.gateways.sandbox", value, algorithm="sha256"
    ).hexdigest()
