from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_sms_automation.engine.guards import hold_back
from wagtail_sms_automation.engine.messages import Contact, InboundMessage, SentText
from wagtail_sms_automation.engine.outcome import (
    EndOptOut,
    ForwardMail,
    ForwardSms,
    Held,
    JoinGroup,
    KeepSilent,
    SendSms,
)
from wagtail_sms_automation.engine.rules import (
    Automation,
    ForwardToPhone,
    LoopCaps,
    Rulebook,
)
from wagtail_sms_automation.engine.situation import Situation


NOW = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)
LEA = "+33612345678"
OURS = "+33937000001"
OUR_OTHER = "+33937000002"
KITCHEN = "+33698765432"
REPLY = SendSms(automation=1, action="a", body="Thanks!")
RULEBOOK = Rulebook(
    automations=(
        Automation(
            id=1,
            name="Order",
            actions=(ForwardToPhone(id="f", phone_numbers=(KITCHEN,), body="x"),),
        ),
    ),
    own_numbers=frozenset({OURS, OUR_OTHER}),
    max_parts=2,
)


def situation(originator=LEA, *, rulebook=RULEBOOK, is_known=True, **about_contact):
    message = InboundMessage(
        body="ORDER", originator=originator, recipient=OURS, received_at=NOW
    )
    contact = Contact(phone_number=originator, **about_contact) if is_known else None
    return Situation(message=message, contact=contact, rulebook=rulebook, now=NOW)


def held(*effects, **about):
    guarded = hold_back(effects or (REPLY,), situation(**about))
    return [effect.held for effect in guarded if isinstance(effect, SendSms)]


def sent(*seconds_ago, body="Thanks!", is_automatic=True):
    return tuple(
        SentText(
            body=body.format(number),
            sent_at=NOW - timedelta(seconds=seconds),
            is_automatic=is_automatic,
        )
        for number, seconds in enumerate(seconds_ago)
    )


def test_ordinary_reply_is_sent():
    assert hold_back([REPLY], situation()) == (REPLY,)


@pytest.mark.parametrize(
    ("originator", "reason"),
    [
        ("36180", Held.UNANSWERABLE),
        ("Orange", Held.UNANSWERABLE),
        ("33612345678", Held.UNANSWERABLE),
        ("+0612345678", Held.UNANSWERABLE),
        ("+٣٣٦١٢٣٤٥٦٧٨", Held.UNANSWERABLE),
        ("+33612345678\n", Held.UNANSWERABLE),
        ("", Held.UNANSWERABLE),
        (OURS, Held.OWN_NUMBER),
        (OUR_OTHER, Held.OWN_NUMBER),
        (KITCHEN, Held.FORWARD_NUMBER),
    ],
)
def test_some_originators_are_never_answered(originator, reason):
    assert held(originator=originator) == [reason]


def test_nobody_is_never_answered():
    assert held(is_known=False) == [Held.UNANSWERABLE]


def test_number_that_received_the_message_is_our_own_without_being_listed():
    assert held(originator=OURS, rulebook=Rulebook()) == [Held.OWN_NUMBER]


@pytest.mark.parametrize(
    ("country", "reason"),
    [("US", Held.OPTED_OUT), ("CA", Held.OPTED_OUT), ("FR", None), ("", None)],
)
def test_opted_out_contact_is_answered_where_that_is_allowed(country, reason):
    assert held(is_opted_out=True, country=country) == [reason]


def test_unknown_country_is_that_of_the_house():
    rulebook = Rulebook(default_country="US")

    assert held(is_opted_out=True, rulebook=rulebook) == [Held.OPTED_OUT]
    assert held(is_opted_out=True, country="FR", rulebook=rulebook) == [None]


def test_opting_in_is_confirmed():
    effects = (EndOptOut(action="opt_in"), REPLY)

    assert held(*effects, is_opted_out=True, country="US") == [None]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", Held.EMPTY),
        (" \n", Held.EMPTY),
        ("a" * 306, None),
        ("a" * 307, Held.TOO_LONG),
        ("ж" * 135, Held.TOO_LONG),
    ],
)
def test_some_texts_cannot_be_sent(body, reason):
    reply = SendSms(action="a", body=body)
    forward = ForwardSms(action="f", recipient=KITCHEN, body=body)

    assert held(reply) == [reason]
    assert hold_back([forward], situation())[0].held is reason


