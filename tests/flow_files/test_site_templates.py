"""Templates of the site: what stands in them, and what never does."""

import json
import time
from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from wagtail_sms_automation.flow_files import (
    importing,
    playing,
    targets,
    templates,
    writing,
)
from wagtail_sms_automation.flow_files.reading import read
from wagtail_sms_automation.flow_files.shape import MOST_AUTOMATIONS, FlowFileError
from wagtail_sms_automation.flow_files.site_templates import SiteTemplate, Word
from wagtail_sms_automation.models import ContactGroup

from ..factories import (
    AutomationFactory,
    FlowFactory,
    block,
    content,
    follows,
    reply,
)
from .files import as_bytes, automation, document
from .test_templates import VECTORS


pytestmark = pytest.mark.django_db

RESTAURANT = Word(text="Chez Lea", label="Name of the restaurant")
STAFF = {"phone": "+447911123457", "email": "other@kitchen.example"}


def flow_of(*bodies, actions=(), **changes):
    """Return a flow whose only step sends these texts."""
    replies = [{"type": "reply", "body": body} for body in bodies]
    one = automation(actions=[*replies, *actions])
    return read(as_bytes(document(automations=[one], conversation=[], **changes)))


def to_phones(*numbers, body="{{ message.body }}"):
    return {"type": "forward_to_phone", "phone_numbers": numbers, "body": body}


def to_addresses(*addresses):
    return {
        "type": "forward_to_email",
        "addresses": addresses,
        "body": "{{ message.body }}",
    }


def template_of(flow, *words):
    """Return the document of a template with these words asked for."""
    template = SiteTemplate(flow, words=words)
    for word in words:
        template.check(word)
    return json.loads(template.as_text())


def used(text, name, **values):
    """Return the flow that is made of a template; staff are always given."""
    asks = read(text.encode(), examples=True).asks
    given = {
        asked.key: STAFF.get(asked.kind) or values.get(asked.key, asked.example)
        for asked in asks
    }
    file = read(text.encode(), given, name=name)
    return importing.import_flow(file).flow


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one["name"])
def test_each_flow_talks_alike_when_it_is_made_of_a_template(vector):
    built_in = templates.find(f"{vector['slug']}.{vector['language']}").example()
    first = importing.import_flow(built_in).flow
    text = SiteTemplate(writing.flow_file(first)).as_text()
    second = used(text, "Another")
    conversation = built_in.conversation
    assert conversation
    turns = playing.play(first, conversation)
    assert playing.play(second, conversation) == turns
    assert playing.difference(turns) == ""
    assert second.automations.count() == first.automations.count()
    assert not second.automations.active().exists()


def test_words_become_questions():
    flow = flow_of(
        "Chez Lea: hi, Chez Leander. {{ contact.name }}",
        name="Chez Lea orders",
        announcement="CHEZ LEA! Chez Lea",
    )
    whole = template_of(flow, RESTAURANT)
    assert whole["values"] == [
        {
            "key": "name_of_the_restaurant",
            "kind": "text",
            "label": "Name of the restaurant",
            "example": "Chez Lea",
            "default": "",
        }
    ]
    place = "[[name_of_the_restaurant]]"
    assert whole["name"] == f"{place} orders"
    assert whole["announcement"] == f"CHEZ LEA! {place}"
    body = whole["automations"][0]["actions"][0]["body"]
    assert body == f"{place}: hi, Chez Leander. {{{{ contact.name }}}}"


def test_a_template_is_used_with_other_words():
    text = SiteTemplate(flow_of("Chez Lea: hi"), words=[RESTAURANT]).as_text()
    flow = used(text, "Mine", name_of_the_restaurant="Chez [x]".replace("[x]", "Max"))
    assert flow.automations.get().actions[0].value["body"] == "Chez Max: hi"


