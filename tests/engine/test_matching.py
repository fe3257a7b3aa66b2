"""Which keywords stand in a body, and what all but matched."""

import time
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wagtail_sms_automation.engine import text
from wagtail_sms_automation.engine.matching import MODES, Index, check, matches
from wagtail_sms_automation.engine.outcome import NearMiss, Place, Silence
from wagtail_sms_automation.engine.rules import Content, Operator

from .vectors import load


def held(body, *keywords, sent_bodies=(), **switches):
    """Check one condition against one body."""
    content = Content(keywords=keywords, **switches)
    reading = text.read(body, sent_bodies)
    return check(content, Index([(1, content)]).search(reading))


def found(result):
    return [place.keyword for place in result.places]


@pytest.mark.parametrize(
    "vector", load("keyword_match.json"), ids=lambda row: row["id"]
)
def test_vectors(vector):
    assert vector["match"] is matches(
        vector["text"],
        vector["keyword"],
        mode=vector["mode"],
        match_case=vector["case_sensitive"],
        match_accents=vector["accent_sensitive"],
    )


def test_unknown_mode_is_an_error():
    with pytest.raises(ValueError, match="fuzzy"):
        matches("ORDER", "ORDER", mode="fuzzy")


@pytest.mark.parametrize("mode", MODES)
def test_empty_keyword_never_matches(mode):
    assert not matches("ORDER", "\u200b ", mode=mode)
    assert not matches("", "", mode=mode)


@pytest.mark.parametrize(
    ("operator", "body", "holds"),
    [
        ("any", "MENU please", True),
        ("any", "hello", False),
        ("all", "MENU then ORDER", True),
        ("all", "ORDER", False),
        ("none", "hello", True),
        ("none", "ORDER", False),
        ("begins", "ORDER 2x4", True),
        ("begins", "« ORDER »", True),
        ("begins", "please ORDER", False),
        ("exact", "MENU!", True),
        ("exact", "MENU ORDER", False),
    ],
)
def test_operators(operator, body, holds):
    result = held(body, "ORDER", "MENU", operator=Operator(operator))

    assert result.holds is holds


@pytest.mark.parametrize("operator", Operator)
def test_without_keywords_only_none_holds(operator):
    result = held("ORDER", operator=operator)

    assert result.holds is (operator == Operator.NONE)
    assert result.silence is (None if result.holds else Silence.CONTENT)


def test_all_with_an_empty_keyword_does_not_hold():
    assert not held("ORDER", "ORDER", "\u200b", operator=Operator.ALL).holds


def test_all_counts_keywords_of_one_normal_form_once():
    result = held("order", "ORDER", "Order", operator=Operator.ALL, match_case=False)

    assert result.holds
    assert found(result) == ["ORDER"]


def test_places_are_in_the_order_of_the_body():
    result = held("un café, l’ADDITION et CAFE\u0301", "CAFÉ", "ADDITION")

    assert result.places == (
        Place(keyword="ADDITION", start=11, end=19),
        Place(keyword="CAFÉ", start=23, end=28),
    )
    assert result.silence is None


def test_longer_keyword_comes_first_at_one_place():
    result = held("STOP ALL", "STOP", "STOP ALL")

    assert found(result) == ["STOP ALL", "STOP"]


def test_keyword_anywhere_at_the_end_of_a_body_ends_with_it():
    result = held("a reorder", "order", "ordering", whole_words=False)

    assert result.places == (Place(keyword="order", start=4, end=9),)


def test_each_keyword_has_one_place():
    assert held("1 1 1", "1").places == (Place(keyword="1", start=0, end=1),)


def test_excluded_keyword_silences():
    result = held("no ORDER", "ORDER", operator=Operator.NONE)

    assert result.silence is Silence.EXCLUDED
    assert result.places == (Place(keyword="ORDER", start=3, end=8),)


def test_all_reports_what_was_found():
    result = held("ORDER menu", "ORDER", "MENU", operator=Operator.ALL)

    assert found(result) == ["ORDER"]
    assert result.silence is Silence.CONTENT
    assert result.near_miss == NearMiss(keyword="MENU", found="menu", difference="case")


