"""What replacing the characters that cost money would save, one by one and at once."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from . import segments


@dataclass(frozen=True, slots=True, kw_only=True)
class CostlyCharacter:
    """One character that forces UCS-2, and what comes of replacing it."""

    character: str
    #: How often it occurs.
    times: int
    #: What stands in for it, wholly GSM-7; "" for emoji and other scripts.
    replacement: str
    #: Parts that are sent once it is replaced throughout; as now if it cannot be.
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """What a text costs as it is sent, and what it might cost."""

    #: The text as it goes out.
    sent: str
    count: segments.Count
    #: Characters that are sent as plain ones, in order, once each.
    replaced: tuple[str, ...]
    #: What makes the parts shorter, in order; without joiners.
    costly: tuple[CostlyCharacter, ...]
    #: The text with every replacement made, and the parts that are then sent.
    all_replaced: str
    all_parts: int


def review(body: str, *, replaces_typography: bool) -> Savings:
    """Return what a body costs and what could be saved.

    replaces_typography is the site's setting: quotes, dashes and spaces give way when
    sending, but only if that makes the whole text GSM-7.
    """
    typed = segments.clean(body)
    sent = _sent(typed, replaces_typography)
    count = segments.count(sent)
    times = Counter(typed)
    stand_ins = {
        character: segments.plain(character)
        for character in count.costly
        if not segments.is_joiner(character)
    }
    everything = replace(typed, stand_ins)
    return Savings(
        sent=sent,
        count=count,
        replaced=() if sent == typed else segments.count(typed).costly,
        costly=tuple(
            CostlyCharacter(
                character=character,
                times=times[character],
                replacement=stand_in,
                parts=(
                    _parts(replace(typed, {character: stand_in}), replaces_typography)
                    if stand_in
                    else count.parts
                ),
            )
            for character, stand_in in stand_ins.items()
        ),
        all_replaced=everything,
        all_parts=_parts(everything, replaces_typography),
    )


def replace(body: str, stand_ins: Mapping[str, str]) -> str:
    """Put each character's stand-in in its place, where it has one."""
    return body.translate({ord(old): new for old, new in stand_ins.items() if new})


def _sent(body: str, replaces_typography: bool) -> str:
    return segments.replace_typography(body) if replaces_typography else body


def _parts(body: str, replaces_typography: bool) -> int:
    return segments.count(_sent(segments.clean(body), replaces_typography)).parts
