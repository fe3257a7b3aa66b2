"""Messages that wait, stored in bulk."""

import itertools
import uuid

from wagtail_sms_automation.models import Contact, InboundMessage

from .site import CONTACTS, KEYWORDS, ORIGINATOR, phone_number


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


def _message(number: int) -> InboundMessage:
    return InboundMessage(
        gateway="default",
        gateway_id=uuid.uuid4().hex,
        message_type="sms",
        body=f"{KEYWORDS[number % len(KEYWORDS)]} for two at noon, please",
        originator=phone_number(number % CONTACTS),
        recipient=ORIGINATOR,
    )
