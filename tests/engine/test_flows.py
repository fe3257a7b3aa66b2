"""The restaurant's flows, run through respond()."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wagtail_sms_automation.engine.messages import Contact, InboundMessage
from wagtail_sms_automation.engine.outcome import (
    ForwardMail,
    ForwardSms,
    JoinGroup,
    SendSms,
    Silence,
)
from wagtail_sms_automation.engine.respond import respond
from wagtail_sms_automation.engine.rules import (
    AddToGroup,
    Automation,
    Content,
    ForwardToEmail,
    ForwardToPhone,
    Operator,
    Reply,
    Rulebook,
)
from wagtail_sms_automation.engine.segments import count


DATA = Path(__file__).parent.parent / "data" / "flows.json"
FLOWS = json.loads(DATA.read_text(encoding="utf-8"))["flows"]
NOW = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)
LEA = Contact(phone_number="+33612345678", first_name="Léa", country="FR")
KITCHEN = "+33698765432"
KITCHEN_MAIL = "kitchen@lea.example"
OPERATORS = {"word": Operator.ANY, "exact": Operator.EXACT}


def read_automation(number, row):
    content = Content(
        keywords=tuple(row["keywords"]),
        operator=OPERATORS[row["match"]],
        match_case=row["case_sensitive"],
    )
    actions = [Reply(id="reply", body=row["reply"])]
    for action in row["actions"]:
        actions += read_action(action)
    return Automation(
        id=number, name=row["name"], conditions=(content,), actions=tuple(actions)
    )


def read_action(row):
    if row["type"] == "add_to_group":
        return [AddToGroup(id="group", group=len(row["group"]))]
    if row["type"] == "forward":
        body = row["text"]
        return [
            ForwardToPhone(id="phone", phone_numbers=(KITCHEN,), body=body),
            ForwardToEmail(id="mail", addresses=(KITCHEN_MAIL,), body=body),
        ]
    assert row["type"] == "consent"  # Kept on the contact, not by the engine.
    return []


def read_rulebook(flow, *more):
    automations = [
        read_automation(number, row)
        for number, row in enumerate(flow["automations"], start=1)
    ]
    return Rulebook(automations=(*automations, *more), default_country="FR")


def text(body, rulebook):
    message = InboundMessage(
        body=body,
        originator=LEA.phone_number,
        recipient="+33937000001",
        received_at=NOW,
    )
    return respond(message, LEA, rulebook, NOW)


def fired(outcome):
    return [decision.name for decision in outcome.fired]


@pytest.mark.parametrize(
    ("flow", "inbound", "fires"),
    [
        (flow, case["inbound"], case["fires"])
        for flow in FLOWS
        for case in flow["expected"]
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_flow_fires_what_its_author_expects(flow, inbound, fires):
    outcome = text(inbound, read_rulebook(flow))

    replies = {row["name"]: row["reply"] for row in flow["automations"]}
    assert fired(outcome) == fires
    assert [
        (effect.body, effect.held)
        for effect in outcome.effects
        if isinstance(effect, SendSms)
    ] == [(replies[name], None) for name in fires]
    assert {d.silence for d in outcome.decisions if not d.fired} <= {Silence.CONTENT}


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow["name"])
def test_texts_of_the_flow_cost_one_part(flow):
    bodies = [flow["broadcast"], *(row["reply"] for row in flow["automations"])]

    for body, expected in zip(filter(None, bodies), flow["sms"], strict=True):
        found = count(body)
        assert (found.encoding, found.units, found.parts) == (
            expected["encoding"],
            expected["units"],
            expected["parts"],
        )


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow["name"])
def test_hearing_an_invitation_back_fires_nothing(flow):
    assert fired(text("👍", read_rulebook(flow))) == []


def test_article_walked_from_end_to_end():
    rulebook = read_rulebook(FLOWS[0])
    order = "FOOD 2x1, 1x5, 12 Port Street"

    outcomes = {
        body: text(body, rulebook) for body in ("ORDER", "MENU", "DELIVERY", order)
    }

    assert [
        effect.body[:20] for o in outcomes.values() for effect in o.effects[:1]
    ] == [
        "Chez Lea: thanks! Re",
        "1 Margherita 9, 2 Re",
        "Delivery: text FOOD,",
        "Chez Lea: order rece",
    ]
    delivery = JoinGroup(automation=3, action="group", group=len("Delivery customers"))
    assert outcomes["DELIVERY"].effects[1:] == (delivery,)
    forwarded = f"+33612345678 (Léa): {order}"
    assert outcomes[order].effects[1:] == (
        ForwardSms(automation=5, action="phone", recipient=KITCHEN, body=forwarded),
        ForwardMail(
            automation=5, action="mail", recipient=KITCHEN_MAIL, body=forwarded
        ),
        JoinGroup(automation=5, action="group", group=len("SMS orders")),
    )


def test_numbers_as_keywords_fire_on_the_order_that_names_them():
    """The article warns of this: messages 4 and 5, besides message 6."""
    flow = FLOWS[0]
    delivery, pickup, food = flow["automations"][2:]
    rulebook = Rulebook(
        automations=(
            read_automation(3, delivery | {"keywords": ["1"]}),
            read_automation(4, pickup | {"keywords": ["2"]}),
            read_automation(5, food),
        )
    )

    outcome = text("FOOD 1, 2", rulebook)

    assert fired(outcome) == [delivery["name"], pickup["name"], food["name"]]
    assert [e.body for e in outcome.effects if isinstance(e, SendSms)] == [
        delivery["reply"],
        pickup["reply"],
        food["reply"],
    ]


def test_numbers_beside_the_whole_flow_fire_three():
    flow = FLOWS[0]
    numbers = (
        read_automation(6, flow["automations"][2] | {"name": "1", "keywords": ["1"]}),
        read_automation(7, flow["automations"][3] | {"name": "2", "keywords": ["2"]}),
    )

    outcome = text("FOOD 1, 2", read_rulebook(flow, *numbers))

    assert fired(outcome) == ["Text orders - stage 5", "1", "2"]
    assert [decision.automation for decision in outcome.decisions] == list(range(1, 8))
