"""In which layer each box stands."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .cycles import Pair, links_back, links_back_to_nearer
from .shortening import shorten


#: More boxes than this do not stand side by side: nine cards are 2520 pixels wide.
WIDEST = 9
#: What is wider is folded to rows of so many, which leaves room for arrows beside them.
_ROW = 7
#: The arrows of a tangle lead through more layers than this, counted together.
_TANGLED = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """The layer of each box, and how each link leads downwards."""

    layers: list[int]
    #: By the number of their link: the upper and the lower box.
    downwards: dict[int, Pair]
    #: The links that lead upwards.
    back: set[int]

    @property
    def is_tangle(self) -> bool:
        """True if there is no room for a lane for each arrow."""
        return self.passes > _TANGLED

    @property
    def passes(self) -> int:
        """Through how many layers all links lead."""
        return sum(
            self.layers[lower] - self.layers[upper]
            for upper, lower in self.downwards.values()
        )


def ranked(count: int, links: Mapping[int, Pair]) -> Ranks:
    """Give each box its layer; no link is a loop.

    The boxes of a tangle are met in another order if that keeps its arrows shorter.
    """
    ranks = _turned(count, links, links_back)
    if ranks.is_tangle:
        nearer = _turned(count, links, links_back_to_nearer)
        ranks = min(ranks, nearer, key=lambda one: one.passes)
    return ranks


def _turned(
    count: int,
    links: Mapping[int, Pair],
    found_back: Callable[[int, Sequence[Pair]], set[int]],
) -> Ranks:
    numbers = list(links)
    back = {numbers[one] for one in found_back(count, list(links.values()))}
    downwards = {
        number: pair[::-1] if number in back else pair for number, pair in links.items()
    }
    layers = layers_of(count, list(downwards.values()))
    return Ranks(layers=layers, downwards=downwards, back=back)


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
