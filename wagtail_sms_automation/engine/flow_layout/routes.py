"""How the arrows of one connected part run, and how high its levels are.

Between two levels an arrow is a curve that leaves and arrives upright; through a level
it runs straight down. So it never touches a box, and two arrows cross only where
their ends change sides.
"""

from collections.abc import Collection, Sequence

from .bands import in_bands
from .chains import Chain
from .drawing import Arrow, Box, Drawing, Link, Place, Point
from .levels import LOOP_GAP, LOOP_WIDTH, Levels, levels_of, loop_height
from .tightening import tighten


_LEVEL_GAP = 22.0
#: Long ways across get more height, up to a limit, or they would lie nearly flat.
_SLOPE = 1 / 48
_MOST_GAP = 44.0
#: Arrows do not leave or enter at the very corner of a box, nor all in one point.
_CORNER = 28.0
_PORT_GAP = 14.0
#: The last piece of an arrow is straight, for its head.
_HEAD = 10.0


def draw(boxes: Sequence[Box], links: Sequence[Link]) -> Drawing:
    """Lay out one connected part: at least one box."""
    levels = levels_of(boxes, links)
    graph = (levels.layers, levels.above, levels.below, levels.extents)
    axes = tighten(in_bands(*graph), *graph)
    first = min(axis - levels.extents[node].left for node, axis in enumerate(axes))
    axes = [axis - first for axis in axes]
    ports = _ports(boxes, levels, axes)
    tops = _tops(levels, axes, ports)
    places = [
        Place(
            x=axes[number] - box.width / 2,
            y=tops[number],
            width=box.width,
            height=box.height,
        )
        for number, box in enumerate(boxes)
    ]
    arrows: dict[int, Arrow] = {}
    bottoms = _bottoms(levels, tops)
    straight = {_head_end(chain) for chain in levels.chains.values()}
    for index, chain in levels.chains.items():
        route = _Route(tops=tops, bottoms=bottoms, places=places, straight=straight)
        x = [ports.get((index, node), axes[node]) for node in chain.nodes]
        label = _label(chain, links[index], axes, tops, bottoms)
        arrows[index] = Arrow(points=route.along(chain, x), label=label)
    for number, indexes in levels.loops.items():
        arrows |= _loops(places[number], links, indexes)
    return Drawing(
        width=max(
            axis + extent.right
            for axis, extent in zip(axes, levels.extents, strict=True)
        ),
        height=max(map(sum, zip(tops, levels.heights, strict=True))),
        boxes={box.id: place for box, place in zip(boxes, places, strict=True)},
        arrows=tuple(arrows[index] for index in range(len(links))),
    )


def _ports(
    boxes: Sequence[Box], levels: Levels, axes: list[float]
) -> dict[tuple[int, int], float]:
    """Where on a box each arrow begins or ends, by its link and the box."""
    sides: dict[tuple[int, bool], dict[int, list[int]]] = {}
    for index, chain in levels.chains.items():
        first, second, *_ = chain.nodes
        *_, last_bend, last = chain.nodes
        for side, bend in (((first, False), second), ((last, True), last_bend)):
            # Arrows that begin or end together share one place.
            sides.setdefault(side, {}).setdefault(bend, []).append(index)
    ports: dict[tuple[int, int], float] = {}
    for (node, _), arrows in sides.items():
        bends = sorted(arrows, key=axes.__getitem__)
        room = max(boxes[node].width / 2 - _CORNER, 0)
        wanted = [axes[bend] for bend in bends]
        spread = _spread(wanted, axes[node] - room, axes[node] + room)
        for bend, x in zip(bends, spread, strict=True):
            ports |= {(index, node): x for index in arrows[bend]}
    return ports


def _spread(wanted: list[float], first: float, last: float) -> list[float]:
    """Keep the places between two ends, in their order and apart from each other."""
    apart = min(_PORT_GAP, (last - first) / max(len(wanted) - 1, 1))
    places = [min(max(place, first), last) for place in wanted]
    for number in range(1, len(places)):
        places[number] = max(places[number], places[number - 1] + apart)
    limit = last
    for number in range(len(places) - 1, -1, -1):
        places[number] = min(places[number], limit)
        limit = places[number] - apart
    return places


