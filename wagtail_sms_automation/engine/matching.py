"""Which keywords stand in a body, where, and what all but matched."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from . import text
from .content import Content, Operator
from .keyword_table import KeywordTable, Layer, loosened
from .outcome import NearMiss, Place, Silence


#: Ways to hold one keyword against a body: the operator, and whether words are whole.
MODES = {
    "word": (Operator.ANY, True),
    "begins": (Operator.BEGINS, True),
    "exact": (Operator.EXACT, True),
    "substring": (Operator.ANY, False),
}
# Operators that look at where the keyword stands, and what a wrong place is called.
_ELSEWHERE = {Operator.BEGINS: "beginning", Operator.EXACT: "whole_message"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What became of one content condition, and why."""

    holds: bool
    #: One place for each keyword found, the first in the body first.
    places: tuple[Place, ...] = ()
    silence: Silence | None = None
    near_miss: NearMiss | None = None


def layer_of(content: Content) -> Layer:
    """How strictly the keywords of a condition are searched."""
    whole_words = content.whole_words or content.operator in _ELSEWHERE
    return Layer(content.match_case, content.match_accents, whole_words)


class Index:
    """The keywords of many content conditions, compiled once.

    A search costs the same for ten keywords and for a hundred thousand.
    """

    def __init__(self, contents: Iterable[tuple[int, Content]]) -> None:
        self._wanted: dict[Content, dict[Layer, Mapping[str, str]]] = {
            content: {} for _, content in contents
        }
        self._tables: dict[Layer, KeywordTable] = {}
        self._askers: dict[Layer, Mapping[str, Sequence[Content]]] = {}
        self.layers = frozenset(map(layer_of, self._wanted))
        for layer in self.layers:
            self.table(layer)

    def __contains__(self, content: Content) -> bool:
        return content in self._wanted

    def search(self, reading: text.Reading) -> "Findings":
        """Find every keyword in a body."""
        findings = Findings(reading, self)
        for layer in self.layers:
            findings.found(layer)
        return findings

    def wanted(self, content: Content, layer: Layer) -> Mapping[str, str]:
        """The keywords of a condition by their normal form in a layer."""
        wanted = self._wanted[content]
        if layer not in wanted:
            wanted[layer] = {
                text.normalise(keyword, layer.match_case, layer.match_accents): keyword
                for keyword in reversed(content.keywords)
            }
        return wanted[layer]

    def askers(self, layer: Layer, key: str) -> Sequence[Content]:
        """The conditions that have a keyword, by its normal form in a layer."""
        self.table(layer)
        return self._askers[layer].get(key, ())

    def table(self, layer: Layer) -> KeywordTable:
        """The keywords to look for in a layer, and of those one thing stricter."""
        if layer not in self._tables:
            askers: dict[str, list[Content]] = {}
            for content in self._wanted:
                if self._concerns(layer, layer_of(content)):
                    for key in self.wanted(content, layer):
                        askers.setdefault(key, []).append(content)
            self._askers[layer] = askers
            self._tables[layer] = KeywordTable(askers, layer.whole_words)
        return self._tables[layer]

    @staticmethod
    def _concerns(layer: Layer, asked: Layer) -> bool:
        return layer == asked or any(layer == other for _, other in loosened(asked))


@dataclass(frozen=True)
class _Found:
    """What one search found in one normal form, as offsets in it."""

    reading: text.Reading
    form: text.NormalForm
    #: The first place of each keyword that is not quoted.
    own: Mapping[str, text.Span]
    #: The first place of each keyword that is.
    quoted: Mapping[str, text.Span]

    @cached_property
    def extent(self) -> text.Span:
        """From the first word that is not quoted to the last."""
        words = self.reading.own_words(self.form)
        return (words[0][0], words[-1][1]) if words else (len(self.form.text), 0)

    def stands(self, span: text.Span, operator: Operator) -> bool:
        """True if a keyword found here is where the operator wants it."""
        if operator not in _ELSEWHERE:
            return True
        begins = span[0] <= self.extent[0]
        return begins and (operator == Operator.BEGINS or span[1] >= self.extent[1])

    def widened(self, span: text.Span) -> text.Span:
        """The longer word that a keyword is part of."""
        tokens, size = self.form.tokens, len(self.form.text)
        first = tokens[bisect_right(tokens, (span[0], size)) - 1]
        last = tokens[bisect_right(tokens, (span[1] - 1, size)) - 1]
        return first[0], last[1]

    def place(self, keyword: str, span: text.Span) -> Place:
        start, end = self.form.span(*span)
        return Place(keyword=keyword, start=start, end=end)

    def near_miss(self, keyword: str, span: text.Span, difference: str) -> NearMiss:
        start, end = self.form.span(*span)
        found = self.reading.body[start:end]
        return NearMiss(keyword=keyword, found=found, difference=difference)


