from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from wagtail_sms_automation.engine import conditions
from wagtail_sms_automation.engine.messages import Contact, InboundMessage
from wagtail_sms_automation.engine.outcome import Silence
from wagtail_sms_automation.engine.rules import (
    Follows,
    Frequency,
    GroupMembership,
    OpeningHours,
    ReceivedBetween,
    ReceivingNumber,
    Rulebook,
    WeeklyHours,
)
from wagtail_sms_automation.engine.situation import Situation


PARIS = ZoneInfo("Europe/Paris")
OURS = "+33937000001"
MONDAY = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)
AUTOMATION = 7


def situation(contact=True, *, at=MONDAY, now=None, hours=None, **about_contact):
    return Situation(
        message=InboundMessage(
            body="x", originator="+33612345678", recipient=OURS, received_at=at
        ),
        contact=Contact(phone_number="+33612345678", **about_contact)
        if contact
        else None,
        rulebook=Rulebook(
            opening_hours=hours or WeeklyHours(time_zone=ZoneInfo("UTC"))
        ),
        now=now or at,
    )


def silence(condition, *args, **kwargs):
    return conditions.silence(condition, AUTOMATION, situation(*args, **kwargs))


def test_receiving_number_must_be_one_of_those_named():
    other = "+33937000002"

    assert silence(ReceivingNumber(numbers=frozenset({OURS, other}))) is None
    assert (
        silence(ReceivingNumber(numbers=frozenset({other}))) is Silence.RECEIVING_NUMBER
    )


@pytest.mark.parametrize(
    ("starts_in", "ends_in", "expected"),
    [
        (None, None, None),
        (0, None, None),
        (-60, 60, None),
        (1, None, Silence.DATES),
        (None, 0, Silence.DATES),
        (None, 1, None),
        (-60, -1, Silence.DATES),
    ],
)
def test_window_holds_its_start_and_not_its_end(starts_in, ends_in, expected):
    starts_at, ends_at = (
        None if seconds is None else MONDAY + timedelta(seconds=seconds)
        for seconds in (starts_in, ends_in)
    )

    condition = ReceivedBetween(starts_at=starts_at, ends_at=ends_at)

    assert silence(condition) is expected


def test_window_judges_when_the_message_came_not_when_it_is_handled():
    condition = ReceivedBetween(ends_at=MONDAY + timedelta(minutes=1))

    assert silence(condition, now=MONDAY + timedelta(hours=1)) is None


BISTRO = WeeklyHours(
    time_zone=PARIS,
    periods={
        0: ((time(12), time(14)), (time(19), time(22, 30))),
        5: ((time(19), time(2)),),
        6: ((time(0), time(0)),),
    },
    closed_on=frozenset({date(2026, 5, 11), date(2026, 5, 16)}),
)


@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        ("2026-05-04 11:59:59.999999", False),
        ("2026-05-04 12:00", True),
        ("2026-05-04 13:59:59.999999", True),
        ("2026-05-04 14:00", False),
        ("2026-05-04 22:29", True),
        ("2026-05-04 23:00", False),
        ("2026-05-05 13:00", False),
        # Saturday runs to two on Sunday, which is open all day and no longer.
        ("2026-05-09 18:59", False),
        ("2026-05-09 23:59", True),
        ("2026-05-10 01:30", True),
        ("2026-05-10 15:00", True),
        ("2026-05-11 00:00", False),
        # Closed dates: that Monday; and a Saturday, with its night.
        ("2026-05-11 13:00", False),
        ("2026-05-16 20:00", False),
        ("2026-05-18 13:00", True),
    ],
)
def test_opening_hours(local, is_open):
    at = datetime.fromisoformat(local).replace(tzinfo=PARIS)

    assert conditions.is_open(BISTRO, at) is is_open
    assert conditions.is_open(BISTRO, at.astimezone(UTC)) is is_open


def test_night_belongs_to_the_day_it_began_on():
    hours = WeeklyHours(
        time_zone=PARIS,
        periods={3: ((time(19), time(2)),), 4: ((time(19), time(2)),)},
        closed_on=frozenset({date(2026, 12, 25)}),
    )

    def is_open(*moment):
        return conditions.is_open(hours, datetime(*moment, tzinfo=PARIS))

    assert is_open(2026, 12, 25, 1)
    assert not is_open(2026, 12, 25, 20)
    assert not is_open(2026, 12, 26, 1)


