"""Messages that wait, stored in bulk, and what became of them."""

import itertools
import uuid

from django.db.models import QuerySet

from wagtail_sms_automation.models import Contact, InboundMessage, OutboundMessage

from .site import CONTACTS, KEYWORDS, ORIGINATOR, phone_number


State = OutboundMessage.State

_numbers = itertools.count()


def store(count: int) -> None:
    """Store messages as the webhook leaves them, from a round of contacts."""
    Contact.objects.bulk_create(
        [Contact(phone_number=phone_number(number)) for number in range(CONTACTS)],
        ignore_conflicts=True,
    )
    InboundMessage.objects.bulk_create(
        _message(number) for number in itertools.islice(_numbers, count)
    )


def unsent() -> QuerySet:
    """Replies on their way."""
    return OutboundMessage.objects.filter(state__in=[State.QUEUED, State.SENDING])


def replies() -> QuerySet:
    """Replies that the gateway took."""
    return OutboundMessage.objects.filter(state=State.SENT)


def _message(number: int) -> InboundMessage:
    return InboundMessage(
        gateway="default",
        gateway_id=uuid.uuid4().hex,
        message_type="sms",
        body=f"{KEYWORDS[number % len(KEYWORDS)]} for two at noon, please",
        originator=phone_number(number % CONTACTS),
        recipient=ORIGINATOR,
    )
