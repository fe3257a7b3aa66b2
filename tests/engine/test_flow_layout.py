"""Layered drawings: nothing overlaps, everything is drawn, and it is quick."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_sms_automation.engine.flow_layout import Box, Link, Place, lay_out

from .curves import along, overlap
from .random_flows import random_flow
from .timing import cpu_seconds


def boxes(*heights):
    return [
        Box(id=str(number), width=200, height=height)
        for number, height in enumerate(heights)
    ]


def link(source, target, width=60.0, height=24.0):
    return Link(
        source=str(source),
        target=str(target),
        label_width=width,
        label_height=height,
    )


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 18))
    sizes = st.tuples(st.integers(1, 400), st.integers(1, 300))
    nodes = [
        Box(id=str(number), width=width, height=height)
        for number, (width, height) in enumerate(
            draw(st.lists(sizes, min_size=count, max_size=count))
        )
    ]
    ends = st.integers(0, count - 1)
    labels = st.sampled_from([(0, 0), (40, 20), (300, 90)])
    links = draw(st.lists(st.tuples(ends, ends, labels), max_size=30))
    return nodes, [link(source, target, *label) for source, target, label in links]


@given(graphs())
@settings(deadline=None, max_examples=150)
def test_no_box_and_no_label_overlaps_another(graph):
    drawing = lay_out(*graph)
    places = [*drawing.boxes.values()]
    places += [arrow.label for arrow in drawing.arrows if arrow.label]
    for number, place in enumerate(places):
        assert not any(overlap(place, other) for other in places[:number])
        assert place.x >= -1e-6 and place.x + place.width <= drawing.width + 1e-6
        assert place.y >= -1e-6 and place.y + place.height <= drawing.height + 1e-6


@given(graphs())
@settings(deadline=None, max_examples=100)
def test_arrows_join_their_boxes_and_pass_through_none(graph):
    nodes, links = graph
    drawing = lay_out(nodes, links)
    for arrow, one in zip(drawing.arrows, links, strict=True):
        assert (len(arrow.points) - 1) % 3 == 0
        for point, id in (
            (arrow.points[0], one.source),
            (arrow.points[-1], one.target),
        ):
            place = drawing.boxes[id]
            assert place.x - 1e-6 <= point[0] <= place.x + place.width + 1e-6
            assert place.y - 1e-6 <= point[1] <= place.y + place.height + 1e-6
        for x, y in [*along(arrow)][1:-1]:
            spot = Place(x=x, y=y, width=2e-6, height=2e-6)
            assert not any(overlap(spot, place) for place in drawing.boxes.values())
        assert bool(arrow.label) == bool(one.label_width)


@given(graphs())
@settings(deadline=None, max_examples=30)
def test_the_same_graph_gives_the_same_drawing(graph):
    assert lay_out(*graph) == lay_out(*graph)


def test_nothing_takes_no_room():
    drawing = lay_out([], [])
    assert (drawing.width, drawing.height) == (0, 0)
    assert drawing.boxes == {} and drawing.arrows == ()


def test_a_line_of_boxes_runs_straight_down():
    drawing = lay_out(boxes(80, 80, 80), [link(0, 1), link(1, 2)])
    assert len({place.x for place in drawing.boxes.values()}) == 1
    assert [place.y for place in drawing.boxes.values()] == sorted(
        place.y for place in drawing.boxes.values()
    )
    for arrow in drawing.arrows:
        assert len({x for x, _ in arrow.points}) == 1
        assert len(arrow.points) == 4


def test_children_stand_in_the_order_of_the_editor():
    drawing = lay_out(boxes(80, 80, 80, 80), [link(0, child) for child in (1, 2, 3)])
    left_to_right = sorted("123", key=lambda id: drawing.boxes[id].x)
    assert left_to_right == ["1", "2", "3"]
    assert drawing.boxes["0"].x == drawing.boxes["2"].x


def test_a_cycle_is_entered_at_its_first_box():
    drawing = lay_out(boxes(80, 80, 80), [link(0, 1), link(1, 2), link(2, 0)])
    tops = [drawing.boxes[id].y for id in "012"]
    assert tops == sorted(tops)
    back = drawing.arrows[2]
    assert back.points[0][1] > back.points[-1][1]


def test_two_arrows_between_two_boxes_are_both_seen():
    drawing = lay_out(boxes(80, 80), [link(0, 1), link(0, 1), link(1, 0)])
    labels = [arrow.label for arrow in drawing.arrows]
    assert len({label.x for label in labels}) == 3


def test_a_loop_hangs_at_the_side_of_its_box():
    drawing = lay_out(boxes(80), [link(0, 0), link(0, 0)])
    box = drawing.boxes["0"]
    for arrow in drawing.arrows:
        assert arrow.points[0][0] == arrow.points[-1][0] == box.x + box.width
        assert arrow.label.x > box.x + box.width
    assert drawing.width > 260


def test_parts_that_nothing_joins_stand_side_by_side():
    drawing = lay_out(boxes(*[80] * 6), [link(0, 1), link(2, 3), link(4, 5)])
    roots = [drawing.boxes[id] for id in "024"]
    assert [place.y for place in roots] == [0, 0, 0]
    assert [place.x for place in roots] == sorted(place.x for place in roots)


def test_a_hundred_lone_boxes_make_a_sheet_and_no_line():
    drawing = lay_out(boxes(*[80] * 100), [])
    assert 0.5 < drawing.width / drawing.height < 3


def test_an_id_is_given_once():
    with pytest.raises(ValueError, match="id of its own"):
        lay_out([*boxes(80), *boxes(80)], [])


def test_fifty_steps_take_fifty_milliseconds_at_most():
    for seed in range(5):
        flow = random_flow(seed, steps=50)
        assert min(seconds(flow) for _ in range(3)) <= 0.05


def test_five_hundred_steps_take_three_seconds_at_most():
    assert seconds(random_flow(1, steps=500)) <= 3


def seconds(flow):
    return cpu_seconds(lay_out, *flow)
