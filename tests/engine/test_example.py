import pytest

from wagtail_sms_automation.engine import example, rendering
from wagtail_sms_automation.engine.content import Content, Operator


ANY = "Hello"


@pytest.mark.parametrize(
    ("contents", "body"),
    [
        ([], ANY),
        ([Content(keywords=("ORDER", "Order"))], "ORDER"),
        ([Content(keywords=("A", "B"), operator=Operator.ALL)], "A B"),
        ([Content(keywords=("A", "B"), operator=Operator.NONE)], ANY),
        (
            [
                Content(keywords=("pizza",)),
                Content(keywords=("ORDER",), operator=Operator.BEGINS),
            ],
            "ORDER pizza",
        ),
        (
            [
                Content(keywords=("YES",)),
                Content(keywords=("YES",), operator=Operator.EXACT),
            ],
            "YES",
        ),
        ([Content(keywords=("A",)), Content(keywords=("A",))], "A"),
    ],
)
def test_body_holds_what_the_conditions_want(contents, body):
    assert example.body(contents, ANY) == body


def test_longest_fills_every_placeholder():
    template = "".join(f"{{{{ {name} }}}}" for name in rendering.PLACEHOLDERS)
    filled = example.longest(f"{template}{{{{ contact.attributes.street }}}}", ["a"])

    assert "{" not in filled
    assert len(filled) == sum(example.LENGTHS.values()) + 1 + 40


def test_longest_takes_the_longest_keyword():
    assert example.longest("{{ keyword }}!", ["ORDER", "yes, please"]) == "yes, please!"


def test_longest_refuses_what_is_half_typed():
    with pytest.raises(rendering.PlaceholderError):
        example.longest("{{ contact.na", [])


def test_names_of_placeholders():
    template = "{{ keyword|x }} {{keyword}} {{ nobody }} {{ contact.attributes.a }} {{"

    assert rendering.names(template) == ("keyword", "contact.attributes.a")