def test_the_longest_words_win_whatever_their_order():
    words = [Word(text="Lea", label="Owner"), RESTAURANT]
    whole = template_of(flow_of("Chez Lea: ask for Lea"), *words)
    body = whole["automations"][0]["actions"][0]["body"]
    assert body == "[[name_of_the_restaurant]]: ask for [[owner]]"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["Nowhere"], "do not occur"),
        (["ez Le"], "do not occur"),
        (["contact"], "do not occur"),
        (["contact.name"], "do not occur"),
        (["chez lea"], "do not occur"),
        (["Lea", "Chez Lea"], "do not occur"),
        (["Chez Lea", "Chez Lea"], "twice"),
        (["{{ contact.name }}"], "without brackets"),
        (["x" * 101], "too long"),
        (["06 12 00 00 09"], "belongs to the staff"),
        (["Call KITCHEN@lea.example now"], "belongs to the staff"),
        # What is put in for the staff is no text of the flow.
        (["staff_phone_1"], "do not occur"),
    ],
)
def test_words_that_cannot_be_asked_for(words, reason):
    flow = flow_of(
        "Chez Lea, {{ contact.name }}",
        actions=[to_phones("+33612000009"), to_addresses("kitchen@lea.example")],
    )
    words = [Word(text=word, label="What") for word in words]
    with pytest.raises(ValidationError, match=reason):
        template_of(flow, *words)


#: A staff number, and every way that people write it.
WRITTEN = [
    "+33612000009",
    "+33 6 12 00 00 09",
    "0033 6 12 00 00 09",
    "+33 (0)6 12 00 00 09",
    "06 12 00 00 09",
    "0612000009",
    "06.12.00.00.09",
    "06-12-00-00-09",
    "33612000009",
    "٠٦١٢٠٠٠٠٠٩",
    "０６１２００００09",
    "06·12·00·00·09",
    "06•12•00•00•09",
    "06_12_00_00_09",
    "06, 12, 00, 00, 09",
    "06:12:00:00:09",
    "06*12*00*00*09",
    "06−12−00−00−09",
    "06 – 12 – 00 – 00 – 09",
    "06  -  12 00 00 09",
    "06...12...00...00...09",
    "06\u200b12\u200b00\u200b00\u200b09",
    "01133612000009",
    "011 33 6 12 00 00 09",
    "00 33 6 12 00 00 09",
    "(+33) (0) 6 12 00 00 09",
    "+33 - 0 - 6 12 00 00 09",
]

#: Numbers of other countries, as they are dialled at home.
AT_HOME = [
    ("+390612345678", "06 1234 5678"),
    ("+390612345678", "6 1234 5678"),
    ("+12125550123", "(212) 555-0123"),
    ("+12125550123", "1-212-555-0123"),
    ("+79161234567", "8 916 123-45-67"),
    ("+3614567890", "06 1 456 7890"),
    ("+5491123456789", "011 15-2345-6789"),
    ("+5491123456789", "11 2345 6789"),
    ("+5491123456789", "+54 9 11 2345-6789"),
    ("+447911123457", "07911 123457"),
]

#: A staff address, and every way that people write it.
ADDRESSES = [
    "kitchen@lea.example",
    "KITCHEN@LEA.example",
    "mailto:kitchen@lea.example",
    "-kitchen@lea.example",
    "...kitchen@lea.example",
    "_kitchen@lea.example_",
    "kitchen@lea.example-bar",
    "kitchen%40lea.example",
    "kitchen @ lea.example",
    "kitchen (at) lea.example",
    "kitchen [at] lea.example",
    "kitchen at lea.example",
    "kit\u200bchen@lea.example",
    "kitchen＠lea.example",
]


@pytest.mark.parametrize("written", WRITTEN)
def test_no_number_of_the_staff_is_kept_however_it_is_written(written):
    flow = read(
        as_bytes(
            document(
                name=f"Orders {written}",
                description=f"Call {written}.",
                announcement=f"Call {written}, or {written}",
                automations=[
                    automation(
                        f"CALL {written}",
                        key=f"key {written}",
                        name=f"Tell {written}",
                        actions=[
                            {"type": "reply", "body": f"Call {written}!"},
                            {"type": "add_to_group", "group": f"Of {written}"},
                            to_phones("+33612000009", body=f"From {written}"),
                        ],
                    )
                ],
                conversation=[{"text": f"{written}", "answers": [written]}],
            )
        )
    )
    text = SiteTemplate(flow).as_text()
    digits = "".join(one for one in text if one.isdigit())
    assert "12000009" not in digits
    place = "[[staff_phone_1]]"
    assert json.loads(text)["announcement"] == f"Call {place}, or {place}"
    assert [asked.kind for asked in read(text.encode(), examples=True).asks] == [
        "phone"
    ]


