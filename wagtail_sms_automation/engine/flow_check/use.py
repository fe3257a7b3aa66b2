"""What the messages of the last weeks say: K12."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches

from ..invitations import plain
from ..opt_outs import read_intent
from .common_words import SENTENCES
from .findings import AddKeywords, Code, Finding, Reason, Repair, level_of
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
    counts, spellings = Counter[str](), defaultdict[str, Counter[str]](Counter)
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
                counts[word] += count
                spellings[word][spelling] += count
    told = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    owners: dict[str, Listed] = {}
    for one in sorted(subject.listed, key=lambda one: one.automation.id):
        owners.setdefault(plain(one.keyword), one)
    for word, count in [item for item in told if item[1] >= OFTEN][:MOST]:
        spelling = max(sorted(spellings[word]), key=lambda one: spellings[word][one])
        witness = subject.witness(spelling)
        if subject.listeners.heard(spelling):
            continue
        repairs: tuple[Repair, ...] = ()
        automations: tuple[int, ...] = ()
        for like in get_close_matches(word, owners, n=1, cutoff=_LIKENESS):
            automation = owners[like].automation.id
            automations = (automation,)
            repairs = (
                AddKeywords(
                    automation=automation,
                    beside=owners[like].keyword,
                    keywords=(spelling,),
                ),
            )
        yield Finding(
            code=Code.USE,
            level=level_of(Code.USE, Reason.UNMATCHED),
            reason=Reason.UNMATCHED,
            automations=automations,
            keywords=(spelling,),
            count=count,
            witness=witness,
            repairs=repairs,
        )
