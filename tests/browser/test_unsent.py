"""Deciding about what was not sent: by mouse, by keyboard alone, without scripts."""

import pytest

from wagtail_sms_automation.models import InboundMessage, OutboundMessage

from ..factories import InboundMessageFactory, OutboundMessageFactory
from .editor import tab_to


UNSENT = "/admin/sms/unsent/"
MESSAGES = "/admin/sms/messages/"


def row(page, text):
    """Return the table row of a text."""
    return page.locator("table.listing tbody tr").filter(has_text=text)


def dots(page, text):
    """Return the three dots beside a text."""
    return row(page, text).get_by_role("button", name="More options")


def menu_of(page):
    """Return the open menu."""
    return page.locator("[data-tippy-root]").filter(has_text="Leave")


def review_of(message):
    """Return what was decided, as it is stored."""
    message.refresh_from_db()
    return message.review


@pytest.fixture
def failed(live_server):
    """A message that was refused."""
    return OutboundMessageFactory(state="failed", body="Which one?")


@pytest.fixture
def unknown(live_server):
    """A message that may have been sent."""
    return OutboundMessageFactory(state="unknown", body="Your order is on its way.")


def test_send_again_by_mouse(strict_page, log_in, failed):
    page = log_in(strict_page)
    page.goto(f"{UNSENT}?state=failed")
    dots(page, "Which one?").click()
    labels = menu_of(page).locator("a, button").all_inner_texts()
    assert [label.strip() for label in labels] == ["Send again", "Leave"]
    menu_of(page).get_by_role("button", name="Send again").click()
    page.get_by_text("The message is sent once more, in a moment.").wait_for()
    assert page.url.endswith("?state=failed")
    assert row(page, "Which one?").count() == 0
    assert review_of(failed) == "sent_again"
    assert OutboundMessage.objects.filter(state="queued").count() == 1
    assert page.console_errors == []


def test_leave_by_keyboard_alone(page, log_in, failed):
    log_in(page).goto(UNSENT)
    tab_to(page, "table.listing [aria-label^='More options']")
    page.keyboard.press("Enter")
    menu_of(page).get_by_role("button", name="Leave").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("The message is left as it is.").wait_for()
    assert review_of(failed) == "left"
    assert not OutboundMessage.objects.filter(state="queued").exists()


def test_where_it_may_arrive_twice_it_asks_by_keyboard_alone(page, log_in, unknown):
    log_in(page).goto(f"{UNSENT}?state=unknown")
    tab_to(page, "table.listing [aria-label^='More options']")
    page.keyboard.press("Enter")
    menu_of(page).get_by_role("button", name="Send again").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("may get the same text twice").wait_for()
    assert review_of(unknown) == ""
    tab_to(page, "main form button[type=submit]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_text("The message is sent once more, in a moment.").wait_for()
    assert page.url.endswith("?state=unknown")
    assert review_of(unknown) == "sent_again"


def test_the_page_of_a_message_needs_no_scripts(open_page, log_in, unknown):
    page = log_in(open_page(java_script_enabled=False))
    page.goto(f"{UNSENT}inspect/{unknown.pk}/")
    page.get_by_role("button", name="Send again").click()
    page.get_by_role("button", name="Yes, send again").click()
    page.get_by_text("The message is sent once more, in a moment.").wait_for()
    assert page.url.endswith(f"{UNSENT}inspect/{unknown.pk}/")
    assert page.get_by_text("Sent again as").is_visible()
    assert page.get_by_role("button", name="Leave").count() == 0
    assert review_of(unknown) == "sent_again"


def test_many_at_once(strict_page, log_in, failed, unknown):
    OutboundMessageFactory(state="failed", body="Another")
    page = log_in(strict_page)
    page.goto(UNSENT)
    for text in ("Which one?", "on its way"):
        row(page, text).hover()
        row(page, text).get_by_role("checkbox").check()
    page.get_by_text("2 items selected").wait_for()
    page.get_by_role("link", name="Send the selected messages again").click()
    page.get_by_text("answer to 1 of them was lost").wait_for()
    page.get_by_role("button", name="Yes, send again").click()
    page.get_by_text("2 messages are sent once more.").wait_for()
    assert {review_of(failed), review_of(unknown)} == {"sent_again"}
    assert page.console_errors == []


def test_a_parked_message_is_tried_again(strict_page, log_in, live_server):
    message = InboundMessageFactory(state="parked", body="ORDER 1", error="Traceback")
    page = log_in(strict_page)
    page.goto(MESSAGES)
    page.get_by_role("link", name="ORDER 1").click()
    page.get_by_text("What went wrong, for developers").click()
    assert page.locator("pre").is_visible()
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("The message is handled once more, in a moment.").wait_for()
    message.refresh_from_db()
    assert message.state == InboundMessage.State.PENDING
    assert page.console_errors == []
