"""Draws the nodes of a layered drawing closer to what they are joined to.

The alignments of Brandes and Koepf keep arrows straight, but leave boxes further apart
than they need be. Here each box, and each straight piece of an arrow as a whole, moves
to the middle of its neighbours as far as there is room.
"""

from collections.abc import Sequence

from .coordinates import Extent
from .crossings import Layers, Neighbours


_ROUNDS = 6


def tighten(
    axes: list[float],
    layers: Layers,
    above: Neighbours,
    below: Neighbours,
    extents: Sequence[Extent],
) -> list[float]:
    """Return axes whose arrows are shorter, in the same order and as far apart."""
    axes = list(axes)
    groups = _groups(axes, layers, above, extents)
    room = _Room(layers, extents)
    outside = [_outside(group, above, below) for group in groups]
    for number in range(_ROUNDS):
        moved = 0.0
        walk = range(len(groups)) if number % 2 == 0 else range(len(groups))[::-1]
        for index in walk:
            group = groups[index]
            shift = _wanted(axes, outside[index])
            if not shift:
                continue
            shift = room.limited(axes, group, shift)
            for node in group:
                axes[node] += shift
            moved += abs(shift)
        if moved < 1:
            break
    return axes


def _groups(
    axes: list[float], layers: Layers, above: Neighbours, extents: Sequence[Extent]
) -> list[list[int]]:
    """Boxes alone, and bends below each other together, from above to below."""
    groups: list[list[int]] = []
    group_of: dict[int, list[int]] = {}
    for layer in layers:
        for node in layer:
            upper = above[node][0] if extents[node].is_bend else None
            if (
                upper is not None
                and extents[upper].is_bend
                and axes[upper] == axes[node]
            ):
                group_of[node] = group_of[upper]
                group_of[node].append(node)
            else:
                group_of[node] = [node]
                groups.append(group_of[node])
    return groups


def _outside(
    group: list[int], above: Neighbours, below: Neighbours
) -> list[tuple[int, int]]:
    """The lines (own node, other node) that leave a group."""
    inside = set(group)
    return [
        (node, other)
        for node in group
        for other in (*above[node], *below[node])
        if other not in inside
    ]


def _wanted(axes: list[float], outside: list[tuple[int, int]]) -> float:
    """How far to go to where the lines are shortest: the middle of the others."""
    shifts = sorted(axes[other] - axes[node] for node, other in outside)
    if not shifts:
        return 0
    low, high = shifts[(len(shifts) - 1) // 2], shifts[len(shifts) // 2]
    return (low + high) / 2


class _Room:
    """How far a node may go without coming too close to the next one in its layer."""

    def __init__(self, layers: Layers, extents: Sequence[Extent]) -> None:
        self.before: dict[int, tuple[int, float]] = {}
        self.after: dict[int, tuple[int, float]] = {}
        for layer in layers:
            for one, other in zip(layer, layer[1:], strict=False):
                gap = (extents[one].gap + extents[other].gap) / 2
                apart = extents[one].right + gap + extents[other].left
                self.before[other] = (one, apart)
                self.after[one] = (other, apart)

    def limited(self, axes: list[float], group: list[int], shift: float) -> float:
        """Return how much of a shift there is room for."""
        for node in group:
            if shift < 0 and node in self.before:
                other, apart = self.before[node]
                shift = min(max(shift, axes[other] + apart - axes[node]), 0)
            elif shift > 0 and node in self.after:
                other, apart = self.after[node]
                shift = max(min(shift, axes[other] - apart - axes[node]), 0)
        return shift