def _tops(
    levels: Levels, axes: list[float], ports: dict[tuple[int, int], float]
) -> list[float]:
    """The upper edge of each node, which is its level's."""
    count = len(levels.layers)
    level_of = {
        node: level for level, layer in enumerate(levels.layers) for node in layer
    }
    widest = [0.0] * count
    for index, chain in levels.chains.items():
        x = [ports.get((index, node), axes[node]) for node in chain.nodes]
        for node, begin, end in zip(chain.nodes, x, x[1:], strict=False):
            level = level_of[node]
            widest[level] = max(widest[level], abs(end - begin))
    tops = [0.0] * len(axes)
    y = 0.0
    for level, layer in enumerate(levels.layers):
        height = max((levels.heights[node] for node in layer), default=0)
        for node in layer:
            tops[node] = y
        y += height + min(_LEVEL_GAP + widest[level] * _SLOPE, _MOST_GAP)
    return tops


def _bottoms(levels: Levels, tops: list[float]) -> list[float]:
    """The lower edge of each node's level."""
    bottoms = list(tops)
    for layer in levels.layers:
        height = max((levels.heights[node] for node in layer), default=0)
        for node in layer:
            bottoms[node] += height
    return bottoms


def _head_end(chain: Chain) -> tuple[int, bool]:
    """The box that an arrow leads to, and True if it arrives from above."""
    return chain.nodes[0 if chain.is_back else -1], not chain.is_back


class _Route:
    """Draws the curves of one arrow."""

    def __init__(
        self,
        *,
        tops: list[float],
        bottoms: list[float],
        places: list[Place],
        straight: Collection[tuple[int, bool]],
    ) -> None:
        self.tops = tops
        self.bottoms = bottoms
        self.places = places
        #: Where a head is, all arrows are straight as far: or they would cross there.
        self.straight = straight
        self.points: list[Point] = []

    def along(self, chain: Chain, x: list[float]) -> tuple[Point, ...]:
        """Return the curves through the nodes of a chain, from its source."""
        first, last = chain.nodes[0], chain.nodes[-1]
        bottom = self.places[first].y + self.places[first].height
        self.points = [(x[0], bottom)]
        if (first, False) in self.straight:
            self._straight_to(bottom + _HEAD)
        for number in range(1, len(chain.nodes)):
            previous, node = chain.nodes[number - 1 : number + 1]
            self._straight_to(self.bottoms[previous])
            has_head = node == last and (last, True) in self.straight
            self._curve_to((x[number], self.tops[node] - has_head * _HEAD))
        self._straight_to(self.places[last].y)
        return tuple(self.points[::-1] if chain.is_back else self.points)

    def _straight_to(self, y: float) -> None:
        x, start = self.points[-1]
        if y > start:
            self._curve_to((x, y))

    def _curve_to(self, end: Point) -> None:
        start = self.points[-1]
        middle = (start[1] + end[1]) / 2
        is_straight = start[0] == end[0]
        if is_straight and len(self.points) > 1 and self.points[-4][0] == end[0]:
            # One long line says what two say.
            start = self.points[-4]
            middle = (start[1] + end[1]) / 2
            del self.points[-3:]
        self.points += [(start[0], middle), (end[0], middle), end]


def _label(
    chain: Chain,
    link: Link,
    axes: list[float],
    tops: list[float],
    bottoms: list[float],
) -> Place | None:
    if chain.label is None:
        return None
    node = chain.label
    return Place(
        x=axes[node] - link.label_width / 2,
        y=(tops[node] + bottoms[node] - link.label_height) / 2,
        width=link.label_width,
        height=link.label_height,
    )


def _loops(place: Place, links: Sequence[Link], indexes: list[int]) -> dict[int, Arrow]:
    """Arrows from a box to itself, one below the other at its right side."""
    arrows = {}
    side = place.x + place.width
    total = sum(loop_height(links[index]) for index in indexes)
    top = max((place.height - total) / 2, 0)
    # A low box has less room for the ends of its loops than for their labels.
    scale = min(1, place.height / total)
    for index in indexes:
        link = links[index]
        height = loop_height(link)
        # A cubic reaches three quarters of the way to its inner points.
        reach = side + LOOP_WIDTH / 0.75
        middle = place.y + (top + height / 2) * scale
        begin, end = middle - 9 * scale, middle + 9 * scale
        label = Place(
            x=side + LOOP_WIDTH + LOOP_GAP,
            y=place.y + top + (height - link.label_height) / 2,
            width=link.label_width,
            height=link.label_height,
        )
        arrows[index] = Arrow(
            points=((side, begin), (reach, begin), (reach, end), (side, end)),
            label=label if link.label_width else None,
        )
        top += height
    return arrows
