"""The simulator foretells production: random automations, random conversations.

SIMULATED_CONVERSATIONS says how many; 2,000 in the long form (CHAOS_LONG=1).
"""

import os
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from wagtail_sms_automation import inbound, rulebook, simulation, tasks
from wagtail_sms_automation.engine import messages, outcome
from wagtail_sms_automation.gateways import locmem
from wagtail_sms_automation.gateways.base import Received
from wagtail_sms_automation.models import (
    Automation,
    Contact,
    GroupChange,
    Match,
    OptOut,
    SmsSettings,
)
from wagtail_sms_automation.phone_numbers import region_of


IS_LONG = os.environ.get("CHAOS_LONG") == "1"
EXAMPLES = int(os.environ.get("SIMULATED_CONVERSATIONS", "2000" if IS_LONG else "15"))

CUSTOMER = "+33612000001"
HOUSE = "+33939000001"
KITCHEN = "+33687654321"
START = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)

KEYWORDS = ("ORDER", "MENU", "order", "Café", "YES", "NO", "🍕")
TEXTS = (
    *KEYWORDS,
    "I want to ORDER please",
    "MENU YES",
    "no ORDER, no MENU",
    "cafe",
    "hello there",
    "12",
    "👍👍",
    "STOP",
    "Stop",
    "START",
    "HELP",
    "please stop texting me",
    "STOPPED by, ORDER",
    "Reply MENU or NO.",
    "x" * 300,
)
BODIES = (
    "Thank you.",
    "Reply MENU or NO.",
    "Dear {{ contact.first_name|guest }}, you said {{ message.body }} ({{ keyword }})",
    "Table {{ contact.attributes.table|unknown }} – à bientôt…",
    "{{ contact.last_name }}",
)
GROUPS = (0, 1)

CONTENT = st.builds(
    lambda keywords, operator, **switches: factories.content(
        *keywords, operator=operator, **switches
    ),
    st.lists(st.sampled_from(KEYWORDS), min_size=1, max_size=3, unique=True),
    st.sampled_from(["any", "any", "all", "none", "begins", "exact"]),
    ignore_case=st.booleans(),
    ignore_accents=st.booleans(),
    anywhere=st.booleans(),
)
#: What needs rows that are not there yet: made by _conditions() and _actions().
OTHER_CONDITION = st.one_of(
    st.tuples(st.just("follows"), st.integers(0, 4), st.sampled_from([1, 24])),
    st.tuples(st.just("frequency"), st.sampled_from([None, 1, 24])),
    st.tuples(st.sampled_from(["in_group", "not_in_group"]), st.sampled_from(GROUPS)),
    st.tuples(st.just("receiving_number"), st.sampled_from([HOUSE, "+33939000002"])),
)
ACTION = st.one_of(
    st.tuples(st.just("reply"), st.sampled_from(BODIES)),
    st.tuples(st.just("reply"), st.sampled_from(BODIES)),
    st.tuples(
        st.sampled_from(["add_to_group", "remove_from_group"]), st.sampled_from(GROUPS)
    ),
    st.tuples(st.just("save_answer"), st.just("table")),
    st.tuples(st.just("forward_to_phone"), st.sampled_from(BODIES)),
    st.tuples(st.just("forward_to_email"), st.sampled_from(BODIES)),
    st.tuples(st.just("opt_out")),
    st.tuples(st.just("hand_over"), st.sampled_from([1, 5])),
)
AUTOMATION = st.fixed_dictionaries(
    {
        "contents": st.lists(CONTENT, max_size=2),
        "others": st.lists(OTHER_CONDITION, max_size=2),
        "actions": st.lists(ACTION, min_size=1, max_size=3),
        "stops_others": st.booleans(),
        "is_active": st.booleans(),
    }
)
TEXT = st.tuples(
    st.sampled_from(TEXTS), st.sampled_from([1, 1, 1, 2, 30, 61, 299, 301, 1500])
)


def _conditions(drawn, automations, groups):
    conditions = list(drawn["contents"])
    for kind, *values in drawn["others"]:
        if kind == "follows":
            followed = automations[values[0] % len(automations)]
            if followed.pk:
                hours = values[1]
                conditions.append(factories.follows(followed, within_hours=hours))
        elif kind == "frequency":
            limit, hours = ("hours", values[0]) if values[0] else ("once", None)
            conditions.append(factories.block("frequency", limit=limit, hours=hours))
        elif kind == "receiving_number":
            conditions.append(factories.block(kind, numbers=values))
        else:
            conditions.append(factories.in_group(groups[values[0]], block_type=kind))
    return conditions


def _actions(drawn, groups):
    for kind, *values in drawn["actions"]:
        match kind:
            case "reply":
                yield factories.reply(values[0])
            case "add_to_group" | "remove_from_group":
                yield factories.block(kind, group=groups[values[0]].pk)
            case "save_answer":
                yield factories.block(kind, attribute=values[0])
            case "forward_to_phone":
                yield factories.block(kind, phone_numbers=[KITCHEN], body=values[0])
            case "forward_to_email":
                yield factories.block(
                    kind, addresses=["chef@example.com"], body=values[0]
                )
            case "opt_out":
                yield factories.block(kind)
            case "hand_over":
                yield factories.block(kind, hours=values[0])


def _build(drawn, groups, last_is_draft, flow):
    """Store them but for a draft, which goes last; return them all."""
    rows = [
        Automation(
            name=f"Step {number}",
            stops_others=one["stops_others"],
            status="active" if one["is_active"] else "paused",
            flow=flow,
            actions=list(_actions(one, groups)),
        )
        for number, one in enumerate(drawn)
    ]
    for row in rows[: len(rows) - last_is_draft]:
        row.save()
    for row, one in zip(rows, drawn, strict=True):
        row.conditions = _conditions(one, rows, groups)
        if row.pk:
            row.save()
    return rows


