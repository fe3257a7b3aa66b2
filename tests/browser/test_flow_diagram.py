"""The diagram in a real browser, inside the admin's own page."""

import re

import pytest
from wagtail.users.models import UserProfile

from wagtail_sms_automation.admin.flow_diagram import diagram
from wagtail_sms_automation.engine.flow_graph import (
    Arrow,
    ArrowKind,
    FlowGraph,
    Node,
    NodeKind,
)

from ..factories import SuperuserFactory
from .waiting import wait_until


STATIC = "/static/wagtail_sms_automation"
LINKS = {f"automation-{number}": "/admin/sms/automations/?card" for number in range(12)}


def flow(steps=12):
    nodes = [
        Node(
            id=f"automation-{number}",
            kind=NodeKind.AUTOMATION,
            name=f"Step {number}",
            bodies=("Reply NEXT to go on.",),
            is_paused=number == 1,
            is_reachable=number != 2,
            dead_words=("PIZZA",) if number == 3 else (),
        )
        for number in range(steps)
    ]
    arrows = [
        Arrow(
            source=f"automation-{number // 2}",
            target=f"automation-{number}",
            kind=ArrowKind.KEYWORD,
            keywords=("NEXT",),
        )
        for number in range(steps)
    ]
    return FlowGraph(nodes=tuple(nodes), arrows=tuple(arrows))


@pytest.fixture
def open_diagram(log_in):
    """Return a function: opens an admin page with the diagram below its list."""

    def open_diagram(page, user=None, graph=None):
        drawn = diagram(graph or flow(), links=LINKS)

        def answer(route):
            response = route.fetch()
            html = response.text().replace("</main>", f"{drawn}</main>")
            html = html.replace(
                "</head>",
                f'<link rel="stylesheet" href="{STATIC}/css/flow.css"></head>',
            ).replace(
                "</body>",
                f'<script src="{STATIC}/js/flow-controller.js"></script></body>',
            )
            route.fulfill(response=response, body=html)

        page.route(re.compile(r"/admin/sms/automations/$"), answer)
        log_in(page, user)
        page.goto("/admin/sms/automations/")
        page.locator(".sms-flow__tools").wait_for()
        return page

    return open_diagram


def chain(steps):
    """A flow whose steps lead on one after the other."""
    nodes = flow(steps).nodes
    arrows = [
        Arrow(
            source=f"automation-{number}",
            target=f"automation-{number + 1}",
            kind=ArrowKind.KEYWORD,
            keywords=("NEXT",),
        )
        for number in range(steps - 1)
    ]
    return FlowGraph(nodes=nodes, arrows=tuple(arrows))


def width(page):
    return float(page.locator(".sms-flow__drawing").get_attribute("width"))


def test_the_diagram_is_accessible_under_a_strict_policy(
    strict_page, open_diagram, check_axe
):
    open_diagram(strict_page)
    check_axe(strict_page, ".sms-flow")
    assert strict_page.console_errors == []
    assert strict_page.get_by_role("link", name="Step 1 Paused").is_visible()


def test_zoom_by_mouse(strict_page, open_diagram):
    page = open_diagram(strict_page)
    whole = width(page)
    page.get_by_role("button", name="Zoom in").click()
    assert width(page) == pytest.approx(whole * 1.25)
    page.get_by_role("button", name="Zoom out").click()
    assert width(page) == pytest.approx(whole)
    page.get_by_role("button", name="Show all").click()
    view = page.locator(".sms-flow__view")
    assert width(page) <= view.evaluate("view => view.clientWidth") + 1
    assert page.console_errors == []


def test_zoom_and_scroll_by_keyboard(strict_page, open_diagram):
    page = open_diagram(strict_page)
    view = page.locator(".sms-flow__view")
    view.focus()
    whole = width(page)
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert width(page) > whole
    before = view.evaluate("view => view.scrollTop")
    page.keyboard.press("ArrowDown")
    wait_until(
        page,
        "before => document.querySelector('.sms-flow__view').scrollTop > before",
        arg=before,
    )
    page.keyboard.press("0")
    assert width(page) <= whole
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == (
        "/admin/sms/automations/?card"
    )


def test_a_drag_moves_the_view_and_opens_no_card(strict_page, open_diagram):
    page = open_diagram(strict_page)
    view = page.locator(".sms-flow__view")
    for _ in range(3):
        page.get_by_role("button", name="Zoom in").click()
    before = view.evaluate("view => view.scrollTop")
    box = view.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 300
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 40, y - 120, steps=4)
    page.mouse.up()
    assert view.evaluate("view => view.scrollTop") == pytest.approx(before + 120)
    assert not page.url.endswith("?card")
    page.get_by_role("link", name="Step 1 Paused").click()
    page.wait_for_url("**/automations/?card")


