"""The fields of a webhook request, read from its raw query or body."""

import json
import math
import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

from django.utils.dateparse import parse_datetime

from wagtail_sms_automation.gateways.base import BadPayload, RawRequest


MAX_FIELDS = 1000
MAX_DEPTH = 32

#: PostgreSQL refuses NUL, and half a surrogate pair has no UTF-8 form.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

WEB_ADDRESS = re.compile("https?://[^/]", re.IGNORECASE)

#: Moments that lie in the years 2000 to 2100 in every time zone. A moment beyond, such
#: as the last second of 9999, may be one that no page can show.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=1)
LATEST = datetime(2101, 1, 1, tzinfo=UTC) - timedelta(days=1)

#: A time whose raw "+" the form decoding turned into a space.
LOST_PLUS = re.compile(r"(\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:?\d\d)$")


class Fields:
    """Fields by name in any case; where one is repeated, the last value counts.

    known: the names the provider uses, and so the only ones an error may repeat.
    """

    def __init__(
        self, pairs: Iterable[tuple[str, Any]], known: Collection[str] = ()
    ) -> None:
        #: Everything as it came, in plain JSON values that any database stores.
        self.payload: dict[str, Any] = {}
        self._known = known
        self._values: dict[str, list[Any]] = {}
        for name, value in pairs:
            self._add(clean(name), _plain(value))

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values

    def value(self, name: str) -> Any:
        """The last value as it came; None where there is no such field."""
        values = self._values.get(name.lower())
        return values[-1] if values else None

    def text(self, *names: str) -> str:
        """The first of these fields that says something; empty where none does."""
        for name in names:
            if text := _text(self.value(name)):
                return text
        return ""

    def web_addresses(self, *names: str) -> tuple[str, ...]:
        """Every web address in these fields, which may be repeated."""
        values = (self._values.get(name.lower(), []) for name in names)
        texts = (_text(value).strip() for value in chain.from_iterable(values))
        # These become links; anything else, such as javascript:, stays in the payload.
        return tuple(text for text in texts if WEB_ADDRESS.match(text))

    def moment(self, *names: str) -> datetime | None:
        """The first of these fields that is a point in time, in UTC."""
        moments = (read_moment(self.text(name)) for name in names)
        return next((moment for moment in moments if moment), None)

    def missing(self, what: str, advice: str = "") -> BadPayload:
        """The error that says what the request lacks, and what it has instead."""
        names = [name for name in self._known if name in self]
        # An unknown name may be a text or a number: any body reads as a form.
        if unknown := len(self._values) - len(names):
            names.append(f"{unknown} unknown")
        has = ", ".join(names) or "none"
        return BadPayload(
            f"The request has no {what}; its fields: {has}. {advice}".strip()
        )

    def _add(self, name: str, value: Any) -> None:
        values = self._values.setdefault(name.lower(), [])
        values.extend(value if isinstance(value, list) else [value])
        if name in self.payload:
            earlier = self.payload[name]
            earlier = earlier if isinstance(earlier, list) else [earlier]
            value = [*earlier, *(value if isinstance(value, list) else [value])]
        self.payload[name] = value


def read_fields(request: RawRequest, known: Collection[str] = ()) -> Fields:
    """Read the query of a GET, and the form or JSON body of anything else."""
    if request.method.upper() == "GET" or not request.body:
        return Fields(_form_pairs(request.query), known)
    content_type = request.headers.get("content-type", "").lower()
    begins = request.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if "json" in content_type or begins == b"{":
        return Fields(_json_pairs(request.body), known)
    return Fields(_form_pairs(request.body.decode("utf-8", "replace")), known)


def clean(text: str) -> str:
    """The text without what a database or UTF-8 refuses."""
    return UNSTORABLE.sub("", text)


def read_moment(text: str) -> datetime | None:
    """ISO 8601, YYYYMMDDhhmmss or seconds since 1970, in UTC; None for all else."""
    try:
        moment = _moment(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment and EARLIEST <= moment < LATEST else None


def _moment(text: str) -> datetime | None:
    if re.fullmatch(r"[0-9]{9,10}", text):
        return datetime.fromtimestamp(int(text), UTC)
    if re.fullmatch(r"[0-9]{14}", text):
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    moment = parse_datetime(LOST_PLUS.sub(r"\1+\2", text.strip()))
    if moment and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if moment else None


def _form_pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise BadPayload(f"The form cannot be read: {error}.") from None


def _json_pairs(body: bytes) -> Iterable[tuple[str, Any]]:
    try:
        document = json.loads(body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        # Its cause would bring the whole body along.
        raise BadPayload(f"The JSON cannot be read: {error}.") from None
    if not isinstance(document, dict):
        raise BadPayload("The JSON is not an object.")
    return document.items()


def _plain(value: Any, depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        raise BadPayload("The JSON is nested too deeply.")
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {clean(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""