@pytest.mark.parametrize(("number", "written"), AT_HOME)
def test_no_number_is_kept_as_it_is_dialled_at_home(number, written):
    flow = flow_of(f"Call {written}.", actions=[to_phones(number)])
    body = template_of(flow)["automations"][0]["actions"][0]["body"]
    assert body == "Call [[staff_phone_1]]."


@pytest.mark.parametrize("written", ADDRESSES)
def test_no_address_of_the_staff_is_kept_however_it_is_written(written):
    flow = flow_of(f"Mail {written} now", actions=[to_addresses("kitchen@lea.example")])
    template = SiteTemplate(flow)
    body = json.loads(template.as_text())["automations"][0]["actions"][0]["body"]
    assert "[[staff_email_1]]" in body
    assert "kitchen" not in body
    assert template.still_told() == ""
    assert read(template.as_text().encode(), examples=True)


def test_two_numbers_side_by_side_and_one_longer_than_the_other():
    flow = flow_of(
        "06 12 00 00 09 06 12 00 00 08, bar-kitchen@lea.example",
        actions=[
            to_phones("+33612000009", "+33612000008"),
            to_addresses("kitchen@lea.example", "bar-kitchen@lea.example"),
        ],
    )
    sent, _phones, mail = template_of(flow)["automations"][0]["actions"]
    assert sent["body"] == "[[staff_phone_1]] [[staff_phone_2]], [[staff_email_4]]"
    assert mail["addresses"] == ["[[staff_email_3]]", "[[staff_email_4]]"]


def test_numbers_of_two_countries_that_end_alike():
    flow = flow_of(
        "Call +33 6 12 00 00 09 or +34 612 000 009.",
        actions=[to_phones("+33612000009", "+34612000009")],
    )
    with_places = SiteTemplate(flow)
    body = json.loads(with_places.as_text())["automations"][0]["actions"][0]["body"]
    assert body == "Call [[staff_phone_1]] or [[staff_phone_2]]."


#: What no pattern finds, but people make out.
IN_WORDS = [
    "06 and then 12 and 00 and 00 and 09",
    "0 6 ........ 1 2 0 0 0 0 0 9",
    "kit chen@lea.exam ple",
]


@pytest.mark.parametrize("written", IN_WORDS)
def test_what_can_still_be_made_out_is_told(written):
    flow = flow_of(
        written,
        actions=[to_phones("+33612000009"), to_addresses("kitchen@lea.example")],
    )
    template = SiteTemplate(flow)
    assert template.still_told() == written
    assert template.names_staff(written)
    harmless = SiteTemplate(flow_of("Call us", actions=[to_phones("+33612000009")]))
    assert harmless.still_told() == ""


def test_staff_of_other_flows_are_asked_for_where_a_text_names_them():
    AutomationFactory(
        flow=FlowFactory(),
        actions=[
            block("forward_to_phone", phone_numbers=["+33612000009"], body="x"),
            block("forward_to_email", addresses=["cook@lea.example"], body="x"),
            block("forward_to_phone", phone_numbers=["+33612000007"], body="x"),
        ],
    )
    flow = flow_of(
        "Call 0612000009, 06 12 00 00 08 or cook@lea.example",
        actions=[to_phones("+33612000006")],
    )
    template = SiteTemplate(flow, site_targets=targets.of_site())
    whole = json.loads(template.as_text())
    sent, forwarded = whole["automations"][0]["actions"]
    assert sent["body"] == (
        "Call [[staff_phone_2]], 06 12 00 00 08 or [[staff_email_3]]"
    )
    assert forwarded["phone_numbers"] == ["[[staff_phone_1]]"]
    assert [one["label"] for one in whole["values"]] == [
        "Phone number of the staff, told by step 1",
        "Phone number of the staff, in a text of the flow",
        "E-mail address of the staff, in a text of the flow",
    ]
    assert template.names_staff("06 12 00 00 07")


