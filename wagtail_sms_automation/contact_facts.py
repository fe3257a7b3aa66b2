"""What the rules may know of a contact, gathered from the rows."""

from datetime import timedelta

from django.db.models import Max, Min

from .engine import messages
from .models import OptOut, OutboundMessage
from .phone_numbers import region_of


#: How far back a quoted text of ours is recognised (domain.md 2.2).
QUOTED_WITHIN = timedelta(days=14)
#: How far back the loop guard counts (domain.md 4.3).
COUNTED_WITHIN = timedelta(days=1)


def facts_of(contact, now, *, is_opted_out=None) -> messages.Contact:
    """Gather what the rules may know of a contact."""
    if is_opted_out is None:
        is_opted_out = OptOut.objects.open().filter(contact=contact).exists()
    return messages.Contact(
        phone_number=contact.phone_number,
        first_name=contact.first_name,
        last_name=contact.last_name,
        language=contact.language,
        country=region_of(contact.phone_number),
        attributes={key: str(value) for key, value in contact.attributes.items()},
        groups=frozenset(contact.memberships.values_list("group_id", flat=True)),
        is_opted_out=is_opted_out,
        silent_until=contact.silent_until,
        last_automation=contact.last_automation_id,
        last_answered_at=contact.last_answered_at,
        fired_at=_fired_at(contact),
        sent_texts=sent_texts(contact, now),
        forwards=_forwards(contact, now),
    )


def _fired_at(contact):
    last = contact.matches.order_by().values("automation").annotate(Max("matched_at"))
    return dict(last.values_list("automation", "matched_at__max"))


def sent_texts(contact, now) -> tuple[messages.SentText, ...]:
    """Gather what a contact was sent of late, newest first."""
    state = OutboundMessage.State
    sent = OutboundMessage.objects.to_contact_since(contact, now - QUOTED_WITHIN)
    return tuple(
        messages.SentText(
            body=message.body,
            sent_at=message.created_at,
            is_automatic=message.inbound_id is not None,
        )
        for message in sent.exclude(state__in=[state.HELD, state.FAILED])[:200]
    )


def _forwards(contact, now):
    """What was forwarded to staff because this contact wrote, once a message."""
    state = OutboundMessage.State
    forwarded = OutboundMessage.objects.forwarded_for(contact, now - COUNTED_WITHIN)
    forwarded = forwarded.exclude(state__in=[state.HELD, state.FAILED])
    moments = forwarded.values("inbound").annotate(at=Min("created_at")).order_by("-at")
    return tuple(
        messages.SentText(body="", sent_at=at, is_forward=True)
        for at in moments.values_list("at", flat=True)[:100]
    )
