"""The simulator's rulebooks, and that nothing is sent or written."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from wagtail_sms_automation import replay, rulebook, simulation, task_queue
from wagtail_sms_automation.gateways import locmem
from wagtail_sms_automation.models import Automation, SmsSettings


pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
HOUSE = "+33939000001"


def simulate(*bodies, rules=None, minutes=1, recipient=HOUSE, **contact):
    """Return the turns of a stranger's texts."""
    texts = [
        simulation.Text(body=body, received_at=NOW + timedelta(minutes=minutes * n))
        for n, body in enumerate(bodies)
    ]
    return simulation.simulate(
        texts,
        simulation.stranger(**contact),
        rules or simulation.rules_of(),
        recipient=recipient,
    )


def replies(turns):
    """Return the texts of each turn that the customer gets."""
    return [
        [one.body for one in turn.outcome.effects if not getattr(one, "held", 1)]
        for turn in turns
    ]


def automation(name, *keywords, **fields):
    """Store an automation that answers its name."""
    fields.setdefault("active", True)
    fields.setdefault("actions", [factories.reply(f"{name}.")])
    return factories.AutomationFactory(name=name, keywords=keywords, **fields)


def rows():
    """Return every value of every table."""
    return {
        model._meta.db_table: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
    }


@contextmanager
def asked_only():
    """Fail on any statement that does not only ask."""
    with CaptureQueriesContext(connection) as queries:
        yield
    statements = [query["sql"] for query in queries]
    assert [one for one in statements if not one.startswith("SELECT")] == []


def test_the_live_set_is_the_rulebook_of_production():
    automation("Order", "ORDER")
    automation("Paused", "MENU", active=False)
    assert simulation.rules_of() is rulebook.current()
    assert replies(simulate("ORDER", "MENU")) == [["Order."], []]


def test_a_flow_answers_with_its_paused_steps_in_the_editors_order():
    flow = factories.FlowFactory()
    automation("First", "ORDER")
    automation("Second", "ORDER", active=False, flow=flow)
    automation("Third", "ORDER")
    automation("Elsewhere", "ORDER", active=False, flow=factories.FlowFactory())
    [turn] = simulate("ORDER", rules=simulation.rules_of(flow))
    assert replies([turn]) == [["First.", "Second.", "Third."]]
    assert Automation.objects.active().count() == 2


def test_a_draft_takes_the_place_of_its_row():
    row = automation("First", "ORDER")
    automation("Second", "ORDER")
    draft = Automation.objects.get(pk=row.pk)
    draft.actions = [factories.reply("Draft.")]
    rules = simulation.rules_of(drafts=[draft])
    assert replies(simulate("ORDER", rules=rules)) == [["Draft.", "Second."]]
    assert replies(simulate("ORDER")) == [["First.", "Second."]]


def test_a_paused_row_answers_as_a_draft():
    draft = automation("First", "ORDER", active=False)
    rules = simulation.rules_of(drafts=[draft])
    assert replies(simulate("ORDER", rules=rules)) == [["First."]]


def test_new_drafts_go_last_and_stay_apart():
    automation("Live", "ORDER")
    once = factories.block("frequency", limit="once", hours=None)
    drafts = [
        Automation(
            name=name,
            conditions=[factories.content("ORDER"), once],
            actions=[factories.reply(f"{name}.")],
        )
        for name in ("One", "Two")
    ]
    rules = simulation.rules_of(drafts=drafts)
    assert [one.id for one in rules.automations[1:]] == [-1, -2]
    assert replies(simulate("ORDER", "ORDER", rules=rules)) == [
        ["Live.", "One.", "Two."],
        ["Live."],
    ]
    assert [draft.pk for draft in drafts] == [None, None]


def test_the_contact_begins_as_chosen():
    group = factories.ContactGroupFactory()
    factories.AutomationFactory(
        active=True,
        conditions=[factories.in_group(group)],
        actions=[factories.reply("{{ contact.language|none }}")],
    )
    assert replies(simulate("hi")) == [[]]
    assert replies(simulate("hi", groups=[group.pk], language="fr")) == [["fr"]]


def test_the_receiving_number_counts():
    other = "+33939000002"
    factories.AutomationFactory(
        active=True, conditions=[factories.block("receiving_number", numbers=[other])]
    )
    assert replies(simulate("hi")) == [[]]
    assert replies(simulate("hi", recipient=other)) == [["Thank you."]]


def test_stop_and_start_are_kept():
    SmsSettings.objects.create(opt_out_text="Bye.", opt_in_text="Hello again.")
    turns = simulate("STOP", "STOP", "START")
    assert replies(turns) == [["Bye."], [], ["Hello again."]]
    assert [turn.contact.is_opted_out for turn in turns] == [True, True, False]
    assert replies(simulate("STOP", is_opted_out=True)) == [[]]


def test_hours_pass_between_two_texts():
    first = automation("First", "ORDER")
    factories.AutomationFactory(
        active=True,
        conditions=[factories.content("YES"), factories.follows(first, within_hours=1)],
        actions=[factories.reply("Second.")],
    )
    assert replies(simulate("ORDER", "YES", minutes=59)) == [["First."], ["Second."]]
    assert replies(simulate("ORDER", "YES", minutes=61)) == [["First."], []]


def test_it_is_deterministic():
    automation("Order", "ORDER")
    assert simulate("ORDER", "STOP") == simulate("ORDER", "STOP")


def test_no_row_changes_and_nothing_leaves(kitchen):
    before = rows()
    with mock.patch.object(task_queue, "wake") as wake, asked_only():
        draft = Automation(name="Draft", actions=[factories.reply()])
        rulebook.forget()
        rules = simulation.rules_of(kitchen.flow, [draft])
        turns = simulate("ORDER 1", "STOP", "START", "ORDER 2", rules=rules)
        replay.replay(rulebook.current(), rules)
    assert [len(turn.outcome.effects) for turn in turns] == [8, 1, 1, 0]
    wake.assert_not_called()
    assert rows() == before
    assert locmem.outbox == []
    assert mail.outbox == []


@pytest.fixture
def kitchen():
    """An automation that does everything."""
    group = factories.ContactGroupFactory(name="Delivery customers")
    phones, addresses = ["+33687654321"], ["chef@example.com"]
    return automation(
        "Order",
        "ORDER",
        flow=factories.FlowFactory(),
        actions=[
            factories.reply("Thank you."),
            factories.add_to_group(group),
            factories.remove_from_group(factories.ContactGroupFactory()),
            factories.block("forward_to_phone", phone_numbers=phones, body="Order"),
            factories.block("forward_to_email", addresses=addresses, body="Order"),
            factories.block("save_answer", attribute="dish"),
            factories.block("hand_over", hours=2),
        ],
    )