@pytest.mark.parametrize(
    ("utc", "is_open"),
    [
        # Clocks go from 2:00 to 3:00 at 1:00 UTC, on a house open from 2:30 to 4:00.
        ("2026-03-29 00:59", False),
        ("2026-03-29 01:00", True),
        ("2026-03-29 01:59", True),
        ("2026-03-29 02:00", False),
        # Clocks go from 3:00 back to 2:00 at 1:00 UTC: 2:30 comes twice.
        ("2026-10-25 00:29", False),
        ("2026-10-25 00:30", True),
        ("2026-10-25 01:15", False),
        ("2026-10-25 01:30", True),
        ("2026-10-25 02:59", True),
        ("2026-10-25 03:00", False),
    ],
)
def test_opening_hours_follow_the_wall_clock_when_it_changes(utc, is_open):
    hours = WeeklyHours(time_zone=PARIS, periods={6: ((time(2, 30), time(4)),)})
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)

    assert conditions.is_open(hours, at) is is_open


def test_inside_and_outside_opening_hours():
    noon = datetime(2026, 5, 4, 12, tzinfo=PARIS)
    night = datetime(2026, 5, 4, 3, tzinfo=PARIS)
    inside, outside = OpeningHours(is_open=True), OpeningHours(is_open=False)

    assert silence(inside, at=noon, hours=BISTRO) is None
    assert silence(inside, at=night, hours=BISTRO) is Silence.OPENING_HOURS
    assert silence(outside, at=noon, hours=BISTRO) is Silence.OPENING_HOURS
    assert silence(outside, at=night, hours=BISTRO) is None


def test_house_without_hours_is_always_closed():
    assert silence(OpeningHours(is_open=True)) is Silence.OPENING_HOURS


def test_group_membership():
    member = GroupMembership(groups=frozenset({1, 2}))
    stranger = GroupMembership(groups=frozenset({1, 2}), is_member=False)

    assert silence(member, groups=frozenset({2, 9})) is None
    assert silence(member, groups=frozenset({9})) is Silence.GROUP
    assert silence(stranger, groups=frozenset({2, 9})) is Silence.GROUP
    assert silence(stranger, groups=frozenset({9})) is None


def test_nobody_is_in_no_group_and_follows_nothing():
    member = GroupMembership(groups=frozenset({1}))
    stranger = GroupMembership(groups=frozenset({1}), is_member=False)

    assert silence(member, contact=False) is Silence.GROUP
    assert silence(stranger, contact=False) is None
    assert silence(Follows(automations=frozenset({1})), contact=False)
    assert silence(Frequency(), contact=False) is None


@pytest.mark.parametrize(
    ("last", "hours_ago", "expected"),
    [
        (1, 0, None),
        (1, 2, None),
        (1, 2.001, Silence.FOLLOWS),
        (3, 1, Silence.FOLLOWS),
        # Our answer can be stored after the next text already came.
        (1, -0.001, None),
    ],
)
def test_follows_the_last_answer_within_hours(last, hours_ago, expected):
    condition = Follows(automations=frozenset({1, 2}), within_hours=2)
    answered_at = MONDAY - timedelta(hours=hours_ago)

    found = silence(
        condition,
        now=MONDAY + timedelta(hours=9),
        last_automation=last,
        last_answered_at=answered_at,
    )

    assert found is expected


def test_follows_nothing_before_the_first_answer():
    assert silence(Follows(automations=frozenset({1}))) is Silence.FOLLOWS


def test_once_for_each_contact():
    assert silence(Frequency()) is None
    assert silence(Frequency(), fired_at={8: MONDAY}) is None
    assert (
        silence(Frequency(), fired_at={AUTOMATION: MONDAY - timedelta(days=900)})
        is Silence.FREQUENCY
    )


@pytest.mark.parametrize(
    ("hours_ago", "expected"), [(11.99, Silence.FREQUENCY), (12, None), (13, None)]
)
def test_again_after_so_many_hours(hours_ago, expected):
    fired_at = {AUTOMATION: MONDAY - timedelta(hours=hours_ago)}

    assert silence(Frequency(every_hours=12), fired_at=fired_at) is expected
