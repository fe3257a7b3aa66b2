"""Flows of 300 steps, and tangles of 500, are bounded in width and time.

`pytest -s` shows the time and the size of each.
"""

import sys
from itertools import pairwise

import pytest

from wagtail_sms_automation.engine.flow_layout import Box, Link, Place, lay_out

from .curves import along, overlap
from .large_flows import SHAPES, large_flow, tangle, tangle_of_500
from .timing import cpu_seconds


#: Seven cards with their gaps are 1952 pixels. Lanes of arrows between them may take
#: as much again: the whole width is seen at a third of its size on a screen of 1280.
#: Tangles have more lanes; one of 500 steps is seen at a quarter.
WIDEST = dict.fromkeys(SHAPES, 3840) | {tangle: 4000, tangle_of_500: 5120}
MOST_IN_A_ROW = 7
#: Of processor time: a web worker does nothing else meanwhile.
SECONDS = dict.fromkeys(SHAPES, 1.0) | {tangle_of_500: 2.0}
SEEDS = range(2)


@pytest.fixture(scope="module", params=SECONDS, ids=lambda shape: shape.__name__)
def shape(request):
    return request.param


@pytest.fixture(scope="module", params=SEEDS)
def drawn(request, shape):
    """The boxes and links of a flow, and its drawing."""
    boxes, links = large_flow(shape, request.param)
    return boxes, links, lay_out(boxes, links)


class Grid:
    """Places by the strips of the drawing that they touch, for quick look-ups."""

    height = 50

    def __init__(self, places):
        self.strips = {}
        for name, place in places:
            first, last = place.y, place.y + place.height
            for strip in range(int(first // self.height), int(last // self.height) + 1):
                self.strips.setdefault(strip, []).append((name, place))

    def at(self, spot):
        """The names of the places that another shares room with."""
        strips = {int(spot.y // self.height)}
        strips.add(int((spot.y + spot.height) // self.height))
        return {
            name
            for strip in strips
            for name, place in self.strips.get(strip, ())
            if overlap(spot, place)
        }


def places_of(drawing):
    yield from drawing.boxes.items()
    for number, arrow in enumerate(drawing.arrows):
        if arrow.label:
            yield number, arrow.label


def test_no_card_and_no_label_overlaps_another(drawn):
    *_, drawing = drawn
    strips = Grid(places_of(drawing)).strips
    for places in strips.values():
        for number, (name, place) in enumerate(places):
            for other, another in places[:number]:
                assert not overlap(place, another), (name, other)


def test_no_arrow_runs_through_a_card_or_the_label_of_another(drawn):
    _, _, drawing = drawn
    grid = Grid(places_of(drawing))
    for number, arrow in enumerate(drawing.arrows):
        for (x, y), (x_next, y_next) in pairwise(along(arrow)):
            # A little less than the piece: what only touches runs through nothing.
            spot = Place(
                x=min(x, x_next) + 1e-3,
                y=min(y, y_next) + 1e-3,
                width=max(abs(x - x_next) - 2e-3, 0),
                height=max(abs(y - y_next) - 2e-3, 0),
            )
            assert grid.at(spot) <= {number}, (number, spot)


def test_every_arrow_has_its_head_at_its_card(drawn):
    _, links, drawing = drawn
    for arrow, link in zip(drawing.arrows, links, strict=True):
        for (x, y), id in (
            (arrow.points[0], link.source),
            (arrow.points[-1], link.target),
        ):
            card = drawing.boxes[id]
            assert card.x <= x <= card.x + card.width
            if link.source == link.target:
                assert x == card.x + card.width
                assert card.y <= y <= card.y + card.height
            else:
                assert y in (card.y, pytest.approx(card.y + card.height))


def test_the_width_is_bounded_and_everything_within(shape, drawn):
    *_, drawing = drawn
    assert drawing.width <= WIDEST[shape]
    for _, place in places_of(drawing):
        assert place.x >= -1e-6 and place.x + place.width <= drawing.width + 1e-6
        assert place.y >= -1e-6 and place.y + place.height <= drawing.height + 1e-6
    for arrow in drawing.arrows:
        for x, y in along(arrow):
            assert -1e-6 <= x <= drawing.width + 1e-6
            assert -1e-6 <= y <= drawing.height + 1e-6


def test_it_is_drawn_in_time_and_always_the_same(shape):
    boxes, links = large_flow(shape, 0)
    drawings = []
    seconds = cpu_seconds(lambda: drawings.append(lay_out(boxes, links)))
    size = f"{drawings[0].width:.0f} x {drawings[0].height:.0f} pixels"
    sys.stdout.write(f"\n{shape.__name__}: {seconds:.2f} s, {size}\n")
    assert seconds <= SECONDS[shape]
    assert lay_out(boxes, links) == drawings[0]


def test_a_tangle_is_no_ladder():
    """Its boxes fill the rows: two in each made it 23,850 pixels high."""
    assert lay_out(*large_flow(tangle, 0)).height <= 14_000


def test_the_children_of_a_hub_stand_in_rows_below_it():
    boxes = [Box(id=str(number), width=248, height=100) for number in range(40)]
    links = [
        Link(source="0", target=str(number), label_width=80, label_height=26)
        for number in range(1, 40)
    ]
    drawing = lay_out(boxes, links)
    rows = {}
    for number in range(1, 40):
        place = drawing.boxes[str(number)]
        assert place.y > drawing.boxes["0"].y + 100
        rows.setdefault(place.y, []).append((place.x, number))
    assert [len(row) for row in rows.values()] == [MOST_IN_A_ROW] * 5 + [4]
    # They keep the editor's order, and each keyword stands just above its card.
    assert [number for y in sorted(rows) for _, number in sorted(rows[y])] == list(
        range(1, 40)
    )
    for number, arrow in enumerate(drawing.arrows, 1):
        card = drawing.boxes[str(number)]
        assert 0 < card.y - (arrow.label.y + arrow.label.height) < 60


def test_the_arrows_of_a_hub_run_together_until_their_row():
    boxes = [Box(id=str(number), width=248, height=100) for number in range(40)]
    links = [Link(source="0", target=str(number)) for number in range(1, 40)]
    drawing = lay_out(boxes, links)
    beyond = [arrow for arrow in drawing.arrows if len(arrow.points) > 10]
    assert len(beyond) >= 39 - 2 * MOST_IN_A_ROW
    assert len({arrow.points[:7] for arrow in beyond}) == 1
