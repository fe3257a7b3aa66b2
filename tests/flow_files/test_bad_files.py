"""Files that are refused: whole, with line and reason."""

import json

import pytest

from wagtail_sms_automation.flow_files.reading import read
from wagtail_sms_automation.flow_files.shape import MOST_BYTES, FlowFileError

from .files import as_bytes, automation, document


pytestmark = pytest.mark.django_db


def problems(data, **options):
    """Return (line, reason) of all that is wrong with a file."""
    with pytest.raises(FlowFileError) as refused:
        read(data, **options)
    return [(one.line, one.reason) for one in refused.value.problems]


def line_of(data, text):
    """Return the line on which a text first stands."""
    (line,) = [
        number
        for number, line in enumerate(data.decode().split("\n"), start=1)
        if text in line
    ][:1]
    return line


GOOD = as_bytes(document())


def test_the_good_file_is_read():
    flow = read(GOOD)
    assert flow.name == "SMS orders"
    assert flow.automations[0].conditions[0].values == {
        "operator": "any",
        "keywords": ["ORDER"],
        "ignore_case": False,
        "ignore_accents": False,
        "anywhere": False,
    }


def test_a_byte_order_mark_is_no_part_of_it():
    assert read(b"\xef\xbb\xbf" + GOOD) == read(GOOD)


@pytest.mark.parametrize("length", range(1, len(GOOD) - 1, 23))
def test_a_truncated_file(length):
    ((line, reason),) = problems(GOOD[:length])
    assert line == GOOD[:length].rstrip().count(b"\n") + 1
    assert reason == "the file ends too early."


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", None, "The file is empty."),
        (b" \n ", None, "The file is empty."),
        (b"\n\n[1]", 3, "this is no flow."),
        (b'"flow"', 1, "this is no flow."),
        (b"{\n'name': 1}", 2, "this is no JSON."),
        (b'{"a": 1,\n}', 2, "this is no JSON."),
        (b'{"a": 1}\n{"a": 1}', 2, "something follows the end of the flow."),
        (b'{"a": 1,\n"a": 2}', 2, "“a” is there twice."),
        (b'{"a":\nNaN}', 2, "NaN is no number."),
        (b'{"a":\n-Infinity}', 2, "-Infinity is no number."),
        (b"[" * 5000, 1, "this is nested too deeply."),
        (b'{"a":\n' * 5000, 21, "this is nested too deeply."),
        (b'{"a": "\n"}', 1, "this is no JSON."),
        (b'{\n"a": "\xff"}', 2, "this is not UTF-8."),
        ("{}".encode("utf-16"), 1, "this is not UTF-8."),
        (b"{}", 1, "this is no flow: “format” is not “wagtail-sms-automation/flow”."),
        (b" " * (MOST_BYTES + 1), None, "The file is too big: at most 1000000 bytes."),
    ],
)
def test_what_is_no_flow_at_all(data, line, reason):
    assert problems(data) == [(line, reason)]


def test_a_number_without_end():
    data = b'{"format":\n' + b"9" * 5000 + b"}"
    assert problems(data) == [(2, "this number is too long.")]


@pytest.mark.parametrize("version", [0, 2, "1", 1.0, True, None, 10**30])
def test_another_version(version):
    data = as_bytes(document(version=version))
    found = problems(data)
    assert found[-1][1].startswith("this file is of another version")


