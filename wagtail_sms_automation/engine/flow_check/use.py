"""What the messages of the last weeks say: K12."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches

from ..invitations import plain
from ..opt_outs import read_intent
from .common_words import SENTENCES
from .findings import AddKeywords, Code, Finding, Reason, level_of
from .keywords import is_reserved_word, may_be_keyword
from .subject import Listed, Subject


#: An automation that has not fired for so long is told of.
QUIET = timedelta(days=90)
#: A word that came so often without an answer is told of; these are the most told of.
OFTEN = 3
MOST = 5
# How like a keyword a word must be, to be a slip for it.
_LIKENESS = 0.75
_SHORTEST = 3


def check(subject: Subject) -> Iterator[Finding]:
    """Yield who never fires, and what is asked for in vain."""
    yield from _never_fired(subject)
    yield from _unmatched(subject)


def _never_fired(subject: Subject) -> Iterator[Finding]:
    for automation in subject.active:
        since = subject.quiet_since.get(automation.id)
        body = subject.first_bodies.get(automation.id)
        if since is not None and body and subject.now - since >= QUIET:
            yield Finding(
                code=Code.USE,
                level=level_of(Code.USE, Reason.NEVER_FIRED),
                reason=Reason.NEVER_FIRED,
                automations=(automation.id,),
                count=(subject.now - since).days,
                witness=subject.witness(body, at=subject.meeting(automation.id)),
            )


def _unmatched(subject: Subject) -> Iterator[Finding]:
    owners: dict[str, Listed] = {}
    for one in sorted(subject.listed, key=lambda one: one.automation.id):
        owners.setdefault(plain(one.keyword), one)
    for word, spellings in _most_told(subject):
        spelling = max(sorted(spellings), key=lambda one: spellings[one])
        if subject.listeners.heard(spelling):
            continue
        like = get_close_matches(word, owners, n=1, cutoff=_LIKENESS)
        owner = owners[like[0]] if like else None
        if owner and not may_be_keyword(spelling, owner, subject):
            owner = None
        yield Finding(
            code=Code.USE,
            level=level_of(Code.USE, Reason.UNMATCHED),
            reason=Reason.UNMATCHED,
            automations=(owner.automation.id,) if owner else (),
            keywords=(spelling,),
            count=spellings.total(),
            witness=subject.witness(spelling),
            repairs=(_as_keyword(spelling, owner),) if owner else (),
        )


def _as_keyword(word: str, owner: Listed) -> AddKeywords:
    return AddKeywords(
        automation=owner.automation.id, beside=owner.keyword, keywords=(word,)
    )


def _most_told(subject: Subject) -> list[tuple[str, Counter[str]]]:
    """The words that came most often without an answer, and how they were written.

    A word that no automation can have is not among them: to add it would be an error.
    """
    told = [
        (word, spellings)
        for word, spellings in _in_vain(subject).items()
        if spellings.total() >= OFTEN and not is_reserved_word(word, subject)
    ]
    return sorted(told, key=lambda item: (-item[1].total(), item[0]))[:MOST]


def _in_vain(subject: Subject) -> Mapping[str, Counter[str]]:
    """By word, how often it was written in which way in a body nobody answers."""
    spellings = defaultdict[str, Counter[str]](Counter)
    common = {
        word
        for sentences in SENTENCES.values()
        for sentence in sentences
        for word in plain(sentence).split()
    }
    country = subject.rulebook.default_country
    for body, count in subject.recent.items():
        if subject.listeners.heard(body) or read_intent(body, country):
            continue
        said = {plain(word): word.strip(".,;:!?\"'()") for word in body.split()}
        for word, spelling in said.items():
            is_word = len(word) >= _SHORTEST and word.isalpha()
            if is_word and word not in common:
                spellings[word][spelling] += count
    return spellings
