"""What a body costs: GSM-7 / UCS-2 parts, and the ways to make it cheaper."""

import re
import unicodedata
from dataclasses import dataclass


GSM7 = "GSM-7"
UCS2 = "UCS-2"

#: 3GPP TS 23.038, table 6.2.1 without the escape, and its extension 6.2.1.1.
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "\f^{}\\[~]|€"
#: Units of a lone part, and of each part of several (8-bit reference).
_SIZES = {GSM7: (160, 153), UCS2: (70, 67)}

_GSM7_CLASS = re.escape(_BASIC + _EXTENSION)
_COSTLY = re.compile(f"[^{_GSM7_CLASS}]")
#: What takes two units: an escape pair in GSM-7, a surrogate pair in UCS-2.
_TWO_UNITS = {
    GSM7: re.compile(f"[{re.escape(_EXTENSION)}]"),
    UCS2: re.compile("[\U00010000-\U0010ffff]"),
}

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
#: Joiners and variation selectors shape emoji and some scripts; after a GSM-7
#: character they only cost (but for keycaps, whose digit is one).
_JOINER = re.compile("[\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e007f]")
_IDLE_JOINERS = re.compile(f"(?:(?<=[{_GSM7_CLASS}])|^){_JOINER.pattern}+(?!\u20e3)")

_TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛‹›′ʼ´`", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‐‑‒–—―−•", "-"),
        **dict.fromkeys("\xa0\u1680\u202f\u205f\u3000", " "),
        **{chr(code): " " for code in range(0x2000, 0x200B)},
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
        "…": "...",
        "œ": "oe",
        "Œ": "OE",
        "ĳ": "ij",
        "Ĳ": "IJ",
        "ﬁ": "fi",
        "ﬂ": "fl",
        "×": "x",
        "⁄": "/",
        "½": "1/2",
        "¼": "1/4",
        "¾": "3/4",
        "→": "->",
        "™": "TM",
    }
)
#: Letters whose stroke or shape is no combining mark.
_UNMARKED = {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ħ": "h", "Ħ": "H"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What one body takes up."""

    encoding: str
    #: Septets in GSM-7, UTF-16 code units in UCS-2.
    units: int
    units_per_part: tuple[int, ...]
    #: The distinct characters that force UCS-2, in order.
    costly: tuple[str, ...]

    @property
    def parts(self) -> int:
        """How many segments are billed."""
        return len(self.units_per_part)

    @property
    def left(self) -> int:
        """How many units more the last part takes."""
        size = _SIZES[self.encoding][self.parts > 1]
        return size - self.units_per_part[-1]


def count(body: str) -> Count:
    """Return the encoding, units and parts of a body, and what makes it dear."""
    costly = tuple(dict.fromkeys(_COSTLY.findall(body)))
    encoding = UCS2 if costly else GSM7
    return Count(
        encoding=encoding,
        units=_units(body, encoding),
        units_per_part=tuple(_units(part, encoding) for part in split(body)),
        costly=costly,
    )


def split(body: str) -> tuple[str, ...]:
    """Cut a body into its parts, never inside an escape or surrogate pair."""
    encoding = UCS2 if _COSTLY.search(body) else GSM7
    single, size = _SIZES[encoding]
    if _units(body, encoding) <= single:
        return (body,)
    parts, start, used = [], 0, 0
    for position, character in enumerate(body):
        width = _units(character, encoding)
        if used + width > size:
            parts.append(body[start:position])
            start, used = position, 0
        used += width
    return (*parts, body[start:])


def shorten(body: str, parts: int) -> str:
    """Cut a body to so many parts at most; "..." tells that something is missing."""
    if count(body).parts <= parts:
        return body
    kept = "".join(split(body)[:parts]).rstrip()
    while count(f"{kept}...").parts > parts:
        kept = kept[:-1].rstrip()
    return f"{kept}..."


def clean(body: str) -> str:
    """Return a body fit to send: composed, LF, without controls and invisibles."""
    body = _without_lone_surrogates(body)
    body = _LINE_ENDS.sub("\n", body).replace("\t", " ")
    body = _IDLE_JOINERS.sub("", _INVISIBLE.sub("", body))
    return unicodedata.normalize("NFC", body)


def replace_typography(body: str) -> str:
    """Clean a body and replace its quotes, dashes and spaces if that makes it GSM-7."""
    cleaned = clean(body)
    plain = clean(cleaned.translate(_TYPOGRAPHY))
    return cleaned if _COSTLY.search(plain) else plain


def drop_accents(body: str) -> str:
    """Do as replace_typography, and drop the accents that GSM-7 lacks."""
    cleaned = clean(body)
    plain = clean(cleaned.translate(_TYPOGRAPHY))
    bare = _COSTLY.sub(lambda match: _without_accent(match[0]), plain)
    return cleaned if _COSTLY.search(bare) else bare


def plain(character: str) -> str:
    """Return the GSM-7 text that stands in for a costly character, or ""."""
    stand_in = character.translate(_TYPOGRAPHY)
    bare = _COSTLY.sub(lambda match: _without_accent(match[0]), stand_in)
    return "" if _COSTLY.search(bare) else bare


def is_joiner(character: str) -> bool:
    """True for what only shapes the characters around it, such as in emoji."""
    return _JOINER.fullmatch(character) is not None


def _units(text: str, encoding: str) -> int:
    return len(text) + len(_TWO_UNITS[encoding].findall(text))


def _without_accent(character: str) -> str:
    decomposed = unicodedata.normalize("NFD", character)
    bare = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return _UNMARKED.get(bare, bare)


def _without_lone_surrogates(body: str) -> str:
    # Halves that belong together (JSON read one escape at a time) become one.
    return body.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