@pytest.mark.parametrize(
    ("body", "keyword", "switches", "near_miss"),
    [
        ("please Order", "ORDER", {}, ("Order", "case")),
        ("un cafe", "café", {}, ("cafe", "accents")),
        ("un CAFE", "café", {}, None),
        ("REORDER!", "ORDER", {}, ("REORDER", "whole_word")),
        ("2x4, 1x7", "1", {}, ("1x7", "whole_word")),
        ("PRE-ORDER ONLY", "ORDER ON", {}, ("ORDER ONLY", "whole_word")),
        ("reorder", "ORDER", {}, None),
        ("please ORDER", "ORDER", {"operator": "begins"}, ("ORDER", "beginning")),
        ("order 2x4", "ORDER", {"operator": "begins"}, ("order", "case")),
        ("please order", "ORDER", {"operator": "begins"}, None),
        ("ORDERS 2x4", "ORDER", {"operator": "begins"}, ("ORDERS", "whole_word")),
        ("ORDER now", "ORDER", {"operator": "exact"}, ("ORDER", "whole_message")),
        ("order!", "ORDER", {"operator": "exact"}, ("order", "case")),
        ("ORDERS", "ORDER", {"operator": "exact"}, ("ORDERS", "whole_word")),
        ("reorder", "ORDER", {"whole_words": False}, ("order", "case")),
        ("hello", "ORDER", {}, None),
        ("order", "ORDER", {"operator": "none"}, None),
    ],
)
def test_near_misses(body, keyword, switches, near_miss):
    if "operator" in switches:
        switches = {**switches, "operator": Operator(switches["operator"])}
    result = held(body, keyword, **switches)

    expected = near_miss and NearMiss(
        keyword=keyword, found=near_miss[0], difference=near_miss[1]
    )
    assert result.near_miss == expected


def test_conditions_of_one_index_do_not_disturb_each_other():
    contents = [
        Content(keywords=("ORDER",)),
        Content(keywords=("order",), match_case=False),
        Content(keywords=("order",)),
        Content(keywords=("RDE",), whole_words=False),
        Content(keywords=("RDE",)),
        Content(keywords=("ÖRDER",), match_accents=False),
        Content(keywords=("ORDER",), operator=Operator.NONE),
    ]
    findings = Index(enumerate(contents)).search(text.read("ORDER 2x4"))

    holds = [check(content, findings).holds for content in contents]

    assert holds == [True, True, False, True, False, True, False]


def test_equal_conditions_are_one_to_the_index():
    findings = Index([(1, Content(keywords=("ORDER",)))]).search(text.read("ORDER"))

    assert check(Content(keywords=("ORDER",)), findings).holds


@pytest.mark.parametrize("operator", Operator)
def test_condition_outside_the_index_is_an_error(operator):
    findings = Index([(1, Content(keywords=("ORDER",)))]).search(text.read("MENU"))

    with pytest.raises(KeyError):
        check(Content(keywords=("MENU",), operator=operator), findings)


def test_conditions_that_differ_in_a_late_keyword_are_told_apart():
    same = tuple(f"WORD{number}" for number in range(20))
    order, menu = Content(keywords=(*same, "ORDER")), Content(keywords=(*same, "MENU"))
    findings = Index(enumerate((order, menu))).search(text.read("ORDER"))

    assert check(order, findings).holds
    assert not check(menu, findings).holds


def test_many_keywords_take_no_longer_than_few():
    words = [f"WORD{number}" for number in range(100_000)]
    reading = text.read("I would like WORD3 and WORD7, to be sent to 12 Port Street")
    few = Index([(1, Content(keywords=tuple(words[:10])))])
    many = Index(
        (start, Content(keywords=tuple(words[start : start + 10])))
        for start in range(0, len(words), 10)
    )

    assert _seconds(many, reading) < 3 * _seconds(few, reading)


def _seconds(index, reading):
    best = float("inf")
    for _ in range(200):
        started = time.process_time()
        index.search(reading)
        best = min(best, time.process_time() - started)
    return best


