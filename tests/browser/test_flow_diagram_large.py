"""The page of all automations with 300 of them: from seen whole to read."""

import pytest

from ..large_site import fill
from .waiting import wait_until


EVERYTHING = "/admin/sms/flows/everything/"
#: Of the browser, from a request to a page that can be used.
MILLISECONDS = 10_000


@pytest.fixture(params=[1280, 390])
def opened(request, live_server, open_page, log_in):
    """The page at the width of a desk and of a phone."""
    fill()
    page = open_page(viewport={"width": request.param, "height": 800})
    log_in(page)
    page.goto(EVERYTHING, timeout=MILLISECONDS)
    page.locator(".sms-flow__tools").wait_for()
    return page


def scale(page):
    drawing = page.locator(".sms-flow__drawing")
    whole = float(drawing.get_attribute("viewBox").split()[2])
    return float(drawing.get_attribute("width")) / whole


def test_300_automations_can_be_read(opened, check_axe):
    page = opened
    view = page.locator(".sms-flow__view")
    assert page.locator("a.sms-flow__card").count() >= 300
    assert page.locator("details.sms-flow-outline").get_attribute("open") is None
    # It begins at its own size, to be read at once; the page itself never scrolls.
    assert scale(page) == 1
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    page.get_by_role("button", name="Show all").click()
    assert view.evaluate("view => view.scrollWidth <= view.clientWidth")
    assert view.evaluate("view => view.scrollHeight <= window.innerHeight * 0.8")
    page.get_by_role("button", name="Fit the width").click()
    assert view.evaluate("view => view.scrollWidth <= view.clientWidth")
    assert view.evaluate("view => view.scrollHeight > view.clientHeight")
    while scale(page) < 1:
        page.get_by_role("button", name="Zoom in").click()
    assert scale(page) >= 1
    check_axe(page, ".sms-flow")
    assert page.console_errors == []


def test_the_keyboard_alone_reads_them(opened):
    page = opened
    view = page.locator(".sms-flow__view")
    view.focus()
    page.keyboard.press("0")
    whole = scale(page)
    assert whole < 0.1
    while scale(page) < 0.8:
        page.keyboard.press("+")
    before = view.evaluate("view => view.scrollTop")
    page.keyboard.press("PageDown")
    wait_until(
        page,
        "before => document.querySelector('.sms-flow__view').scrollTop > before",
        arg=before,
    )
    page.wait_for_timeout(1000)  # until the smooth scroll has come to rest
    # The next card that gets the focus is scrolled to.
    page.keyboard.press("Tab")
    wait_until(
        page,
        """() => {
            const card = document.activeElement.getBoundingClientRect();
            const view = document.activeElement.closest('.sms-flow__view');
            const { top, bottom } = view.getBoundingClientRect();
            return card.top >= top - 1 && card.bottom <= bottom + 1;
        }""",
    )
    assert page.console_errors == []
