"""How the arrows run through the levels: each as a chain of nodes from above to below.

The many arrows of a hub share their nodes as far as they run together, so that its
children can stand in rows below each other without a lane between for each of them.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .coordinates import Extent
from .cycles import Pair
from .drawing import Link


_LABEL_GAP = 12.0
_BEND = Extent(gap=12, is_bend=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """How a link is drawn: nodes from above to below."""

    nodes: tuple[int, ...]
    #: The node that holds the label, if it has one.
    label: int | None
    #: True if the arrow points upwards.
    is_back: bool


class Nodes:
    """The nodes while chains are added to them."""

    def __init__(
        self,
        *,
        levels: list[int],
        extents: list[Extent],
        heights: list[float],
        most_alone: int,
    ) -> None:
        self.levels = levels
        self.extents = extents
        self.heights = heights
        #: A box with more arrows than this is a hub.
        self.most_alone = most_alone
        self.label_widths: dict[int, float] = {}
        self.lanes: dict[tuple[int, bool, bool, int], int] = {}

    def chains(
        self,
        links: Sequence[Link],
        downwards: Mapping[int, Pair],
        back: Collection[int],
    ) -> dict[int, Chain]:
        """Add all chains; downwards has the upper and the lower box of each link."""
        leaving = Counter((one, i in back) for i, (one, _) in downwards.items())
        entering = Counter((one, i in back) for i, (_, one) in downwards.items())
        chains = {}
        for index, (upper, lower) in downwards.items():
            is_back = index in back
            levels = range(self.levels[upper] + 1, self.levels[lower])
            link = links[index]
            away, here = leaving[upper, is_back], entering[lower, is_back]
            if max(away, here) <= self.most_alone:
                nodes, label = self._alone(link, levels)
            elif away >= here:
                nodes, label = self._from_hub(link, levels, (upper, is_back, True))
            else:
                nodes, label = self._to_hub(link, levels, (lower, is_back, False))
            chains[index] = Chain(
                nodes=(upper, *nodes, lower), label=label, is_back=is_back
            )
        return chains

    def _alone(self, link: Link, levels: range) -> tuple[list[int], int | None]:
        if not link.label_width:
            return [self._bend(level) for level in levels], None
        place = self._emptiest(levels)
        nodes = [
            self._label(link, level) if level == place else self._bend(level)
            for level in levels
        ]
        return nodes, nodes[levels.index(place)]

    def _from_hub(
        self, link: Link, levels: range, hub: tuple[int, bool, bool]
    ) -> tuple[list[int], int | None]:
        """Together with the hub's other arrows, then alone into the box below."""
        label = self._own(link, levels[-1])
        nodes = [*(self._lane(hub, level) for level in levels[:-1]), label]
        return nodes, label if link.label_width else None

    def _to_hub(
        self, link: Link, levels: range, hub: tuple[int, bool, bool]
    ) -> tuple[list[int], int | None]:
        """Alone out of the box above, then together with the hub's other arrows."""
        label = self._own(link, levels[0])
        nodes = [label, *(self._lane(hub, level) for level in levels[1:])]
        return nodes, label if link.label_width else None

    def _own(self, link: Link, level: int) -> int:
        return self._label(link, level) if link.label_width else self._bend(level)

    def _lane(self, hub: tuple[int, bool, bool], level: int) -> int:
        key = (*hub, level)
        if key not in self.lanes:
            self.lanes[key] = self._bend(level)
        return self.lanes[key]

    def _bend(self, level: int) -> int:
        return self._add(level, _BEND, 0)

    def _label(self, link: Link, level: int) -> int:
        taken = self.label_widths.get(level, 0)
        self.label_widths[level] = taken + link.label_width
        half = link.label_width / 2
        extent = Extent(left=half, right=half, gap=_LABEL_GAP, is_bend=True)
        return self._add(level, extent, link.label_height)

    def _add(self, level: int, extent: Extent, height: float) -> int:
        self.levels.append(level)
        self.extents.append(extent)
        self.heights.append(height)
        return len(self.levels) - 1

    def _emptiest(self, between: range) -> int:
        """The level for a label: the least taken, then the one in the middle."""
        middle = (between[0] + between[-1]) / 2
        return min(
            between[::2],
            key=lambda level: (self.label_widths.get(level, 0), abs(level - middle)),
        )
