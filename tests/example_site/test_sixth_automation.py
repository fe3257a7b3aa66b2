"""An editor builds a sixth automation by hand, in a browser, on the running site.

Resumed from the three dots it answers a text on the phone page; paused it does not.
"""

import contextlib

import pytest

from ..browser.editor import add_block, entry
from .site_processes import ExampleSite


pytestmark = pytest.mark.processes

NAME = "Vegan pizzas"
ANSWER = "Three of our pizzas are vegan. Reply MENU."


@pytest.fixture
def demo(copy_database, tmp_path):
    """The site, running."""
    site = ExampleSite(copy_database(), SMS_FORWARD_MOBILE="+33612999888")
    with site.demo(tmp_path / "log") as demo:
        demo.wait_until_open()
        yield demo


@pytest.fixture
def page(browser, demo):
    """A page of the site."""
    with contextlib.closing(browser.new_context(base_url=demo.url)) as context:
        context.set_default_timeout(15_000)
        yield context.new_page()


def log_in(page):
    page.goto("/admin/login/")
    page.get_by_label("Username").fill("editor")
    page.get_by_label("Password").fill("changeme")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/")


def build(page):
    """Build the automation from the empty form, and save and close it."""
    page.goto("/admin/sms/automations/")
    page.get_by_role("link", name="Add an automation").click()
    page.wait_for_selector("#panel-actions-section .c-sf-add-button")
    page.get_by_role("textbox", name="Name").first.fill(NAME)
    conditions = page.locator("#conditions-root [data-streamfield-child]")
    if not conditions.count():
        add_block(page, "conditions", "Content")
    field = entry(conditions.first, "Keywords")
    field.fill("VEGAN")
    field.press("Enter")
    replies = page.locator("#actions-root [data-streamfield-child]")
    if not replies.count():
        add_block(page, "actions", "Send an SMS reply")
    replies.first.locator("textarea").first.fill(ANSWER)
    with page.expect_navigation():
        page.get_by_role("button", name="Save and close").click()


def choose(page, label):
    """Choose from the three dots beside the automation."""
    page.goto("/admin/sms/automations/")
    row = page.locator("tr", has_text=NAME)
    row.get_by_role("button", name="More options").click()
    with page.expect_navigation():
        page.get_by_role("button", name=label).last.click()


def text_on_the_phone(page, body):
    """Open the phone, text, and return what is on it once the text is."""
    page.goto("/phone/")
    page.get_by_label("Text").fill(body)
    page.get_by_role("button", name="Send").click()
    page.locator(".text.inbound", has_text=body).last.wait_for()
    return page.locator(".text.outbound")


def test_it_answers_once_resumed_and_never_while_paused(page, demo):
    log_in(page)
    build(page)
    assert "PAUSED" in page.locator("tr", has_text=NAME).inner_text().upper()

    choose(page, "Resume")
    answers = text_on_the_phone(page, "VEGAN?")
    answers.filter(has_text=ANSWER).wait_for()

    choose(page, "Pause")
    text_on_the_phone(page, "VEGAN again?")
    # The next text is answered after this one would have been.
    answers = text_on_the_phone(page, "ORDER")
    answers.filter(has_text="Reply MENU to see").wait_for()
    assert answers.filter(has_text=ANSWER).count() == 1
    page.wait_for_function(
        "document.documentElement.scrollHeight <= "
        "document.querySelector('footer').getBoundingClientRect().bottom "
        "+ window.scrollY + 200"
    )
