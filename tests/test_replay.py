"""The last messages by two rulebooks: what changes, and what was known then."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from wagtail_sms_automation import replay, rulebook, simulation
from wagtail_sms_automation.models import Automation


pytestmark = pytest.mark.django_db


def draft_of(row, **fields):
    """Return a rulebook with one automation changed but not saved."""
    draft = Automation.objects.get(pk=row.pk) if row else Automation(name="New")
    for name, value in fields.items():
        setattr(draft, name, value)
    return simulation.rules_of(drafts=[draft])


def changes(draft):
    """Return the bodies of the messages that are answered differently."""
    return [one.body for one in replay.replay(rulebook.current(), draft).changes]


def message(body, **fields):
    """Store a message that was processed."""
    return factories.InboundMessageFactory(body=body, processed=True, **fields)


@pytest.fixture
def order():
    """An active automation."""
    return factories.AutomationFactory(active=True, keywords=("ORDER",), name="Order")


def test_it_lists_the_messages_whose_answers_change(order):
    for body in ("ORDER", "order", "hello"):
        message(body)
    draft = draft_of(order, conditions=[factories.content("ORDER", ignore_case=True)])
    result = replay.replay(rulebook.current(), draft)
    assert result.looked_at == 3
    [change] = result.changes
    assert change.body == "order"
    assert change.before.effects == ()
    assert [one.body for one in change.after.effects] == ["Thank you."]


def test_nothing_changes_with_the_same_rules(order):
    message("ORDER")
    message("hi", contact=None, originator="12345")
    assert changes(rulebook.current()) == []
    assert changes(draft_of(order, name="Another name")) == []


def test_a_flow_is_tried_with_its_paused_steps(order):
    flow = factories.FlowFactory()
    factories.AutomationFactory(keywords=("MENU",), flow=flow)
    message("MENU")
    assert changes(simulation.rules_of(flow)) == ["MENU"]


def test_what_waits_or_stands_aside_is_left_out(order):
    factories.InboundMessageFactory(body="ORDER")
    factories.InboundMessageFactory(body="ORDER", state="parked")
    assert replay.replay(rulebook.current(), rulebook.current()).looked_at == 0


def test_texts_read_together_are_one(order):
    contact = factories.ContactFactory()
    last = message("please", contact=contact)
    earlier = message("MENU", contact=contact, read_with=last)
    assert earlier.pk > last.pk
    draft = draft_of(
        None,
        conditions=[factories.content("MENU", "please", operator="all")],
        actions=[factories.reply("Both.")],
    )
    assert changes(draft) == ["MENU\nplease"]


def test_a_message_is_answered_as_of_its_time(order):
    """What came later, an answer or a fired automation, is not known yet."""
    came = timezone.now() - timedelta(hours=3)
    contact = factories.ContactFactory(last_automation=order)
    contact.last_answered_at = came + timedelta(seconds=5)
    contact.silent_until = came + timedelta(days=9)
    contact.save()
    first = message("YES", contact=contact, received_at=came)
    second = message("YES", contact=contact, received_at=came + timedelta(hours=1))
    sent = factories.OutboundMessageFactory(
        inbound=first, automation=order, state="sent"
    )
    type(sent).objects.update(created_at=came + timedelta(seconds=5))
    draft = draft_of(
        None,
        conditions=[factories.content("YES"), factories.follows(order)],
        actions=[factories.reply("Next.")],
    )
    result = replay.replay(rulebook.current(), draft)
    assert [one.message for one in result.changes] == [second]


def test_what_had_fired_counts_as_of_its_time():
    once = factories.AutomationFactory(
        active=True,
        conditions=[
            factories.content("ORDER"),
            factories.block("frequency", limit="once", hours=None),
        ],
    )
    came = timezone.now() - timedelta(hours=3)
    contact = factories.ContactFactory()
    rows = [
        message("ORDER", contact=contact, received_at=came + timedelta(hours=hours))
        for hours in range(3)
    ]
    factories.MatchFactory(
        inbound=rows[0], automation=once, matched_at=came + timedelta(seconds=1)
    )
    result = replay.replay(
        rulebook.current(), draft_of(once, actions=[factories.reply("New.")])
    )
    assert [one.message for one in result.changes] == [rows[0]]


def test_opt_outs_and_hand_overs_are_those_of_then(order):
    handed = [{"automation": order.pk, "fired": False, "silence": "handed_over"}]
    message("ORDER", decisions=handed)
    message("START", was_opted_out=True, intent="opt_in")
    assert changes(draft_of(order, actions=[factories.reply("New.")])) == []


def test_two_hundred_messages_take_constant_queries_and_two_seconds(
    order, count_queries
):
    contacts = factories.ContactFactory.create_batch(20)
    for number in range(2):
        message(f"ORDER {number}", contact=contacts[number])
    draft = draft_of(order, actions=[factories.reply("New.")])
    present = rulebook.current()
    few = count_queries(lambda: replay.replay(present, draft))
    for number in range(230):
        row = message(f"ORDER {number}", contact=contacts[number % 20])
        factories.OutboundMessageFactory(inbound=row, automation=order, state="sent")
    began_at = time.perf_counter()
    many = count_queries(lambda: replay.replay(present, draft))
    assert time.perf_counter() - began_at < 2
    assert many == few
    assert replay.replay(present, draft).looked_at == 200
