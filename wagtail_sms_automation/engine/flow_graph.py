"""A flow as a graph: its messages, and the keywords that lead from one to the next."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from . import invitations
from .listeners import Listeners, keyword_contents
from .rules import Automation, Follows, Reply


ANYONE = "anyone"


class NodeKind(StrEnum):
    """What a node of the graph is."""

    AUTOMATION = "automation"
    #: A text that customers get or read without having written: a broadcast, a poster.
    ANNOUNCEMENT = "announcement"
    #: Any customer who texts of their own accord.
    ANYONE = "anyone"


class ArrowKind(StrEnum):
    """Why one node leads to another."""

    #: The first one's text asks for keywords that the second one listens to.
    KEYWORD = "keyword"
    #: The second one has a follows condition that names the first.
    FOLLOWS = "follows"
    #: The second one answers just any text.
    ANY_TEXT = "any_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A text that starts a flow; id is the caller's, such as "flow-3"."""

    id: str
    name: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One message of the flow."""

    #: Unique in the graph: "automation-12", an announcement's own id, or "anyone".
    id: str
    kind: NodeKind
    name: str = ""
    #: The texts the customer gets, in order.
    bodies: tuple[str, ...] = ()
    automation: int | None = None
    is_paused: bool = False
    #: False for an automation that nothing in the graph leads to.
    is_reachable: bool = True
    #: Words its texts ask for that no automation of the graph listens to.
    dead_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A way from one node to another; a node may lead to itself."""

    source: str
    target: str
    kind: ArrowKind
    #: As the text asks for them, in its order; none on other kinds of arrows.
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowGraph:
    """The nodes in the editor's order, roots first, and the arrows between them."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]


def build(
    automations: Sequence[Automation],
    *,
    paused: frozenset[int] = frozenset(),
    announcements: Sequence[Announcement] = (),
) -> FlowGraph:
    """Draw automations, in the editor's order, and the texts that tell of them.

    Where no announcement leads in, customers know the first words by other means:
    they are anyone's.
    """
    return draw(Listeners(automations), paused=paused, announcements=announcements)


def draw(
    listeners: Listeners,
    *,
    paused: frozenset[int] = frozenset(),
    announcements: Sequence[Announcement] = (),
) -> FlowGraph:
    """Draw automations that are compiled already."""
    automations = listeners.automations
    nodes = [_announcement_node(each, listeners) for each in announcements]
    nodes += [_automation_node(each, listeners, paused) for each in automations]
    arrows = [*_keyword_arrows(nodes, listeners), *_follows_arrows(automations)]
    invited = {
        (arrow.source, arrow.target)
        for arrow in arrows
        if arrow.kind is ArrowKind.KEYWORD
    }
    arrows = [
        arrow
        for arrow in arrows
        if arrow.kind is ArrowKind.KEYWORD
        or (arrow.source, arrow.target) not in invited
    ]
    anyone = list(_arrows_of_anyone(automations, announcements, arrows, listeners))
    arrows = anyone + arrows
    reached = reachable(
        arrows, [ANYONE, *(announcement.id for announcement in announcements)]
    )
    if anyone:
        nodes.insert(len(announcements), Node(id=ANYONE, kind=NodeKind.ANYONE))
    return FlowGraph(
        nodes=tuple(
            node if node.id in reached else _unreachable(node) for node in nodes
        ),
        arrows=tuple(arrows),
    )


def node_id(automation: int) -> str:
    """Return the id of an automation's node."""
    return f"automation-{automation}"


def reachable(arrows: Iterable[Arrow], sources: Iterable[str]) -> set[str]:
    """Return the ids of the nodes that arrows lead to from some, those included."""
    targets: defaultdict[str, list[str]] = defaultdict(list)
    for arrow in arrows:
        targets[arrow.source].append(arrow.target)
    reached, waiting = set[str](), list(sources)
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting += targets[node]
    return reached


def bodies_of(automation: Automation) -> tuple[str, ...]:
    """The texts that an automation answers, in order."""
    return tuple(one.body for one in automation.actions if isinstance(one, Reply))


def followed_by(automation: Automation) -> frozenset[int] | None:
    """The automations of which one must have answered last; None for no matter."""
    follows = [one for one in automation.conditions if isinstance(one, Follows)]
    if not follows:
        return None
    return frozenset.intersection(*(one.automations for one in follows))


def dead_words(
    body: str, listeners: Listeners, automation: int | None = None
) -> tuple[str, ...]:
    """The words that a text asks for and that no automation listens to.

    The automation is the one that sends the text, if any: whoever follows it with any
    text listens to all of its words.
    """
    words = dict.fromkeys(word.word for word in invitations.read(body).words)
    if not words or _is_followed(listeners, automation):
        return ()
    return tuple(word for word in words if not _is_heard(word, listeners))


