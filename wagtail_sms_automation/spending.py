"""The spend guard: what a text costs is reserved before it is sent, or it is held.

Parts are counted for all texts of a day and for each of our numbers, by counters that
all workers share; for a contact, by what that contact was sent. A day is one of the
site's time zone. All of it belongs in the transaction that claims the messages.
"""

import itertools
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from django.db.models import F, Q, Sum
from django.utils import timezone

from .conf import settings as sms_settings
from .models import Contact, OutboundMessage, PartsSpent, SmsSettings
from .phone_numbers import read_countries, region_of


logger = logging.getLogger(__name__)

HeldBy = OutboundMessage.HeldBy

#: Under which the texts of all our numbers are counted.
ALL = ""
#: The longest a message may wait before it is sent: it counts on the day it goes out.
LONGEST_LIFE = timedelta(hours=24)


def holds(
    messages: Sequence[OutboundMessage], site: SmsSettings, now: datetime
) -> dict[int, HeldBy]:
    """Reserve what these cost; give back, by id, those to be held instead, and why.

    Call it last, with messages that go out unless they are held, and with attempts as
    they were before this one: a message that was tried has its parts already. E-mails
    cost nothing. What a person sent again is counted but never held.
    """
    new = [
        message
        for message in messages
        if message.channel == OutboundMessage.Channel.SMS and not message.attempts
    ]
    held = _held_by_country(new, site)
    held |= _held_by_contact(_without(held, new), site, now)
    return held | _held_by_counters(_without(held, new), site, _day(now))


def flag(contact_ids: Collection[int]) -> None:
    """Show staff the contacts whose daily limit was reached."""
    if not contact_ids:
        return
    Contact.objects.filter(pk__in=contact_ids, is_flagged=False).update(is_flagged=True)


def _is_asked_for(message: OutboundMessage) -> bool:
    """True for the copy that a person sent again, whatever the limits say."""
    return message.cause.startswith("again:")


def _without(
    held: Collection[int], messages: Iterable[OutboundMessage]
) -> list[OutboundMessage]:
    return [message for message in messages if message.pk not in held]


def _zone() -> tzinfo:
    # Not the current one: a worker may have another than a view.
    return timezone.get_default_timezone()


def _day(now: datetime) -> date:
    return timezone.localtime(now, _zone()).date()


# Countries


def _held_by_country(
    messages: Iterable[OutboundMessage], site: SmsSettings
) -> dict[int, HeldBy]:
    allowed = _allowed_countries(site)
    return {
        message.pk: HeldBy.COUNTRY
        for message in messages
        if not _is_asked_for(message) and not _may_be_texted(message, allowed)
    }


def _allowed_countries(site: SmsSettings) -> frozenset[str]:
    try:
        return read_countries(site.allowed_countries)
    except ValueError:
        # The form refuses such a list; if it came otherwise, the default is narrow.
        logger.error("The list of countries that may be texted cannot be read.")
        return frozenset()


def _may_be_texted(message: OutboundMessage, allowed: frozenset[str]) -> bool:
    if allowed:
        return region_of(message.recipient) in allowed
    if message.inbound_id and message.contact_id:
        return True
    home = region_of(message.originator) or sms_settings.DEFAULT_REGION
    return not home or region_of(message.recipient) == home


# One contact


def _held_by_contact(
    messages: Iterable[OutboundMessage], site: SmsSettings, now: datetime
) -> dict[int, HeldBy]:
    cap = site.parts_per_day_of_contact
    to_contacts = [message for message in messages if message.contact_id]
    if cap is None or not to_contacts:
        return {}
    spent = _parts_by_contact(to_contacts, now)
    held = {}
    for message in to_contacts:
        is_over = spent[message.contact_id] + message.parts > cap
        if is_over and not _is_asked_for(message):
            held[message.pk] = HeldBy.CONTACT_LIMIT
        else:
            spent[message.contact_id] += message.parts
    return held