WRONG = {
    "no name": (document(name=None), "SMS", "name: This field is required."),
    "blank name": (document(name=" "), '"name": " "', "name: This field is required."),
    "name of another type": (
        document(name=["SMS"]),
        '"name": [',
        "name: this must be a text.",
    ),
    "automations of another type": (
        document(automations={"1": 2}),
        '"automations"',
        "automations: this must be a list.",
    ),
    "an automation of another type": (
        document(automations=["x"]),
        '"x"',
        "automations: this must be a list of objects.",
    ),
    "unknown member": (
        document(statuss="active"),
        "statuss",
        "“statuss” has no place here.",
    ),
    "language": (
        document(language="<b>"),
        "<b>",
        "language: this must be a language’s code, such as fr.",
    ),
    "unknown block": (
        document(
            automations=[automation(actions=[{"type": "run_script", "body": "x"}])]
        ),
        "run_script",
        "type: “run_script” is unknown; these are known: reply, add_to_group",
    ),
    "unknown field of a block": (
        document(
            automations=[
                automation(actions=[{"type": "reply", "body": "x", "boddy": "y"}])
            ]
        ),
        "boddy",
        "“boddy” has no place here.",
    ),
    "empty keyword": (
        document(automations=[automation("\u200b")]),
        '"keywords"',
        "keywords: “U+200B” has no visible character",
    ),
    "no keywords": (
        document(
            automations=[automation(conditions=[{"type": "content", "keywords": []}])]
        ),
        '"keywords"',
        "keywords: Add at least one keyword.",
    ),
    "keywords of another type": (
        document(
            automations=[
                automation(conditions=[{"type": "content", "keywords": "ORDER"}])
            ]
        ),
        '"keywords"',
        "keywords: this must be a list.",
    ),
    "a keyword of another type": (
        document(automations=[automation(7)]),
        "7",
        "keywords: this must be a list of texts.",
    ),
    "unknown operator": (
        document(
            automations=[
                automation(
                    conditions=[
                        {"type": "content", "keywords": ["A"], "operator": "regex"}
                    ]
                )
            ]
        ),
        "regex",
        "operator: Select a valid choice.",
    ),
    "a switch that is a text": (
        document(
            automations=[
                automation(
                    conditions=[
                        {"type": "content", "keywords": ["A"], "anywhere": "false"}
                    ]
                )
            ]
        ),
        "anywhere",
        "anywhere: this must be true or false.",
    ),
    "no reply": (
        document(automations=[automation(actions=[{"type": "reply", "body": ""}])]),
        '"body"',
        "body: Write the text that is sent.",
    ),
    "half a placeholder": (
        document(
            automations=[automation(actions=[{"type": "reply", "body": "{{ contact."}])]
        ),
        '"body"',
        "body: ",
    ),
    "a reply too long": (
        document(
            automations=[automation(actions=[{"type": "reply", "body": "x" * 2000}])]
        ),
        '"body"',
        "body: This text takes 14 SMS parts; at most 9 can be sent.",
    ),
    "no actions": (
        document(automations=[automation(actions=[])]),
        '"actions"',
        "actions: Add at least one action.",
    ),
    "a phone of letters": (
        document(
            automations=[
                automation(
                    actions=[{"type": "forward_to_phone", "phone_numbers": ["CHEF"]}]
                )
            ]
        ),
        "phone_numbers",
        "phone_numbers: CHEF: A phone number has no letters.",
    ),
    "an address that is none": (
        document(
            automations=[
                automation(
                    actions=[{"type": "forward_to_email", "addresses": ["<script>"]}]
                )
            ]
        ),
        "addresses",
        "addresses: <script>: This is not a valid e-mail address.",
    ),
    "an hour too many": (
        document(
            automations=[automation(actions=[{"type": "hand_over", "hours": 99999}])]
        ),
        "99999",
        "hours: Ensure this value is less than or equal to 8784.",
    ),
    "hours of another type": (
        document(
            automations=[automation(actions=[{"type": "hand_over", "hours": "12"}])]
        ),
        '"hours"',
        "hours: this must be a whole number.",
    ),
    "a window that ends before it starts": (
        document(
            automations=[
                automation(
                    conditions=[
                        {
                            "type": "received_between",
                            "starts_at": "2026-05-04T12:00:00+02:00",
                            "ends_at": "2026-05-04T11:00:00+02:00",
                        }
                    ]
                )
            ]
        ),
        "ends_at",
        "ends_at: The end must be after the start.",
    ),
    "no group": (
        document(
            automations=[automation(actions=[{"type": "add_to_group", "group": " "}])]
        ),
        '"group"',
        "group: This field is required.",
    ),
    "follows nobody of the file": (
        document(
            automations=[
                automation(conditions=[{"type": "follows", "automations": ["stage-9"]}])
            ]
        ),
        '"automations": [',
        "automations: “stage-9” is no automation of this file.",
    ),
    "no key": (
        document(automations=[automation(key="")]),
        '"key": ""',
        "key: this must be a short text of its own.",
    ),
    "an answer of another type": (
        document(conversation=[{"text": "ORDER", "answers": [{"a": "b"}]}]),
        '"a"',
        "answers: this must be a list of texts.",
    ),
    "a script in a name that is too long": (
        document(name="<script>" * 40),
        "<script>",
        "name: Ensure this value has at most 255 characters",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_has_its_line(what):
    whole, place, reason = WRONG[what]
    data = as_bytes(whole)
    found = problems(data)
    assert any(text.startswith(reason) for _line, text in found), found
    # A member that is missing has the line of the object it is missing from.
    if what == "no name":
        assert found[0][0] == 1
    elif what == "follows nobody of the file":
        assert found[0][0] > line_of(data, place)
    elif what not in ("an answer of another type", "a phone of letters"):
        assert line_of(data, place) in {line for line, _text in found}


def test_every_problem_is_told_in_the_order_of_the_lines():
    data = as_bytes(document(name="", automations=[automation("\u200b", key="")]))
    found = problems(data)
    assert len(found) == 3
    assert [line for line, _reason in found] == sorted(line for line, _ in found)


def test_a_key_twice():
    data = as_bytes(document(automations=[automation(), automation()]))
    ((line, reason),) = problems(data)
    assert reason == "key: “stage-1” is there twice."
    assert line > line_of(data, "stage-1")


@pytest.mark.parametrize("text", ["\\ud83d", "\\u0000"])
@pytest.mark.parametrize("place", ["SMS orders", "stage-1", "Stage 1", "MENU."])
def test_characters_that_no_database_keeps(text, place):
    data = GOOD.replace(place.encode(), place.encode() + text.encode())
    assert problems(data)


def test_a_script_in_a_name_is_kept_as_text():
    assert read(as_bytes(document(name="<script>alert(1)</script>"))).name == (
        "<script>alert(1)</script>"
    )


def test_no_steps_and_five_hundred():
    assert read(as_bytes(document(automations=[]))).automations == ()
    many = [automation(f"WORD{n}", key=f"step-{n}") for n in range(500)]
    assert len(read(as_bytes(document(automations=many))).automations) == 500
    one_more = [*many, automation(key="one more")]
    (problem,) = problems(as_bytes(document(automations=one_more)))
    assert problem[1] == "automations: there are too many: at most 500."


ASKING = document(
    name="[[restaurant]]",
    values=[
        {"key": "restaurant", "label": "Name", "example": "Chez Lea"},
        {"key": "mobile", "kind": "phone", "label": "M", "example": "+33612345678"},
        {"key": "mail", "kind": "email", "label": "E", "example": "a@example.com"},
    ],
    automations=[
        automation(
            actions=[
                {"type": "forward_to_phone", "phone_numbers": ["[[mobile]]"]},
                {"type": "forward_to_email", "addresses": ["[[mail]]"]},
            ]
        )
    ],
)
GIVEN = {"restaurant": "Léa", "mobile": "+33 6 98 76 54 32", "mail": "k@lea.example"}


def test_what_is_asked_for_is_filled_in():
    flow = read(as_bytes(ASKING), GIVEN)
    assert flow.name == "Léa"
    phone, mail = flow.automations[0].actions
    assert phone.values["phone_numbers"] == ["+33698765432"]
    assert mail.values["addresses"] == ["k@lea.example"]
    assert read(as_bytes(ASKING), examples=True).name == "Chez Lea"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"restaurant": " "}, "restaurant: This value is needed."),
        ({"restaurant": "x" * 101}, "restaurant: This is too long"),
        ({"restaurant": "{{ contact.name }}"}, "restaurant: Write plain words"),
        ({"restaurant": "a\nb"}, "restaurant: Write plain words"),
        ({"mobile": "12"}, "mobile: This is a short code"),
        ({"mail": "k"}, "mail: This is not a valid e-mail address."),
        ({"other": "k"}, "other: The file does not ask for it."),
    ],
)
def test_values_that_are_none(changes, reason):
    ((line, text),) = problems(as_bytes(ASKING), values=GIVEN | changes)
    assert line is None
    assert text.startswith(reason)


