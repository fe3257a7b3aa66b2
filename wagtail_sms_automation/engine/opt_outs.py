"""STOP, START and HELP: what a whole message asks for, before any automation."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product

from . import text
from .content import Content
from .matching import Index, check
from .opt_out_words import (
    ALSO_STOP,
    COURTESIES,
    DEFAULT,
    PHRASES,
    TAKEN_BY_PROVIDERS,
    WORDS,
    Words,
)


def read_intent(
    body: str,
    country: str,
    *,
    opted_out: bool = False,
    sent_bodies: Iterable[str] = (),
) -> str | None:
    """Read "opt_out", "opt_in", "help", "likely_opt_out" or nothing in a body.

    Words of ours that the body quotes do not count.
    """
    return intent_of(text.read(body, sent_bodies), country, opted_out=opted_out)


def intent_of(
    reading: text.Reading, country: str, *, opted_out: bool = False
) -> str | None:
    """Read the intent of a body that was read already."""
    said = _said(reading)
    words = _words_of(country)
    intent = _intents(words, opted_out).get(said)
    if intent:
        return intent
    return "likely_opt_out" if said and _is_likely_opt_out(said, words) else None


def reserved_words(country: str) -> frozenset[str]:
    """Give the words that no automation can have, as they are written in the sets."""
    taken = TAKEN_BY_PROVIDERS.get(country.upper(), frozenset())
    return taken.union(DEFAULT.opt_out, DEFAULT.opt_in, DEFAULT.help).union(
        *_words_of(country)
    )


def _words_of(country: str) -> Words:
    return WORDS.get(country.upper(), DEFAULT)


def _said(reading: text.Reading) -> str:
    """The words of a body alone: no quotation, case, accent or punctuation."""
    form = reading.form(match_case=False, match_accents=False)
    return " ".join(form.text[start:end] for start, end in reading.own_words(form))


def _plain(phrase: str) -> str:
    return _said(text.read(phrase))


@cache
def _intents(words: Words, opted_out: bool) -> dict[str, str]:
    groups = [("help", words.help), ("opt_in", words.opt_in)]
    if opted_out:
        groups.append(("opt_in", words.opt_in_if_opted_out))
    groups.append(("opt_out", words.opt_out))
    return {_plain(word): intent for intent, group in groups for word in group}


def _is_likely_opt_out(said: str, words: Words) -> bool:
    # Most texts hold none of these, and every text passes here.
    if _telling_words(words).isdisjoint(said.split()):
        return False
    rest = _spaced(said)
    for courtesy in _courtesies():
        rest = rest.replace(courtesy, "")
    # Said once or three times over, it is one wish.
    if " ".join(dict.fromkeys(rest.split())) in _stop_words(words):
        return True
    phrases, index = _phrases()
    return check(phrases, index.search(text.read(said))).holds


def _spaced(said: str) -> str:
    """Give each word spaces of its own, so that neighbours can be taken out."""
    return f" {said.replace(' ', '  ')} "


@cache
def _courtesies() -> tuple[str, ...]:
    plain = {_spaced(_plain(phrase)) for phrase in _alternatives(COURTESIES)}
    return tuple(sorted(plain, key=len, reverse=True))


@cache
def _stop_words(words: Words) -> frozenset[str]:
    also = _alternatives(ALSO_STOP)
    return frozenset(map(_plain, (*DEFAULT.opt_out, *words.opt_out, *also)))


@cache
def _telling_words(words: Words) -> frozenset[str]:
    """One word of each text that tells of an opt-out; without any, none does."""
    phrases, _index = _phrases()
    texts = (*_stop_words(words), *phrases.keywords)
    return frozenset(max(text.split(), key=len) for text in texts)


@cache
def _phrases() -> tuple[Content, Index]:
    phrases = dict.fromkeys(map(_plain, _alternatives(PHRASES)))
    content = Content(keywords=tuple(phrases))
    return content, Index([(0, content)])


def _alternatives(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        columns = (column.split("|") for column in line.split(" + "))
        yield from map(" ".join, product(*columns))
