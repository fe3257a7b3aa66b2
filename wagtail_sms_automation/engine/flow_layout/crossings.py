"""In which order the nodes of each layer stand, so that few lines cross."""

from bisect import bisect_right, insort
from collections.abc import Sequence


_PATIENCE = 2
_MOST_ROUNDS = 24
_MOST_SIFTINGS = 8
#: Who makes so many crossings on the way seldom finds a better place behind them.
_HOPELESS = -6
#: So many nodes are swept only: mending their order takes longer than all the rest.
_MANY = 3_000

Layers = list[list[int]]
Neighbours = Sequence[Sequence[int]]


def ordered(layers: Layers, above: Neighbours, below: Neighbours) -> Layers:
    """Return the layers, each in the order that was found best.

    Lines join nodes of layers that touch: above and below give them by node. The order
    that comes in is the first one tried, and the one kept if no other crosses less.
    """
    is_quick = sum(map(len, layers)) > _MANY
    best = [list(layer) for layer in layers]
    fewest = count(best, below)
    current = [list(layer) for layer in layers]
    waited = 0
    for number in range(_MOST_ROUNDS):
        if not fewest or waited >= _PATIENCE:
            break
        _sweep(current, above, below, number)
        if not is_quick:
            _transpose(current, above, below)
        crossings = count(current, below)
        waited += 1
        if crossings < fewest:
            best, fewest, waited = [list(layer) for layer in current], crossings, 0
    return best


def sifted(layers: Layers, above: Neighbours, below: Neighbours) -> Layers:
    """Move each node to the best place of its layer while that spares crossings."""
    if sum(map(len, layers)) > _MANY:
        return layers
    sifted = [list(layer) for layer in layers]
    places = {node: place for layer in sifted for place, node in enumerate(layer)}
    for _ in range(_MOST_SIFTINGS):
        gained = [_sift(layer, places, above, below) for layer in sifted]
        gained += [_sift(layer, places, above, below) for layer in sifted[::-1]]
        if not any(gained):
            break
    return sifted


def count(layers: Layers, below: Neighbours) -> int:
    """How many pairs of lines cross."""
    total = 0
    for upper, lower in zip(layers, layers[1:], strict=False):
        place = {node: position for position, node in enumerate(lower)}
        passed: list[int] = []
        for node in upper:
            ends = sorted(place[one] for one in below[node])
            total += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return total


def _sweep(layers: Layers, above: Neighbours, below: Neighbours, number: int) -> None:
    """Sort each layer by the barycentres of its nodes, down or up in turn."""
    downwards = number % 2 == 0
    neighbours = above if downwards else below
    walk = layers if downwards else layers[::-1]
    # Among equals every second pair of sweeps turns the order around, so as to leave
    # a place that is only best nearby.
    sign = -1 if number % 4 > 1 else 1
    for fixed, layer in zip(walk, walk[1:], strict=False):
        place = {node: position for position, node in enumerate(fixed)}
        keys = {}
        for position, node in enumerate(layer):
            ends = [place[one] for one in neighbours[node]]
            # What has no neighbour keeps its share of the way along the layer.
            centre = (
                sum(ends) / len(ends)
                if ends
                else position * (len(fixed) - 1) / max(len(layer) - 1, 1)
            )
            keys[node] = (centre, sign * position)
        layer.sort(key=keys.__getitem__)


def _transpose(layers: Layers, above: Neighbours, below: Neighbours) -> None:
    """Swap neighbours in their layer as long as that spares crossings."""
    places = {node: place for layer in layers for place, node in enumerate(layer)}
    awake = set(range(len(layers)))
    for _ in range(len(layers) + 4):
        if not awake:
            break
        woken: set[int] = set()
        for level in sorted(awake):
            if _transpose_layer(layers[level], places, above, below):
                woken |= {level - 1, level, level + 1}
        awake = {level for level in woken if 0 <= level < len(layers)}


def _transpose_layer(
    layer: list[int], places: dict[int, int], above: Neighbours, below: Neighbours
) -> bool:
    ends = {
        node: (
            sorted(places[one] for one in above[node]),
            sorted(places[one] for one in below[node]),
        )
        for node in layer
    }
    is_changed = False
    for position in range(len(layer) - 1):
        left, right = layer[position], layer[position + 1]
        gain = _gain(ends[left][0], ends[right][0])
        gain += _gain(ends[left][1], ends[right][1])
        if gain > 0:
            layer[position], layer[position + 1] = right, left
            places[left], places[right] = position + 1, position
            is_changed = True
    return is_changed


def _sift(
    layer: list[int], places: dict[int, int], above: Neighbours, below: Neighbours
) -> int:
    """Return how many crossings less there are."""
    ends = {
        node: (
            sorted(places[one] for one in above[node]),
            sorted(places[one] for one in below[node]),
        )
        for node in layer
    }
    gained = 0
    for node in list(layer):
        start = place = layer.index(node)
        best, most = start, 0
        for step in (-1, 1):
            gain, place = 0, start + step
            while 0 <= place < len(layer) and gain > _HOPELESS:
                pair = (layer[place], node)[::-step]
                gain += _gain(ends[pair[0]][0], ends[pair[1]][0])
                gain += _gain(ends[pair[0]][1], ends[pair[1]][1])
                if gain > most:
                    best, most = place, gain
                place += step
        if most:
            layer.insert(best, layer.pop(start))
            gained += most
    for place, node in enumerate(layer):
        places[node] = place
    return gained


def _gain(left: list[int], right: list[int]) -> int:
    """How many crossings two neighbours are spared by changing places."""
    if not left or not right:
        return 0
    if left[-1] < right[0]:
        return -len(left) * len(right)
    gain = 0
    for one in left:
        for other in right:
            gain += (one > other) - (one < other)
    return gain
