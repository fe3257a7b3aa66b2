"""What is laid out, and what comes of it. Lengths are in pixels, y grows downwards."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


Point = tuple[float, float]

#: Nothing is made wider that can be helped: a screen shows as much at half its size.
READABLE = 2600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What an arrow leads from or to."""

    id: str
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An arrow to draw, from one box to another or to itself."""

    source: str
    target: str
    label_width: float = 0
    label_height: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A rectangle, by its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def moved(self, right: float, down: float) -> "Place":
        """The same rectangle elsewhere."""
        return replace(self, x=self.x + right, y=self.y + down)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """How one link runs."""

    #: Cubic Bezier curves, end to start: 3n + 1 points, each third one on the arrow.
    points: tuple[Point, ...]
    #: Where its label stands; None for a link without one.
    label: Place | None

    @property
    def joints(self) -> tuple[Point, ...]:
        """The points where one curve ends and the next begins."""
        return self.points[::3]

    def moved(self, right: float, down: float) -> "Arrow":
        """The same arrow elsewhere."""
        return Arrow(
            points=tuple((x + right, y + down) for x, y in self.points),
            label=self.label and self.label.moved(right, down),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Everything in its place, from (0, 0) to (width, height)."""

    width: float
    height: float
    #: By the ids of the boxes.
    boxes: Mapping[str, Place]
    #: One for each link, in their order.
    arrows: tuple[Arrow, ...]
