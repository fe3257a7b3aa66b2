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
    page.wait_for_function(
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
