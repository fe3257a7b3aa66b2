"""Phone numbers: read strictly, kept as E.164, masked in anything that is logged."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from django.utils.translation import gettext as _


class PhoneNumberError(ValueError):
    """A text that is no phone number; the message says what is wrong with it."""


class Kind(StrEnum):
    """What an originator is."""

    E164 = "e164"
    SHORT_CODE = "short_code"
    ALPHANUMERIC = "alphanumeric"
    OTHER = "other"


#: All that may stand in a number besides digits.
SEPARATORS = re.compile(r"[\s().\-/\u2010-\u2015]+")


def normalise(text: str, region: str) -> str:
    """Return E.164 text, or raise PhoneNumberError that says what is wrong.

    region is the ISO 3166 code that a national number is read in; with none, the
    digits are read as an international number. The library reads letters as digits
    and short codes as numbers, hence the checks before it.
    """
    written = unicodedata.normalize("NFKC", text).strip()
    written = re.sub(r"^tel:", "", written, flags=re.IGNORECASE)
    written = "".join(c for c in written if unicodedata.category(c) != "Cf")
    digits = "".join(map(_ascii_digit, SEPARATORS.sub("", written)))
    _refuse_what_is_no_number(digits)
    number = _parse(digits, region.upper())
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _ascii_digit(character: str) -> str:
    return str(unicodedata.decimal(character, character))


def _refuse_what_is_no_number(digits: str) -> None:
    if not digits:
        raise PhoneNumberError(_("The phone number is empty."))
    if any(c.isalpha() for c in digits):
        raise PhoneNumberError(_("A phone number has no letters."))
    if not re.fullmatch(r"\+?[0-9]+", digits):
        raise PhoneNumberError(
            _("A phone number has digits, spaces, dots and dashes only.")
        )
    if len(digits) <= 6:
        raise PhoneNumberError(_("This is a short code, not a phone number."))


def _parse(digits: str, region: str) -> phonenumbers.PhoneNumber:
    # With a region, digits are never tried as another country's: a typing error in
    # a number that lost its leading zero makes a valid one elsewhere.
    if not region and not digits.startswith("+"):
        digits = "+" + digits.removeprefix("00")
    try:
        number = phonenumbers.parse(digits, region or None)
    except phonenumbers.NumberParseException as error:
        raise PhoneNumberError(_("This is not a valid phone number.")) from error
    if not phonenumbers.is_valid_number(number):
        raise PhoneNumberError(_what_is_wrong(number))
    return number


def _what_is_wrong(number: phonenumbers.PhoneNumber) -> str:
    match phonenumbers.is_possible_number_with_reason(number):
        case phonenumbers.ValidationResult.TOO_SHORT:
            return _("The phone number is too short.")
        case phonenumbers.ValidationResult.TOO_LONG:
            return _("The phone number is too long.")
    return _("This is not a valid phone number.")


# Ours are few, and who writes once writes again.
@lru_cache(maxsize=4096)
def read_originator(text: str) -> str:
    """Return E.164 where a provider's originator is a phone, else the text itself.

    Providers write numbers without "+", always with the country code: such digits
    are never read in a default region.
    """
    written = text.strip()
    if re.fullmatch(r"\+?[0-9]{7,15}", written):
        try:
            number = phonenumbers.parse("+" + written.lstrip("+"), None)
        except phonenumbers.NumberParseException:
            return written
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(
                number, phonenumbers.PhoneNumberFormat.E164
            )
    return written


def kind(originator: str) -> Kind:
    """Tell what an originator is, once read."""
    if re.fullmatch(r"\+[1-9][0-9]{6,14}", originator):
        return Kind.E164
    if re.fullmatch(r"[0-9]{3,6}", originator):
        return Kind.SHORT_CODE
    if re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}", originator):
        return Kind.ALPHANUMERIC
    return Kind.OTHER


@lru_cache(maxsize=4096)
def region_of(number: str) -> str:
    """Return the ISO 3166 code of an E.164 number's country, or ""."""
    try:
        return (
            phonenumbers.region_code_for_number(phonenumbers.parse(number, None)) or ""
        )
    except phonenumbers.NumberParseException:
        return ""


@dataclass(frozen=True, slots=True)
class Dialled:
    """What is dialled for a number: from abroad, before it at home, and the rest."""

    country: str
    trunk: str
    #: Its digits without country and trunk prefix; some countries have several.
    national: frozenset[str]


@lru_cache(maxsize=4096)
def dialled(number: str) -> Dialled:
    """Return what is dialled for an E.164 number; another text has only its digits."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return Dialled("", "", frozenset({re.sub(r"[^0-9]", "", number)} - {""}))
    national = phonenumbers.national_significant_number(parsed)
    at_home = phonenumbers.format_number(
        parsed, phonenumbers.PhoneNumberFormat.NATIONAL
    )
    # An Argentine mobile is +54 9 11 …, at home 011 15 …, and in a list 11 ….
    mobile = phonenumbers.country_mobile_token(parsed.country_code)
    forms = (national, national.removeprefix(mobile), re.sub(r"[^0-9]", "", at_home))
    region = phonenumbers.region_code_for_number(parsed) or ""
    return Dialled(
        str(parsed.country_code),
        phonenumbers.ndd_prefix_for_region(region, True) or "0",
        frozenset(form.lstrip("0") for form in forms) - {""},
    )


def is_region(code: str) -> bool:
    """True for an ISO 3166 code that numbers can be read in."""
    return code.upper() in phonenumbers.SUPPORTED_REGIONS


def country_codes(text: str) -> list[str]:
    """Return the ISO 3166 codes of a list such as "fr, BE", in its order, once each.

    Raise ValueError that names what is no country's code.
    """
    codes = list(dict.fromkeys(re.findall(r"[^\s,;]+", text.upper())))
    if wrong := [code for code in codes if not is_region(code)]:
        raise ValueError(
            _("“%(code)s” is no country code. Codes have two letters, such as FR.")
            % {"code": wrong[0]}
        )
    return codes


def read_countries(text: str) -> frozenset[str]:
    """Return the ISO 3166 codes of a list such as "FR, BE", or raise ValueError."""
    return frozenset(country_codes(text))


def example(region: str) -> str:
    """Return a mobile number such as one of a region's customers might have, E.164."""
    mobile = phonenumbers.PhoneNumberType.MOBILE
    number = phonenumbers.example_number_for_type(region, mobile)
    if number is None:
        return "+33639980000"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask(number: str) -> str:
    """Hide the middle of a number, for logs: +336•••••678."""
    if len(number) < 11:
        return "•" * len(number)
    return number[:4] + "•" * (len(number) - 7) + number[-3:]


def mask_in(text: str, number: str) -> str:
    """Mask a number wherever a text holds it, with or without its +, spaced or not."""
    return _spellings(number).sub(mask(number), text) if number else text


@lru_cache
def _spellings(number: str) -> re.Pattern[str]:
    known = dialled(number)
    if not known.country:
        # A name or a short code: the letters of other words are none of it.
        return re.compile(rf"(?<!\w){re.escape(number)}(?!\w)")
    gap = rf"(?:{SEPARATORS.pattern})?"
    trunk = gap.join(known.trunk)
    abroad = rf"(?:\+|\b00)?{gap.join(known.country)}{gap}(?:{trunk}{gap})?"
    rest = "|".join(map(gap.join, sorted(known.national, key=len, reverse=True)))
    return re.compile(rf"(?:{abroad}|\b{trunk}{gap})?(?:{rest})")
