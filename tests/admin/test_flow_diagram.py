"""The diagram of a flow, as SVG."""

import re
from xml.etree import ElementTree

import pytest
from django.utils import translation

from wagtail_sms_automation.admin.flow_diagram import diagram, svg_file
from wagtail_sms_automation.admin.text_lines import (
    is_right_to_left,
    lines_of,
    width_of,
)
from wagtail_sms_automation.engine.flow_graph import (
    Arrow,
    ArrowKind,
    FlowGraph,
    Node,
    NodeKind,
)


SVG = "{http://www.w3.org/2000/svg}"
NASTY = '<script>alert(1)</script> ]]> & "quoted" \x00\x1b\ufffe\ud800'


def node(number, **values):
    values = {
        "id": f"automation-{number}",
        "kind": NodeKind.AUTOMATION,
        "name": f"Stage {number}",
        "bodies": ("Reply MENU to see our dishes.",),
    } | values
    return Node(**values)


def arrow(source, target, *keywords, kind=ArrowKind.KEYWORD):
    return Arrow(
        source=f"automation-{source}",
        target=f"automation-{target}",
        kind=kind,
        keywords=keywords,
    )


def graph(*nodes, arrows=()):
    return FlowGraph(nodes=nodes, arrows=tuple(arrows))


def parse(text):
    """Read the SVG out of a diagram, or a file."""
    start, end = text.index("<svg"), text.index("</svg>") + len("</svg>")
    return ElementTree.fromstring(text[start:end])  # noqa: S314 - our own


def texts(drawing, kind):
    return [
        element.text
        for element in drawing.iter(f"{SVG}text")
        if f"sms-flow__text--{kind}" in element.get("class")
    ]


def cards(drawing):
    return [
        element
        for element in drawing.iter()
        if "sms-flow__card " in element.get("class", "")
    ]


def test_a_card_has_its_name_and_its_text():
    drawing = parse(diagram(graph(node(1))))
    assert texts(drawing, "name") == ["Stage 1"]
    assert " ".join(texts(drawing, "body")) == "Reply MENU to see our dishes."


def test_keywords_are_red_and_bold_on_the_arrows():
    drawing = parse(
        diagram(graph(node(1), node(2), arrows=[arrow(1, 2, "MENU", "CARTE")]))
    )
    assert texts(drawing, "keyword") == ["MENU, CARTE"]
    keyword = next(
        element
        for element in drawing.iter(f"{SVG}text")
        if element.text == "MENU, CARTE"
    )
    assert keyword.get("font-weight") == "700"


def test_other_arrows_say_why_they_lead_on():
    arrows = [
        arrow(1, 2, kind=ArrowKind.FOLLOWS),
        arrow(2, 1, kind=ArrowKind.ANY_TEXT),
    ]
    drawing = parse(diagram(graph(node(1), node(2), arrows=arrows)))
    assert texts(drawing, "note") == ["the next text", "any text"]


def test_the_count_stands_on_the_first_arrow_of_a_pair():
    arrows = [arrow(1, 2, "MENU"), arrow(1, 2, kind=ArrowKind.FOLLOWS)]
    counts = {("automation-1", "automation-2"): 1}
    drawing = parse(diagram(graph(node(1), node(2), arrows=arrows), counts=counts))
    assert texts(drawing, "count") == ["1 contact"]


def test_no_count_is_not_a_count_of_none():
    flow = graph(node(1), node(2), arrows=[arrow(1, 2, "MENU")])
    assert texts(parse(diagram(flow)), "count") == []
    counts = {("automation-1", "automation-2"): 0}
    assert texts(parse(diagram(flow, counts=counts)), "count") == ["0 contacts"]


def test_paused_unreachable_and_dead_are_said_in_words():
    flow = graph(
        node(1, is_paused=True), node(2, is_reachable=False, dead_words=("PIZZA",))
    )
    drawing = parse(diagram(flow))
    assert texts(drawing, "paused") == ["Paused"]
    assert " ".join(texts(drawing, "warning")) == (
        "Nothing leads here. No automation answers: PIZZA"
    )
    paused, unreachable = cards(drawing)
    assert "is-paused" in paused.get("class")
    assert paused.get("aria-label") == "Stage 1 Paused"
    assert "is-warning" in unreachable.get("class")


def test_roots_have_shapes_of_their_own():
    flow = graph(
        node(1, id="anyone", kind=NodeKind.ANYONE, name="", bodies=()),
        node(2, id="flow-2", kind=NodeKind.ANNOUNCEMENT, name="Poster"),
        node(3),
    )
    drawing = parse(diagram(flow))
    assert texts(drawing, "name") == ["Anyone who texts", "Poster", "Stage 3"]
    assert texts(drawing, "note") == ["Announcement"]
    outlines = [card.find(f"{SVG}path").get("d") for card in cards(drawing)]
    assert [bool("l" in outline) for outline in outlines] == [False, True, False]


