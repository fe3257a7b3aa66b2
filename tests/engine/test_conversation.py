"""The contact between two messages of an imagined conversation."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from wagtail_sms_automation.engine.conversation import PAUSE, after, converse
from wagtail_sms_automation.engine.messages import Contact, SentText
from wagtail_sms_automation.engine.outcome import (
    Decision,
    EndOptOut,
    ForwardMail,
    ForwardSms,
    Held,
    JoinGroup,
    KeepSilent,
    LeaveGroup,
    Outcome,
    SendSms,
    SetAttribute,
    Silence,
    StartOptOut,
)
from wagtail_sms_automation.engine.rules import (
    Automation,
    Content,
    Follows,
    Reply,
    Rulebook,
)


NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BEFORE = NOW - timedelta(hours=3)
CONTACT = Contact(phone_number="+33612345678")


def contact_after(*effects, contact=CONTACT, decisions=()):
    return after(contact, Outcome(effects=effects, decisions=decisions), NOW)


def reply(body="Hello.", automation=1, **fields):
    return SendSms(automation=automation, action="a", body=body, **fields)


def test_a_message_without_effects_changes_nothing():
    contact = replace(
        CONTACT,
        first_name="Ana",
        attributes={"size": "big"},
        groups=frozenset({1}),
        is_opted_out=True,
        silent_until=NOW,
        last_automation=4,
        last_answered_at=BEFORE,
        fired_at={4: BEFORE},
        sent_texts=(SentText(body="Hi", sent_at=BEFORE),),
        forwards=(SentText(body="Hi", sent_at=BEFORE, is_forward=True),),
    )
    assert contact_after(contact=contact) == contact


def test_texts_that_were_sent_stand_newest_first():
    old = SentText(body="old", sent_at=BEFORE)
    contact = contact_after(
        reply("first"), reply("second"), contact=replace(CONTACT, sent_texts=(old,))
    )
    assert [text.body for text in contact.sent_texts] == ["second", "first", "old"]
    assert contact.sent_texts[0] == SentText(
        body="second", sent_at=NOW, is_automatic=True, automation=1
    )


def test_the_last_automation_that_answered_is_followed():
    contact = contact_after(reply(automation=1), reply(automation=2))
    assert (contact.last_automation, contact.last_answered_at) == (2, NOW)


@pytest.mark.parametrize("held", list(Held))
def test_a_held_text_is_no_answer(held):
    contact = contact_after(reply(held=held))
    assert contact.sent_texts == ()
    assert contact.last_automation is None
    assert contact.last_answered_at is None


def test_an_answer_to_stop_is_sent_but_not_followed():
    contact = contact_after(SendSms(action="opt_out", body="You hear no more."))
    assert [text.body for text in contact.sent_texts] == ["You hear no more."]
    assert contact.last_automation is None


def forward(recipient="+33687654321", **fields):
    return ForwardSms(automation=1, action="a", recipient=recipient, body="x", **fields)


def test_what_is_forwarded_is_no_text_of_the_contacts():
    old = SentText(body="old", sent_at=BEFORE, is_forward=True)
    contact = contact_after(
        forward(held=Held.UNANSWERABLE),
        forward(),
        forward("+33687654322"),
        contact=replace(CONTACT, forwards=(old,)),
    )
    text = SentText(body="x", sent_at=NOW, is_forward=True)
    assert contact == replace(CONTACT, forwards=(text, old))


def test_what_is_held_or_mailed_is_not_forwarded_to_a_phone():
    contact = contact_after(
        forward(held=Held.LOOP),
        ForwardMail(automation=1, action="b", recipient="chef@example.com", body="x"),
    )
    assert contact == CONTACT


def test_an_automation_that_fired_is_remembered_without_an_answer():
    fired = Decision(automation=2, name="Two", fired=True)
    silent = Decision(automation=3, name="Three", fired=False, silence=Silence.CONTENT)
    contact = contact_after(
        decisions=(fired, silent), contact=replace(CONTACT, fired_at={1: BEFORE})
    )
    assert contact.fired_at == {1: BEFORE, 2: NOW}
    assert contact.last_automation is None


def test_groups_are_joined_and_left_in_order():
    contact = contact_after(
        JoinGroup(automation=1, action="a", group=5),
        LeaveGroup(automation=1, action="b", group=5),
        LeaveGroup(automation=1, action="c", group=6),
        JoinGroup(automation=1, action="d", group=6),
        LeaveGroup(automation=1, action="e", group=9),
        contact=replace(CONTACT, groups=frozenset({6, 7})),
    )
    assert contact.groups == {6, 7}


def test_answers_are_kept_and_others_stay():
    contact = contact_after(
        SetAttribute(automation=1, action="a", attribute="size", value="small"),
        SetAttribute(automation=1, action="b", attribute="size", value="big"),
        contact=replace(CONTACT, attributes={"name": "Ana", "size": "none"}),
    )
    assert contact.attributes == {"name": "Ana", "size": "big"}


@pytest.mark.parametrize(
    ("effects", "is_opted_out"),
    [
        ([StartOptOut(action="opt_out")], True),
        ([StartOptOut(action="likely_opt_out", is_likely=True)], True),
        ([StartOptOut(automation=1, action="a")], True),
        ([EndOptOut(action="opt_in")], False),
        ([StartOptOut(action="opt_out"), EndOptOut(action="opt_in")], False),
    ],
)
@pytest.mark.parametrize("was_opted_out", [False, True])
def test_opting_out_and_in(effects, is_opted_out, was_opted_out):
    contact = replace(CONTACT, is_opted_out=was_opted_out)
    assert contact_after(*effects, contact=contact).is_opted_out is is_opted_out


def test_a_contact_is_left_alone_until_the_latest_moment():
    soon, late = NOW + timedelta(hours=1), NOW + timedelta(hours=9)
    contact = contact_after(
        KeepSilent(automation=1, action="a", until=late),
        KeepSilent(action="loop", until=soon, is_loop=True),
    )
    assert contact.silent_until == late
    assert (
        contact_after(
            KeepSilent(action="loop", until=soon), contact=contact
        ).silent_until
        == late
    )


def test_who_the_contact_is_never_changes():
    effects = (reply(), JoinGroup(automation=1, action="b", group=1))
    contact = contact_after(*effects)
    for name in ("phone_number", "first_name", "last_name", "language", "country"):
        assert getattr(contact, name) == getattr(CONTACT, name)
    assert len(fields(contact)) == 14, "A new field: does a message change it?"


def held_with(*bodies, rulebook):
    return list(converse(bodies, CONTACT, rulebook, recipient="+33939000001", now=NOW))


def test_a_conversation_goes_on_from_text_to_text():
    order = Automation(
        id=1,
        name="Order",
        conditions=(Content(keywords=("ORDER",)),),
        actions=(Reply(id="a", body="Which one?"),),
    )
    dish = Automation(
        id=2, name="Dish", conditions=(Follows(automations=frozenset({1})),)
    )
    turns = held_with(
        "Pizza", "ORDER", "Pizza", rulebook=Rulebook(automations=(order, dish))
    )
    assert [[one.automation for one in turn.outcome.fired] for turn in turns] == [
        [],
        [1],
        [2],
    ]


def test_each_text_comes_a_little_later_from_the_same_phone():
    first, second = held_with("a", "b", rulebook=Rulebook())
    assert (first.message.body, second.message.body) == ("a", "b")
    assert first.message.received_at == NOW
    assert second.message.received_at == NOW + PAUSE
    for turn in (first, second):
        assert turn.message.originator == CONTACT.phone_number
        assert turn.message.recipient == "+33939000001"


def test_a_conversation_of_no_texts():
    assert held_with(rulebook=Rulebook()) == []