def _is_heard(word: str, listeners: Listeners) -> bool:
    # Two words in capitals may be a word and a name: "Reply ORDER LEA".
    return any(
        listeners.heard(each) or listeners.named(each)
        for each in dict.fromkeys((word, *word.split()))
    )


def _is_followed(listeners: Listeners, automation: int | None) -> bool:
    return any(automation in (followed_by(each) or ()) for each in listeners.any_text)


def _announcement_node(announcement: Announcement, listeners: Listeners) -> Node:
    return Node(
        id=announcement.id,
        kind=NodeKind.ANNOUNCEMENT,
        name=announcement.name,
        bodies=(announcement.body,),
        dead_words=dead_words(announcement.body, listeners),
    )


def _automation_node(
    automation: Automation, listeners: Listeners, paused: frozenset[int]
) -> Node:
    bodies = bodies_of(automation)
    words = (
        word for body in bodies for word in dead_words(body, listeners, automation.id)
    )
    return Node(
        id=node_id(automation.id),
        kind=NodeKind.AUTOMATION,
        name=automation.name,
        bodies=bodies,
        automation=automation.id,
        is_paused=automation.id in paused,
        dead_words=tuple(dict.fromkeys(words)),
    )


def _keyword_arrows(nodes: Iterable[Node], listeners: Listeners) -> Iterator[Arrow]:
    follows = {each.id: followed_by(each) for each in listeners.automations}
    for node in nodes:
        targets: dict[int, dict[str, None]] = {}
        for body in node.bodies:
            for target, keyword in _asked(body, node.automation, listeners):
                wanted = follows[target]
                if wanted is None or node.automation in wanted:
                    targets.setdefault(target, {})[keyword] = None
        for target, keywords in targets.items():
            yield Arrow(
                source=node.id,
                target=node_id(target),
                kind=ArrowKind.KEYWORD,
                keywords=tuple(keywords),
            )


def _asked(
    body: str, automation: int | None, listeners: Listeners
) -> list[tuple[int, str]]:
    """Who is asked for by which word of a text, in the text's order.

    What a verb asks for counts; where no verb does, capitals do. A mere mention, or an
    echo of the automation's own keyword, does not.
    """
    named = sorted(listeners.named(body), key=lambda one: one.place.start)
    if not named:
        return []
    invited = invitations.read(body)
    asked = [one for one in named if invited.ask_for(one.place.start, one.place.end)]
    if not asked:
        asked = [
            one
            for one in named
            if one.automation != automation
            and invited.show(one.place.start, one.place.end)
            and not invitations.is_stop(body[one.place.start : one.place.end])
        ]
    return [(one.automation, body[one.place.start : one.place.end]) for one in asked]


def _follows_arrows(automations: Sequence[Automation]) -> Iterator[Arrow]:
    known = {automation.id for automation in automations}
    for automation in automations:
        for followed in sorted((followed_by(automation) or frozenset()) & known):
            yield Arrow(
                source=node_id(followed),
                target=node_id(automation.id),
                kind=ArrowKind.FOLLOWS,
            )


def _arrows_of_anyone(
    automations: Sequence[Automation],
    announcements: Sequence[Announcement],
    arrows: Sequence[Arrow],
    listeners: Listeners,
) -> Iterator[Arrow]:
    started = {each.id for each in listeners.any_text if followed_by(each) is None}
    roots = {announcement.id for announcement in announcements}
    led = {arrow.target for arrow in arrows if arrow.source != arrow.target}
    if not any(arrow.source in roots for arrow in arrows):
        started |= {
            each.id
            for each in automations
            if followed_by(each) is None and node_id(each.id) not in led
        }
        started |= set(_starts_of_cycles(automations, arrows, started))
    for automation in automations:
        if automation.id in started:
            yield _arrow_of_anyone(automation)


def _starts_of_cycles(
    automations: Sequence[Automation], arrows: Sequence[Arrow], started: set[int]
) -> Iterator[int]:
    """Yield the first automation of each part that only goes round in itself."""
    reached = reachable(arrows, map(node_id, started))
    starts: list[Automation] = []
    for automation in automations:
        node = node_id(automation.id)
        if followed_by(automation) is None and node not in reached:
            starts.append(automation)
            reached |= reachable(arrows, [node])
    for position, automation in enumerate(starts):
        later = (node_id(other.id) for other in starts[position + 1 :])
        if node_id(automation.id) not in reachable(arrows, later):
            yield automation.id


def _arrow_of_anyone(automation: Automation) -> Arrow:
    keywords = dict.fromkeys(
        keyword
        for content in keyword_contents(automation)
        for keyword in content.keywords
    )
    kind = ArrowKind.KEYWORD if keywords else ArrowKind.ANY_TEXT
    return Arrow(
        source=ANYONE,
        target=node_id(automation.id),
        kind=kind,
        keywords=tuple(keywords),
    )


def _unreachable(node: Node) -> Node:
    return replace(node, is_reachable=False)
