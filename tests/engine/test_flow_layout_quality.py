"""Our drawings beside those of graphlay: the same boxes, gaps and yardstick."""

from itertools import combinations, pairwise
from math import dist

import pytest

from wagtail_sms_automation.engine.flow_layout import lay_out

from .random_flows import random_flow


FLOWS = 60
#: How much more than graphlay's we may have.
ALLOWED = 1.1


def our_lines(boxes, links):
    drawing = lay_out(boxes, links)
    return [arrow.joints for arrow in drawing.arrows]


def their_lines(boxes, links):
    graphlay = pytest.importorskip("graphlay")
    graph = graphlay.Graph()
    for box in boxes:
        graph.node(box.id, width=box.width, height=box.height)
    for link in links:
        size = {"width": link.label_width, "height": link.label_height}
        graph.edge(link.source, link.target, label_size=size)
    # Our boxes stand 36 apart, and 70 below each other when a label is between.
    spacing = {"layer_gap": 70, "node_gap": 36}
    options = {"direction": "topbottom", "spacing": spacing}
    drawing = graphlay.layout(graph, options=options)
    return [
        [(point["x"], point["y"]) for point in edge["points"]] for edge in drawing.edges
    ]


def crossings(lines):
    pieces = [list(pairwise(line)) for line in lines]
    return sum(
        cross(one, other)
        for ours, theirs in combinations(pieces, 2)
        for one in ours
        for other in theirs
    )


def cross(one, other):
    """True if two pieces of lines cross, and do not only touch."""
    (a, b), (c, d) = one, other
    return (
        side(a, b, c) * side(a, b, d) < 0  # c and d on the two sides of a-b
        and side(c, d, a) * side(c, d, b) < 0
    )


def side(a, b, point):
    area = (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
    return (area > 1e-6) - (area < -1e-6)


def length(lines):
    return sum(dist(*piece) for line in lines for piece in pairwise(line))


def test_crossings_and_lengths_are_near_those_of_graphlay():
    ours, theirs = [0, 0.0], [0, 0.0]
    for seed in range(FLOWS):
        boxes, links = random_flow(seed)
        # A loop is drawn by every engine in a way of its own.
        links = [link for link in links if link.source != link.target]
        for sums, draw in ((ours, our_lines), (theirs, their_lines)):
            lines = draw(boxes, links)
            sums[0] += crossings(lines)
            sums[1] += length(lines)
    assert ours[0] <= ALLOWED * theirs[0], (ours, theirs)
    assert ours[1] <= ALLOWED * theirs[1], (ours, theirs)
