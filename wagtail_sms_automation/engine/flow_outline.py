"""A flow graph in words: each message once, under the one that leads to it first."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from .flow_graph import Arrow, FlowGraph, Node, NodeKind


#: Deeper lists are hard to follow; what would stand deeper begins a list of its own.
MOST_LEVELS = 6


@dataclass(slots=True, kw_only=True)
class Entry:
    """One message of the outline, and where it leads."""

    node: Node
    level: int = 1
    ways: list["Way"] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Way:
    """An arrow as the outline tells it."""

    arrow: Arrow
    target: Node
    #: The target's own entry, where it stands here; None: it stands elsewhere.
    entry: Entry | None = None


def outline(graph: FlowGraph, most_levels: int = MOST_LEVELS) -> list[Entry]:
    """Return the outermost entries: roots first, then what no root leads to.

    Each node has one entry, as near to a root as can be; every other arrow to it only
    names it, so that cycles end.
    """
    nodes = {node.id: node for node in graph.nodes}
    arrows: dict[str, list[Arrow]] = {}
    for arrow in graph.arrows:
        arrows.setdefault(arrow.source, []).append(arrow)
    entries: dict[str, Entry] = {}
    outermost: list[Entry] = []
    # Texts that start a flow stand first, however the nodes are ordered.
    roots = [node for node in graph.nodes if node.kind != NodeKind.AUTOMATION]
    _grow(roots, nodes, arrows, entries, outermost, most_levels)
    entered = {arrow.target for arrow in graph.arrows if arrow.source != arrow.target}
    starts = [node for node in graph.nodes if node.id not in entered]
    _grow(starts, nodes, arrows, entries, outermost, most_levels)
    # What is left is cut off by its depth, or turns in a circle nobody enters.
    for node in graph.nodes:
        _grow([node], nodes, arrows, entries, outermost, most_levels)
    return outermost


def _grow(
    starts: Iterable[Node],
    nodes: dict[str, Node],
    arrows: dict[str, list[Arrow]],
    entries: dict[str, Entry],
    outermost: list[Entry],
    most_levels: int,
) -> None:
    """Add the starts that have no entry yet, and whatever they lead to."""
    queue: deque[Entry] = deque()
    for node in starts:
        if node.id not in entries:
            entries[node.id] = Entry(node=node)
            outermost.append(entries[node.id])
            queue.append(entries[node.id])
    while queue:
        entry = queue.popleft()
        for arrow in arrows.get(entry.node.id, ()):
            way = Way(arrow=arrow, target=nodes[arrow.target])
            entry.ways.append(way)
            if arrow.target not in entries and entry.level < most_levels:
                way.entry = Entry(node=way.target, level=entry.level + 1)
                entries[arrow.target] = way.entry
                queue.append(way.entry)
