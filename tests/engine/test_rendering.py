from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_sms_automation.engine import rendering
from wagtail_sms_automation.engine.messages import Contact, InboundMessage


MESSAGE = InboundMessage(
    body="Food 2x1",
    originator="+33612345678",
    recipient="+33937000001",
    received_at=datetime(2026, 5, 4, 19, 0, tzinfo=UTC),
)
LEA = Contact(
    phone_number="+33612345678",
    first_name="Léa",
    last_name="Port",
    language="fr",
    attributes={"party": "4"},
)


def render(template, contact=LEA, keyword="FOOD"):
    return rendering.render(template, rendering.values(MESSAGE, contact, keyword))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Hi {{ contact.first_name }} {{contact.last_name}}!", "Hi Léa Port!"),
        ("{{ contact.phone_number }}/{{ contact.language }}", "+33612345678/fr"),
        ("Table for {{ contact.attributes.party }}", "Table for 4"),
        ("{{ keyword }}: {{ message.body }}", "FOOD: Food 2x1"),
        (
            "{{ message.originator }} {{ message.recipient }}",
            "+33612345678 +33937000001",
        ),
        ("9 EUR { } 50 % off", "9 EUR { } 50 % off"),
        ("{% if x %}", "{% if x %}"),
        ("", ""),
    ],
)
def test_placeholders_are_filled_in(template, text):
    assert render(template) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Hi {{ contact.first_name|there }}", "Hi there"),
        ("Hi {{ contact.first_name | dear guest }}", "Hi dear guest"),
        ("Hi {{ contact.first_name }}", "Hi "),
        ("{{ contact.attributes.party|? }}", "?"),
        ("{{ keyword|a|b }}", "a|b"),
    ],
)
def test_empty_value_gives_way_to_the_fallback(template, text):
    assert render(template, Contact(phone_number="+33612345678"), "") == text


def test_blank_value_counts_as_empty():
    contact = Contact(phone_number="+33612345678", first_name="  ")

    assert render("{{ contact.first_name|there }}", contact) == "there"


@pytest.mark.parametrize(
    ("template", "problems"),
    [
        ("Hi {{ contact.first_name }} {{ contact.attributes.party }}", ()),
        ("Hi {{ first_name }}", ("{{ first_name }}",)),
        ("{{ a }} {{ a }} {{ b|c }}", ("{{ a }}", "{{ b|c }}")),
        ("Hi {{ contact.first_na", ("{{ contact.first_na",)),
        ("Hi {{ contact.first_name }", ("{{ contact.first_name }",)),
        ("Hi {{ contact.first_name\nBye", ("{{ contact.first_name",)),
        ("Hi contact.first_name }}", ("}}",)),
        ("{{ a {{ keyword }}", ("{{ a",)),
        ("{{{ keyword }}}", ("{{", "}}")),
        ("{{ }} {{}}", ("{{ }}", "{{}}")),
        ("{{ contact.attributes. }}", ("{{ contact.attributes. }}",)),
        ("{{ contact.attributes.a.b }}", ("{{ contact.attributes.a.b }}",)),
        ("{{ message.__class__ }}", ("{{ message.__class__ }}",)),
        ("{{ KEYWORD }}", ("{{ KEYWORD }}",)),
    ],
)
def test_unknown_and_malformed_placeholders_are_named(template, problems):
    assert rendering.check(template) == problems


@pytest.mark.parametrize("name", rendering.PLACEHOLDERS)
def test_every_name_of_the_list_has_a_value(name):
    assert name in rendering.values(MESSAGE, LEA, "")
    assert rendering.check(f"{{{{ {name} }}}}") == ()


def test_unknown_placeholder_cannot_be_rendered():
    with pytest.raises(rendering.PlaceholderError, match="{{ contact.nick }}") as error:
        render("Hi {{ contact.nick }}")

    assert error.value.placeholders == ("{{ contact.nick }}",)


def test_originator_stands_in_for_the_number_of_nobody():
    assert render("{{ contact.phone_number }}", contact=None) == "+33612345678"


def test_value_that_looks_like_a_placeholder_is_plain_text():
    contact = Contact(phone_number="+33612345678", first_name="{{ message.body }}")

    assert render("Hi {{ contact.first_name }}", contact) == "Hi {{ message.body }}"


pieces = st.sampled_from(["{{", "}}", "{{ keyword }}", "|", " ", "a", "\\1", "\\g<0>"])


@given(st.lists(pieces | st.text(max_size=5)).map("".join).filter(str.strip))
@settings(max_examples=200, deadline=None)
def test_values_are_never_expanded_again(value):
    contact = Contact(phone_number="+33612345678", first_name=value)

    rendered = render("<{{ contact.first_name }}|{{ keyword }}>", contact)

    assert rendered == f"<{value}|FOOD>"


@given(st.lists(pieces | st.text(max_size=5)).map("".join))
@settings(max_examples=200, deadline=None)
def test_checked_template_renders_without_braces_left(template):
    if rendering.check(template):
        with pytest.raises(rendering.PlaceholderError):
            render(template)
    else:
        rendered = render(template)
        assert "{{" not in rendered
        assert "}}" not in rendered
