"""When and where one message can meet the conditions of several automations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from ..conditions import is_open
from ..flow_graph import followed_by
from ..messages import MessageType
from ..rules import (
    Automation,
    GroupMembership,
    OpeningHours,
    ReceivedBetween,
    ReceivingNumber,
    WeeklyHours,
)


_T = TypeVar("_T")

#: How many days ahead the opening hours are searched: further than any holiday.
_HORIZON = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an automation asks for besides keywords."""

    message_type: MessageType = MessageType.SMS
    #: None: any number of ours.
    numbers: frozenset[str] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    #: Both in here: it can never hold.
    is_open: frozenset[bool] = frozenset()
    #: The contact is in one of each of these,
    groups: frozenset[frozenset[int]] = frozenset()
    #: and in none of these.
    barred: frozenset[int] = frozenset()
    #: None: no matter which automation answered last.
    follows: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A situation in which all the conditions hold."""

    at: datetime
    recipient: str
    message_type: MessageType = MessageType.SMS
    groups: frozenset[int] = frozenset()
    last_automation: int | None = None


def terms_of(automation: Automation) -> Terms:
    """Sum up the conditions of an automation other than content and frequency."""
    terms = Terms(message_type=automation.message_type, follows=followed_by(automation))
    numbers, starts_at, ends_at = terms.numbers, terms.starts_at, terms.ends_at
    opens, groups, barred = set[bool](), set[frozenset[int]](), set[int]()
    for condition in automation.conditions:
        match condition:
            case ReceivingNumber():
                numbers = _both(numbers, condition.numbers)
            case ReceivedBetween():
                starts_at = _last(starts_at, condition.starts_at)
                ends_at = _first(ends_at, condition.ends_at)
            case OpeningHours():
                opens.add(condition.is_open)
            case GroupMembership(is_member=True):
                groups.add(condition.groups)
            case GroupMembership():
                barred |= condition.groups
    return Terms(
        message_type=terms.message_type,
        numbers=numbers,
        starts_at=starts_at,
        ends_at=ends_at,
        is_open=frozenset(opens),
        groups=frozenset(groups),
        barred=frozenset(barred),
        follows=terms.follows,
    )


def common(one: Terms, other: Terms) -> Terms | None:
    """Return what both ask for; None if one message can never meet both."""
    if one.message_type != other.message_type:
        return None
    if one.numbers and other.numbers and one.numbers.isdisjoint(other.numbers):
        return None
    # Within a conversation, those that follow silence those that do not.
    if (one.follows is None) != (other.follows is None):
        return None
    terms = Terms(
        message_type=one.message_type,
        numbers=_both(one.numbers, other.numbers),
        starts_at=_last(one.starts_at, other.starts_at),
        ends_at=_first(one.ends_at, other.ends_at),
        is_open=one.is_open | other.is_open,
        groups=one.groups | other.groups,
        barred=one.barred | other.barred,
        follows=_both(one.follows, other.follows),
    )
    return terms if _can_hold(terms) else None


def meeting(
    terms: Terms,
    *,
    now: datetime,
    hours: WeeklyHours,
    own_numbers: Iterable[str],
    known: frozenset[int],
) -> Meeting | None:
    """Find a situation from now on that meets terms; None if there is none.

    Only known automations can have answered last.
    """
    if not _can_hold(terms):
        return None
    try:
        at = _moment(terms, now, hours)
    except OverflowError:
        # A window that begins at the end of all dates.
        return None
    if at is None:
        return None
    last_automation = None
    if terms.follows is not None:
        followed = terms.follows & known
        if not followed:
            return None
        last_automation = min(followed)
    numbers = own_numbers if terms.numbers is None else terms.numbers
    return Meeting(
        at=at,
        recipient=min(numbers, default="+33939980000"),
        message_type=terms.message_type,
        groups=frozenset(min(group - terms.barred) for group in terms.groups),
        last_automation=last_automation,
    )


def _can_hold(terms: Terms) -> bool:
    has_window = not (
        terms.starts_at and terms.ends_at and terms.starts_at >= terms.ends_at
    )
    return (
        has_window
        and len(terms.is_open) < 2
        and terms.numbers != frozenset()
        and terms.follows != frozenset()
        and all(group - terms.barred for group in terms.groups)
    )


def _moment(terms: Terms, now: datetime, hours: WeeklyHours) -> datetime | None:
    earliest = now if terms.starts_at is None else max(now, terms.starts_at)
    for at in _moments(terms, earliest, hours):
        if terms.ends_at is not None and at >= terms.ends_at:
            continue
        if all(is_open(hours, at) == wanted for wanted in terms.is_open):
            return at
    return None


def _moments(
    terms: Terms, earliest: datetime, hours: WeeklyHours
) -> Sequence[datetime]:
    """The first moment, then those at which the house opens and closes after it."""
    if not terms.is_open:
        return [earliest]
    moments = []
    first_day = earliest.astimezone(hours.time_zone).date()
    for number in range(-1, _HORIZON):
        day = first_day + timedelta(days=number)
        for start, end in hours.periods.get(day.weekday(), ()):
            night = timedelta(days=int(end <= start))
            for moment in (
                datetime.combine(day, start, hours.time_zone),
                datetime.combine(day + night, end, hours.time_zone),
            ):
                if moment > earliest:
                    moments.append(moment)
    return [earliest, *sorted(moments)]


def _both(
    one: frozenset[_T] | None, other: frozenset[_T] | None
) -> frozenset[_T] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _last(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(filter(None, (one, other)), default=None)