def test_reason_that_is_known_already_stays():
    reply = SendSms(action="a", body="{{ nope }}", held=Held.PLACEHOLDER)

    assert held(reply, originator="36180") == [Held.PLACEHOLDER]


@pytest.mark.parametrize(
    ("recipient", "originator", "reason"),
    [
        (KITCHEN, LEA, None),
        (KITCHEN, "36180", None),
        (OUR_OTHER, LEA, Held.OWN_NUMBER),
        (OURS, LEA, Held.OWN_NUMBER),
        (KITCHEN, KITCHEN, Held.FORWARD_NUMBER),
        ("+33698765433", KITCHEN, Held.FORWARD_NUMBER),
        ("0698765432", LEA, Held.UNANSWERABLE),
    ],
)
def test_forward_goes_to_other_phones_only(recipient, originator, reason):
    forward = ForwardSms(action="f", recipient=recipient, body="x")

    guarded = hold_back([forward], situation(originator))

    assert guarded[0].held is reason


def test_staff_phone_changes_its_groups_and_reaches_nobody():
    effects = (
        REPLY,
        ForwardSms(action="f", recipient="+33698765433", body="x"),
        ForwardMail(action="m", recipient="kitchen@lea.example", body="x"),
        JoinGroup(action="g", group=1),
    )

    guarded = hold_back(effects, situation(KITCHEN))

    assert guarded == (
        replace(effects[0], held=Held.FORWARD_NUMBER),
        replace(effects[1], held=Held.FORWARD_NUMBER),
        effects[3],
    )


def test_forward_and_groups_do_not_care_who_opted_out():
    effects = (
        ForwardSms(action="f", recipient=KITCHEN, body="x"),
        ForwardMail(action="m", recipient="kitchen@lea.example", body="x"),
        JoinGroup(action="g", group=1),
    )

    guarded = hold_back(effects, situation(is_opted_out=True, country="US"))

    assert guarded == effects


@pytest.mark.parametrize(
    ("sent_texts", "reason"),
    [
        (sent(1, 300), None),
        (sent(1, 300, 599), Held.LOOP),
        (sent(1, 300, 600), None),
        (sent(1, 300, 599, body="Thanks! {}"), None),
        (sent(*range(4), body="{}"), None),
        (sent(*range(5), body="{}"), Held.LOOP),
        (sent(1, 2, 3, 4, 60, body="{}"), None),
        (sent(*range(100, 119), body="{}"), None),
        (sent(*range(100, 120), body="{}"), Held.LOOP),
        (sent(*range(100, 119), 3600, body="{}"), None),
        (sent(*range(4000, 4039), body="{}"), None),
        (sent(*range(4000, 4040), body="{}"), Held.LOOP),
        (sent(*range(4000, 4039), 86400, body="{}"), None),
        (sent(*range(50), is_automatic=False), None),
    ],
)
def test_loop_caps(sent_texts, reason):
    assert held(sent_texts=sent_texts) == [reason]


def test_contact_that_loops_is_left_alone_for_an_hour():
    replies = (REPLY, SendSms(automation=2, action="b", body="Thanks!"))

    guarded = hold_back(replies, situation(sent_texts=sent(1, 2, 3)))

    assert [effect.held for effect in guarded[:2]] == [Held.LOOP, Held.LOOP]
    until = NOW + timedelta(hours=1)
    assert guarded[2:] == (KeepSilent(action="loop", until=until, is_loop=True),)


def test_answers_to_one_message_count_together():
    replies = [SendSms(automation=n, action="a", body=f"{n}") for n in range(7)]

    assert held(*replies) == [None] * 5 + [Held.LOOP] * 2


def test_text_that_is_held_does_not_count():
    empty = SendSms(action="a", body="")

    assert held(*[empty] * 9, REPLY) == [Held.EMPTY] * 9 + [None]


