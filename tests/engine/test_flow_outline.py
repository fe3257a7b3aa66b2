"""A flow in words: each message once, whatever the arrows do."""

import pytest

from wagtail_sms_automation.engine.flow_graph import (
    Arrow,
    ArrowKind,
    FlowGraph,
    Node,
    NodeKind,
)
from wagtail_sms_automation.engine.flow_outline import outline


def graph(arrows, nodes="", starts=""):
    """Return a graph of nodes with one letter each; arrows such as "AB BC"."""
    kinds = dict.fromkeys(starts, NodeKind.ANNOUNCEMENT)
    ids = dict.fromkeys([*nodes, *"".join(arrows.split())])
    return FlowGraph(
        nodes=tuple(
            Node(id=id, name=id, kind=kinds.get(id, NodeKind.AUTOMATION)) for id in ids
        ),
        arrows=tuple(
            Arrow(source=pair[0], target=pair[1], kind=ArrowKind.KEYWORD)
            for pair in arrows.split()
        ),
    )


def told(entries):
    """Return the outline as text: a node, in brackets where it leads; ^ refers."""
    return " ".join(
        entry.node.id
        + (f"({' '.join(_way(way) for way in entry.ways)})" if entry.ways else "")
        for entry in entries
    )


def _way(way):
    return told([way.entry]) if way.entry else f"^{way.target.id}"


@pytest.mark.parametrize(
    ("arrows", "starts", "expected"),
    [
        ("", "", ""),
        ("PA AB AC BD CD", "P", "P(A(B(D) C(^D)))"),
        ("AA", "", "A(^A)"),
        ("AB BA", "", "A(B(^A))"),
        ("PA AB BA", "P", "P(A(B(^A)))"),
        ("PA QA", "PQ", "P(A) Q(^A)"),
        ("AB PB", "P", "P(B) A(^B)"),
        ("AB CD", "", "A(B) C(D)"),
        ("PA AB BC PC", "P", "P(A(B(^C)) C)"),
    ],
)
def test_each_message_stands_once(arrows, starts, expected):
    assert told(outline(graph(arrows, nodes=starts, starts=starts))) == expected


def test_two_arrows_to_the_same_target_are_both_told():
    assert told(outline(graph("PA PA", starts="P"))) == "P(A ^A)"


def test_what_stands_too_deep_begins_anew():
    told_shallow = told(outline(graph("AB BC CD DE"), most_levels=2))
    assert told_shallow == "A(B(^C)) C(D(^E)) E"


def test_a_very_long_chain_is_told_in_short_lists():
    ids = [f"n{n}" for n in range(500)]
    chain = FlowGraph(
        nodes=tuple(Node(id=id, kind=NodeKind.AUTOMATION) for id in ids),
        arrows=tuple(
            Arrow(source=one, target=other, kind=ArrowKind.KEYWORD)
            for one, other in zip(ids, ids[1:], strict=False)
        ),
    )
    entries = outline(chain)
    seen = []

    def walk(entry, level):
        assert entry.level == level <= 6
        seen.append(entry.node.id)
        for way in entry.ways:
            if way.entry:
                walk(way.entry, level + 1)

    for entry in entries:
        walk(entry, 1)
    assert sorted(seen) == sorted(ids)
