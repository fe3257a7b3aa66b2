"""In which layer each box stands."""

from collections import Counter
from collections.abc import Sequence

from .cycles import Pair


#: More boxes than this do not stand side by side: nobody can read a line of them.
WIDEST = 14
_ROUNDS = 12


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
    _shorten(order, layers, above, below)
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


def _shorten(
    order: list[int], layers: list[int], above: list[list[int]], below: list[list[int]]
) -> None:
    for _ in range(_ROUNDS):
        before = list(layers)
        for node in reversed(order):
            if len(below[node]) > len(above[node]):
                layers[node] = min(layers[one] for one in below[node]) - 1
        for node in order:
            if len(above[node]) > len(below[node]):
                layers[node] = max(layers[one] for one in above[node]) + 1
        if layers == before:
            break
    first = min(layers)
    layers[:] = [layer - first for layer in layers]


def _narrowed(
    order: list[int], layers: list[int], above: list[list[int]], below: list[list[int]]
) -> list[int]:
    """Push down what is too much for one layer: first what leads nowhere."""
    if max(Counter(layers).values()) <= WIDEST:
        return layers
    narrowed = list(layers)
    taken: Counter[int] = Counter()
    for node in sorted(order, key=lambda node: (layers[node], not below[node])):
        layer = max([layers[node], *(narrowed[one] + 1 for one in above[node])])
        while taken[layer] >= WIDEST:
            layer += 1
        taken[layer] += 1
        narrowed[node] = layer
    return narrowed