def test_condition_with_very_many_keywords_is_checked_at_once():
    content = Content(keywords=tuple(f"WORD{number}" for number in range(100_000)))
    index = Index([(1, content)])
    check(content, index.search(text.read("warm up")))
    started = time.process_time()

    result = check(content, index.search(text.read("word8 and WORD9")))

    assert found(result) == ["WORD9"]
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize("filling", ["ORDER ", "\ud800", "\x00", "e\u0301", "\u200b "])
@pytest.mark.parametrize("whole_words", [True, False])
def test_very_long_bodies(filling, whole_words):
    body = filling * (100_000 // len(filling)) + " Menu"
    started = time.process_time()

    result = held(body, "MENU", "ORDERLY", "ORDER ORDER NOW", whole_words=whole_words)

    assert result.near_miss == NearMiss(keyword="MENU", found="Menu", difference="case")
    assert time.process_time() - started < 3


# A slow matcher that shares nothing with the fast one: it cuts the body at every two
# offsets and compares whole strings.

IGNORABLES = "\u200b\u00ad\ufe0f"
TYPOGRAPHY = str.maketrans({"’": "'", "–": "-"})
alphabet = st.sampled_from("aAbéÉe\u0301\u200b\u00adßœİıﬁ①½12.,'’-–_ \u00a0\n🍕ก\u0e34")
short_bodies = st.text(alphabet, max_size=12)
keywords = st.text(alphabet, min_size=1, max_size=4)


def slow_normal(body, match_case, match_accents):
    body = "".join(char for char in body if char not in IGNORABLES)
    body = "".join(" " if char.isspace() else char for char in body)
    while "  " in body:
        body = body.replace("  ", " ")
    body = unicodedata.normalize("NFC", body).translate(TYPOGRAPHY)
    if not match_case:
        body = unicodedata.normalize("NFKC", body).casefold()
        body = unicodedata.normalize("NFKC", body)
    if not match_accents:
        plain = ""
        for char in unicodedata.normalize("NFD", body):
            bases = [one for one in plain if not _is_mark(one)]
            if char in "\u0301\u0307" and bases and _is_european(bases[-1]):
                continue
            plain += char
        body = unicodedata.normalize("NFC", plain)
        body = body.replace("ß", "ss").replace("œ", "oe").replace("ı", "i")
    return body


def _is_european(char):
    return "a" <= char.lower() <= "z" or char in "ßœıﬁ"


def _is_mark(char):
    return unicodedata.category(char).startswith("M")


def _begins_with_a_mark(keyword):
    normal = slow_normal(keyword, True, True).strip()
    return normal != "" and _is_mark(normal[0])


def _joins(body, at):
    """Say whether the characters on both sides of an offset are of one word."""
    if not 0 < at < len(body):
        return False
    around = body[max(at - 2, 0) : at], body[at : at + 2]
    before, after = around[0][-1], around[1][0]
    if all(char.isalnum() or char == "_" or _is_mark(char) for char in (before, after)):
        return True
    if after in ".,'":
        return before.isdecimal() and around[1][1:].isdecimal()
    return before in ".,'" and around[0][:-1].isdecimal() and after.isdecimal()


def slow_places(body, keyword, mode, switches):
    wanted = slow_normal(keyword, *switches).strip(" ")
    for start in range(len(body)):
        for end in range(start + 1, len(body) + 1):
            rest = body[end:].lstrip(IGNORABLES)
            if _is_mark(body[start]) or (rest and _is_mark(rest[0])):
                continue
            parts = body[:start], body[start:end], body[end:]
            left, middle, right = (slow_normal(part, *switches) for part in parts)
            if wanted and middle == wanted and _stands(left, middle, right, mode):
                yield start, end


def _stands(left, middle, right, mode):
    if mode == "substring":
        return True
    whole = left + middle + right
    if _joins(whole, len(left)) or _joins(whole, len(left) + len(middle)):
        return False
    outside = {"word": "", "begins": left, "exact": left + right}[mode]
    return not any(c.isalnum() or c == "_" or _is_mark(c) for c in outside)


@settings(max_examples=200, deadline=None)
@given(
    body=short_bodies,
    mode=st.sampled_from(list(MODES)),
    switches=st.tuples(st.booleans(), st.booleans()),
    some=st.lists(keywords, min_size=1, max_size=5),
    cuts=st.lists(st.tuples(st.integers(0, 11), st.integers(1, 4)), max_size=3),
)
def test_index_agrees_with_a_slow_matcher(body, mode, switches, some, cuts):
    some += [body[start : start + length] for start, length in cuts]
    some = [word for word in some if not _begins_with_a_mark(word)]
    assume(some)
    operator, whole_words = MODES[mode]
    contents = [
        Content(
            keywords=(word,),
            operator=Operator(operator),
            match_case=switches[0],
            match_accents=switches[1],
            whole_words=whole_words,
        )
        for word in some
    ]
    findings = Index(enumerate(contents)).search(text.read(body))

    for word, content in zip(some, contents, strict=True):
        result = check(content, findings)
        expected = list(slow_places(body, word, mode, switches))
        assert result.holds is bool(expected), (word, expected)
        for place in result.places:
            normal = text.normalise(body[place.start : place.end], *switches)
            assert normal == text.normalise(word, *switches)


@settings(max_examples=200, deadline=None)
@given(
    body=short_bodies,
    keyword=keywords,
    mode=st.sampled_from(list(MODES)),
    switches=st.tuples(st.booleans(), st.booleans()),
)
def test_match_does_not_depend_on_how_the_body_is_encoded(
    body, keyword, mode, switches
):
    keyword = body[:3] if len(body) % 2 else keyword

    def is_match(body):
        return matches(
            body,
            keyword,
            mode=mode,
            match_case=switches[0],
            match_accents=switches[1],
        )

    expected = is_match(body)
    for form in ("NFC", "NFD"):
        assert is_match(unicodedata.normalize(form, body)) is expected
    assert is_match("\u200b".join(["", *body, ""])) is expected
    assert is_match(body.replace(" ", "  ")) is expected
