"""The parts that no arrow joins, side by side and below each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .drawing import READABLE, Arrow, Box, Drawing, Link, Place
from .routes import draw


_GAP = 56.0
#: Side by side up to this width, or to the shape of a screen if that is wider, but not
#: wider than can be read.
_LEAST_WIDTH = 1100.0
_SHAPE = 1.6


def lay_out(boxes: Sequence[Box], links: Sequence[Link]) -> Drawing:
    """Draw a graph from top to bottom; the same input always gives the same drawing.

    The order of the boxes and links is kept where that costs no crossing.

    Raises KeyError for a link whose end is no box, ValueError for an id twice.
    """
    if len({box.id for box in boxes}) < len(boxes):
        raise ValueError("Each box needs an id of its own.")
    parts = _parts(boxes, links)
    drawings = [
        draw(
            [boxes[number] for number in part.boxes],
            [links[index] for index in part.links],
        )
        for part in parts
    ]
    corners = _corners(drawings)
    places: dict[str, Place] = {}
    arrows: dict[int, Arrow] = {}
    for part, drawing, corner in zip(parts, drawings, corners, strict=True):
        for id, place in drawing.boxes.items():
            places[id] = place.moved(*corner)
        for index, arrow in zip(part.links, drawing.arrows, strict=True):
            arrows[index] = arrow.moved(*corner)
    sizes = [(drawing.width, drawing.height) for drawing in drawings]
    ends = [
        (x + width, y + height)
        for (x, y), (width, height) in zip(corners, sizes, strict=True)
    ]
    return Drawing(
        width=max((right for right, _ in ends), default=0),
        height=max((bottom for _, bottom in ends), default=0),
        boxes={box.id: places[box.id] for box in boxes},
        arrows=tuple(arrows[index] for index in range(len(links))),
    )


@dataclass(slots=True)
class _Part:
    boxes: list[int] = field(default_factory=list)
    links: list[int] = field(default_factory=list)


def _parts(boxes: Sequence[Box], links: Sequence[Link]) -> list[_Part]:
    """Connected parts in the order of their first boxes; lone boxes come last."""
    numbers = {box.id: number for number, box in enumerate(boxes)}
    heads = list(range(len(boxes)))

    def head(number: int) -> int:
        while heads[number] != number:
            heads[number] = heads[heads[number]]
            number = heads[number]
        return number

    for link in links:
        ends = sorted((head(numbers[link.source]), head(numbers[link.target])))
        heads[ends[1]] = ends[0]
    parts: dict[int, _Part] = {}
    for number in range(len(boxes)):
        parts.setdefault(head(number), _Part()).boxes.append(number)
    for index, link in enumerate(links):
        parts[head(numbers[link.source])].links.append(index)
    return sorted(parts.values(), key=lambda part: len(part.boxes) == 1)


def _corners(drawings: Sequence[Drawing]) -> list[tuple[float, float]]:
    """Put drawings in rows; a low one goes below the one before it if it fits there."""
    area = sum((drawing.width + _GAP) * (drawing.height + _GAP) for drawing in drawings)
    width = max(
        _LEAST_WIDTH,
        min((area * _SHAPE) ** 0.5, READABLE),
        *(drawing.width for drawing in drawings),
        0,
    )
    corners = []
    row_top = row_height = 0.0
    column_left = column_width = column_bottom = 0.0
    for drawing in drawings:
        fits_below = (
            column_bottom > row_top
            and drawing.width <= column_width
            and column_bottom + _GAP + drawing.height <= row_top + row_height
        )
        if fits_below:
            corners.append((column_left, column_bottom + _GAP))
            column_bottom += _GAP + drawing.height
            continue
        left = column_left + column_width + _GAP if column_width else 0.0
        if left + drawing.width > width:
            left, row_top = 0.0, row_top + row_height + _GAP
            row_height = 0.0
        corners.append((left, row_top))
        row_height = max(row_height, drawing.height)
        column_left, column_width = left, drawing.width
        column_bottom = row_top + drawing.height
    return corners
