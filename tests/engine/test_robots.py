"""Phones that answer by machine, and what they may set off."""

from collections import deque
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_sms_automation.engine.conversation import after
from wagtail_sms_automation.engine.messages import Contact, InboundMessage
from wagtail_sms_automation.engine.outcome import (
    ForwardMail,
    ForwardSms,
    Held,
    JoinGroup,
    KeepSilent,
    SendSms,
)
from wagtail_sms_automation.engine.respond import respond
from wagtail_sms_automation.engine.rules import (
    AddToGroup,
    Automation,
    ForwardToEmail,
    ForwardToPhone,
    LoopCaps,
    Reply,
    Rulebook,
)


NOW = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)
LEA = "+33612345678"
OURS = "+33937000001"
STAFF = ("+33698765432", "+33698765433")
ON = "{{ message.originator }}: {{ message.body }}"
PHONES = ForwardToPhone(id="phones", phone_numbers=STAFF, body=ON)
ANSWER = Reply(id="answer", body="You wrote: {{ message.body }}")
MAIL = ForwardToEmail(id="mail", addresses=("a@lea.example",), body=ON)


#: The loop guard alone must stop them.
CAPS = LoopCaps(fallback_hours=0)


def rulebook(*actions, loop_caps=CAPS, **about):
    automation = Automation(id=1, name="All", actions=actions)
    return Rulebook(
        automations=(automation,),
        own_numbers=frozenset({OURS}),
        loop_caps=loop_caps,
        **about,
    )


class House:
    """Our side: it remembers every contact, as the database does."""

    def __init__(self, rules):
        self.rules, self.contacts = rules, {}

    def hear(self, originator, body, now):
        message = InboundMessage(
            body=body, originator=originator, recipient=OURS, received_at=now
        )
        contact = self.contacts.get(originator, Contact(phone_number=originator))
        outcome = respond(message, contact, self.rules, now)
        self.contacts[originator] = after(contact, outcome, now)
        return outcome.effects


def sent(effects, kind):
    return [one for one in effects if isinstance(one, kind) and one.held is None]


def flags(effects):
    return [one for one in effects if isinstance(one, KeepSilent) and one.is_loop]


def test_two_staff_phones_that_answer_do_not_hear_of_each_other():
    house = House(rulebook(PHONES, MAIL, ANSWER))
    inbox, texts, mails, clock = deque([(LEA, "One pizza")]), [], [], NOW
    while inbox and len(texts) < 100:
        clock += timedelta(seconds=10)
        effects = house.hear(*inbox.popleft(), clock)
        mails += [one for one in effects if isinstance(one, ForwardMail)]
        for text in sent(effects, ForwardSms):
            texts.append((text.recipient, text.body))
            inbox.append((text.recipient, f"I am cooking. ({text.body})"))

    assert texts == [(phone, f"{LEA}: One pizza") for phone in STAFF]
    assert [mail.body for mail in mails] == [f"{LEA}: One pizza"]
    assert set(house.contacts) == {LEA, *STAFF}


def test_staff_phone_that_tries_a_keyword_joins_the_group():
    house = House(rulebook(PHONES, MAIL, AddToGroup(id="g", group=7)))

    *forwards, joined = house.hear(STAFF[0], "ORDER", NOW)

    assert [one.held for one in forwards] == [Held.FORWARD_NUMBER] * 2
    assert isinstance(joined, JoinGroup)
    assert house.contacts[STAFF[0]].groups == {7}


def test_robot_that_is_only_forwarded_is_stopped_and_flagged_once():
    house = House(rulebook(PHONES))
    effects = [
        effect
        for second in range(3600)
        for effect in house.hear(LEA, "Out of office", NOW + timedelta(seconds=second))
    ]

    assert len(sent(effects, ForwardSms)) == 5 * len(STAFF)
    assert [flag.until for flag in flags(effects)] == [
        NOW + timedelta(hours=1, seconds=5)
    ]
    held = [one for one in effects if isinstance(one, ForwardSms) and one.held]
    assert [one.held for one in held] == [Held.LOOP] * len(STAFF)


@pytest.mark.parametrize(("minutes", "hours", "messages"), [(2, 1, 20), (4, 24, 40)])
def test_slow_robot_is_stopped_too(minutes, hours, messages):
    house = House(rulebook(PHONES))
    effects = [
        effect
        for minute in range(0, hours * 60, minutes)
        for effect in house.hear(LEA, f"{minute}", NOW + timedelta(minutes=minute))
    ]

    assert len(sent(effects, ForwardSms)) == messages * len(STAFF)
    assert flags(effects)


def test_order_flow_is_never_held():
    """Five answers and one order forwarded, all within a minute."""
    house = House(rulebook(ANSWER))
    for second in range(5):
        assert sent(house.hear(LEA, f"{second}", NOW), SendSms), second
    house.rules = rulebook(PHONES)

    assert len(house.hear(LEA, "ORDER 12", NOW)) == len(STAFF)
    assert house.hear(LEA, "ORDER 12", NOW)[0].held is None


@given(st.lists(st.integers(0, 400), max_size=60), st.booleans())
@settings(max_examples=150, deadline=None)
def test_forwards_stay_within_the_caps_and_orders_reach_the_kitchen(waits, replies):
    reply = (ANSWER,) if replies else ()
    caps = LoopCaps(per_hour=8, per_day=12)
    house = House(rulebook(*reply, PHONES, MAIL, loop_caps=caps))
    clock, went = NOW, []
    for number, waited in enumerate(waits):
        clock += timedelta(seconds=waited)
        until = house.contacts[LEA].silent_until if house.contacts else None
        is_paused = until is not None and until > clock
        effects = house.hear(LEA, f"{number}", clock)
        mails = [one for one in effects if isinstance(one, ForwardMail)]
        texts = sent(effects, ForwardSms)
        # Silent while paused; else mailed in any case, and flagged when held.
        assert len(mails) == (not is_paused)
        assert len(texts) in (0, len(STAFF))
        assert bool(texts) or is_paused or len(flags(effects)) == 1
        if texts:
            went.append(clock)

    for window, cap in ((60, 5), (3600, caps.per_hour), (86400, caps.per_day)):
        assert most_within(timedelta(seconds=window), went) <= cap


def most_within(window, moments):
    return max(
        (sum(last - window < one <= last for one in moments) for last in moments),
        default=0,
    )
