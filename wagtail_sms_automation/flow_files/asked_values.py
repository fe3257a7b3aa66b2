"""The values that a template asks for: checked, and put in their places."""

import re
from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _

from .. import phone_numbers
from ..conf import settings as sms_settings
from .located_json import Located
from .shape import Asked, FlowFileError, Problem


KEY = re.compile(r"[a-z][a-z0-9_]{0,49}")
KINDS = ("text", "phone", "email")
#: A name or an address; longer would not fit an SMS.
MOST_CHARACTERS = 100
_PLACE = re.compile(r"\[\[([a-z0-9_]+)\]\]")


def clean(asked: Asked, text: str) -> str:
    """Return a value as it is put in; ValidationError says what is wrong with it."""
    text = text.strip()
    if not text:
        raise ValidationError(_("This value is needed."), code="required")
    if asked.kind == "phone":
        try:
            return phone_numbers.normalise(text, sms_settings.DEFAULT_REGION)
        except phone_numbers.PhoneNumberError as error:
            raise ValidationError(str(error), code="phone_number") from error
    if asked.kind == "email":
        EmailValidator(message=_("This is not a valid e-mail address."))(text)
        return text
    if len(text) > MOST_CHARACTERS:
        raise ValidationError(
            _("This is too long: at most %(limit)s characters."),
            code="max_length",
            params={"limit": MOST_CHARACTERS},
        )
    if not text.isprintable() or re.search(r"[{}\[\]]", text):
        raise ValidationError(
            _("Write plain words, on one line, without brackets."), code="characters"
        )
    return text


def clean_all(asks: Sequence[Asked], given: Mapping[str, str]) -> dict[str, str]:
    """Return the values by key, defaults filled in, or raise FlowFileError."""
    values, problems = {}, []
    for asked in asks:
        try:
            values[asked.key] = clean(asked, given.get(asked.key, asked.default))
        except ValidationError as error:
            problems += [_problem(asked.key, reason) for reason in error.messages]
    for key in given.keys() - {asked.key for asked in asks}:
        problems.append(_problem(key, _("The file does not ask for it.")))
    if problems:
        raise FlowFileError(problems)
    return values


def examples(asks: Sequence[Asked]) -> dict[str, str]:
    """Return the values that show what a template looks like."""
    return {asked.key: asked.default or asked.example for asked in asks}


def fill_in(located: Located, values: Mapping[str, str]) -> Located:
    """Return a document with the values in their places; each is put in once."""
    value = located.value
    if isinstance(value, dict):
        value = {key: fill_in(child, values) for key, child in value.items()}
    elif isinstance(value, list):
        value = [fill_in(child, values) for child in value]
    elif isinstance(value, str):
        value = _PLACE.sub(lambda place: _value(place, values, located.line), value)
    return Located(value, located.line)


def _value(place: re.Match[str], values: Mapping[str, str], line: int) -> str:
    if place[1] not in values:
        reason = _("%(place)s is none of the values asked for.") % {"place": place[0]}
        raise FlowFileError([Problem(line, reason)])
    return values[place[1]]


def _problem(key: str, reason: str) -> Problem:
    return Problem(None, _("%(key)s: %(reason)s") % {"key": key, "reason": reason})
