"""Moves nodes to layers where their links are shorter.

The sum of all lengths is what Gansner and others minimise (A Technique for Drawing
Directed Graphs, IEEE Transactions on Software Engineering 19, 1993). Their network
simplex finds the least; this walk to the next better layers is nearly as good on flows,
and shorter.
"""

from collections.abc import Iterator, Sequence


_ROUNDS = 12

Neighbours = Sequence[Sequence[int]]


def shorten(
    order: Sequence[int], layers: list[int], above: Neighbours, below: Neighbours
) -> None:
    """Change the layers, from 0; order is downwards. Links go on leading down."""
    for _ in range(_ROUNDS):
        before = list(layers)
        _move_alone(order, layers, above, below)
        for node in order:
            _move_together(node, layers, below, above, 1)
            _move_together(node, layers, above, below, -1)
        if layers == before:
            break
    first = min(layers)
    layers[:] = [layer - first for layer in layers]


def _move_alone(
    order: Sequence[int], layers: list[int], above: Neighbours, below: Neighbours
) -> None:
    """Move each node as far as its links are shorter there."""
    for node in reversed(order):
        if len(below[node]) > len(above[node]):
            layers[node] = min(layers[one] for one in below[node]) - 1
    for node in order:
        if len(above[node]) > len(below[node]):
            layers[node] = max(layers[one] for one in above[node]) + 1


def _move_together(
    node: int, layers: list[int], ahead: Neighbours, behind: Neighbours, step: int
) -> None:
    """Move a node and all that it would push along, if that makes links shorter."""
    group = _pushed(node, layers, ahead, step)
    longer = sum(one not in group for each in group for one in behind[each])
    if sum(map(len, (ahead[each] for each in group))) <= longer:
        return
    leaving = list(_leaving(group, ahead))
    if len(leaving) <= longer:
        return
    room = min(abs(layers[one] - layers[each]) for each, one in leaving) - 1
    for each in group:
        layers[each] += step * room


def _pushed(node: int, layers: list[int], ahead: Neighbours, step: int) -> set[int]:
    group, waiting = {node}, [node]
    while waiting:
        each = waiting.pop()
        for one in ahead[each]:
            if one not in group and layers[one] - layers[each] == step:
                group.add(one)
                waiting.append(one)
    return group


def _leaving(group: set[int], ahead: Neighbours) -> Iterator[tuple[int, int]]:
    for each in group:
        for one in ahead[each]:
            if one not in group:
                yield each, one
