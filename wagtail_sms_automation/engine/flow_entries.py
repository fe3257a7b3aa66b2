"""Anyone who texts, once for each part of a large graph, so that the parts fall apart.

One card that leads to fifty flows would tie them all together; as fifty cards each of
them is drawn with its own flow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .flow_graph import ANYONE, Arrow, FlowGraph, Node


#: With this many arrows or fewer, one card is easier to read than several.
_FEW = 7


def apart(graph: FlowGraph) -> FlowGraph:
    """Return a graph with an entry for each part; its arrows keep their order.

    Automations that nothing else is joined to share the first entry.
    """
    entry = next((node for node in graph.nodes if node.id == ANYONE), None)
    targets = [arrow.target for arrow in graph.arrows if arrow.source == ANYONE]
    if entry is None or len(targets) <= _FEW:
        return graph
    heads = _heads(graph)
    entries = dict(_entries(graph.nodes, targets, heads))
    arrows = tuple(_moved(arrow, entries, heads) for arrow in graph.arrows)
    copies = [replace(entry, id=id) for id in dict.fromkeys(entries.values())]
    at = graph.nodes.index(entry)
    nodes = (*graph.nodes[:at], *copies, *graph.nodes[at + 1 :])
    return FlowGraph(nodes=nodes, arrows=arrows)


def _heads(graph: FlowGraph) -> dict[str, str]:
    """Return one node of its part for each node; the entry joins no parts."""
    heads = {node.id: node.id for node in graph.nodes}

    def head(id: str) -> str:
        while heads[id] != id:
            heads[id] = heads[heads[id]]
            id = heads[id]
        return id

    for arrow in graph.arrows:
        if arrow.source != ANYONE:
            heads[head(arrow.target)] = head(arrow.source)
    return {id: head(id) for id in heads}


def _entries(
    nodes: Sequence[Node], targets: Sequence[str], heads: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the head of each part that is entered, and the id of its entry."""
    sizes: dict[str, int] = {}
    for node in nodes:
        sizes[heads[node.id]] = sizes.get(heads[node.id], 0) + 1
    for number, part in enumerate(dict.fromkeys(heads[one] for one in targets)):
        yield part, ANYONE if sizes[part] == 1 else f"{ANYONE}-{number}"


def _moved(arrow: Arrow, entries: dict[str, str], heads: dict[str, str]) -> Arrow:
    if arrow.source != ANYONE:
        return arrow
    return replace(arrow, source=entries[heads[arrow.target]])
