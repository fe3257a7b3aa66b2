"""Anyone who texts, once for each part of a large graph."""

from wagtail_sms_automation.engine.flow_entries import apart
from wagtail_sms_automation.engine.flow_graph import (
    ANYONE,
    Arrow,
    ArrowKind,
    FlowGraph,
    Node,
    NodeKind,
)


def graph(*pairs, lone=()):
    """A graph of arrows between the ids of nodes; "anyone" leads to the lone ones."""
    pairs = [*pairs, *((ANYONE, one) for one in lone)]
    ids = dict.fromkeys(id for pair in pairs for id in pair)
    return FlowGraph(
        nodes=tuple(
            Node(id=id, kind=NodeKind.ANYONE if id == ANYONE else NodeKind.AUTOMATION)
            for id in ids
        ),
        arrows=tuple(
            Arrow(source=source, target=target, kind=ArrowKind.KEYWORD)
            for source, target in pairs
        ),
    )


def flows(count):
    return [
        pair
        for number in range(count)
        for pair in ((ANYONE, f"{number}a"), (f"{number}a", f"{number}b"))
    ]


def entries(graph):
    return [node.id for node in graph.nodes if node.kind is NodeKind.ANYONE]


def test_a_small_graph_keeps_its_one_entry():
    small = graph(*flows(7))
    assert apart(small) is small
    assert apart(graph(("a", "b"))) == graph(("a", "b"))


def test_each_of_many_flows_gets_an_entry_of_its_own():
    drawn = apart(graph(*flows(8)))
    assert len(entries(drawn)) == 8
    sources = [arrow.source for arrow in drawn.arrows[::2]]
    assert sources == entries(drawn)
    assert [arrow.target for arrow in drawn.arrows] == [
        target for _, target in flows(8)
    ]


def test_lone_automations_share_one():
    drawn = apart(graph(*flows(2), lone="uvwxyz"))
    assert len(entries(drawn)) == 3
    shared = {arrow.source for arrow in drawn.arrows if arrow.target in "uvwxyz"}
    assert shared == {ANYONE}


def test_a_part_that_is_entered_in_many_places_keeps_one_entry():
    pairs = [(ANYONE, f"{number}a") for number in range(9)]
    pairs += [(f"{number}a", "end") for number in range(9)]
    assert len(entries(apart(graph(*pairs)))) == 1