def test_every_value_must_be_given():
    found = problems(as_bytes(ASKING))
    assert [text.partition(":")[0] for _line, text in found] == [
        "restaurant",
        "mobile",
        "mail",
    ]


def test_a_place_that_nothing_fills():
    data = as_bytes(ASKING | {"description": "[[nothing]]"})
    ((line, reason),) = problems(data, values=GIVEN)
    assert line == line_of(data, "[[nothing]]")
    assert reason == "[[nothing]] is none of the values asked for."


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"key": "A b", "label": "x", "example": "x"}, "key: Begin with a letter"),
        ({"key": "a", "label": "", "example": "x"}, "label: this is missing."),
        ({"key": "a", "label": "x", "example": ""}, "example: This value is needed."),
        (
            {"key": "a", "label": "x", "example": "x", "kind": "url"},
            "kind: this must be one of text, phone, email.",
        ),
        (
            {"key": "a", "label": "x", "example": "x", "kind": "phone"},
            "example: A phone number has no letters.",
        ),
    ],
)
def test_questions_that_are_none(asked, reason):
    data = as_bytes(document(values=[asked]))
    assert any(text.startswith(reason) for _line, text in problems(data))


def test_brackets_are_text_where_nothing_is_asked():
    assert read(as_bytes(document(name="[[restaurant]]"))).name == "[[restaurant]]"


def test_values_are_put_in_once():
    asks = [{"key": "a", "label": "A", "example": "x"}]
    whole = document(name="[[a]]", values=asks)
    assert json.loads(as_bytes(whole))
    assert problems(as_bytes(whole), values={"a": "[[a]]"})
