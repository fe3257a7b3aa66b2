"""Phone numbers: what is read as which, what is refused and why, what a log shows."""

import json
import re
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagtail_sms_automation.phone_numbers import (
    Kind,
    PhoneNumberError,
    is_region,
    kind,
    mask,
    mask_in,
    normalise,
    read_countries,
    read_originator,
    region_of,
)


VECTORS = json.loads(
    (Path(__file__).parent / "data" / "phone_numbers.json").read_text("utf-8")
)
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
EXAMPLES = [
    phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    for number in map(phonenumbers.example_number, REGIONS)
    if number is not None
]


@pytest.mark.parametrize("vector", VECTORS["contacts"], ids=lambda v: v["input"])
def test_vectors_of_contacts(vector):
    text, region = vector["input"], vector["default_region"]
    if vector["e164"] is None:
        with pytest.raises(PhoneNumberError) as caught:
            normalise(text, region)
        assert str(caught.value).endswith(".")
    else:
        assert normalise(text, region) == vector["e164"]


@pytest.mark.parametrize(
    "vector", VECTORS["inbound_originators"], ids=lambda v: v["input"]
)
def test_vectors_of_originators(vector):
    originator = read_originator(vector["input"])
    assert originator == vector["value"]
    assert kind(originator) == vector["kind"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The phone number is empty."),
        (" \t\n", "The phone number is empty."),
        ("\u200b\u200e", "The phone number is empty."),
        ("tel:", "The phone number is empty."),
        ("06 12 34 56 78 (perso)", "A phone number has no letters."),
        ("1-800-FLOWERS", "A phone number has no letters."),
        ("3.36123E+10", "A phone number has no letters."),
        ("+33 6 12 34 56 78 ext 12", "A phone number has no letters."),
        ("O6 12 34 56 78", "A phone number has no letters."),
        (
            "+33612345678,+33687654321",
            "A phone number has digits, spaces, dots and dashes only.",
        ),
        (
            "06 12 34 56 78 ; 06 87 65 43 21",
            "A phone number has digits, spaces, dots and dashes only.",
        ),
        (
            "06 12+34 56 78",
            "A phone number has digits, spaces, dots and dashes only.",
        ),
        (
            "++33612345678",
            "A phone number has digits, spaces, dots and dashes only.",
        ),
        (
            "<0612345678>",
            "A phone number has digits, spaces, dots and dashes only.",
        ),
        (
            "06 12 34 56 78\x00",
            "A phone number has digits, spaces, dots and dashes only.",
        ),
        (
            "0612345678 \ud83d",
            "A phone number has digits, spaces, dots and dashes only.",
        ),
        ("36180", "This is a short code, not a phone number."),
        ("112", "This is a short code, not a phone number."),
        ("0692123456", "This is not a valid phone number."),
        ("+262 12 34 56 78 9", "This is not a valid phone number."),
        ("+999 123 456 789", "This is not a valid phone number."),
        ("+33 6 12 34 56 7", "The phone number is too short."),
        ("+33 6 12 34 56 789", "The phone number is too long."),
        ("06 12 34 56 78 / 06 87 65 43 21", "This is not a valid phone number."),
        ("9" * 5000, "This is not a valid phone number."),
    ],
)
def test_each_bad_input_is_named(text, reason):
    with pytest.raises(PhoneNumberError) as caught:
        normalise(text, "FR")
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "text",
    [
        "+33 (0)6 12 34 56 78",
        "TEL:+33612345678",
        "tel:06-12-34-56-78",
        "\u202a+33 6\u00a012\u202f34 56 78\u202c",
        "06\u201112\u201134\u201156\u201178",
        "٠٦١٢٣٤٥٦٧٨",
        "06/12/34/56/78",
    ],
)
def test_one_number_written_in_many_ways(text):
    assert normalise(text, "FR") == "+33612345678"


@pytest.mark.parametrize("region", ["", "XX", "fr"])
def test_an_international_number_needs_no_region(region):
    assert normalise("+33 6 12 34 56 78", region) == "+33612345678"


@pytest.mark.parametrize("text", ["33612345678", "0033612345678"])
def test_without_a_region_digits_begin_with_a_country_code(text):
    assert normalise(text, "") == "+33612345678"


@pytest.mark.parametrize("text", ["6421234567", "31612345678"])
def test_digits_in_a_region_are_not_guessed_to_be_foreign(text):
    """06 42 12 34 56 without its zero and with a digit too many is a valid +64."""
    assert normalise(text, "") == f"+{text}"
    with pytest.raises(PhoneNumberError):
        normalise(text, "FR")


def test_a_national_number_may_be_of_a_country_with_the_same_code():
    assert normalise("416 555 0123", "US") == "+14165550123"


@pytest.mark.parametrize("region", ["", "XX"])
def test_a_national_number_needs_a_region(region):
    with pytest.raises(PhoneNumberError):
        normalise("06 12 34 56 78", region)


def test_a_region_may_be_written_small():
    assert normalise("06 12 34 56 78", "fr") == "+33612345678"


def test_a_number_of_another_territory_is_not_guessed():
    """La Réunion shares France's trunk prefix: possible in FR, valid only there."""
    with pytest.raises(PhoneNumberError):
        normalise("0692 12 34 56", "FR")
    assert normalise("0692 12 34 56", "RE") == "+262692123456"
    assert normalise("+262 692 12 34 56", "FR") == "+262692123456"


