"""How a body is read: its normal forms, its words, and what it quotes of ours."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice


#: A run of so many characters that stands in a sent text may be a quotation.
QUOTED_RUN = 25
#: So is a whole span between quotation marks, from this length.
QUOTED_SPAN = 12
# Twelve parts of 153 characters are the most that any gateway sends.
_LONGEST_SENT = 2000
_MOST_SPANS = 20

Span = tuple[int, int]

# Default_Ignorable_Code_Point of Unicode, and the keycap that makes 1 an emoji.
_IGNORABLES = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u20e3\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_IGNORABLE = re.compile(f"[{_IGNORABLES}]")

# Characters that are no marks and yet join with the one before them when normalised:
# Hangul vowels and finals, and the half-width voicing marks of Japanese.
_JOINING = re.compile(
    "[\u1161-\u1175\u11a8-\u11c2\u3133\u3135\u3136\u313a-\u313f\u314f-\u3163"
    "\uff9e\uff9f\uffa3\uffa5\uffa6\uffaa-\uffaf\uffc2-\uffdc]"
)

_TYPOGRAPHY = str.maketrans(
    dict.fromkeys("‘’‚‛′ʼ´`＇‹›", "'")
    | dict.fromkeys("“”„‟″＂«»〝〞", '"')
    | dict.fromkeys("‐‑‒–—―−﹘﹣－", "-")
)
_LETTERS = str.maketrans(
    {
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "ß": "ss",
        "ẞ": "SS",
        "ı": "i",
    }
)
_ACCENTED_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")

# An ASCII body without any of these is its own normal form.
_UNTIDY = re.compile(r"[\t-\r\x1c-\x1f`]|  ")

# Read on the kinds of the characters (see _kind). Runs of plain characters, then one
# character with its marks, then space. Unicode's stream-safe format allows 30 marks;
# without a limit, normalising takes quadratic time.
_PIECE = re.compile(
    r"(a+(?: a+)*)(?!i*m)|([^ si](?:i*m){0,30})|([ s](?:[ si]*[ s])?)|i+"
)
# Read on the shape, where a mark is an underscore: a word, a number, or one symbol.
_WORD = re.compile(r"\w+(?:(?<=\d)[.,'](?=\d)\w+)*")
_TOKEN = re.compile(rf"{_WORD.pattern}|[^\w\s]")
_QUOTATION = re.compile(r"\"([^\"]+)\"|(?<!\w)'([^']+)'(?!\w)")


class _Memo(dict[int, str]):
    """A table for str.translate that is filled while it is used."""

    def __init__(self, function: Callable[[str], str]) -> None:
        self.function = function

    def __missing__(self, code: int) -> str:
        value = self.function(chr(code))
        # Nobody shall fill the memory by texting all of Unicode.
        if code < 0x20000:
            self[code] = value
        return value


def _kind(char: str) -> str:
    if char == " ":
        return " "
    if _IGNORABLE.match(char):
        return "i"
    if char.isspace():
        return "s"
    if "!" <= char <= "~" and char != "`":
        return "a"
    is_mark = unicodedata.category(char)[0] == "M" or _JOINING.match(char)
    return "m" if is_mark else "x"


def _shape(char: str) -> str:
    return "_" if unicodedata.category(char)[0] == "M" else char


_KINDS = _Memo(_kind)
_SHAPES = _Memo(_shape)


@dataclass(frozen=True)
class NormalForm:
    """A normal form of a body, and where each of its characters came from."""

    text: str
    #: For each character, where the one it was made of starts in the body, and ends.
    starts: Sequence[int]
    ends: Sequence[int]

    @cached_property
    def tokens(self) -> list[Span]:
        """Words, numbers and single symbols, as offsets in text."""
        return tokens(self.text)

    @cached_property
    def words(self) -> list[Span]:
        """The tokens that are words or numbers."""
        return [match.span() for match in _WORD.finditer(_shape_of(self.text))]

    def is_whole(self, start: int, end: int) -> bool:
        """True unless the slice cuts through what was one character in the body."""
        starts = self.starts
        return (start == 0 or starts[start] != starts[start - 1]) and (
            end == len(starts) or starts[end] != starts[end - 1]
        )

    def span(self, start: int, end: int) -> Span:
        """Where a slice of text stands in the body as it came."""
        return self.starts[start], self.ends[end - 1]


@dataclass(frozen=True)
class Reading:
    """A body as it came, its normal forms, and the spans that quote a text of ours."""

    body: str
    quoted: tuple[Span, ...] = ()
    _forms: dict[tuple[bool, bool], NormalForm] = field(
        default_factory=dict, repr=False, compare=False
    )

    def form(self, match_case: bool, match_accents: bool) -> NormalForm:
        """The normal form that two equal texts share, under these two switches."""
        # ASCII has no accents: two of the four forms are the same.
        key = (match_case, match_accents or self.body.isascii())
        if key not in self._forms:
            self._forms[key] = _normal_form(self.body, *key)
        return self._forms[key]

    def is_quoted(self, start: int, end: int) -> bool:
        """True if any of this slice of the body stands in a quoted span."""
        before = bisect_left(self.quoted, (end, end)) - 1
        return before >= 0 and self.quoted[before][1] > start

    def own_words(self, form: NormalForm) -> list[Span]:
        """The words that are not quoted, as offsets in the form."""
        if not self.quoted:
            return form.words
        return [span for span in form.words if not self.is_quoted(*form.span(*span))]


def read(body: str, sent_bodies: Iterable[str] = ()) -> Reading:
    """Read a body, knowing what its originator was sent."""
    reading = Reading(body)
    if len(body) < QUOTED_SPAN:
        return reading
    sent = [normalise(text[:_LONGEST_SENT], False, False) for text in sent_bodies]
    if not sent:
        return reading
    quoted = _quoted_spans(reading.form(False, False), sent)
    return Reading(body, tuple(quoted), reading._forms)


def normalise(text: str, match_case: bool = True, match_accents: bool = True) -> str:
    """Give the normal form of a keyword: without space at its ends."""
    return _normal_form(text, match_case, match_accents).text.strip(" ")


def is_empty(keyword: str) -> bool:
    """True if nothing of a keyword can be seen, so that it can never match."""
    return not normalise(keyword)


def tokens(text: str) -> list[Span]:
    """Cut a normal form into words, numbers and single symbols."""
    return [match.span() for match in _TOKEN.finditer(_shape_of(text))]


def case_variants(keyword: str) -> tuple[str, ...]:
    """Give the ways a phone may write a keyword: ORDER, Order, order."""
    keyword = " ".join(unicodedata.normalize("NFC", keyword).split())
    lower = keyword.lower()
    variants = (keyword.upper(), lower[:1].title() + lower[1:], lower, keyword)
    return tuple(dict.fromkeys(variant for variant in variants if variant))


def _shape_of(text: str) -> str:
    return text if text.isascii() else text.translate(_SHAPES)


def _normal_form(body: str, match_case: bool, match_accents: bool) -> NormalForm:
    if body.isascii() and not _UNTIDY.search(body):
        text = body if match_case else body.lower()
        return NormalForm(text, range(len(body)), range(1, len(body) + 1))
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _PIECE.finditer(body.translate(_KINDS)):
        start, end = match.span()
        if match.lastindex == 1:
            part = body[start:end] if match_case else body[start:end].lower()
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
        elif match.lastindex:
            part = " "
            if match.lastindex == 2:
                cluster = _IGNORABLE.sub("", body[start:end])
                part = _fold(cluster, match_case, match_accents)
            starts.extend([start] * len(part))
            ends.extend([end] * len(part))
        else:
            continue
        parts.append(part)
    return NormalForm("".join(parts), starts, ends)


@lru_cache(maxsize=8192)
def _fold(cluster: str, match_case: bool, match_accents: bool) -> str:
    text = unicodedata.normalize("NFC", cluster).translate(_TYPOGRAPHY)
    if not match_case:
        text = unicodedata.normalize("NFKC", text).casefold()
        text = unicodedata.normalize("NFKC", text)
    return text if match_accents else _without_accents(text)


def _without_accents(text: str) -> str:
    kept: list[str] = []
    is_accented_script = False
    for char in unicodedata.normalize("NFD", text):
        if unicodedata.category(char)[0] != "M":
            name = unicodedata.name(char, "")
            is_accented_script = name.startswith(_ACCENTED_SCRIPTS)
        elif is_accented_script and "\u0300" <= char <= "\u036f":
            continue
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_LETTERS)


def _quoted_spans(form: NormalForm, sent: Sequence[str]) -> Iterator[Span]:
    runs = [*_echoes(form.text, sent), *_quotations(form.text, sent)]
    for start, end in _merged(sorted(runs)):
        # A word of theirs may begin as ours did: half a word is not quoted.
        before = bisect_right(form.words, (start, start)) - 1
        if before >= 0 and form.words[before][0] < start < form.words[before][1]:
            start = form.words[before][1]
        after = bisect_left(form.words, (end, end)) - 1
        if after >= 0 and form.words[after][1] > end:
            end = form.words[after][0]
        if start < end:
            yield form.span(start, end)


def _echoes(text: str, sent: Sequence[str]) -> Iterator[Span]:
    for start, end in _merged(_runs(text, sent)):
        if _is_echo(text[start:end], sent):
            yield start, end


def _is_echo(run: str, sent: Sequence[str]) -> bool:
    """Tell a text of ours that comes back from an example out of it that is followed.

    An echo repeats us from the beginning, or most of us. Who orders as our example
    shows ("FOOD 2x1, 12 Port Street") copies a piece out of the middle, and must be
    answered.
    """
    return any(
        body.startswith(run[:QUOTED_RUN]) or (2 * len(run) >= len(body) and run in body)
        for body in sent
    )


def _runs(text: str, sent: Sequence[str]) -> Iterator[Span]:
    size = QUOTED_RUN
    ours = {
        body[start : start + size]
        for body in sent
        for start in range(len(body) - size + 1)
    }
    for start in range(len(text) - size + 1):
        if text[start : start + size] in ours:
            yield start, start + size


def _quotations(text: str, sent: Sequence[str]) -> Iterator[Span]:
    for match in islice(_QUOTATION.finditer(text), _MOST_SPANS):
        # Phones cut a long quotation short and put an ellipsis.
        quotation = match[match.lastindex or 0].strip(" .")
        if len(quotation) >= QUOTED_SPAN and any(quotation in body for body in sent):
            yield match.span()


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    current: Span | None = None
    for start, end in spans:
        if current and start <= current[1]:
            current = (current[0], max(current[1], end))
            continue
        if current:
            yield current
        current = (start, end)
    if current:
        yield current