def _foretold(turn, names):
    """What the simulator says of one text, as _happened() says it of production."""
    sent, changed = [], set()
    for effect in turn.outcome.effects:
        if isinstance(effect, outcome.SendSms):
            sent.append(("sms", CUSTOMER, effect.body, effect.held or ""))
        elif isinstance(effect, outcome.ForwardSms):
            sent.append(("sms", effect.recipient, effect.body, effect.held or ""))
        elif isinstance(effect, outcome.ForwardMail):
            sent.append(("email", effect.recipient, effect.body, ""))
        elif isinstance(effect, outcome.JoinGroup | outcome.LeaveGroup):
            changed.add(effect.group)
    return {
        "sent": sent,
        "changed": changed,
        "fired": [one.name for one in turn.outcome.fired],
        "intent": turn.outcome.intent or "",
        "silent": {one.name: one.silence for one in turn.outcome.decisions},
        "groups": set(turn.contact.groups),
        "attributes": dict(turn.contact.attributes),
        "is_opted_out": turn.contact.is_opted_out,
        "silent_until": turn.contact.silent_until,
        "last": names.get(turn.contact.last_automation),
        "last_at": turn.contact.last_answered_at,
    }


def _happened(message, changed_before):
    """What production did, from the rows it left."""
    message.refresh_from_db()
    contact = Contact.objects.get(phone_number=CUSTOMER)
    sent = message.outbound_messages.order_by("pk")
    matches = Match.objects.filter(inbound=message).order_by("pk")
    decisions = message.decisions
    return {
        "sent": [
            (one.channel, one.recipient, one.body, one.held_by or "") for one in sent
        ],
        "changed": set(
            GroupChange.objects.exclude(pk__in=changed_before).values_list(
                "group", flat=True
            )
        ),
        "fired": [match.automation.name for match in matches],
        "intent": message.intent,
        "silent": {one["name"]: one["silence"] for one in decisions},
        "groups": set(contact.groups.values_list("pk", flat=True)),
        "attributes": contact.attributes,
        "is_opted_out": OptOut.objects.open().filter(contact=contact).exists(),
        "silent_until": contact.silent_until,
        "last": contact.last_automation and contact.last_automation.name,
        "last_at": contact.last_answered_at,
    }


def _hold_for_real(texts, traveller):
    """Receive, process and send each text at its moment; yield what happened."""
    for text in texts:
        traveller.move_to(text.received_at)
        changed_before = list(GroupChange.objects.values_list("pk", flat=True))
        in_outbox = len(locmem.outbox)
        in_mail = len(mail.outbox)
        message = inbound.receive(
            "default",
            Received(
                gateway_id=uuid.uuid4().hex,
                originator=CUSTOMER.lstrip("+"),
                recipient=HOUSE.lstrip("+"),
                body=text.body,
            ),
        )
        tasks.process()
        tasks.send()
        happened = _happened(message, changed_before)
        # What is said to be sent has left, and nothing else has.
        due = [one for one in happened["sent"] if not one[3]]
        left = [(one.recipient, one.body) for one in locmem.outbox[in_outbox:]]
        assert sorted(left) == sorted(one[1:3] for one in due if one[0] == "sms")
        mails = sum(one[0] == "email" for one in due)
        assert len(mail.outbox) - in_mail == mails
        yield happened


@pytest.mark.django_db
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    drawn=st.lists(AUTOMATION, min_size=1, max_size=4),
    conversation=st.lists(TEXT, min_size=1, max_size=7),
    scope=st.sampled_from(["live", "flow", "draft"]),
    member_of=st.sets(st.sampled_from(GROUPS)),
    is_opted_out=st.booleans(),
)
def test_simulator_and_production_agree(
    drawn, conversation, scope, member_of, is_opted_out
):
    texts, now = [], START
    for body, minutes in conversation:
        now += timedelta(minutes=minutes)
        texts.append(simulation.Text(body=body, received_at=now))
    with time_machine.travel(START, tick=False) as traveller, transaction.atomic():
        try:
            SmsSettings.objects.create(
                opt_out_text="No more texts. START to resume.",
                opt_in_text="Welcome back.",
                help_text="Call us.",
            )
            groups = [factories.ContactGroupFactory() for _ in GROUPS]
            flow = factories.FlowFactory() if scope == "flow" else None
            rows = _build(drawn, groups, scope == "draft", flow)
            contact = Contact.objects.create(phone_number=CUSTOMER)
            for group in member_of:
                factories.MembershipFactory(contact=contact, group=groups[group])
            if is_opted_out:
                OptOut.objects.start(contact, OptOut.Cause.KEYWORD)
            foretold = simulation.simulate(
                texts,
                messages.Contact(
                    phone_number=CUSTOMER,
                    country=region_of(CUSTOMER),
                    groups=frozenset(groups[group].pk for group in member_of),
                    is_opted_out=is_opted_out,
                ),
                simulation.rules_of(flow, rows[-1:] if scope == "draft" else ()),
                recipient=HOUSE,
            )
            if scope == "draft":
                rows[-1].status = "active"
                rows[-1].save()
            if scope == "flow":
                Automation.objects.update(status="active")
            rulebook.forget()
            names = {row.pk: row.name for row in rows} | {-1: rows[-1].name}
            happened = list(_hold_for_real(texts, traveller))
            for turn, real in zip(foretold, happened, strict=True):
                assert _foretold(turn, names) == real, turn.message.body
        finally:
            transaction.set_rollback(True)
            rulebook.forget()
            locmem.clear()
            mail.outbox.clear()
