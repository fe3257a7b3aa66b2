"""MessageBird, both ways: sending through its SDK, and reading its webhooks."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from messagebird import Client  # type: ignore[import-untyped]
from messagebird.client import USER_AGENT  # type: ignore[import-untyped]

from wagtail_sms_automation.gateways.base import (
    BadPayload,
    BadSignature,
    DeliveryReport,
    Gateway,
    GatewayError,
    NotSent,
    RawRequest,
    Received,
    ReportStatus,
    Sent,
    Submission,
    Unknown,
)
from wagtail_sms_automation.gateways.fields import Fields, clean, read_fields
from wagtail_sms_automation.gateways.messagebird_http import (
    OPTED_OUT,
    PooledHttpClient,
    first_error,
    refusal,
)
from wagtail_sms_automation.gateways.messagebird_list import find
from wagtail_sms_automation.gateways.messagebird_options import (
    is_header_text,
    is_seconds,
    option_errors,
    usable_keys,
)
from wagtail_sms_automation.gateways.messagebird_signatures import (
    JWT_HEADER,
    sign_jwt,
    verify_jwt,
    verify_legacy,
)


DEFAULTS = {
    "ACCESS_KEY": "",
    "SIGNING_KEYS": [],
    "ENDPOINT": "https://rest.messagebird.com/",
    #: Seconds by which the clocks may differ, and a repeated webhook may be late.
    "SIGNATURE_LEEWAY": 300,
    "LEGACY_SIGNATURES": False,
}

STATUSES = {
    "scheduled": ReportStatus.SCHEDULED,
    "sent": ReportStatus.SENT,
    "buffered": ReportStatus.BUFFERED,
    "delivered": ReportStatus.DELIVERED,
    "expired": ReportStatus.EXPIRED,
    "delivery_failed": ReportStatus.FAILED,
}

#: The fields MessageBird has been seen to send, by what it sends them for.
INBOUND_FIELDS = (
    *("id", "message_id", "mid", "reference", "originator", "sender", "recipient"),
    *("receiver", "recipients", "shortcode", "keyword", "operator", "body", "payload"),
    *("message", "mediaUrls", "mediaUrl", "createdDatetime", "receive_datetime"),
    *("date", "date_utc"),
)
REPORT_FIELDS = (
    *("id", "reference", "recipient", "status", "statusReason", "statusDatetime"),
    *("statusErrorCode", "mccmnc", "ported", "messageLength", "messagePartCount"),
    *("datacoding", "price[amount]", "price[currency]"),
)

ADVICE = 'In Flow Builder, use the step "Forward to URL" with the method POST.'


class MessageBirdGateway(Gateway):
    """MessageBird's REST API (rest.messagebird.com)."""

    #: Seconds to connect, and to wait for each piece of the answer.
    timeout = (3.05, 15.0)

    def __init__(self, alias: str, options: Mapping[str, Any]) -> None:
        super().__init__(alias, {**DEFAULTS, **options})
        self._http = PooledHttpClient(
            str(self.options["ENDPOINT"]), self._access_key, USER_AGENT, self.timeout
        )

    def send(self, submission: Submission) -> Sent:
        """Hand one SMS over."""
        self._refuse_bad_key()
        http = _RecordingHttpClient(self._http)
        try:
            client = Client(self._access_key, http_client=http)
            message = client.message_create(
                re.sub(r"^\+(?=[0-9]+$)", "", clean(submission.originator)),
                re.sub(r"[^0-9]", "", submission.recipient),
                clean(submission.body),
                _parameters(submission),
            )
            gateway_id = clean(message.id)
        except GatewayError:
            raise
        # The SDK fails in many ways on an answer it does not expect.
        except Exception as error:  # noqa: BLE001
            return _settle(http.answer, error)
        return Sent(gateway_id=gateway_id) if gateway_id else _settle(http.answer)

    def look_up(
        self, reference: str, recipient: str, since: datetime, until: datetime
    ) -> DeliveryReport | None:
        """What MessageBird's list of messages says of one; None if it is not there."""
        self._refuse_bad_key()
        found = find(self._http, reference, recipient, since, until)
        if found is None:
            return None
        message, item = found
        try:
            return _listed(reference, message, Fields(item.items()))
        except BadPayload as error:
            raise GatewayError(f"MessageBird's list cannot be read: {error}") from None

    def verify(self, request: RawRequest) -> None:
        """Raise BadSignature unless MessageBird signed this request."""
        keys, leeway = self._signing_keys, self.options["SIGNATURE_LEEWAY"]
        if not keys:
            raise BadSignature("SIGNING_KEYS holds no key, so no request is accepted.")
        if not is_seconds(leeway):
            raise BadSignature("SIGNATURE_LEEWAY is not a number of seconds.")
        if JWT_HEADER in request.headers:
            verify_jwt(request, keys, leeway)
        elif self.options["LEGACY_SIGNATURES"] is True:
            verify_legacy(request, keys, leeway)
        else:
            raise BadSignature(f"The request has no {JWT_HEADER}.")

    def sign(self, method: str, url: str, body: bytes) -> dict[str, str]:
        """The header with which MessageBird would sign this request."""
        if not self._signing_keys:
            raise ImproperlyConfigured("SIGNING_KEYS holds no key to sign with.")
        return sign_jwt(self._signing_keys[0], url, body)

    def parse_inbound(self, request: RawRequest) -> Received:
        """Read an inbound message, or raise BadPayload."""
        fields = read_fields(request, INBOUND_FIELDS)
        body_names = ["body", "payload", "message"]
        id_names = ["id", "message_id", "mid"]
        if "shortcode" in fields and "message" in fields:
            # Such a request may also hold the id and the body of something else.
            body_names, id_names = ["message"], ["mid", "id"]
        originator = fields.text("originator", "sender").strip()
        media_urls = fields.web_addresses("mediaUrls", "mediaUrl")
        if not originator:
            raise fields.missing("originator", ADVICE)
        has_body = any(name in fields for name in body_names)
        if not has_body and not media_urls:
            raise fields.missing("body", ADVICE)
        return Received(
            gateway_id=fields.text(*id_names),
            originator=originator,
            recipient=(
                fields.text("shortcode", "recipient", "receiver").strip()
                or _first_recipient(fields.value("recipients"))
            ),
            body=fields.text(*body_names),
            sent_at=fields.moment("receive_datetime", "createdDatetime", "date_utc"),
            media_urls=media_urls,
            payload=fields.payload,
        )

    def parse_report(self, request: RawRequest) -> DeliveryReport:
        """Read a delivery report, or raise BadPayload."""
        fields = read_fields(request, REPORT_FIELDS)
        gateway_id, reference = fields.text("id"), fields.text("reference")
        if not gateway_id and not reference:
            raise fields.missing("id and no reference")
        word = fields.text("status").strip()
        if not word:
            raise fields.missing("status")
        error_code = fields.text("statusErrorCode")
        return DeliveryReport(
            status=STATUSES.get(word.lower()),
            provider_status=word,
            gateway_id=gateway_id,
            reference=reference,
            recipient=fields.text("recipient").strip(),
            is_opt_out=error_code == OPTED_OUT,
            error_code=error_code[:20],
            reason=fields.text("statusReason"),
            reported_at=fields.moment("statusDatetime"),
            payload=fields.payload,
        )

    def option_errors(self) -> list[tuple[str, str, str]]:
        """What is wrong with the options: (check id such as "E011", text, hint)."""
        return list(option_errors(self.options, DEFAULTS))

    def _refuse_bad_key(self) -> None:
        if not is_header_text(self._access_key):
            text = "ACCESS_KEY is missing, or holds a space or a line break."
            raise NotSent(text, is_account_fault=True)

    @property
    def _access_key(self) -> str:
        return str(self.options["ACCESS_KEY"] or "")

    @property
    def _signing_keys(self) -> list[str]:
        return usable_keys(self.options["SIGNING_KEYS"])