def test_show_all_shows_all_of_300_steps_below_each_other(page, open_diagram):
    open_diagram(page, graph=chain(300))
    page.get_by_role("button", name="Show all").click()
    view = page.locator(".sms-flow__view")
    assert view.evaluate("view => view.scrollHeight <= view.clientHeight")
    assert view.evaluate("view => view.clientHeight <= window.innerHeight")
    # From there one step in and one out are the same again.
    whole = width(page)
    page.get_by_role("button", name="Zoom in").click()
    assert width(page) == pytest.approx(whole * 1.25)
    page.get_by_role("button", name="Zoom out").click()
    page.get_by_role("button", name="Zoom out").click()
    assert width(page) == pytest.approx(whole)


def test_a_drag_that_ends_outside_swallows_no_enter(strict_page, open_diagram):
    page = open_diagram(strict_page)
    view = page.locator(".sms-flow__view")
    view.scroll_into_view_if_needed()
    box = view.bounding_box()
    x, y = box["x"] + 60, box["y"] + 200
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 50, steps=4)
    page.mouse.move(x, box["y"] - 30, steps=4)
    page.mouse.up()
    page.get_by_role("link", name="Step 1 Paused").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/automations/?card")


def turned(page, pixels, times=1):
    """Turn the wheel with Ctrl; return how many times larger the drawing is."""
    before = width(page)
    page.locator(".sms-flow__view").evaluate(
        """(view, [deltaY, times]) => {
            const turn = { ctrlKey: true, deltaY, cancelable: true };
            for (let i = 0; i < times; i += 1) {
                view.dispatchEvent(new WheelEvent('wheel', turn));
            }
        }""",
        [pixels, times],
    )
    return width(page) / before


def test_a_pinch_zooms_as_far_as_the_fingers_go(strict_page, open_diagram):
    page = open_diagram(strict_page)
    assert turned(page, 1, times=10) == pytest.approx(0.905, abs=0.01)
    assert turned(page, -1, times=10) == pytest.approx(1.105, abs=0.01)
    # A wheel turns by a hundred pixels at once: that is one step.
    assert turned(page, 100) == pytest.approx(1 / 1.25)
    assert turned(page, -100) == pytest.approx(1.25)


def clipped_by(page):
    """What around the drawing shows a part of it only."""
    return page.locator(".sms-flow__drawing").evaluate(
        """drawing => {
            const clipping = [];
            for (let one = drawing.parentElement; one; one = one.parentElement) {
                const { overflowX, overflowY } = getComputedStyle(one);
                const isOpen = overflowX === 'visible' && overflowY === 'visible';
                const isWhole = one.scrollWidth <= one.clientWidth
                    && one.scrollHeight <= one.clientHeight;
                if (!isOpen && !isWhole) clipping.push(one.className || one.tagName);
            }
            return clipping;
        }"""
    )


def test_a_long_flow_prints_in_a_size_to_read(strict_page, open_diagram):
    page = open_diagram(strict_page, graph=chain(40))
    view_box = page.locator(".sms-flow__drawing").get_attribute("viewBox").split()
    own_width, own_height = map(float, view_box[2:])
    # However it was zoomed on the screen.
    page.get_by_role("button", name="Show all").click()
    page.emulate_media(media="print")
    printed = page.locator(".sms-flow__drawing").bounding_box()
    assert printed["width"] == pytest.approx(own_width, abs=1)
    assert printed["height"] == pytest.approx(own_height, abs=1)
    assert clipped_by(page) == []
    sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert len(sheets) >= own_height / 1123
    assert page.console_errors == []


def test_a_wide_flow_prints_as_wide_as_the_sheet(strict_page, open_diagram):
    page = open_diagram(strict_page, graph=flow(40))
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 500, "height": 700})
    across, down, room, shape = page.locator(".sms-flow__drawing").evaluate(
        """drawing => {
            const { width, height } = drawing.getBoundingClientRect();
            const { clientWidth } = drawing.parentElement;
            const own = drawing.viewBox.baseVal;
            return [width, height, clientWidth, own.width / own.height];
        }"""
    )
    assert across == pytest.approx(room, abs=1)
    assert down == pytest.approx(room / shape, abs=2)
    assert clipped_by(page) == []


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_diagram_in_other_languages(page, open_diagram, check_axe, language):
    user = SuperuserFactory()
    UserProfile.objects.create(user=user, preferred_language=language)
    open_diagram(page, user)
    card = page.get_by_role("link", name="Step 1 Paused").locator("text").first
    assert card.get_attribute("x") == "14"
    outline = page.locator(".sms-flow__card.is-paused")
    assert card.bounding_box()["x"] >= outline.bounding_box()["x"]
    check_axe(page, ".sms-flow")
    assert page.console_errors == []


def test_without_javascript_the_diagram_shows_and_scrolls(browser, open_page, log_in):
    page = open_page(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page.set_content(diagram(flow(), links=LINKS))
    assert page.locator(".sms-flow__tools").is_hidden()
    assert page.locator("a.sms-flow__card").count() == 12
