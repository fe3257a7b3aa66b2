"""In which layer each box stands."""

from collections import Counter
from collections.abc import Iterator, Sequence

from .cycles import Pair
from .shortening import shorten


#: More boxes than this do not stand side by side: nine cards are 2520 pixels wide.
WIDEST = 9
#: What is wider is folded to rows of so many, which leaves room for arrows beside them.
_ROW = 7


def layers_of(count: int, links: Sequence[Pair]) -> list[int]:
    """Return the layer of each node, from 0; every link leads to a lower layer.

    The links have no cycle. Longest paths first; then each node moves to where its
    links are shorter, and what is too wide is broken.
    """
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for source, target in links:
        above[target].append(source)
        below[source].append(target)
    order = _downwards(above, below)
    layers = [0] * count
    for node in order:
        layers[node] = max((layers[one] + 1 for one in above[node]), default=0)
    shorten(order, layers, above, below)
    return _narrowed(order, layers, above, below)


def _downwards(above: list[list[int]], below: list[list[int]]) -> list[int]:
    """Order the nodes so that each comes after all that lead to it."""
    missing = [len(nodes) for nodes in above]
    order = [node for node, number in enumerate(missing) if not number]
    for node in order:
        for target in below[node]:
            missing[target] -= 1
            if not missing[target]:
                order.append(target)
    return order


def _narrowed(
    order: list[int], layers: list[int], above: list[list[int]], below: list[list[int]]
) -> list[int]:
    """Fold what is too wide: a box goes to the next layer with room below its parents.

    What a box leads to is placed before its neighbours are, so that it stays near. The
    rows of a hub's children are then layers like all others. (The idea of Coffman and
    Graham's scheduling, Acta Informatica 1, 1972; the order of placing is ours.)
    """
    if max(Counter(layers).values()) <= WIDEST:
        return layers
    narrowed = [0] * len(layers)
    taken: Counter[int] = Counter()
    for node in _depth_first(order, above, below):
        layer = max((narrowed[one] + 1 for one in above[node]), default=0)
        while taken[layer] >= _ROW:
            layer += 1
        taken[layer] += 1
        narrowed[node] = layer
    _lower(order, narrowed, taken, above, below)
    return _without_gaps(narrowed)


def _depth_first(
    order: list[int], above: list[list[int]], below: list[list[int]]
) -> Iterator[int]:
    """Yield each node after all that lead to it, and what it leads to soon after."""
    missing = [len(nodes) for nodes in above]
    waiting = [node for node in reversed(order) if not missing[node]]
    while waiting:
        node = waiting.pop()
        yield node
        for target in reversed(below[node]):
            missing[target] -= 1
            if not missing[target]:
                waiting.append(target)


def _lower(
    order: list[int],
    layers: list[int],
    taken: Counter[int],
    above: list[list[int]],
    below: list[list[int]],
) -> None:
    """Move what has more arrows down than up to where these are shorter."""
    for node in reversed(order):
        if len(below[node]) <= len(above[node]):
            continue
        lowest = min(layers[one] for one in below[node]) - 1
        for layer in range(lowest, layers[node], -1):
            if taken[layer] < _ROW:
                taken[layers[node]] -= 1
                taken[layer] += 1
                layers[node] = layer
                break


def _without_gaps(layers: list[int]) -> list[int]:
    numbers = {layer: number for number, layer in enumerate(sorted(set(layers)))}
    return [numbers[layer] for layer in layers]
