"""The targets that a template must not tell: found in texts, however written."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from .. import phone_numbers
from ..models import Automation


#: The lists of a block that name whom messages are forwarded to.
STAFF = {"phone_numbers": "phone", "addresses": "email"}

_DIGITS = "0123456789"
#: Digits, and what people put between them.
_RUN = re.compile(r"[0-9](?:[\W_]{0,6}[0-9])*")
_AT = re.compile(r"\s{0,6}(?:@|%40|[(\[{<]\s{0,6}at\s{0,6}[)\]}>]|\sat\s)\s{0,6}")
#: Fewer digits than these come together by chance, in a list of prices.
_FEWEST_LEFT = 7


class Found(NamedTuple):
    """A target, and where in a text it stands."""

    start: int
    end: int
    target: str


def of_site() -> list[str]:
    """Return each number and address that an automation of the site forwards to."""
    found: dict[str, None] = {}
    for automation in Automation.objects.in_order().only("actions"):
        # As it is stored: a stream that cannot be read names staff too.
        for block in automation.actions.raw_data:
            value = block.get("value")
            for field in STAFF:
                texts = value.get(field) if isinstance(value, dict) else None
                found |= dict.fromkeys(_texts(texts))
    return list(found)


def _texts(stored: Any) -> list[str]:
    texts = stored if isinstance(stored, list) else [stored]
    return [text for text in texts if isinstance(text, str)]


class Targets:
    """Numbers and addresses that are looked for together, in one pass over a text."""

    def __init__(self, targets: Iterable[str]) -> None:
        self._all = dict.fromkeys(targets)
        self._numbers: dict[str, list[str]] = defaultdict(list)
        self._addresses: dict[str, dict[str, str]] = defaultdict(dict)
        for target in self._all:
            name, _at, domain = _fold(target)[0].rpartition("@")
            if name:
                self._addresses[domain].setdefault(name, target)
            else:
                for national in phone_numbers.dialled(target).national:
                    self._numbers[national].append(target)
        self._lengths = _lengths(self._numbers)
        self._domain_lengths = _lengths(self._addresses)

    def find(self, text: str) -> list[Found]:
        """Return where they stand, in order; none overlaps another."""
        if text in self._all:
            return [Found(0, len(text), text)]
        folded, places = _fold(text)
        found = sorted([*self._numbers_in(folded), *self._addresses_in(folded)])
        apart: list[Found] = []
        for start, end, target in found:
            one = Found(places[start], places[end - 1] + 1, target)
            if not apart or one.start >= apart[-1].end:
                apart.append(one)
        return apart

    def replace(self, text: str, put: Callable[[str], str]) -> str:
        """Return a text with something put in for each of them."""
        parts, done = [], 0
        for start, end, target in self.find(text):
            parts += [text[done:start], put(target)]
            done = end
        return "".join([*parts, text[done:]])

    def is_in(self, text: str) -> bool:
        """Tell whether one may be made out in a text, whatever stands in between."""
        folded = _fold(text)[0]
        digits = "".join(one for one in folded if one in _DIGITS)
        long_enough = [n for n in self._lengths if n >= _FEWEST_LEFT]
        if any(
            _known(digits, n, self._numbers, long_enough) for n in range(len(digits))
        ):
            return True
        joined = re.sub(r"\s", "", _AT.sub("@", folded))
        return any(self._addresses_in(joined))

    def _numbers_in(self, folded: str) -> Iterator[Found]:
        for run in _RUN.finditer(folded):
            places = [n for n in range(*run.span()) if folded[n] in _DIGITS]
            digits = "".join(folded[n] for n in places)
            done = at = 0
            while at < len(digits):
                national = _known(digits, at, self._numbers, self._lengths)
                if not national:
                    at += 1
                    continue
                before, target = max(
                    (_dialled_before(digits[done:at], target), target)
                    for target in self._numbers[national]
                )
                start, at = places[at - before], at + len(national)
                done, end = at, places[at - 1] + 1
                yield Found(_with_sign(folded, start, end), end, target)

    def _addresses_in(self, folded: str) -> Iterator[Found]:
        for at in _AT.finditer(folded) if self._addresses else ():
            domain = _known(folded, at.end(), self._addresses, self._domain_lengths)
            names = self._addresses.get(domain, {})
            for name in sorted(names, key=len, reverse=True):
                if folded.endswith(name, 0, at.start()):
                    start = at.start() - len(name)
                    yield Found(start, at.end() + len(domain), names[name])
                    break


def _lengths(known: Iterable[str]) -> list[int]:
    return sorted({len(one) for one in known}, reverse=True)


def _known(text: str, at: int, known: Iterable[str], lengths: Iterable[int]) -> str:
    """Return the longest of the known that stands in a place, or ""."""
    parts = (text[at : at + length] for length in lengths)
    return next((part for part in parts if part in known), "")


def _dialled_before(digits: str, target: str) -> int:
    """Return how many of the digits before a number belong to it."""
    dialled = phone_numbers.dialled(target)
    match = _prefix(dialled.country, dialled.trunk).search(digits[-12:])
    return len(match[0]) if match else 0


@lru_cache(maxsize=512)
def _prefix(country: str, trunk: str) -> re.Pattern[str]:
    if not country:
        return re.compile(r"\Z")
    return re.compile(rf"(?:(?:00|0?011)?{country})?(?:{trunk}|0)?\Z")


def _with_sign(text: str, start: int, end: int) -> int:
    """Return where a number begins with its plus, and the bracket closed in it."""
    while start:
        opens = text.count(")", start, end) > text.count("(", start, end)
        if text[start - 1] != "+" and not (opens and text[start - 1] == "("):
            break
        start -= 1
    return start


def _fold(text: str) -> tuple[str, range | list[int]]:
    """Return small letters and plain digits, and the place of each in the text."""
    if text.isascii():
        return text.lower(), range(len(text))
    kept = [(one, n) for n, raw in enumerate(text) if (one := _folded(raw))]
    return "".join(one for one, _n in kept), [n for _one, n in kept]


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    if unicodedata.category(character) == "Cf":
        return ""
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    folded = unicodedata.normalize("NFKC", character).lower()
    return folded if len(folded) == 1 else character