def test_the_targets_of_a_site_take_one_query(django_assert_num_queries):
    group = ContactGroup.objects.create(name="G")
    for number in range(5):
        AutomationFactory(
            active=number > 2,
            actions=[
                block("add_to_group", group=group.pk),
                block(
                    "forward_to_phone", phone_numbers=[f"+3361200000{number}"], body="x"
                ),
            ],
        )
    with django_assert_num_queries(1):
        assert targets.of_site() == [f"+3361200000{number}" for number in range(5)]


def test_the_numbers_of_the_site_are_asked_for():
    condition = {"type": "receiving_number", "numbers": ["+33937000001"]}
    one = automation(
        conditions=[condition],
        actions=[{"type": "reply", "body": "Text ORDER to 09 37 00 00 01."}],
    )
    flow = read(as_bytes(document(automations=[one], conversation=[])))
    text = SiteTemplate(flow).as_text()
    whole = json.loads(text)
    assert [(one["key"], one["kind"], one["label"]) for one in whole["values"]] == [
        ("own_number_1", "phone", "Number of yours that is texted, in step 1")
    ]
    step = whole["automations"][0]
    assert step["conditions"][0]["numbers"] == ["[[own_number_1]]"]
    assert step["actions"][0]["body"] == "Text ORDER to [[own_number_1]]."
    made = used(text, "Mine").automations.get()
    assert list(made.conditions[0].value["numbers"]) == [STAFF["phone"]]


def test_more_staff_than_can_be_asked_for_is_refused_early():
    steps = [
        automation(
            f"K{n}",
            key=f"k{n}",
            name=f"S{n}",
            actions=[
                {"type": "reply", "body": "Text 12 34 56 hello " * 6},
                to_phones(*[f"+336120{n * 4 + i:05d}" for i in range(4)]),
            ],
        )
        for n in range(MOST_AUTOMATIONS)
    ]
    flow = read(as_bytes(document(automations=steps, conversation=[])))
    start = time.process_time()
    with pytest.raises(FlowFileError, match="more than 100 numbers"):
        SiteTemplate(flow)
    # What it must ask for fits; many more that it must look for take little time.
    few = replace(flow, automations=flow.automations[:25])
    many = [f"+336120{n:05d}" for n in range(2000)]
    assert len(SiteTemplate(few, site_targets=many).asks) == 100
    assert time.process_time() - start < 2


def test_staff_are_asked_for_each_once():
    flow = flow_of(
        "Mail KITCHEN@lea.example or bar@lea.example. Call 06 12 00 00 08.",
        actions=[
            to_phones("+33612000009", "+33612000008"),
            to_phones("+33612000009"),
            to_addresses("kitchen@lea.example"),
        ],
    )
    whole = template_of(flow)
    assert [(one["key"], one["kind"]) for one in whole["values"]] == [
        ("staff_phone_1", "phone"),
        ("staff_phone_2", "phone"),
        ("staff_email_3", "email"),
    ]
    sent, first, second, mail = whole["automations"][0]["actions"]
    assert sent["body"] == (
        "Mail [[staff_email_3]] or bar@lea.example. Call [[staff_phone_2]]."
    )
    assert first["phone_numbers"] == ["[[staff_phone_1]]", "[[staff_phone_2]]"]
    assert second["phone_numbers"] == ["[[staff_phone_1]]"]
    assert mail["addresses"] == ["[[staff_email_3]]"]
    for asked in whole["values"]:
        assert "00000" not in asked["example"]
        assert "lea" not in asked["example"]