@pytest.mark.parametrize(
    ("text", "e164"),
    [("09 39 00 00 01", "+33939000001"), ("09 37 12 34 56", "+33937123456")],
)
def test_a_number_that_answers_texts_need_not_be_a_mobile(text, e164):
    assert normalise(text, "FR") == e164


@given(st.sampled_from(EXAMPLES), st.sampled_from(["", *REGIONS]))
def test_what_was_normalised_is_normal(e164, region):
    assert normalise(e164, region) == e164


@given(
    st.text(alphabet="0123456789+ .-()/", max_size=20) | st.text(max_size=30),
    st.sampled_from(["", "FR", "US", "NL", "IT", "RE", "XX"]),
)
def test_any_text_is_normalised_or_refused(text, region):
    try:
        e164 = normalise(text, region)
    except PhoneNumberError as error:
        assert str(error)
    else:
        assert kind(e164) is Kind.E164
        assert normalise(e164, region) == e164


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("33612345678", "+33612345678"),
        ("+33612345678", "+33612345678"),
        (" 33612345678 ", "+33612345678"),
        ("0612345678", "0612345678"),
        ("612345678", "612345678"),
        ("3336180", "3336180"),
        ("", ""),
        ("+", "+"),
        ("9999999999999999", "9999999999999999"),
    ],
)
def test_originators_are_never_read_in_a_default_region(written, read):
    assert read_originator(written) == read


@pytest.mark.parametrize(
    ("originator", "expected"),
    [
        ("+33612345678", Kind.E164),
        ("+3361234", Kind.E164),
        ("+331", Kind.OTHER),
        ("+0612345678", Kind.OTHER),
        ("+33612345678\n", Kind.OTHER),
        ("33612345678", Kind.OTHER),
        ("123", Kind.SHORT_CODE),
        ("363636", Kind.SHORT_CODE),
        ("12", Kind.OTHER),
        ("1234567", Kind.OTHER),
        ("٣٦١٨٠", Kind.OTHER),
        ("Chez Lea", Kind.ALPHANUMERIC),
        ("3M", Kind.ALPHANUMERIC),
        ("A", Kind.ALPHANUMERIC),
        ("ElevenChars", Kind.ALPHANUMERIC),
        ("TwelveLetter", Kind.OTHER),
        ("Chez Léa", Kind.OTHER),
        ("Lea!", Kind.OTHER),
        ("   ", Kind.OTHER),
        ("", Kind.OTHER),
    ],
)
def test_kinds(originator, expected):
    assert kind(originator) is expected


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("+33612345678", "FR"),
        ("+262692123456", "RE"),
        ("+12025550123", "US"),
        ("+14165550123", "CA"),
        ("+999123456", ""),
        ("36180", ""),
        ("AMAZON", ""),
        ("", ""),
    ],
)
def test_the_region_of_a_number(number, region):
    assert region_of(number) == region


def test_regions():
    assert is_region("FR")
    assert is_region("fr")
    assert not is_region("XX")
    assert not is_region("France")
    assert not is_region("")


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+33612345678", "+336•••••678"),
        ("+3541234567", "+354••••567"),
        ("+3361234567", "+336••••567"),
        ("+3361234", "••••••••"),
        ("36180", "•••••"),
        ("AMAZON", "••••••"),
        ("", ""),
    ],
)
def test_a_log_shows_no_whole_number(number, masked):
    assert mask(number) == masked


@pytest.mark.parametrize(
    ("number", "text", "masked"),
    [
        ("+33612345678", "From +33612345678: hi", "From +336•••••678: hi"),
        ("+33612345678", "06 12 34 56 78", "+336•••••678"),
        ("+33612345678", "33612345678, +33687654321", "+336•••••678, +33687654321"),
        ("+33612345678", "2 at 8, 12 34", "2 at 8, 12 34"),
        ("36180", "36180: 361801", "•••••: 361801"),
        ("INFO", "INFO INFORMS", "•••• INFORMS"),
        ("A.B", "A.B AxB", "••• AxB"),
        ("", "none", "none"),
    ],
)
def test_a_number_is_masked_wherever_a_text_holds_it(number, text, masked):
    assert mask_in(text, number) == masked


@given(st.sampled_from(EXAMPLES))
def test_a_masked_number_cannot_be_called(number):
    masked = mask(number)
    assert len(masked) == len(number)
    assert "•" in masked
    assert number not in masked


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", set()),
        (" , ;", set()),
        ("FR", {"FR"}),
        ("fr, be", {"FR", "BE"}),
        ("fr;BE fr\nmc", {"FR", "BE", "MC"}),
    ],
)
def test_countries_are_read_however_they_are_separated(text, codes):
    read = read_countries(text)
    assert read == codes
    assert isinstance(read, frozenset)


@pytest.mark.parametrize("wrong", ["UK", "XX", "FRANCE", "001", "+33", "F", "É"])
def test_what_is_no_country_is_named(wrong):
    with pytest.raises(ValueError, match=re.escape(f"“{wrong}” is no country code.")):
        read_countries(f"FR, {wrong.lower()}")
