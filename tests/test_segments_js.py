"""The counter in the browser counts as the engine does."""

import json
from pathlib import Path

import pytest

from wagtail_sms_automation.engine import savings, segments

from .js import call_each


DATA = Path(__file__).parent / "data"
VECTORS = json.loads((DATA / "segments.json").read_text("utf-8"))["vectors"]
SCRIPT = "segments-controller.js"


@pytest.fixture(scope="module")
def counts():
    """What the script says of every vector."""
    return call_each(SCRIPT, "count", [vector["text"] for vector in VECTORS])


@pytest.mark.parametrize("n", range(len(VECTORS)), ids=[v["id"] for v in VECTORS])
def test_count_of_each_vector(counts, n):
    vector, counted = VECTORS[n], counts[n]
    assert counted["encoding"] == vector["encoding"]
    assert counted["units"] == vector["units"]
    assert counted["parts"] == vector["parts"]
    assert counted["unitsPerPart"] == vector["units_per_part"]
    named = {f"U+{ord(character):04X}" for character in counted["costly"]}
    assert named == {name.split()[0] for name in vector["characters_forcing_ucs2"]}


def test_count_of_random_texts():
    vectors = json.loads((DATA / "segments_random.json").read_text("utf-8"))
    texts = [vector["text"] for vector in vectors["vectors"]]
    assert len(texts) > 100
    for text, counted in zip(texts, call_each(SCRIPT, "count", texts), strict=True):
        ours = segments.count(text)
        assert (counted["encoding"], counted["units"]) == (ours.encoding, ours.units)
        assert tuple(counted["unitsPerPart"]) == ours.units_per_part
        assert tuple(counted["costly"]) == ours.costly


CASES = json.loads((DATA / "savings.json").read_text("utf-8"))["cases"]


def reviewed(cases):
    inputs = [
        {"body": case["text"], "replacesTypography": case["replaces_typography"]}
        for case in cases
    ]
    return call_each(SCRIPT, "review", inputs)


def test_savings_of_each_case():
    for case, review in zip(CASES, reviewed(CASES), strict=True):
        assert review["sent"] == case["sent"]
        assert review["count"]["parts"] == case["parts"]
        assert review["count"]["left"] == case["left"]
        assert review["replaced"] == case["replaced"]
        assert review["costly"] == case["costly"]
        assert review["allReplaced"] == case["all_replaced"]
        assert review["allParts"] == case["all_parts"]


def test_savings_of_every_character():
    cases = [
        {"text": text, "replaces_typography": is_on}
        for text in every_character()
        for is_on in (True, False)
    ]
    wrong = []
    for case, review in zip(cases, reviewed(cases), strict=True):
        ours = savings.review(
            case["text"], replaces_typography=case["replaces_typography"]
        )
        told = [(one["character"], one["replacement"]) for one in review["costly"]]
        if told != [(one.character, one.replacement) for one in ours.costly]:
            wrong.append((f"{ord(case['text'][1]):04X}", ours.costly, told))
    assert wrong == []


def every_character():
    return [f"a{chr(code)}b" for code in range(0x10000)] + [
        f"a{chr(code)}b" for code in range(0x1F300, 0x1F6FF)
    ]


@pytest.mark.parametrize(
    ("name", "twin"),
    [("clean", segments.clean), ("replaceTypography", segments.replace_typography)],
)
def test_every_character_is_sent_as_the_counter_says(name, twin):
    texts = every_character()
    theirs = call_each(SCRIPT, name, texts)
    wrong = [
        (f"{ord(text[1]):04X}", twin(text), they)
        for text, they in zip(texts, theirs, strict=True)
        if twin(text) != they
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "C’est prêt",
        "C’est « bon »…",
        "1️⃣ pizza",
        "a\u200d\ufe0fb",
        "\u200dx",
        "👨‍👩‍👧",
        "\ud83d x",
        "x\ude00y",
        "\ud83d\ude00",
        "e\u0301\r\nf\u2028g\th",
    ],
)
def test_cleaning_of_hard_texts(text):
    assert call_each(SCRIPT, "clean", [text]) == [segments.clean(text)]
    assert call_each(SCRIPT, "replaceTypography", [text]) == [
        segments.replace_typography(text)
    ]