def test_short_code_in_a_loop_is_not_paused():
    guarded = hold_back([REPLY] * 9, situation("36180", is_known=False))

    assert {effect.held for effect in guarded} == {Held.UNANSWERABLE}


FORWARDS = (
    ForwardSms(automation=1, action="f", recipient=KITCHEN, body="x"),
    ForwardSms(automation=1, action="f", recipient="+33698765433", body="x"),
)
MAIL = ForwardMail(automation=1, action="m", recipient="a@lea.example", body="x")
PAUSED = KeepSilent(action="loop", until=NOW + timedelta(hours=1), is_loop=True)


def forwarded(*seconds_ago):
    texts = sent(*seconds_ago, body="x")
    return tuple(replace(text, is_forward=True) for text in texts)


@pytest.mark.parametrize(
    ("forwards", "reason"),
    [
        (forwarded(*range(4)), None),
        (forwarded(*range(5)), Held.LOOP),
        (forwarded(1, 2, 3, 4, 60), None),
        (forwarded(*range(100, 119)), None),
        (forwarded(*range(100, 120)), Held.LOOP),
        (forwarded(*range(100, 119), 3600), None),
        (forwarded(*range(4000, 4039)), None),
        (forwarded(*range(4000, 4040)), Held.LOOP),
        (forwarded(*range(4000, 4039), 86400), None),
    ],
)
def test_forwards_have_a_count_of_their_own(forwards, reason):
    guarded = hold_back((REPLY, *FORWARDS, MAIL), situation(forwards=forwards))

    assert [effect.held for effect in guarded[:3]] == [None, reason, reason]
    assert guarded[3:] == ((MAIL, PAUSED) if reason else (MAIL,))


def test_replies_that_loop_do_not_keep_an_order_from_the_kitchen():
    guarded = hold_back((REPLY, *FORWARDS), situation(sent_texts=sent(1, 2, 3)))

    assert guarded == (replace(REPLY, held=Held.LOOP), *FORWARDS, PAUSED)


def test_contact_that_loops_both_ways_is_paused_once():
    case = situation(sent_texts=sent(1, 2, 3), forwards=forwarded(*range(5)))

    guarded = hold_back((REPLY, *FORWARDS), case)

    assert [effect.held for effect in guarded[:3]] == [Held.LOOP] * 3
    assert guarded[3:] == (PAUSED,)


def test_forward_that_is_held_for_another_reason_is_no_loop():
    forward = replace(FORWARDS[0], held=Held.PLACEHOLDER)

    guarded = hold_back([forward], situation(forwards=forwarded(*range(5))))

    assert guarded == (forward,)


def test_short_code_has_no_count_of_forwards():
    assert hold_back(FORWARDS * 9, situation("36180", is_known=False)) == FORWARDS * 9


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from(["a", "b", "c", "d", "e", "f"])),
        max_size=80,
    )
)
@settings(max_examples=200, deadline=None)
def test_caps_hold_whatever_is_asked_for(requests):
    rulebook = Rulebook(loop_caps=LoopCaps(per_hour=10, per_day=30))
    clock, went = NOW, []
    for waited, body in requests:
        clock += timedelta(seconds=waited)
        message = InboundMessage(
            body="x", originator=LEA, recipient=OURS, received_at=clock
        )
        contact = Contact(phone_number=LEA, sent_texts=tuple(reversed(went)))
        case = Situation(message=message, contact=contact, rulebook=rulebook, now=clock)
        reply = hold_back([SendSms(action="a", body=body)], case)[0]
        if reply.held is None:
            went.append(SentText(body=body, sent_at=clock))

    assert most_within(timedelta(minutes=1), went) <= 5
    assert most_within(timedelta(hours=1), went) <= 10
    assert most_within(timedelta(days=1), went) <= 30
    for body in {text.body for text in went}:
        same = [text for text in went if text.body == body]
        assert most_within(timedelta(minutes=10), same) <= 3


def most_within(window, texts):
    return max(
        (
            sum(last.sent_at - window < text.sent_at <= last.sent_at for text in texts)
            for last in texts
        ),
        default=0,
    )
