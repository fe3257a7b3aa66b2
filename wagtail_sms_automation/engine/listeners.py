"""Which automations a text speaks to, whatever else they ask for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from . import text
from .content import Content, Operator
from .matching import Findings, Index, check, layer_of
from .outcome import Place
from .rules import Automation


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A keyword of an automation that stands somewhere in a text."""

    automation: int
    place: Place


def contents_of(automation: Automation) -> tuple[Content, ...]:
    """The content conditions of an automation."""
    return tuple(one for one in automation.conditions if isinstance(one, Content))


def keyword_contents(automation: Automation) -> tuple[Content, ...]:
    """The content conditions that ask for a keyword, rather than bar it."""
    contents = contents_of(automation)
    return tuple(one for one in contents if one.operator != Operator.NONE)


class Listeners:
    """The keywords of many automations, compiled once; remembers what it was asked."""

    def __init__(self, automations: Iterable[Automation]) -> None:
        self.automations = tuple(automations)
        self._index = Index(
            (automation.id, content)
            for automation in self.automations
            for content in contents_of(automation)
        )
        self._positions: defaultdict[Content, list[int]] = defaultdict(list)
        for position, automation in enumerate(self.automations):
            for content in dict.fromkeys(keyword_contents(automation)):
                self._positions[content].append(position)
        self._heard: dict[str, Mapping[int, tuple[Place, ...]]] = {}
        #: Those without a keyword of their own: any text will do, or almost any.
        self.any_text = tuple(
            automation
            for automation in self.automations
            if not keyword_contents(automation)
        )

    def heard(self, body: str) -> Mapping[int, tuple[Place, ...]]:
        """Who listens to a message: the id to the keywords found, in order."""
        if body not in self._heard:
            findings = self._index.search(text.read(body))
            heard: dict[int, tuple[Place, ...]] = {}
            for position in self._concerned(findings):
                automation = self.automations[position]
                if places := _places(automation, findings):
                    heard[automation.id] = places
            self._heard[body] = heard
        return self._heard[body]

    def named(self, body: str) -> list[Named]:
        """Whose keywords stand in a text, wherever their conditions want them."""
        findings = self._index.search(text.read(body))
        named = []
        for position in self._concerned(findings):
            automation = self.automations[position]
            for content in keyword_contents(automation):
                layer = layer_of(content)
                found = findings.found(layer)
                named += [
                    Named(automation=automation.id, place=found.place(keyword, span))
                    for keyword, span in findings.own(content, layer).items()
                ]
        return named

    def _concerned(self, findings: Findings) -> Sequence[int]:
        contents = {
            asker
            for layer in self._index.layers
            for key in findings.found(layer).own
            for asker in self._index.askers(layer, key)
        }
        return sorted(
            {
                position
                for content in contents
                for position in self._positions.get(content, ())
            }
        )


def _places(automation: Automation, findings: Findings) -> tuple[Place, ...]:
    places: list[Place] = []
    for content in contents_of(automation):
        result = check(content, findings)
        if not result.holds:
            return ()
        places += result.places
    return tuple(places)