def test_a_card_links_to_its_editor():
    flow = graph(node(1), node(2))
    drawing = parse(diagram(flow, links={"automation-1": "/edit/1/?a=1&b=2"}))
    linked, bare = cards(drawing)
    assert (linked.tag, linked.get("href")) == (f"{SVG}a", "/edit/1/?a=1&b=2")
    assert linked.get("aria-label") == "Stage 1"
    assert (bare.tag, bare.get("role")) == (f"{SVG}g", "img")


def test_a_long_text_is_shortened_and_whole_in_the_title():
    body = "A text of many words. " * 90
    drawing = parse(diagram(graph(node(1, bodies=(body,)))))
    lines = texts(drawing, "body")
    assert len(lines) == 5
    assert lines[-1].endswith("…")
    assert body.strip() in drawing.find(f".//{SVG}title").text


def test_several_texts_are_shown_or_counted():
    drawing = parse(diagram(graph(node(1, bodies=("One.", "Two.", "Three.", "Four.")))))
    assert texts(drawing, "body") == ["One.", "Two.", "And 2 more texts."]


@pytest.mark.parametrize("draw", [diagram, svg_file])
def test_what_people_wrote_stays_text(draw):
    flow = graph(
        node(1, name=NASTY, bodies=(NASTY,), dead_words=(NASTY,)),
        node(2, name="ÉTAPE « 2 »"),
        arrows=[arrow(1, 2, NASTY), arrow(2, 2, "]]>")],
    )
    source = draw(flow)
    drawing = parse(source)
    assert "<script" not in source
    assert "]]>" not in source
    title = drawing.find(f".//{SVG}title").text
    assert title.startswith('<script>alert(1)</script> ]]> & "quoted"')
    assert not re.search("[\x00-\x08\x0b-\x1f\ufffe\ud800]", source)


def test_nothing_inline_that_a_strict_policy_refuses():
    flow = graph(node(1), node(2), arrows=[arrow(1, 2, "MENU"), arrow(2, 2, "MORE")])
    source = diagram(flow, links={"automation-1": "/edit/1/"})
    assert not re.search(r"<style|<script|\sstyle=|\son\w+=", source)


def test_a_flow_without_messages_says_so():
    assert "nothing to draw yet" in diagram(graph())
    assert parse(svg_file(graph())).tag == f"{SVG}svg"


def test_numbers_of_a_drawing_do_not_speak_french():
    flow = graph(node(1), node(2), node(3), arrows=[arrow(1, 2, "A"), arrow(1, 3, "B")])
    with translation.override("fr"):
        drawing = parse(diagram(flow))
    assert all("," not in path.get("d") for path in drawing.iter(f"{SVG}path"))
    assert "," not in drawing.get("viewBox")


def test_a_file_stands_alone():
    source = svg_file(graph(node(1, is_paused=True)))
    drawing = parse(source)
    assert "stroke-dasharray" in drawing.find(f"{SVG}style").text
    assert not re.search(r"var\(|url\(|href|@import", source)


def test_a_text_from_right_to_left_begins_at_the_right():
    drawing = parse(diagram(graph(node(1, name="قائمة", bodies=("مرحبا MENU",)))))
    lines = list(drawing.iter(f"{SVG}text"))
    assert {line.get("direction") for line in lines} == {"rtl"}
    assert {line.get("x") for line in lines} == {"234"}


def test_lines_break_between_words_and_only_then_within():
    assert lines_of("one two three", width=60, size=13, most=9) == ["one two", "three"]
    pieces = lines_of("W" * 40, width=100, size=13, most=9)
    assert "".join(pieces) == "W" * 40
    assert all(width_of(piece, 13) <= 100 for piece in pieces)
    assert lines_of("one\n\ntwo", width=300, size=13, most=9) == ["one two"]
    assert lines_of("", width=300, size=13, most=9) == []


def test_the_first_letter_gives_the_direction():
    assert is_right_to_left("1. قائمة MENU")
    assert not is_right_to_left("MENU قائمة")
    assert not is_right_to_left("123")


def test_three_hundred_automations_are_drawn():
    nodes = [node(number) for number in range(300)]
    arrows = [arrow(number // 3, number, "MENU") for number in range(1, 300)]
    assert len(cards(parse(diagram(graph(*nodes, arrows=arrows))))) == 300
