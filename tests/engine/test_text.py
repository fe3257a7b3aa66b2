"""How a body is read: normal forms, offsets, words and case variants."""

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_sms_automation.engine import text


SWITCHES = [(case, accents) for case in (True, False) for accents in (True, False)]
BIG = 100_000

#: Characters that have given matchers trouble, and any other.
characters = (
    st.sampled_from(
        "aAéÉe\u0301\u0327œßİıｆﬁ①½1,.'’‘“”«»–- \n\u00a0\u200b\u00ad\ufe0f🍕"
    )
    | st.sampled_from("กินำ\u0e49한\u1112\u1161\u11abㅎㅏㄳｶﾞक़\u0915\u093c\u0344`´\x00")
    | st.characters()
)
bodies = st.text(characters, max_size=40)


def spans_of(reading, spans, form):
    return [form.text[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("body", "match_case", "match_accents", "normal"),
    [
        ("Cafe\u0301", True, True, "Café"),
        ("CAFÉ", False, True, "café"),
        ("CAFÉ", True, False, "CAFE"),
        ("CAFÉ", False, False, "cafe"),
        ("Straße", False, True, "strasse"),
        ("Straße", True, False, "Strasse"),
        ("ΟΔΟΣ", False, True, "οδοσ"),
        ("Œuf Øl ŁÓDŹ", True, False, "OEuf Ol LODZ"),
        ("İstanbul ısı", False, False, "istanbul isi"),
        ("ＯＲＤＥＲ ①", False, True, "order 1"),
        ("ＯＲＤＥＲ ①", True, True, "ＯＲＤＥＲ ①"),
        ("e\u200b\u0301", True, True, "é"),
        ("1\ufe0f\u20e3", True, True, "1"),
        ("A\r\n \u00a0B\tC", True, True, "A B C"),
        (
            "l’été – “oui” «non» l´an d`or",
            True,
            True,
            'l\'été - "oui" "non" l\'an d\'or',
        ),
        ("é\u0e49 ก\u0301", True, False, "e\u0e49 ก\u0301"),
        ("\ud800A\x00", False, False, "\ud800a\x00"),
        ("", True, True, ""),
    ],
)
def test_normal_form(body, match_case, match_accents, normal):
    assert text.read(body).form(match_case, match_accents).text == normal


@settings(max_examples=200)
@given(bodies)
def test_piecewise_normal_form_is_that_of_the_whole(body):
    ignored = re.sub(text._IGNORABLE, "", body)
    whole = unicodedata.normalize("NFC", ignored).translate(text._TYPOGRAPHY)
    folded = unicodedata.normalize("NFKC", whole).casefold()

    exact = text.normalise(body)
    caseless = text.normalise(body, match_case=False)

    assert exact == " ".join(whole.split())
    assert caseless.split() == unicodedata.normalize("NFKC", folded).split()


@pytest.mark.parametrize("switches", SWITCHES)
@settings(max_examples=200)
@given(body=bodies)
def test_normal_form_is_blind_to_composition_ignorables_and_space(switches, body):
    normal = text.normalise(body, *switches)

    for form in ("NFC", "NFD"):
        assert text.normalise(unicodedata.normalize(form, body), *switches) == normal
    assert text.normalise("\u200b".join(["", *body, ""]), *switches) == normal
    assert text.normalise(body.replace(" ", " \u00a0\n "), *switches) == normal


@pytest.mark.parametrize("switches", SWITCHES)
@settings(max_examples=200)
@given(body=bodies)
def test_offsets_lead_back_to_the_same_text(switches, body):
    form = text.read(body).form(*switches)

    assert len(form.starts) == len(form.ends) == len(form.text)
    for start, end in form.tokens:
        if form.is_whole(start, end):
            first, last = form.span(start, end)
            assert text.normalise(body[first:last], *switches) == form.text[start:end]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("ORDER, please!", ["ORDER", "please"]),
        ("J’ORDER non-stop", ["J", "ORDER", "non", "stop"]),
        ("1,50 1.000 1'000 1, 7", ["1,50", "1.000", "1'000", "1", "7"]),
        ("2x4, 1x7 a.b", ["2x4", "1x7", "a", "b"]),
        ("ORDER_1 1x", ["ORDER_1", "1x"]),
        ("मैं ऑर्डर", ["मैं", "ऑर्डर"]),
        ("🍕🍕 + 👍🏽", []),
    ],
)
def test_words(body, words):
    reading = text.read(body)
    form = reading.form(True, True)

    assert spans_of(reading, reading.own_words(form), form) == words


def test_every_symbol_is_a_token():
    assert text.tokens("🍕🍕 1,5!?") == [(0, 1), (1, 2), (3, 6), (6, 7), (7, 8)]


def test_a_slice_of_one_character_is_not_whole():
    form = text.read("aßb").form(False, True)

    assert form.text == "assb"
    assert form.is_whole(1, 3)
    assert not form.is_whole(1, 2)
    assert not form.is_whole(2, 4)


@pytest.mark.parametrize(
    ("keyword", "variants"),
    [
        ("ORDER", ("ORDER", "Order", "order")),
        ("order", ("ORDER", "Order", "order")),
        ("  A   EMPORTER ", ("A EMPORTER", "A emporter", "a emporter")),
        ("l'addition", ("L'ADDITION", "L'addition", "l'addition")),
        ("McDo", ("MCDO", "Mcdo", "mcdo", "McDo")),
        ("Été", ("ÉTÉ", "Été", "été")),
        ("e\u0301te\u0301", ("ÉTÉ", "Été", "été")),
        ("1", ("1",)),
        ("🍕", ("🍕",)),
        (" ", ()),
    ],
)
def test_case_variants(keyword, variants):
    assert text.case_variants(keyword) == variants


@pytest.mark.parametrize("keyword", ["", " ", "\u200b", "\u00a0\n", "\ufeff\u200e"])
def test_keyword_that_cannot_be_seen_is_empty(keyword):
    assert text.is_empty(keyword)


@pytest.mark.parametrize("keyword", ["a", "!", "\u0301", "\x00", "\ud800", "🍕"])
def test_keyword_that_can_be_seen_is_not_empty(keyword):
    assert not text.is_empty(keyword)


@pytest.mark.parametrize(
    "pattern",
    ["x", "é", "é ", "\u0316\u0301", "a\u0316\u0301", "\u200b", "a\u200b", " \u200b"]
    + ["\x00", "\ud800", "1,", "'a ", '"', "🍕", "가", "\u1161"],
)
def test_a_very_long_body_is_read_in_linear_time(pattern):
    body = pattern * (BIG // len(pattern))
    started = time.process_time()

    reading = text.read(body, ["Reply ORDER to start, or STOP to opt out."])
    for switches in SWITCHES:
        assert len(reading.form(*switches).tokens) <= BIG

    assert time.process_time() - started < 3
