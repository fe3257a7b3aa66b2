"""How good a drawing is, ours or graphlay's: crossings, and the length of arrows."""

from itertools import combinations, pairwise
from math import dist

import pytest

from wagtail_sms_automation.engine.flow_layout import lay_out

from .curves import along


def our_arrows(boxes, links):
    """Return how each arrow is drawn: its joints, and its curves in short pieces."""
    arrows = lay_out(boxes, links).arrows
    return [(arrow.joints, [*along(arrow)]) for arrow in arrows]


def drawn_by_graphlay(boxes, links, style="orthogonal"):
    """Lay out the same boxes in a style of graphlay's."""
    graphlay = pytest.importorskip("graphlay")
    graph = graphlay.Graph()
    for box in boxes:
        graph.node(box.id, width=box.width, height=box.height)
    for link in links:
        size = {"width": link.label_width, "height": link.label_height}
        graph.edge(link.source, link.target, label_size=size)
    # Our boxes stand 36 apart, and labels 22 below and above them.
    layer_gap = 44 + max((link.label_height for link in links), default=0)
    options = {
        "direction": "topbottom",
        "spacing": {"layer_gap": layer_gap, "node_gap": 36},
        "routing": {"style": style},
    }
    return graphlay.layout(graph, options=options)


def their_arrows(boxes, links, style):
    """The arrows of graphlay, whose lines have no curves."""
    lines = [
        [(point["x"], point["y"]) for point in edge["points"]]
        for edge in drawn_by_graphlay(boxes, links, style).edges
    ]
    return [(line, line) for line in lines]


def their_width(boxes, links):
    """How wide the cards of graphlay's drawing stand."""
    nodes = drawn_by_graphlay(boxes, links).nodes
    ends = [
        (node["center"]["x"] + side * node["size"]["width"] / 2)
        for node in nodes
        for side in (-1, 1)
    ]
    return max(ends) - min(ends)


def crossings(arrows):
    """How often two arrows cross.

    Our curves between two levels leave and arrive upright, so that they cross where
    the straight lines between their ends do.
    """
    pieces = [list(pairwise(joints)) for joints, _ in arrows]
    return sum(
        cross(one, other)
        for ours, theirs in combinations(pieces, 2)
        for one in ours
        for other in theirs
    )


def cross(one, other):
    """True if two pieces of lines cross, and do not only touch."""
    (a, b), (c, d) = one, other
    if max(a[1], b[1]) < min(c[1], d[1]) or max(c[1], d[1]) < min(a[1], b[1]):
        return False
    return (
        side(a, b, c) * side(a, b, d) < 0  # c and d on the two sides of a-b
        and side(c, d, a) * side(c, d, b) < 0
    )


def side(a, b, point):
    """On which side of the line a-b a point is: 1, -1, or 0 on it."""
    area = (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
    return (area > 1e-6) - (area < -1e-6)


def length(arrows):
    """How long all arrows are as they are drawn, along their curves."""
    return sum(dist(*piece) for _, drawn in arrows for piece in pairwise(drawn))
