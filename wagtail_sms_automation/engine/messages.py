"""What travels through the engine: a message, and the contact as the rules see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class MessageType(StrEnum):
    """How a message came."""

    SMS = "sms"
    #: A message with media; its body may be empty.
    MMS = "mms"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """One text as a customer sent it."""

    body: str
    #: E.164 with "+" for a phone; a short code or a name otherwise.
    originator: str
    #: The number of ours that received it: E.164 with "+", or a short code.
    recipient: str
    received_at: datetime
    message_type: MessageType = MessageType.SMS
    media_urls: tuple[str, ...] = ()


def read_together(parts: Sequence[InboundMessage]) -> InboundMessage:
    """Read texts that came within a few seconds as one, a line each."""
    last = parts[-1]
    is_mms = any(part.message_type is MessageType.MMS for part in parts)
    return replace(
        last,
        body="\n".join(part.body for part in parts if part.body),
        message_type=MessageType.MMS if is_mms else last.message_type,
        media_urls=tuple(url for part in parts for url in part.media_urls),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SentText:
    """An SMS this contact was sent, or that staff were sent because of it."""

    body: str
    sent_at: datetime
    #: True for what an automation sent, False for broadcasts and people.
    is_automatic: bool = True
    #: True for what went to staff phones.
    is_forward: bool = False
    #: Which automation sent it, by id.
    automation: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What the rules may know of the person who wrote."""

    phone_number: str
    first_name: str = ""
    last_name: str = ""
    language: str = ""
    #: ISO 3166 code of the number's country; chooses the opt-out words.
    country: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    groups: frozenset[int] = frozenset()
    #: Was opted out before this message came.
    is_opted_out: bool = False
    #: Automations say nothing until then: a person has taken over.
    silent_until: datetime | None = None
    last_automation: int | None = None
    last_answered_at: datetime | None = None
    #: When each automation last fired for this contact, by automation id.
    fired_at: Mapping[int, datetime] = field(default_factory=dict)
    #: What the contact was sent in the last 14 days, newest first.
    sent_texts: tuple[SentText, ...] = ()
    #: One for each message of the contact's that was forwarded to staff phones in the
    #: last day, however many phones those were; newest first.
    forwards: tuple[SentText, ...] = ()
