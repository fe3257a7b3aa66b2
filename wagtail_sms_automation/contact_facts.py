"""What the rules may know of contacts, gathered from the rows of many at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Max, Min, Q

from .engine import messages
from .models import Contact, Match, Membership, OptOut, OutboundMessage
from .phone_numbers import region_of


#: How far back a quoted text of ours is recognised (domain.md 2.2).
QUOTED_WITHIN = timedelta(days=14)
#: How far back the loop guard counts (domain.md 4.3).
COUNTED_WITHIN = timedelta(days=1)
#: Texts of one contact that are looked at, and forwards.
MOST_TEXTS = 200
MOST_FORWARDS = 100

#: When a contact was opted out: from, to (None: still).
Period = tuple[datetime, datetime | None]


def facts_of(contact: Contact, now: datetime) -> messages.Contact:
    """Gather what the rules may know of one contact."""
    periods = opt_out_periods([contact], now)
    return facts_of_all([contact], now, periods)[contact.pk]


def facts_of_all(
    contacts: Sequence[Contact], now: datetime, periods: Mapping[int, Sequence[Period]]
) -> dict[int, messages.Contact]:
    """Gather what the rules may know of each contact, by its id.

    periods are those of opt_out_periods().
    """
    groups, fired_at = _groups(contacts), _fired_at(contacts)
    sent, forwards = _sent_texts(contacts, now), _forwards(contacts, now)
    return {
        contact.pk: messages.Contact(
            phone_number=contact.phone_number,
            first_name=contact.first_name,
            last_name=contact.last_name,
            language=contact.language,
            country=region_of(contact.phone_number),
            attributes={key: str(value) for key, value in contact.attributes.items()},
            groups=frozenset(groups[contact.pk]),
            is_opted_out=is_open(periods.get(contact.pk, ())),
            silent_until=contact.silent_until,
            last_automation=contact.last_automation_id,
            last_answered_at=contact.last_answered_at,
            fired_at=fired_at[contact.pk],
            sent_texts=tuple(sent[contact.pk][:MOST_TEXTS]),
            forwards=tuple(forwards[contact.pk][:MOST_FORWARDS]),
        )
        for contact in contacts
    }


def sent_bodies(contact: Contact, now: datetime) -> list[str]:
    """Gather what a contact was sent of late and may be quoting, newest first."""
    texts = _sent_texts([contact], now)[contact.pk]
    return [text.body for text in texts[:MOST_TEXTS]]


def opt_out_periods(
    contacts: Iterable[Contact], since: datetime
) -> dict[int, list[Period]]:
    """Gather when each contact was opted out, by its id: what has ended since too."""
    periods = OptOut.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=since), contact__in=contacts
    )
    by_contact: dict[int, list[Period]] = defaultdict(list)
    for pk, *period in periods.values_list("contact", "started_at", "ended_at"):
        by_contact[pk].append(tuple(period))
    return by_contact


def is_open(periods: Iterable[Period]) -> bool:
    """True while one of these periods has not ended."""
    return any(end is None for _start, end in periods)


def _groups(contacts):
    groups = defaultdict(set)
    memberships = Membership.objects.filter(contact__in=contacts).order_by()
    for pk, group in memberships.values_list("contact", "group"):
        groups[pk].add(group)
    return groups


def _fired_at(contacts):
    fired_at = defaultdict(dict)
    matches = Match.objects.filter(contact__in=contacts).order_by()
    last = matches.values_list("contact", "automation").annotate(Max("matched_at"))
    for pk, automation, matched_at in last:
        fired_at[pk][automation] = matched_at
    return fired_at


def _sent_texts(contacts, now):
    texts = defaultdict(list)
    sent = OutboundMessage.objects.sent_to_since(contacts, now - QUOTED_WITHIN)
    for pk, body, sent_at, inbound, automation in sent.values_list(
        "contact", "body", "created_at", "inbound", "automation"
    ):
        texts[pk].append(
            messages.SentText(
                body=body,
                sent_at=sent_at,
                is_automatic=inbound is not None,
                automation=automation,
            )
        )
    return texts


def _forwards(contacts, now):
    """What was forwarded to staff because a contact wrote, once a message."""
    texts = defaultdict(list)
    forwarded = OutboundMessage.objects.forwarded_for(contacts, now - COUNTED_WITHIN)
    by_message = forwarded.order_by().values_list("inbound__contact", "inbound")
    for pk, _inbound, at in by_message.annotate(at=Min("created_at")).order_by("-at"):
        texts[pk].append(messages.SentText(body="", sent_at=at, is_forward=True))
    return texts