def test_a_number_that_customers_call_stays():
    flow = flow_of("Call 020 7946 0123", actions=[to_phones("+33612000009")])
    body = template_of(flow)["automations"][0]["actions"][0]["body"]
    assert body == "Call 020 7946 0123"


def test_what_is_no_text_of_an_editor_stays():
    words = [Word(text="reply", label="R"), Word(text="en", label="Language")]
    flow = flow_of("en reply sms any", language="en")
    whole = template_of(flow, *words)
    assert whole["language"] == "en"
    assert whole["automations"][0]["actions"][0] == {
        "type": "reply",
        "body": "[[language]] [[r]] sms any",
    }


def test_questions_of_one_label_have_keys_of_their_own():
    words = [Word(text=text, label="日本") for text in ("One", "Two")]
    whole = template_of(flow_of("One Two"), *words)
    assert [one["key"] for one in whole["values"]] == ["value_1", "value_2"]


def test_brackets_in_a_text_are_no_place_unless_something_is_asked():
    flow = flow_of("Chez Lea [[x]]")
    assert read(SiteTemplate(flow).as_text().encode(), examples=True)
    text = SiteTemplate(flow, words=[RESTAURANT]).as_text()
    with pytest.raises(FlowFileError, match="none of the values asked for"):
        read(text.encode(), examples=True)


def test_a_flow_of_no_steps_and_of_five_hundred():
    empty = read(as_bytes(document(automations=[], conversation=[])))
    assert json.loads(SiteTemplate(empty).as_text())["automations"] == []
    steps = [automation(key=f"k{n}", name="Same") for n in range(MOST_AUTOMATIONS)]
    steps[0]["actions"].append(to_phones("+33612000009"))
    steps[-1]["conditions"].append(
        {"type": "follows", "automations": ["k0"], "within_hours": 24}
    )
    full = read(as_bytes(document(automations=steps, conversation=[])))
    whole = template_of(full, Word(text="MENU", label="Menu"))
    assert len(whole["automations"]) == MOST_AUTOMATIONS
    assert whole["automations"][-1]["conditions"][-1]["automations"] == ["step-1"]


def test_five_hundred_steps_of_one_name_are_written_soon():
    flow = FlowFactory()
    names = ["Same"] * 500 + ["Same 2", "Same-501", "Same"]
    for name in names:
        AutomationFactory(
            flow=flow,
            name=name,
            conditions=[content("A")],
            actions=[reply("Hi"), block("opt_out")],
        )
    rows = list(flow.automations.in_order())
    start = time.process_time()
    keys = list(writing._keys(rows).values())
    assert time.process_time() - start < 1
    assert keys[:3] == ["same", "same-2", "same-3"]
    assert len(set(keys)) == len(names)
    again = writing._keys(list(flow.automations.in_order()))
    assert list(again.values()) == keys


def test_looks_for_a_key_grow_with_the_steps_and_no_faster(monkeypatch):
    """Each further step of a name may ask twice, however many there are."""
    looks = []

    class Counted(set):
        def __contains__(self, key):
            looks.append(key)
            return super().__contains__(key)

    class Row:
        def __init__(self, pk):
            self.pk, self.name = pk, "Same"

    monkeypatch.setattr(writing, "set", Counted, raising=False)
    writing._keys([Row(pk) for pk in range(500)])
    assert 500 <= len(looks) <= 1000


def test_a_flow_is_read_by_as_few_queries_for_many_steps(django_assert_num_queries):
    group = ContactGroup.objects.create(name="G")
    flows = FlowFactory(), FlowFactory()
    for flow, steps in zip(flows, (2, 50), strict=True):
        first = AutomationFactory(flow=flow)
        for _number in range(steps):
            AutomationFactory(
                flow=flow,
                conditions=[follows(first), block("in_group", groups=[group.pk])],
                actions=[reply("Hi"), block("add_to_group", group=group.pk)],
            )
    with CaptureQueriesContext(connection) as queries:
        writing.flow_file(flows[0])
    with django_assert_num_queries(len(queries)):
        assert len(writing.flow_file(flows[1]).automations) == 51
