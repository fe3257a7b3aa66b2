"""The picture of a flow: a card for each message, its keywords on the arrows.

engine/flow_layout says where everything stands, a template draws it. The picture takes
no JavaScript; its colours are classes, so that dark mode and print follow.
"""

from django.template.loader import render_to_string

from ..engine import flow_layout
from ..engine.flow_entries import apart
from .flow_cards import card_of, labels_of


TEMPLATES = "wagtail_sms_automation/admin/flows"

_MARGIN = 24
_HEAD_LENGTH, _HEAD_WIDTH = 9, 4.5


def diagram(graph, *, name="", links=None, counts=None):
    """Return the diagram of a graph as inline SVG in a figure.

    name tells one from others on the same page, which begin as wide as their views;
    links are URLs by the ids of the nodes, counts say how often customers took an
    arrow, by its (source, target).
    """
    context = {"name": name, **_picture(graph, links or {}, counts or {})}
    return render_to_string(f"{TEMPLATES}/diagram.html", context)


def svg_file(graph):
    """Return the diagram as an SVG document of its own, in light colours."""
    context = _picture(graph, {}, {})
    return render_to_string(f"{TEMPLATES}/diagram_file.svg", context)


def _picture(graph, links, counts):
    labels = labels_of(graph.arrows, counts)
    graph = apart(graph)
    cards = [card_of(node, links.get(node.id, "")) for node in graph.nodes]
    drawing = flow_layout.lay_out(
        [
            flow_layout.Box(id=card.id, width=card.width, height=card.height)
            for card in cards
        ],
        [
            flow_layout.Link(
                source=arrow.source,
                target=arrow.target,
                label_width=label.width,
                label_height=label.height,
            )
            for arrow, label in zip(graph.arrows, labels, strict=True)
        ],
    )
    for card in cards:
        place = drawing.boxes[card.id]
        card.x, card.y = _round(place.x + _MARGIN), _round(place.y + _MARGIN)
        card.outline = _OUTLINES[card.shape](card.width, card.height)
    return {
        "width": _round(drawing.width + 2 * _MARGIN),
        "height": _round(drawing.height + 2 * _MARGIN),
        "cards": cards,
        "arrows": [
            _drawn(arrow, route.moved(_MARGIN, _MARGIN), label)
            for arrow, route, label in zip(
                graph.arrows, drawing.arrows, labels, strict=True
            )
        ],
    }


def _drawn(arrow, route, label):
    end, before = route.points[-1], route.points[-2]
    return {
        "classes": f"sms-flow__arrow--{arrow.kind.value}",
        "path": _path(route.points),
        "head": _head(before, end),
        "label": label if label.lines else None,
        "place": route.label
        and {
            "x": _round(route.label.x),
            "y": _round(route.label.y),
            "middle": _round(route.label.x + route.label.width / 2),
        },
    }


def _path(points):
    (x, y), *rest = points
    parts = [f"M{_round(x)} {_round(y)}"]
    for one, two, end in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        if one[0] == two[0] == end[0] == x:
            parts.append(f"V{_round(end[1])}")
        else:
            numbers = " ".join(str(_round(number)) for number in (*one, *two, *end))
            parts.append(f"C{numbers}")
        x = end[0]
    return "".join(parts)


def _head(before, end):
    """The triangle at the end of an arrow that arrives upright, or level for a loop."""
    x, y = map(_round, end)
    if abs(end[1] - before[1]) < 0.01:
        side = 1 if before[0] > end[0] else -1
        back = x + side * _HEAD_LENGTH
        return f"M{x} {y}L{back} {y - _HEAD_WIDTH}V{y + _HEAD_WIDTH}Z"
    side = 1 if before[1] > end[1] else -1
    back = _round(y + side * _HEAD_LENGTH)
    return f"M{x} {y}L{_round(x - _HEAD_WIDTH)} {back}H{_round(x + _HEAD_WIDTH)}Z"


def _rounded(width, height, radius=8):
    radius = min(radius, height / 2)
    across, down = _round(width - 2 * radius), _round(height - 2 * radius)
    r = _round(radius)
    return (
        f"M{r} 0h{across}a{r} {r} 0 0 1 {r} {r}v{down}a{r} {r} 0 0 1 -{r} {r}"
        f"h-{across}a{r} {r} 0 0 1 -{r} -{r}v-{down}a{r} {r} 0 0 1 {r} -{r}Z"
    )


def _cut_corners(width, height, cut=12):
    across, down = width - 2 * cut, _round(height - 2 * cut)
    return (
        f"M{cut} 0h{across}l{cut} {cut}v{down}l-{cut} {cut}h-{across}"
        f"l-{cut} -{cut}v-{down}Z"
    )


def _round(number):
    """Tenths of a pixel are enough, and whole numbers need no point."""
    rounded = round(number, 1)
    return int(rounded) if rounded == int(rounded) else rounded


_OUTLINES = {
    "automation": _rounded,
    "announcement": _cut_corners,
    "anyone": lambda width, height: _rounded(width, height, radius=30),
}
