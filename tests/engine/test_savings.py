import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_sms_automation.engine import savings, segments


DATA = Path(__file__).parent.parent / "data"
CASES = json.loads((DATA / "savings.json").read_text("utf-8"))["cases"]
VECTORS = json.loads((DATA / "transliteration.json").read_text("utf-8"))["vectors"]

bodies = st.text(
    st.sampled_from("aé€[ \n’“…œêłЖ😀\u200d")
    | st.characters(exclude_categories=["Cs"]),
    max_size=300,
)


def parts_sent(body, is_on):
    """What the sender counts, by nothing of the module that is tested."""
    sent = segments.replace_typography(body) if is_on else segments.clean(body)
    return segments.count(sent).parts


@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(case["text"])[:30])
def test_savings_of_each_case(case):
    review = savings.review(
        case["text"], replaces_typography=case["replaces_typography"]
    )

    assert review.sent == case["sent"]
    assert review.count.parts == case["parts"]
    assert review.count.left == case["left"]
    assert list(review.replaced) == case["replaced"]
    assert [
        {
            "character": one.character,
            "times": one.times,
            "replacement": one.replacement,
            "parts": one.parts,
        }
        for one in review.costly
    ] == case["costly"]
    assert review.all_replaced == case["all_replaced"]
    assert review.all_parts == case["all_parts"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: ascii(vector["text"]))
def test_all_replacements_give_what_dropping_accents_gives(vector):
    review = savings.review(vector["text"], replaces_typography=False)

    if vector["accents_is_gsm7"]:
        assert review.all_replaced == vector["accents"]
        assert all(one.replacement for one in review.costly)
    else:
        assert not all(one.replacement for one in review.costly)


@given(bodies, st.booleans())
@settings(max_examples=300, deadline=None)
def test_the_saving_told_is_the_count_after_replacing(body, is_on):
    review = savings.review(body, replaces_typography=is_on)

    assert review.count.parts == parts_sent(body, is_on)
    assert review.all_parts == parts_sent(review.all_replaced, is_on)
    for one in review.costly:
        replaced = segments.clean(body)
        if one.replacement:
            replaced = replaced.replace(one.character, one.replacement)
        assert one.times == segments.clean(body).count(one.character)
        assert one.parts == parts_sent(replaced, is_on)


@given(bodies, st.booleans())
@settings(max_examples=300, deadline=None)
def test_replacing_all_never_costs_more_where_all_can_be_replaced(body, is_on):
    review = savings.review(body, replaces_typography=is_on)

    if all(one.replacement for one in review.costly):
        assert review.all_parts <= review.count.parts


@given(bodies)
@settings(max_examples=300, deadline=None)
def test_stand_ins_are_never_costly(body):
    review = savings.review(body, replaces_typography=False)

    for one in review.costly:
        assert segments.count(one.replacement).costly == ()


def test_joiners_of_emoji_are_not_told():
    review = savings.review("👨‍👩‍👧 ❤️", replaces_typography=True)

    assert [one.character for one in review.costly] == ["👨", "👩", "👧", "❤"]
