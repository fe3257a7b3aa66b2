import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_sms_automation.engine import segments


DATA = Path(__file__).parent.parent / "data"


def vectors(name):
    return json.loads((DATA / name).read_text(encoding="utf-8"))["vectors"]


#: Bodies that lie about the limits, rich in characters of two units.
bodies = st.text(
    st.sampled_from("aé€[~ \nжç’😀\u200d") | st.characters(exclude_categories=["Cs"]),
    max_size=400,
)
cheap_bodies = st.text(st.sampled_from("aé€[~ \n"), min_size=140, max_size=700)


@pytest.mark.parametrize("vector", vectors("segments.json"), ids=lambda v: v["id"])
def test_body_is_counted_as_the_standard_says(vector):
    count = segments.count(vector["text"])

    assert (count.encoding, count.units) == (vector["encoding"], vector["units"])
    assert count.parts == vector["parts"]
    assert list(count.units_per_part) == vector["units_per_part"]
    assert sorted(f"U+{ord(character):04X}" for character in count.costly) == [
        name.split()[0] for name in vector["characters_forcing_ucs2"]
    ]


def test_random_bodies_are_counted_as_other_programs_do():
    wrong = [
        vector["text"]
        for vector in vectors("segments_random.json")
        if (count := segments.count(vector["text"]))
        and (count.encoding, count.units, count.parts)
        != (vector["encoding"], vector["units"], vector["parts"])
    ]

    assert len(vectors("segments_random.json")) == 330
    assert wrong == []


def test_costly_characters_are_named_once_in_order():
    assert segments.count("ŷ’a’ŷç").costly == ("ŷ", "’", "ç")


def test_escape_is_never_counted_as_gsm7():
    assert segments.count("a\x1bb").encoding == segments.UCS2


def test_lone_surrogate_counts_one_unit():
    assert segments.count("a\ud83d").units == 2


@given(bodies | cheap_bodies, st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_longer_body_never_has_fewer_parts(body, more):
    assert segments.count(body + more).parts >= segments.count(body).parts


@given(bodies | cheap_bodies)
@settings(max_examples=200, deadline=None)
def test_parts_join_to_the_body(body):
    assert "".join(segments.split(body)) == body


@given(bodies | cheap_bodies)
@settings(max_examples=200, deadline=None)
def test_no_part_is_over_its_size(body):
    count = segments.count(body)
    single, several = (160, 153) if count.encoding == segments.GSM7 else (70, 67)

    assert max(count.units_per_part) <= (single if count.parts == 1 else several)
    assert sum(count.units_per_part) == count.units


@pytest.mark.parametrize(
    "vector", vectors("transliteration.json"), ids=lambda v: ascii(v["text"])
)
def test_transliteration(vector):
    typographic = segments.replace_typography(vector["text"])
    accents = segments.drop_accents(vector["text"])

    assert typographic == vector["typographic"]
    assert is_gsm7(typographic) is vector["typographic_is_gsm7"]
    assert accents == vector["accents"]
    assert is_gsm7(accents) is vector["accents_is_gsm7"]


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ("«\xa0Menu\xa0» à\u202f9\xa0€", '" Menu " à 9 €'),
        ("L’œuf – 2×", "L'oeuf - 2x"),
        ("ＯＲＤＥＲ！", "ORDER!"),
        ("“hi”\u200d", '"hi"'),
        ("‘a’ → ‹b›", "'a' -> 'b'"),
    ],
)
def test_typography_gives_way(body, plain):
    assert segments.replace_typography(body) == plain


@pytest.mark.parametrize("body", ["L’été 😀", "«ж»", "“180°C”", "« prêt »"])
def test_typography_stays_where_it_saves_nothing(body):
    assert segments.replace_typography(body) == body


def test_accents_stay_where_dropping_them_saves_nothing():
    assert segments.drop_accents("« Prêt » 😀") == "« Prêt » 😀"


def test_accents_of_gsm7_are_kept_when_others_go():
    assert segments.drop_accents("É é à ç Ç ñ Ł ễ") == "É é à c Ç ñ L e"


@pytest.mark.parametrize(
    ("body", "cleaned"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\tb", "a b"),
        ("a\x00\x1b\x07b", "ab"),
        ("\u202a+33 6\u202c\ufeff\u200b", "+33 6"),
        ("a\ud83db", "ab"),
        ("\ud83d\ude00", "😀"),
        ("cafe\u200b\u0301", "café"),
        ("x\u200dy\ufe0f", "xy"),
    ],
)
def test_clean_drops_what_cannot_be_seen_or_sent(body, cleaned):
    assert segments.clean(body) == cleaned


@pytest.mark.parametrize("body", ["👨‍👩‍👧‍👦", "❤️‍🔥", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "می‌خواهم"])
def test_clean_never_touches_emoji_or_other_scripts(body):
    assert segments.clean(body) == body


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_cleaning_twice_changes_nothing_more(body):
    once = segments.clean(body)

    assert segments.clean(once) == once
    assert not set(once) & set(map(chr, [*range(10), *range(11, 32), 127]))


@given(bodies)
@settings(max_examples=200, deadline=None)
def test_cheaper_body_never_costs_more(body):
    parts = segments.count(segments.clean(body)).parts

    assert segments.count(segments.replace_typography(body)).parts <= parts
    assert segments.count(segments.drop_accents(body)).parts <= parts


def is_gsm7(body):
    return segments.count(body).encoding == segments.GSM7