def _parts_by_contact(
    messages: Sequence[OutboundMessage], now: datetime
) -> dict[int, int]:
    """What these contacts were sent today, or may have been, before these messages."""
    midnight = datetime.combine(_day(now), time.min, _zone())
    tried = OutboundMessage.objects.filter(
        Q(sent_at__gte=midnight) | Q(sent_at=None, created_at__gte=midnight),
        contact__in={message.contact_id for message in messages},
        created_at__gte=midnight - LONGEST_LIFE,
        channel=OutboundMessage.Channel.SMS,
        attempts__gt=0,
    )
    before = tried.exclude(pk__in=[message.pk for message in messages])
    sums = before.order_by().values_list("contact").annotate(Sum("parts"))
    return defaultdict(int, sums)


# The counters


def _held_by_counters(
    messages: Sequence[OutboundMessage], site: SmsSettings, day: date
) -> dict[int, HeldBy]:
    """Reserve with each of our numbers, then for the site.

    Always in this order, so that two workers never wait for one another.
    """
    held: dict[int, HeldBy] = {}
    for originator, cap, counted in _scopes(messages, site):
        left = [message for message in counted if message.pk not in held]
        refused = _reserve(day, originator, cap, left)
        reason = HeldBy.SITE_LIMIT if originator == ALL else HeldBy.ORIGINATOR_LIMIT
        held |= {message.pk: reason for message in refused}
        if originator == ALL and site.parts_per_day_of_originator is not None:
            _give_back(day, refused)
    return held


def _scopes(
    messages: Sequence[OutboundMessage], site: SmsSettings
) -> Iterator[tuple[str, int, Sequence[OutboundMessage]]]:
    """Each counter that has a limit, the limit, and what it counts; the site last."""
    if (cap := site.parts_per_day_of_originator) is not None:
        by_originator = defaultdict(list)
        for message in messages:
            by_originator[message.originator].append(message)
        by_originator.pop(ALL, None)
        for originator in sorted(by_originator):
            yield originator, cap, by_originator[originator]
    if (cap := site.parts_per_day) is not None:
        yield ALL, cap, messages


def _reserve(
    day: date, originator: str, cap: int, messages: Sequence[OutboundMessage]
) -> list[OutboundMessage]:
    """Add parts to a counter as far as they fit; return the messages that do not."""
    if not messages:
        return []
    parts = _parts(messages)
    rows = PartsSpent.objects.filter(day=day, originator=originator)
    if rows.filter(parts__lte=cap - parts).update(parts=F("parts") + parts):
        return []
    counter = _locked(day, originator)
    counter.parts += _parts(filter(_is_asked_for, messages))
    refused = []
    for message in itertools.filterfalse(_is_asked_for, messages):
        if counter.parts + message.parts > cap:
            refused.append(message)
        else:
            counter.parts += message.parts
    if len(refused) < len(messages):
        counter.save(update_fields=["parts"])
    return refused


def _locked(day: date, originator: str) -> PartsSpent:
    rows = PartsSpent.objects.select_for_update()
    rows = rows.filter(day=day, originator=originator)
    if (counter := rows.first()) is None:
        first = PartsSpent(day=day, originator=originator)
        PartsSpent.objects.bulk_create([first], ignore_conflicts=True)
        counter = rows.get()
    return counter


def _give_back(day: date, messages: Iterable[OutboundMessage]) -> None:
    """Take off the counters of our numbers what the site's limit holds."""
    by_originator: dict[str, int] = defaultdict(int)
    for message in messages:
        by_originator[message.originator] += message.parts
    by_originator.pop(ALL, None)
    for originator, parts in by_originator.items():
        rows = PartsSpent.objects.filter(day=day, originator=originator)
        rows.update(parts=F("parts") - parts)


def _parts(messages: Iterable[OutboundMessage]) -> int:
    return sum(message.parts for message in messages)
