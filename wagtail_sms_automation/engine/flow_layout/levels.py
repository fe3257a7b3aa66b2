"""The layered graph that is drawn: boxes, and labels and bends of arrows between them.

Boxes stand on even levels and labels on odd ones, so that each label has room of its
own. A link becomes a chain of nodes, one on each level that it passes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from .chains import Chain, Nodes
from .coordinates import Extent
from .crossings import Layers, count, ordered, sifted
from .drawing import Box, Link
from .layers import WIDEST, ranked


LOOP_WIDTH = 26.0
LOOP_GAP = 6.0
_LOOP_HEIGHT = 30.0
_BOX_GAP = 36.0
#: Small graphs are begun in more ways than large ones, which take longer.
_MOST_STARTS = 60
_STARTS = 9_000_000
_WORTH_SIFTING = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """The nodes by level; a node below len(boxes) is the box of that number."""

    layers: Layers
    above: list[list[int]]
    below: list[list[int]]
    extents: list[Extent]
    heights: list[float]
    #: By the number of their link.
    chains: dict[int, Chain]
    #: The links that are loops, by the number of their box.
    loops: dict[int, list[int]]


def loop_height(link: Link) -> float:
    """How much of its box's side a loop takes."""
    return max(_LOOP_HEIGHT, link.label_height + LOOP_GAP)


def levels_of(boxes: Sequence[Box], links: Sequence[Link]) -> Levels:
    """Give each box its level, each link its chain, and each level its order."""
    numbers = {box.id: number for number, box in enumerate(boxes)}
    ends = [(numbers[link.source], numbers[link.target]) for link in links]
    loops: dict[int, list[int]] = {}
    for index, (source, target) in enumerate(ends):
        if source == target:
            loops.setdefault(source, []).append(index)
    ways = [index for index, (source, target) in enumerate(ends) if source != target]
    ranks = ranked(len(boxes), {way: ends[way] for way in ways})
    extents, heights = _of_boxes(boxes, links, loops)
    nodes = Nodes(
        levels=[2 * layer for layer in ranks.layers],
        extents=extents,
        heights=heights,
        most_alone=1 if ranks.is_tangle else WIDEST,
    )
    chains = nodes.chains(links, ranks.downwards, ranks.back)
    layers, above, below = _ordered(nodes.levels, chains)
    return Levels(
        layers=layers,
        above=above,
        below=below,
        extents=extents,
        heights=heights,
        chains=chains,
        loops=loops,
    )


def _of_boxes(
    boxes: Sequence[Box], links: Sequence[Link], loops: dict[int, list[int]]
) -> tuple[list[Extent], list[float]]:
    extents, heights = [], []
    for number, box in enumerate(boxes):
        own = [links[index] for index in loops.get(number, ())]
        room = max(
            (LOOP_WIDTH + LOOP_GAP + link.label_width for link in own), default=0
        )
        extents.append(
            Extent(left=box.width / 2, right=box.width / 2 + room, gap=_BOX_GAP)
        )
        heights.append(max(box.height, sum(map(loop_height, own))))
    return extents, heights


def _ordered(
    levels: list[int], chains: dict[int, Chain]
) -> tuple[Layers, list[list[int]], list[list[int]]]:
    above: list[list[int]] = [[] for _ in levels]
    below: list[list[int]] = [[] for _ in levels]
    # Arrows that run together are one line; each other one has a bend of its own.
    lines = {pair: None for chain in chains.values() for pair in pairwise(chain.nodes)}
    for upper, lower in lines:
        below[upper].append(lower)
        above[lower].append(upper)
    boxes = _order_of_boxes(levels, above, below)
    return _with_labels(boxes, levels, above, below), above, below


def _order_of_boxes(
    levels: list[int], above: list[list[int]], below: list[list[int]]
) -> Layers:
    """Order the even levels; the nodes between have one line up and one down."""
    even = [node for node, level in enumerate(levels) if level % 2 == 0]
    up: list[list[int]] = [[] for _ in levels]
    down: list[list[int]] = [[] for _ in levels]
    for node in even:
        up[node] = [above[one][0] for one in above[node]]
        down[node] = [below[one][0] for one in below[node]]
    best: Layers = []
    fewest: int | None = None
    for first in _first_orders(even, levels, up, down):
        layers = ordered(first, up, down)
        # Sifting takes as long as all the rest, and no more than mends an order.
        if fewest is not None and count(layers, down) > fewest * _WORTH_SIFTING:
            continue
        layers = sifted(layers, up, down)
        crossings = count(layers, down)
        if fewest is None or crossings < fewest:
            best, fewest = layers, crossings
        if not fewest:
            break
    return best


def _with_labels(
    boxes: Layers, levels: list[int], above: list[list[int]], below: list[list[int]]
) -> Layers:
    """Put the odd levels between: each node halfway along its line."""
    share = [0.0] * len(levels)
    for layer in boxes:
        for place, node in enumerate(layer):
            share[node] = (place + 0.5) / len(layer)
    layers: Layers = [[] for _ in range(2 * len(boxes) - 1)]
    layers[::2] = boxes
    for node, level in enumerate(levels):
        if level % 2:
            layers[level].append(node)
    for layer in layers[1::2]:
        layer.sort(key=lambda node: share[above[node][0]] + share[below[node][0]])
    return layers


def _first_orders(
    nodes: list[int], levels: list[int], above: list[list[int]], below: list[list[int]]
) -> Iterator[Layers]:
    """Ways to begin: as the roots lead down, as the ends lead up, and any others."""
    roots = sorted(nodes, key=lambda node: len(above[node]) > 0)
    ends = sorted(nodes, key=lambda node: len(below[node]) > 0)
    walks = [list(_walked(roots, below)), list(_walked(ends, above))]
    # The same numbers each time: a drawing never changes by itself.
    random = Random(len(nodes) + 1)  # noqa: S311 - no secret
    for number in range(len(walks) + min(_MOST_STARTS, _STARTS // len(nodes) ** 3)):
        walk = (
            walks[number] if number < len(walks) else random.sample(nodes, len(nodes))
        )
        layers: Layers = [[] for _ in range(max(levels) // 2 + 1)]
        for node in walk:
            layers[levels[node] // 2].append(node)
        yield layers


def _walked(start: list[int], ahead: list[list[int]]) -> Iterator[int]:
    seen: set[int] = set()
    for root in start:
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            yield node
            waiting.extend(reversed(ahead[node]))
