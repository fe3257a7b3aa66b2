"""Two automations that fire on one message: K1, K2."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .findings import (
    Code,
    Finding,
    MarkIntended,
    Reason,
    Repair,
    SwitchToExact,
    Witness,
    level_of,
)
from .subject import Listed, Subject


# Of a short keyword within very many, so many messages are enough to tell.
_MOST_LONGER = 8


@dataclass
class _Pair:
    witness: Witness
    #: In use as an ordered set.
    keywords: dict[str, None] = field(default_factory=dict)
    shorter: str = ""


def check(subject: Subject) -> Iterator[Finding]:
    """Yield each two automations that both fire, once."""
    same: dict[tuple[int, int], _Pair] = {}
    contained: dict[tuple[int, int], _Pair] = {}
    longer = Counter[int]()
    for body, owners in sorted(_by_body(subject).items()):
        heard = subject.listeners.heard(body)
        if len(heard) < 2:
            continue
        # One message may concern very many: each is told of the first one it meets.
        whole = sorted(
            id
            for id, places in heard.items()
            if id in owners
            or any(place.start == 0 and place.end == len(body) for place in places)
        )
        for position, second in enumerate(whole):
            _note(subject, body, owners, whole[:position], second, same)
        for second in sorted(heard.keys() - set(whole)):
            if longer[second] < _MOST_LONGER and _note(
                subject, body, owners, sorted(owners), second, contained
            ):
                longer[second] += 1
    for (first, second), pair in sorted(same.items()):
        yield _finding(Code.SAME_KEYWORD, (first, second), pair, (MarkIntended(),))
    for (other, shorter), pair in sorted(contained.items()):
        if (min(other, shorter), max(other, shorter)) not in same:
            exact = SwitchToExact(automation=shorter, keyword=pair.shorter)
            repairs = (exact, MarkIntended())
            yield _finding(Code.CONTAINED, (shorter, other), pair, repairs)


def _by_body(subject: Subject) -> Mapping[str, Mapping[int, Listed]]:
    bodies: dict[str, dict[int, Listed]] = {}
    for one in subject.listed:
        if subject.hears(one):
            bodies.setdefault(one.body, {}).setdefault(one.automation.id, one)
    return bodies


def _note(
    subject: Subject,
    body: str,
    owners: Mapping[int, Listed],
    others: Sequence[int],
    second: int,
    pairs: dict[tuple[int, int], _Pair],
) -> bool:
    """Note the first of others that fires together with a second one, if any."""
    for first in others:
        if first == second or not (at := subject.meeting(first, second)):
            continue
        witness = subject.witness(body, at=at)
        if not {first, second} <= set(witness.fires):
            continue
        pair = pairs.setdefault((first, second), _Pair(witness))
        keyword = subject.listeners.heard(body)[second][0].keyword
        pair.shorter = pair.shorter or keyword
        pair.keywords.setdefault(keyword)
        if first in owners:
            pair.keywords.setdefault(owners[first].keyword)
        return True
    return False


def _finding(
    code: Code,
    automations: tuple[int, ...],
    pair: _Pair,
    repairs: tuple[Repair, ...],
) -> Finding:
    return Finding(
        code=code,
        level=level_of(code, Reason.NONE),
        automations=automations,
        keywords=tuple(pair.keywords),
        witness=pair.witness,
        repairs=repairs,
    )
