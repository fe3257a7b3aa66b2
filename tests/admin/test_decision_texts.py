"""The decision record in words."""

import pytest

from wagtail_sms_automation import decision_texts
from wagtail_sms_automation.engine.outcome import (
    Decision,
    NearMiss,
    Place,
    Silence,
)


def explain(**fields):
    """Return one decision in words."""
    fields = {"automation": 1, "name": "Stage 1", "fired": False} | fields
    [text] = decision_texts.explain([Decision(**fields).as_json()])
    return text


@pytest.mark.parametrize("silence", Silence)
def test_every_silence_has_a_sentence(silence):
    reason = explain(silence=silence).reason
    assert reason.endswith(".")
    assert reason != "It did not fire."


def test_the_sentences_differ():
    reasons = {explain(silence=silence).reason for silence in Silence}
    assert len(reasons) == len(Silence)


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        ("case", "“order” differs from ORDER only in case."),
        ("accents", "“order” differs from ORDER only in accents."),
        ("whole_word", "“order” contains ORDER, but not as a whole word."),
        ("whole_message", "“order” contains ORDER, but is not exactly that."),
        (
            "beginning",
            "“order” stands in the message, but the message does not begin with ORDER.",
        ),
        ("quoted", "“order” stands only in a text of ours that the message quotes."),
    ],
)
def test_every_near_miss_has_a_sentence(difference, words):
    near_miss = NearMiss(keyword="ORDER", found="order", difference=difference)
    text = explain(silence=Silence.CONTENT, near_miss=near_miss)
    assert text.near_miss == words


def test_a_percent_sign_in_a_keyword_is_just_text():
    near_miss = NearMiss(keyword="50%s", found="50%S", difference="case")
    text = explain(silence=Silence.CONTENT, near_miss=near_miss)
    assert text.near_miss == "“50%S” differs from 50%s only in case."


def test_a_keyword_that_must_not_occur_is_named():
    places = (Place(keyword="NO", start=0, end=2),)
    text = explain(silence=Silence.EXCLUDED, places=places)
    assert text.reason == "The message contains “NO”, which it must not."


def test_what_fired_names_every_keyword_and_its_place():
    places = (
        Place(keyword="FOOD", start=0, end=4),
        Place(keyword="1", start=5, end=6),
    )
    text = explain(fired=True, places=places)
    assert text.reason == "Fired by “FOOD” (at character 1), “1” (at character 6)."


def test_what_fired_without_a_keyword_says_so():
    assert "none of which names a keyword" in explain(fired=True).reason


def test_a_code_of_a_newer_version_is_no_error():
    [text] = decision_texts.explain(
        [
            {
                "name": "x",
                "fired": False,
                "silence": "?",
                "near_miss": {"difference": "?"},
            }
        ]
    )
    assert text.reason == "It did not fire."
    assert text.near_miss == ""


def fired(*places):
    """Return the record of an automation that fired."""
    return {
        "fired": True,
        "places": [{"keyword": "k", "start": s, "end": e} for s, e in places],
    }


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([], [("a b c", False)]),
        ([fired((0, 1))], [("a", True), (" b c", False)]),
        (
            [fired((2, 3), (4, 5))],
            [("a ", False), ("b", True), (" ", False), ("c", True)],
        ),
        ([fired((0, 3)), fired((2, 5))], [("a b c", True)]),
        ([fired((3, 99))], [("a b", False), (" c", True)]),
        ([fired((0, 1)) | {"fired": False}], [("a b c", False)]),
    ],
)
def test_mark(decisions, expected):
    assert decision_texts.mark("a b c", decisions) == expected


def test_an_empty_body_has_no_parts():
    assert decision_texts.mark("", [fired((0, 1))]) == []
