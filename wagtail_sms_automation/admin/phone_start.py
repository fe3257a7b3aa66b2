"""A conversation that a link begins: what was said, when, to whom, by whom."""

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from .. import simulation
from ..engine.conversation import PAUSE
from .phone import Phone
from .phone_form import (
    EARLIEST,
    LATEST,
    LONGEST_TEXT,
    MOST_TEXTS,
    PREFIX,
    ConversationField,
    is_key,
    next_moment,
)


def phone_of(query: QueryDict, **options) -> Phone | None:
    """Return the phone on which ?said=...&said=... was said, None if nothing was.

    ?at= is when the first text came, ?to= the number it came to, ?group= a group the
    customer is in, ?flow= whose paused automations answer too. What is no such thing
    is left out.
    """
    said = [one for one in query.getlist("said") if one.strip()]
    if not said or len(said) > MOST_TEXTS or max(map(len, said)) > LONGEST_TEXT:
        return None
    data = _data(query, said)
    phone = Phone(data, **options)
    if wrong := set(phone.form.errors):
        for name in wrong:
            data.pop(f"{PREFIX}-{name}", None)
        phone = Phone(data, **options)
    return phone


def _data(query: QueryDict, said: list[str]) -> QueryDict:
    """Return the same as the phone's form would post it."""
    at = _moment(query.get("at", ""), len(said))
    texts = [
        simulation.Text(body=body, received_at=at + PAUSE * place)
        for place, body in enumerate(said)
    ]
    data = QueryDict(mutable=True)
    data[f"{PREFIX}-texts"] = ConversationField.as_json(texts)
    data[f"{PREFIX}-flow"] = query.get("flow", "")
    data[f"{PREFIX}-recipient"] = query.get("to", "")
    data.setlist(f"{PREFIX}-groups", list(filter(is_key, query.getlist("group"))))
    return data


def _moment(text: str, count: int):
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    is_moment = at is not None and timezone.is_aware(at)
    if is_moment and EARLIEST <= at <= LATEST - PAUSE * count:
        return at
    return next_moment([])
