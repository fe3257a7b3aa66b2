"""What every gateway offers, and what passes between a gateway and the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ReportStatus(StrEnum):
    """What became of an outbound message, in words that fit every provider."""

    #: With the provider, waiting for its time.
    SCHEDULED = "scheduled"
    SENT = "sent"
    #: With the operator; the phone is off or out of reach.
    BUFFERED = "buffered"
    FAILED = "failed"
    EXPIRED = "expired"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One SMS to hand over."""

    #: Our UUID as text; the provider echoes it in the delivery report.
    reference: str
    #: E.164 with "+", a short code, or a name of at most 11 characters.
    originator: str
    #: E.164 with "+".
    recipient: str
    body: str
    #: Absolute URL for the delivery report; empty asks for none.
    report_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What the provider says later of one message to one recipient."""

    #: None: a word we do not know, to be kept and otherwise left alone.
    status: ReportStatus | None
    #: The status in the provider's own word.
    provider_status: str = ""
    gateway_id: str = ""
    reference: str = ""
    #: As the provider wrote it; compare digits only.
    recipient: str = ""
    #: The recipient has sent STOP to the provider.
    is_opt_out: bool = False
    error_code: str = ""
    reason: str = ""
    reported_at: datetime | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The provider has accepted a submission."""

    gateway_id: str
    #: Reports that came with the answer (the sandbox simulates one).
    reports: tuple[DeliveryReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One inbound message as the provider handed it over."""

    #: The provider's id; empty where it gave none.
    gateway_id: str
    #: As the provider wrote it, usually digits without "+".
    originator: str
    recipient: str
    body: str
    #: When the provider received it, where it says so.
    sent_at: datetime | None = None
    media_urls: tuple[str, ...] = ()
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRequest:
    """A webhook request with nothing of Django in it."""

    method: str
    #: The public URLs the provider may have signed, query included, likeliest first.
    urls: tuple[str, ...]
    #: The raw query string, without "?".
    query: str = ""
    #: Header names in lower case.
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class GatewayError(Exception):
    """A submission that was not accepted, or may not have been."""

    #: True: the message was surely not accepted and may be sent again.
    is_retryable = False
    #: True: the account is at fault (wrong key, no balance), not the message. Nothing
    #: can be sent by this gateway until a person mends it.
    is_account_fault = False

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Rejected(GatewayError):
    """The provider refuses this message for good.

    is_opt_out: because the recipient has sent STOP.
    """

    def __init__(
        self, message: str, *, code: str = "", is_opt_out: bool = False
    ) -> None:
        super().__init__(message, code=code)
        self.is_opt_out = is_opt_out


class Throttled(GatewayError):
    """Too much at once: try again after retry_after seconds (None: it did not say)."""

    is_retryable = True

    def __init__(
        self, message: str, *, retry_after: float | None = None, code: str = ""
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class NotSent(GatewayError):
    """The provider surely did not take the message, and may take it later.

    is_account_fault: because of the account, which a person must mend first.
    """

    is_retryable = True

    def __init__(
        self, message: str, *, code: str = "", is_account_fault: bool = False
    ) -> None:
        super().__init__(message, code=code)
        self.is_account_fault = is_account_fault


class Unknown(GatewayError):
    """The message may have been accepted: never send it again without a person."""


class BadSignature(Exception):
    """A webhook request that the provider did not sign."""


class BadPayload(ValueError):
    """A webhook request that cannot be read; the message says what is missing.

    It is logged and sent back, so it repeats no text of the request.
    """


class Gateway:
    """A provider, both ways. Subclasses are made once per process and alias.

    Errors of send(): Rejected, Throttled, NotSent, Unknown. Any other exception
    that leaves send() counts as Unknown.
    """

    #: The longest text the provider accepts, in parts.
    max_parts = 9

    def __init__(self, alias: str, options: Mapping[str, Any]) -> None:
        self.alias = alias
        self.options = options

    def send(self, submission: Submission) -> Sent:
        """Hand one SMS over."""
        raise TypeError(f"{type(self).__name__} does not say how to send.")

    def look_up(
        self, reference: str, recipient: str, since: datetime, until: datetime
    ) -> DeliveryReport | None:
        """What the provider knows of a message handed over between two moments.

        None only where it surely does not know it; GatewayError where that cannot
        be told, as by a provider that cannot be asked.
        """
        raise GatewayError(f"{type(self).__name__} cannot look messages up.")

    def verify(self, request: RawRequest) -> None:
        """Raise BadSignature unless the provider signed this request."""
        raise BadSignature(f"{type(self).__name__} accepts no webhooks.")

    def parse_inbound(self, request: RawRequest) -> Received:
        """Read an inbound message, or raise BadPayload."""
        raise BadPayload(f"{type(self).__name__} accepts no webhooks.")

    def parse_report(self, request: RawRequest) -> DeliveryReport:
        """Read a delivery report, or raise BadPayload."""
        raise BadPayload(f"{type(self).__name__} accepts no webhooks.")

    def sign(self, method: str, url: str, body: bytes) -> dict[str, str]:
        """The headers with which this gateway's provider would sign a request."""
        raise TypeError(f"{type(self).__name__} does not sign requests.")

    def option_errors(self) -> list[tuple[str, str, str]]:
        """What is wrong with the options: (check id such as "E011", text, hint)."""
        return []
