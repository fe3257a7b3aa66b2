"""Messages that wait, stored in bulk."""

import itertools
import uuid

from wagtail_sms_automation.models import Contact, InboundMessage

from .site import CONTACTS, KEYWORDS, ORIGINATOR, phone_number


_numbers = itertools.count()


def store(count: int) -> None:
    """Store messages as the webhook leaves them, from a round of contacts."""
    contacts = _contacts()
    InboundMessage.objects.bulk_create(
        _message(contacts[number % CONTACTS], number)
        for number in itertools.islice(_numbers, count)
    )


def _message(contact: Contact, number: int) -> InboundMessage:
    return InboundMessage(
        gateway="default",
        gateway_id=uuid.uuid4().hex,
        contact=contact,
        message_type="sms",
        body=f"{KEYWORDS[number % len(KEYWORDS)]} for two at noon, please",
        originator=contact.phone_number,
        recipient=ORIGINATOR,
    )


def _contacts() -> list[Contact]:
    numbers = [phone_number(number) for number in range(CONTACTS)]
    Contact.objects.bulk_create(
        [Contact(phone_number=number) for number in numbers], ignore_conflicts=True
    )
    return list(Contact.objects.filter(phone_number__in=numbers).order_by("pk"))
