"""Words of ours that a message quotes set nothing off."""

import time

import pytest

from wagtail_sms_automation.engine import opt_outs, text
from wagtail_sms_automation.engine.matching import Index, check
from wagtail_sms_automation.engine.outcome import NearMiss, Silence
from wagtail_sms_automation.engine.rules import Content, Operator

from .vectors import load


INVITATION = (
    "Chez Lea: hungry? Order by text tonight, 18:00-21:30. "
    "Reply ORDER to start. Reply STOP to opt out."
)
ORDER = Content(keywords=("ORDER",))


def held(body, content=ORDER, sent_bodies=(INVITATION,)):
    """Check one condition against one body."""
    return check(content, Index([(1, content)]).search(text.read(body, sent_bodies)))


def quoted(body, *sent_bodies):
    return [body[start:end] for start, end in text.read(body, sent_bodies).quoted]


@pytest.mark.parametrize("vector", load("quotes_and_echoes.json"))
@pytest.mark.parametrize("keyword", ["ORDER", "STOP"])
def test_vectors_with_keywords(vector, keyword):
    is_normal = vector["expect"].startswith("normal")
    content = Content(keywords=(keyword,))

    result = held(vector["inbound"], content, [vector["we_sent"]])

    assert result.holds is (is_normal and keyword == "ORDER")
    if not is_normal:
        assert result.silence is Silence.QUOTED
        assert result.near_miss == NearMiss(
            keyword=keyword, found=keyword, difference="quoted"
        )


@pytest.mark.parametrize("vector", load("quotes_and_echoes.json"))
def test_vectors_with_opt_outs(vector):
    for country in ("US", "FR", "XX"):
        intent = opt_outs.read_intent(
            vector["inbound"], country, sent_bodies=[vector["we_sent"]]
        )
        assert intent is None


def test_own_words_beside_a_quotation_count():
    body = f"ORDER please\n> {INVITATION}"

    result = held(body)

    assert result.holds
    assert result.places[0].start == 0


@pytest.mark.parametrize("operator", [Operator.BEGINS, Operator.EXACT])
def test_begins_and_exact_look_past_a_quotation(operator):
    content = Content(keywords=("ORDER",), operator=operator)

    assert held(f"“{INVITATION}” ORDER!", content).holds
    assert not held(f"“{INVITATION}” please ORDER", content).holds


def test_stop_above_a_quotation_opts_out():
    body = f"STOP\n\n> {INVITATION}"

    assert opt_outs.read_intent(body, "US", sent_bodies=[INVITATION]) == "opt_out"


def test_quoted_keyword_is_not_excluded():
    content = Content(keywords=("ORDER",), operator=Operator.NONE)

    assert held(f"Liked “{INVITATION}”", content).holds


def test_all_is_quoted_only_when_nothing_else_is_missing():
    body = f"Liked “{INVITATION}”"
    both = Content(keywords=("ORDER", "STOP"), operator=Operator.ALL)
    other = Content(keywords=("ORDER", "MENU"), operator=Operator.ALL)

    assert held(body, both).silence is Silence.QUOTED
    assert held(f"{body} STOP", both).silence is Silence.QUOTED
    assert held(body, other).silence is Silence.CONTENT


def test_keyword_anywhere_in_the_text_is_quoted_too():
    content = Content(keywords=("RDE",), whole_words=False)

    assert held(f"Liked “{INVITATION}”", content).silence is Silence.QUOTED


def test_phrase_that_begins_in_a_quotation_does_not_count():
    content = Content(keywords=("opt out now",))

    assert not held(f"{INVITATION.rstrip('.')} now", content).holds


@pytest.mark.parametrize(
    ("body", "found"),
    [
        # Case, accents, typography and ignorables may change on the way.
        (
            "chez léa: hungry? order by TEXT tonight",
            ["chez léa: hungry? order by TEXT tonight"],
        ),
        (
            "Chez Lea:  hun\u200bgry? Order by text",
            ["Chez Lea:  hun\u200bgry? Order by text"],
        ),
        # 24 characters, then 25.
        ("Chez Lea: hungry? Order .", []),
        ("Chez Lea: hungry? Order b.", ["Chez Lea: hungry? Order b"]),
        # A whole span between quotation marks, long or cut short by the phone.
        ("Liked “Reply ORDER to”", ["“Reply ORDER to”"]),
        ("Liked “Chez Lea: hun…”", ["“Chez Lea: hun…”"]),
        ("Liked ‘Reply ORDER to’", ["‘Reply ORDER to’"]),
        ("A aimé « Reply ORDER to »", ["« Reply ORDER to »"]),
        ("Liked “Reply ORDER”", []),
        ("Reply ORDER to", []),
        ("“Reply ORDER maybe”", []),
    ],
)
def test_what_is_quoted(body, found):
    assert quoted(body, INVITATION) == found


def test_half_a_word_is_not_quoted():
    body = "Chez Lea: hungry? Order by text tonight, 18:00-21:30. RESERVE"

    assert quoted(body, INVITATION) == [body.removesuffix("RESERVE")]


EXAMPLE = (
    "Delivery: text FOOD, then quantity x number, your address and any allergy. "
    "Example: FOOD 2x1, 1x5, 12 Port Street, nut allergy"
)


@pytest.mark.parametrize(
    "body",
    [
        "FOOD 2x1, 1x5, 12 Port Street, nut allergy",
        "FOOD 2x1, 1x5, 12 Port Street",
        "Hello! FOOD 2x1, 1x5, 12 Port Street, thanks",
    ],
)
def test_an_order_that_follows_our_example_is_answered(body):
    assert held(body, Content(keywords=("FOOD",)), [EXAMPLE]).holds


def test_most_of_our_text_is_an_echo_wherever_it_begins():
    tail = INVITATION.removeprefix("Chez Lea: hungry? ")

    assert not held(f"Re: {tail}").holds


def test_runs_of_several_sent_texts_are_found():
    other = "Chez Lea: thanks! Reply MENU to see our dishes and prices."

    assert len(quoted(f"{INVITATION} ... {other}", other, INVITATION)) == 2


def test_nothing_sent_nothing_quoted():
    assert quoted(f"Liked “{INVITATION}”") == []
    assert quoted(f"Liked “{INVITATION}”", "", "OK") == []


@pytest.mark.parametrize("filling", [INVITATION, "a", "x y", "“Reply ORDER to” "])
def test_very_long_body_against_many_sent_texts(filling):
    body = filling * (100_000 // len(filling))
    sent = [f"{number} {INVITATION}" + " Bon appetit" * 40 for number in range(50)]
    started = time.process_time()

    text.read(body, sent)

    assert time.process_time() - started < 0.5


def test_very_long_sent_texts():
    started = time.process_time()

    text.read("Reply ORDER to start, please", ["a" * 100_000] * 50)

    assert time.process_time() - started < 0.5