@dataclass(frozen=True)
class Findings:
    """What was found in one body; what all but matched is searched when asked for."""

    reading: text.Reading
    index: Index
    _found: dict[Layer, _Found] = field(default_factory=dict, repr=False, compare=False)
    #: The conditions with something to find, by the layers in which they may.
    _concerned: dict[Layer, frozenset[Content]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def found(self, layer: Layer) -> _Found:
        """What was found under a layer's switches."""
        if layer not in self._found:
            reading = self.reading
            form = reading.form(layer.match_case, layer.match_accents)
            own: dict[str, text.Span] = {}
            quoted: dict[str, text.Span] = {}
            for key, start, end in self.index.table(layer).find(form):
                if reading.quoted and reading.is_quoted(*form.span(start, end)):
                    quoted.setdefault(key, (start, end))
                elif key not in own:
                    own[key] = start, end
            self._found[layer] = _Found(reading, form, own, quoted)
        return self._found[layer]

    def may_concern(self, content: Content) -> bool:
        """False for a condition that nothing in the body comes near to, as for most."""
        layer = layer_of(content)
        if content not in self.index:
            raise KeyError(content)
        if layer not in self._concerned:
            layers = [layer, *(looser for _, looser in loosened(layer))]
            self._concerned[layer] = frozenset(
                asker
                for each in layers
                for key in (*self.found(each).own, *self.found(each).quoted)
                for asker in self.index.askers(each, key)
            )
        return content in self._concerned[layer]

    def own(self, content: Content, layer: Layer) -> dict[str, text.Span]:
        """The keywords of a condition that were found, in the body's order."""
        return self._of(content, layer, self.found(layer).own)

    def quoted(self, content: Content, layer: Layer) -> dict[str, text.Span]:
        """The keywords of a condition that stand in quoted words."""
        return self._of(content, layer, self.found(layer).quoted)

    def _of(
        self, content: Content, layer: Layer, hits: Mapping[str, text.Span]
    ) -> dict[str, text.Span]:
        if not hits:
            return {}
        wanted = self.index.wanted(content, layer)
        # The smaller side is walked: a condition may have very many keywords.
        keys = hits.keys() & wanted.keys()
        return {
            wanted[key]: hits[key]
            for key in sorted(keys, key=lambda key: (hits[key][0], -hits[key][1]))
        }


def check(content: Content, findings: Findings) -> Check:
    """Hold a content condition of the index against what was found in a body."""
    if not findings.may_concern(content):
        holds = content.operator == Operator.NONE
        return Check(holds=holds, silence=None if holds else Silence.CONTENT)
    layer = layer_of(content)
    wanted = findings.index.wanted(content, layer)
    found = findings.found(layer)
    places = tuple(
        found.place(keyword, span)
        for keyword, span in findings.own(content, layer).items()
        if found.stands(span, content.operator)
    )
    if content.operator == Operator.NONE:
        silence = Silence.EXCLUDED if places else None
        return Check(holds=not places, places=places, silence=silence)
    missing = len(wanted) - len(places)
    if places and (content.operator != Operator.ALL or not missing):
        return Check(holds=True, places=places)
    near_miss = next(_near_misses(content, findings, places), None)
    is_quoted = near_miss is not None and near_miss.difference == "quoted"
    if content.operator == Operator.ALL:
        settled = {place.keyword for place in places}
        quoted = findings.quoted(content, layer).keys() - settled
        is_quoted = 0 < len(quoted) == missing
    return Check(
        holds=False,
        places=places,
        silence=Silence.QUOTED if is_quoted else Silence.CONTENT,
        near_miss=near_miss,
    )


def _near_misses(
    content: Content, findings: Findings, places: tuple[Place, ...]
) -> Iterator[NearMiss]:
    settled = {place.keyword for place in places}
    layer = layer_of(content)
    found = findings.found(layer)
    for keyword, span in findings.own(content, layer).items():
        if keyword not in settled:
            yield found.near_miss(keyword, span, _ELSEWHERE[content.operator])
    for keyword, span in findings.quoted(content, layer).items():
        if keyword not in settled:
            yield found.near_miss(keyword, span, "quoted")
    for difference, looser in loosened(layer):
        found = findings.found(looser)
        for keyword, span in findings.own(content, looser).items():
            if difference == "whole_word":
                span = found.widened(span)
            if keyword not in settled and found.stands(span, content.operator):
                yield found.near_miss(keyword, span, difference)


def matches(
    body: str,
    keyword: str,
    *,
    mode: str = "word",
    match_case: bool = True,
    match_accents: bool = True,
) -> bool:
    """Say whether one keyword matches one body, as production would."""
    if mode not in MODES:
        raise ValueError(f"Unknown mode {mode!r}. Choose one of {', '.join(MODES)}.")
    operator, whole_words = MODES[mode]
    content = Content(
        keywords=(keyword,),
        operator=operator,
        match_case=match_case,
        match_accents=match_accents,
        whole_words=whole_words,
    )
    return check(content, Index([(0, content)]).search(text.read(body))).holds