class _RecordingHttpClient:
    """Keeps the answer, for when the SDK cannot read it."""

    def __init__(self, http: PooledHttpClient) -> None:
        self.answer = ""
        self._http = http

    def request(self, *args: Any, **kwargs: Any) -> str:
        self.answer = self._http.request(*args, **kwargs)
        return self.answer


def _listed(
    reference: str, message: Mapping[str, Any], fields: Fields
) -> DeliveryReport:
    """What the list says of a message to one recipient, as a report would."""
    word = fields.text("status").strip()
    error_code = fields.text("statusErrorCode")
    return DeliveryReport(
        status=STATUSES.get(word.lower()),
        provider_status=word,
        gateway_id=clean(str(message.get("id") or "")),
        reference=reference,
        recipient=fields.text("recipient").strip(),
        is_opt_out=error_code == OPTED_OUT,
        error_code=error_code[:20],
        reason=fields.text("statusReason"),
        reported_at=fields.moment("statusDatetime"),
        payload=fields.payload,
    )


def _parameters(submission: Submission) -> dict[str, str]:
    # Without "auto", MessageBird replaces what GSM-7 lacks. Without a reference it
    # sends no delivery report. The SDK writes into this dict.
    parameters = {"datacoding": "auto", "reference": submission.reference}
    if submission.report_url:
        parameters["reportUrl"] = submission.report_url
    return parameters


def _settle(answer: str, error: Exception | None = None) -> Sent:
    """Read from the answer itself what became of a message the SDK lost sight of."""
    if gateway_id := _answered_id(answer):
        return Sent(gateway_id=gateway_id)
    code, description = first_error(answer)
    if description:
        raise refusal(f"MessageBird refused: {description}", code) from error
    fault = clean(f"{type(error).__name__}: {error}")[:500] if error else "it has no id"
    raise Unknown(f"MessageBird's answer cannot be read: {fault}") from error


def _answered_id(answer: str) -> str:
    try:
        gateway_id = json.loads(answer)["id"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return clean(str(gateway_id)) if type(gateway_id) in (str, int) else ""


def _first_recipient(recipients: object) -> str:
    """Our number where the request is a message object: {"items": [{"recipient"}]}."""
    try:
        return str(recipients["items"][0]["recipient"])  # type: ignore[index]
    except (LookupError, TypeError):
        return ""
