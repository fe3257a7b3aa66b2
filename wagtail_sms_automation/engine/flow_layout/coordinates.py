"""Where the nodes of each layer stand across: Brandes and Koepf's four alignments.

Each alignment hangs nodes below one another in straight blocks as far as they go, and
pushes the blocks together; the place of a node is the mean of the middle two of four.
Blocks are placed along their own graph, longest path first, which never lets two
nodes of a layer come closer than they may.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .crossings import Layers, Neighbours


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much room a node takes on both sides of its axis, and around it."""

    left: float = 0
    right: float = 0
    gap: float = 0
    #: A label or a bend of an arrow: arrows are kept straight before boxes are centred.
    is_bend: bool = False


def across(
    layers: Layers, above: Neighbours, below: Neighbours, extents: Sequence[Extent]
) -> list[float]:
    """Return the axis of each node; the first one begins at 0."""
    places = [0] * len(extents)
    for layer in layers:
        for place, node in enumerate(layer):
            places[node] = place
    crossed = _crossed(layers, above, places, extents)
    drawings = [
        _aligned(layers, neighbours, crossed, extents, downwards, leftwards)
        for downwards, neighbours in ((True, above), (False, below))
        for leftwards in (True, False)
    ]
    _bring_together(drawings, extents)
    axes = [sum(sorted(four)[1:3]) / 2 for four in zip(*drawings, strict=True)]
    first = min(axis - extents[node].left for node, axis in enumerate(axes))
    return [axis - first for axis in axes]


def _crossed(
    layers: Layers, above: Neighbours, places: list[int], extents: Sequence[Extent]
) -> set[tuple[int, int]]:
    """The lines (upper, lower) that cross an inner piece of an arrow: they give way."""
    crossed = set()
    for upper, lower in zip(layers, layers[1:], strict=False):
        bound, scanned = -1, 0
        for position, node in enumerate(lower):
            inner = next(
                (one for one in above[node] if extents[one].is_bend),
                None,
            )
            if not extents[node].is_bend:
                inner = None
            if inner is None and position < len(lower) - 1:
                continue
            limit = places[inner] if inner is not None else len(upper)
            for other in lower[scanned : position + 1]:
                for one in above[other]:
                    is_inner = extents[one].is_bend and extents[other].is_bend
                    if not is_inner and not bound <= places[one] <= limit:
                        crossed.add((one, other))
            bound, scanned = limit, position + 1
    return crossed


def _aligned(
    layers: Layers,
    neighbours: Neighbours,
    crossed: set[tuple[int, int]],
    extents: Sequence[Extent],
    downwards: bool,
    leftwards: bool,
) -> list[float]:
    """One of the four drawings."""
    walk = layers if downwards else layers[::-1]
    if not leftwards:
        walk = [layer[::-1] for layer in walk]
    roots = _blocks(walk, neighbours, crossed, downwards, len(extents))
    axes = _compacted(walk, roots, extents, leftwards)
    return axes if leftwards else [-axis for axis in axes]


def _blocks(
    walk: Layers,
    neighbours: Neighbours,
    crossed: set[tuple[int, int]],
    downwards: bool,
    count: int,
) -> list[int]:
    """Return for each node the first one of its block."""
    roots = list(range(count))
    is_taken = [False] * count
    for fixed, layer in zip(walk, walk[1:], strict=False):
        place = {node: position for position, node in enumerate(fixed)}
        last = -1
        for node in layer:
            ends = sorted(neighbours[node], key=place.__getitem__)
            for one in ends[(len(ends) - 1) // 2 : len(ends) // 2 + 1]:
                line = (one, node) if downwards else (node, one)
                if is_taken[one] or place[one] <= last or line in crossed:
                    continue
                roots[node] = roots[one]
                is_taken[one] = True
                last = place[one]
                break
    return roots


def _compacted(
    walk: Layers, roots: list[int], extents: Sequence[Extent], leftwards: bool
) -> list[float]:
    """Place the blocks as far to the beginning as they go, then close the gaps."""
    after: dict[int, dict[int, float]] = {root: {} for root in roots}
    before: dict[int, dict[int, float]] = {root: {} for root in roots}
    for layer in walk:
        for one, other in zip(layer, layer[1:], strict=False):
            apart = _apart(extents[one], extents[other], leftwards)
            pair = (roots[one], roots[other])
            apart = max(apart, after[pair[0]].get(pair[1], 0))
            after[pair[0]][pair[1]] = before[pair[1]][pair[0]] = apart
    order = _in_order(before, after)
    places: dict[int, float] = {}
    for root in order:
        places[root] = max(
            (places[one] + apart for one, apart in before[root].items()), default=0
        )
    for root in reversed(order):
        if after[root]:
            room = min(places[one] - apart for one, apart in after[root].items())
            places[root] = max(places[root], room)
    return [places[root] for root in roots]


def _apart(one: Extent, other: Extent, leftwards: bool) -> float:
    gap = (one.gap + other.gap) / 2
    if leftwards:
        return one.right + gap + other.left
    return one.left + gap + other.right


def _in_order(
    before: dict[int, dict[int, float]], after: dict[int, dict[int, float]]
) -> list[int]:
    missing = {root: len(blocks) for root, blocks in before.items()}
    order = [root for root, number in missing.items() if not number]
    for root in order:
        for one in after[root]:
            missing[one] -= 1
            if not missing[one]:
                order.append(one)
    return order


def _bring_together(drawings: list[list[float]], extents: Sequence[Extent]) -> None:
    """Move the drawings onto the narrowest one, each at the side it leans to."""
    sides = []
    for axes in drawings:
        left = min(axis - extents[node].left for node, axis in enumerate(axes))
        right = max(axis + extents[node].right for node, axis in enumerate(axes))
        sides.append((left, right))
    narrowest = min(sides, key=lambda side: side[1] - side[0])
    for index, axes in enumerate(drawings):
        edge = index % 2
        shift = narrowest[edge] - sides[index][edge]
        drawings[index] = [axis + shift for axis in axes]
