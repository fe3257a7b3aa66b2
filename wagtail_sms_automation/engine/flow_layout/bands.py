"""Keeps a drawing narrow: what is too wide is cut into bands of layers.

Straight arrows from top to bottom push what stands beside them ever further to the
side. A band has straight arrows of its own only, so that it is seldom much wider than
its widest layer; from one band to the next arrows bend.
"""

from collections.abc import Sequence
from math import isqrt

from .coordinates import Extent, across
from .crossings import Layers, Neighbours
from .drawing import READABLE


#: So many nodes take too long to try in one band first.
_MANY = 5_000


def in_bands(
    layers: Layers, above: Neighbours, below: Neighbours, extents: Sequence[Extent]
) -> list[float]:
    """Return the axis of each node; none is far from the middle of the drawing."""
    widest = max(_packed(layer, extents) for layer in layers)
    limit = max(READABLE, widest)
    axes = [0.0] * len(extents)
    waiting = _begun(layers, len(extents))
    while waiting:
        band = waiting.pop()
        nodes = [node for layer in band for node in layer]
        own = _across(band, nodes, above, below, extents)
        left = min(axis - extents[node].left for node, axis in own.items())
        right = max(axis + extents[node].right for node, axis in own.items())
        if len(band) > 1 and right - left > limit:
            half = len(band) // 2
            waiting += [band[:half], band[half:]]
            continue
        for node, axis in own.items():
            axes[node] = axis - (left + right) / 2
    return axes


def _begun(layers: Layers, count: int) -> list[Layers]:
    """One band, or for many nodes as many as each of them has layers."""
    if count <= _MANY:
        return [layers]
    step = isqrt(len(layers))
    return [layers[first : first + step] for first in range(0, len(layers), step)]


def _across(
    band: Layers,
    nodes: list[int],
    above: Neighbours,
    below: Neighbours,
    extents: Sequence[Extent],
) -> dict[int, float]:
    """Lay out a band as if it were the whole drawing."""
    numbers = {node: number for number, node in enumerate(nodes)}

    def inside(neighbours: Neighbours) -> list[list[int]]:
        return [
            [numbers[one] for one in neighbours[node] if one in numbers]
            for node in nodes
        ]

    axes = across(
        [[numbers[node] for node in layer] for layer in band],
        inside(above),
        inside(below),
        [extents[node] for node in nodes],
    )
    return dict(zip(nodes, axes, strict=True))


def _packed(layer: list[int], extents: Sequence[Extent]) -> float:
    """How wide a layer is at least."""
    room = sum(
        extents[node].left + extents[node].right + extents[node].gap for node in layer
    )
    return room - (extents[layer[0]].gap + extents[layer[-1]].gap) / 2
