"""Keywords in a hash: a body is searched in the same time for ten or for many."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from .text import NormalForm, tokens


_PREFIX = 3


class Layer(NamedTuple):
    """How strictly keywords are searched; each layer has its own normal form."""

    match_case: bool
    match_accents: bool
    whole_words: bool


@cache
def loosened(layer: Layer) -> tuple[tuple[str, Layer], ...]:
    """The layers that are less strict in one thing, with the name of the thing."""
    looser = (
        ("case", layer._replace(match_case=False)),
        ("accents", layer._replace(match_accents=False)),
        ("whole_word", layer._replace(whole_words=False)),
    )
    return tuple((difference, other) for difference, other in looser if other != layer)


class KeywordTable:
    """The keywords of one layer, looked up by their first token or characters."""

    def __init__(self, keys: Iterable[str], whole_words: bool) -> None:
        self.whole_words = whole_words
        self.keys = {key for key in keys if key}
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for key in self.keys:
            if whole_words:
                spans = tokens(key)
                lengths[key[: spans[0][1]]].add(len(spans))
            else:
                lengths[key[:_PREFIX]].add(len(key))
        # Sharing the few different tuples of lengths spares the processor's cache.
        shared: dict[tuple[int, ...], tuple[int, ...]] = {}
        self.lengths = {
            first: shared.setdefault(some, some)
            for first, some in ((key, tuple(sorted(n))) for key, n in lengths.items())
        }
        self.sizes = sorted({len(first) for first in self.lengths})

    def find(self, form: NormalForm) -> Iterator[tuple[str, int, int]]:
        """Each keyword found, with its offsets in the form."""
        found = self._words(form) if self.whole_words else self._inside(form)
        # Plain ASCII has nothing to cut through.
        if isinstance(form.starts, range):
            return found
        return (hit for hit in found if form.is_whole(*hit[1:]))

    def _words(self, form: NormalForm) -> Iterator[tuple[str, int, int]]:
        spans, body = form.tokens, form.text
        for position, (start, end) in enumerate(spans):
            first = body[start:end]
            for length in self.lengths.get(first, ()):
                if length == 1:
                    yield first, start, end
                elif position + length <= len(spans):
                    stop = spans[position + length - 1][1]
                    if (key := body[start:stop]) in self.keys:
                        yield key, start, stop

    def _inside(self, form: NormalForm) -> Iterator[tuple[str, int, int]]:
        body = form.text
        for size in self.sizes:
            for start in range(len(body) - size + 1):
                for length in self.lengths.get(body[start : start + size], ()):
                    key = body[start : start + length]
                    # At the end of the body the slice may be a shorter keyword.
                    if len(key) == length and key in self.keys:
                        yield key, start, start + length
