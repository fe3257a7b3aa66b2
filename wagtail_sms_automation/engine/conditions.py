"""The conditions other than content: what keeps an automation silent."""

from datetime import date, datetime, time, timedelta

from .outcome import Silence
from .rules import (
    Follows,
    Frequency,
    GroupMembership,
    OpeningHours,
    ReceivedBetween,
    ReceivingNumber,
    WeeklyHours,
)
from .situation import Situation


#: Content is held against the whole index at once, in matching.
OtherCondition = (
    ReceivingNumber
    | ReceivedBetween
    | OpeningHours
    | GroupMembership
    | Follows
    | Frequency
)


def silence(
    condition: OtherCondition, automation: int, situation: Situation
) -> Silence | None:
    """Return why a condition keeps an automation silent; None when it holds."""
    match condition:
        case ReceivingNumber(numbers=numbers):
            holds = situation.message.recipient in numbers
        case ReceivedBetween():
            holds = _is_between(condition, situation.message.received_at)
        case OpeningHours(is_open=wanted):
            hours = situation.rulebook.opening_hours
            holds = is_open(hours, situation.message.received_at) == wanted
        case GroupMembership(groups=groups, is_member=wanted):
            holds = _is_in(groups, situation) == wanted
        case Follows():
            holds = _follows(condition, situation)
        case Frequency():
            holds = _is_due(condition, automation, situation)
    return None if holds else _SILENCES[type(condition)]


_SILENCES: dict[type[OtherCondition], Silence] = {
    ReceivingNumber: Silence.RECEIVING_NUMBER,
    ReceivedBetween: Silence.DATES,
    OpeningHours: Silence.OPENING_HOURS,
    GroupMembership: Silence.GROUP,
    Follows: Silence.FOLLOWS,
    Frequency: Silence.FREQUENCY,
}


def is_open(hours: WeeklyHours, at: datetime) -> bool:
    """Tell whether the house is open; a night belongs to the day it began on."""
    local = at.astimezone(hours.time_zone)
    today, clock = local.date(), local.time()
    return any(
        start <= clock and (clock < end or end <= start)
        for start, end in _periods(hours, today)
    ) or any(
        end <= start and clock < end
        for start, end in _periods(hours, today - timedelta(days=1))
    )


def _periods(hours: WeeklyHours, day: date) -> tuple[tuple[time, time], ...]:
    return () if day in hours.closed_on else hours.periods.get(day.weekday(), ())


def _is_between(window: ReceivedBetween, at: datetime) -> bool:
    has_begun = window.starts_at is None or window.starts_at <= at
    return has_begun and (window.ends_at is None or at < window.ends_at)


def _is_in(groups: frozenset[int], situation: Situation) -> bool:
    return situation.contact is not None and bool(groups & situation.contact.groups)


def _follows(condition: Follows, situation: Situation) -> bool:
    contact = situation.contact
    if contact is None or contact.last_answered_at is None:
        return False
    waited = situation.message.received_at - contact.last_answered_at
    return contact.last_automation in condition.automations and waited <= timedelta(
        hours=condition.within_hours
    )


def _is_due(condition: Frequency, automation: int, situation: Situation) -> bool:
    fired_at = situation.contact and situation.contact.fired_at.get(automation)
    if not fired_at:
        return True
    if condition.every_hours is None:
        return False
    return situation.now - fired_at >= timedelta(hours=condition.every_hours)
