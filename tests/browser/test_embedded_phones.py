"""The simulator's phone on the flow page and beside the editor's unsaved form."""

import pytest
from django.conf import settings as django_settings
from wagtail.users.models import UserProfile

from wagtail_sms_automation.models import Automation

from ..factories import (
    AutomationFactory,
    FlowFactory,
    InboundMessageFactory,
    SuperuserFactory,
    reply,
)
from .editor import entry, first_block, open_editor, tab_to
from .test_simulator import orders, say, turns  # noqa: F401


PANEL = "[data-side-panel=sms-simulator]"
TOGGLE = "[data-side-panel-toggle=sms-simulator]"


def flow_page(flow):
    """Return the URL of a flow's page."""
    return f"/admin/sms/flows/inspect/{flow.pk}/"


def open_panel(page):
    """Open the panel, and wait until it has asked what stands in the form."""
    page.locator(TOGGLE).click()
    page.locator(PANEL).wait_for()
    idle(page)
    return page.locator(PANEL)


def idle(page):
    """Wait until nothing is asked for."""
    page.locator("form.sms-phone:not([aria-busy])").wait_for()


def is_dirty(page):
    """True if leaving the page would warn of unsaved changes."""
    return page.evaluate(
        """() => {
            const event = new Event('beforeunload', { cancelable: true });
            window.dispatchEvent(event);
            return event.defaultPrevented;
        }"""
    )


@pytest.fixture
def stage(live_server):
    """A paused automation."""
    return AutomationFactory(
        name="Stage 1", keywords=("ORDER",), actions=[reply("What would you like?")]
    )


# The flow page


def test_a_flow_is_tried_on_its_page_by_mouse(strict_page, log_in, orders, check_axe):  # noqa: F811
    page = log_in(strict_page)
    page.goto(flow_page(orders))
    page.evaluate("window.isSamePage = true")
    assert page.get_by_role("heading", name="Try it").is_visible()
    page.get_by_role("button", name="ORDER", exact=True).click()
    turns(page).get_by_text("What would you like?").wait_for()
    page.get_by_label("Your text").fill("a pizza")
    page.get_by_role("button", name="Send", exact=True).click()
    turns(page).get_by_text("شكرا").wait_for()
    check_axe(page)
    assert page.evaluate("window.isSamePage")
    assert page.console_errors == []


def test_a_flow_is_tried_by_keyboard_alone(strict_page, log_in, orders):  # noqa: F811
    page = log_in(strict_page)
    page.goto(flow_page(orders))
    tab_to(page, "#id_phone-text")
    page.keyboard.type("ORDER")
    page.keyboard.press("Enter")
    turns(page).get_by_text("What would you like?").wait_for()
    page.keyboard.type("a pizza")
    page.keyboard.press("Enter")
    turns(page).get_by_text("شكرا").wait_for()
    assert page.evaluate("document.activeElement.id") == "id_phone-text"
    assert page.console_errors == []


def test_without_scripts_the_simulators_page_goes_on(open_page, log_in, orders):  # noqa: F811
    page = log_in(open_page(java_script_enabled=False))
    page.goto(flow_page(orders))
    with page.expect_navigation(url="**/sms/simulator/"):
        say(page, "ORDER")
    with page.expect_navigation():
        say(page, "a pizza")
    assert turns(page).get_by_text("شكرا").is_visible()
    assert turns(page).count() == 2


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_flow_page_in_other_languages_and_widths(
    open_page,
    log_in,
    orders,  # noqa: F811
    check_axe,
    language,
    width,
):
    user = SuperuserFactory()
    UserProfile.objects.create(user=user, preferred_language=language)
    headers = {"X-Strict-CSP": "1"}
    size = {"width": width, "height": 844}
    page = log_in(open_page(viewport=size, extra_http_headers=headers), user)
    page.goto(flow_page(orders))
    page.locator("#id_phone-text").fill("ORDER " + "x" * 300)
    page.keyboard.press("Enter")
    turns(page).get_by_text("What would you like?").wait_for()
    section = page.locator(".sms-flow-phone")
    assert section.evaluate("one => one.scrollWidth <= one.clientWidth")
    check_axe(page)
    assert page.console_errors == []


# Beside the editor


def test_what_is_typed_in_the_form_answers_at_once(strict_page, log_in, check_axe):
    page = open_editor(log_in(strict_page))
    panel = open_panel(page)
    panel.get_by_text("Name: This field is required.").wait_for()
    check_axe(page, PANEL)
    page.locator("#id_name").fill("Orders")
    keyword = entry(first_block(page, "conditions"), "Keywords")
    keyword.fill("ORDER")
    keyword.press("Enter")
    first_block(page, "actions").locator("textarea").fill("First words")
    say(page, "ORDER")
    turns(page).get_by_text("First words").wait_for()
    assert panel.get_by_text("This field is required").count() == 0
    panel.get_by_role("button", name="ORDER", exact=True).wait_for()
    first_block(page, "actions").locator("textarea").fill("Other words")
    say(page, "ORDER")
    turns(page).nth(1).wait_for()
    # The conversation is held anew, by what stands in the form now.
    assert turns(page).get_by_text("Other words").count() == 2
    check_axe(page, PANEL)
    assert not Automation.objects.exists()
    assert page.console_errors == []


def test_a_mistake_in_the_form_keeps_the_conversation(strict_page, log_in, stage):
    page = open_editor(log_in(strict_page), stage)
    panel = open_panel(page)
    say(page, "ORDER")
    turns(page).get_by_text("What would you like?").wait_for()
    text = first_block(page, "actions").locator("textarea")
    text.fill("Hello {{ contact.first_na")
    say(page, "ORDER again")
    panel.get_by_text("Incomplete placeholder").wait_for()
    assert turns(page).count() == 1
    assert page.get_by_label("Your text").input_value() == "ORDER again"
    text.fill("Hello")
    page.get_by_label("Your text").press("Enter")
    turns(page).nth(1).wait_for()
    assert turns(page).get_by_text("Hello", exact=True).count() == 2
    assert page.console_errors == []


def test_texting_neither_changes_nor_saves_the_form(strict_page, log_in, stage):
    page = open_editor(log_in(strict_page), stage)
    page.evaluate("window.isSamePage = true")
    panel = open_panel(page)
    # Wagtail looks for changes some time after the page has come.
    page.wait_for_timeout(3_000)
    assert not is_dirty(page)
    for text in ("ORDER", "STOP"):
        say(page, text)
        turns(page).last.get_by_text(text, exact=True).first.wait_for()
    panel.get_by_label("Opted out at first").check()
    panel.get_by_label("The next text comes at").fill("2030-01-01T10:00")
    idle(page)
    page.get_by_label("Your text").fill("half ty")
    page.wait_for_timeout(3_000)
    assert not is_dirty(page)
    assert page.evaluate("window.isSamePage")
    assert Automation.objects.get().latest_revision is None
    # The check itself can tell.
    page.locator("#id_name").fill("Renamed")
    page.wait_for_timeout(2_000)
    assert is_dirty(page)
    assert page.console_errors == []


def test_the_editors_phone_by_keyboard_alone(strict_page, log_in, stage):
    page = open_editor(log_in(strict_page), stage)
    tab_to(page, TOGGLE)
    page.keyboard.press("Enter")
    page.locator(PANEL).wait_for()
    idle(page)
    tab_to(page, "#id_phone-text")
    page.keyboard.type("ORDER")
    page.keyboard.press("Enter")
    turns(page).get_by_text("What would you like?").wait_for()
    assert page.evaluate("document.activeElement.id") == "id_phone-text"
    tab_to(page, "button[name=phone-again]")
    page.keyboard.press("Enter")
    turns(page).first.wait_for(state="detached")
    assert page.console_errors == []


def test_the_panel_that_was_open_asks_by_itself(strict_page, log_in, stage):
    page = open_editor(log_in(strict_page), stage)
    open_panel(page)
    # Wagtail remembers which panel was open.
    open_editor(page, stage)
    page.locator(PANEL).get_by_role("button", name="ORDER", exact=True).wait_for()
    assert page.console_errors == []


def test_the_last_messages_against_the_draft_in_a_new_tab(
    strict_page, log_in, stage, check_axe
):
    InboundMessageFactory(body="ORDER", processed=True)
    page = open_editor(log_in(strict_page), stage)
    page.wait_for_timeout(3_000)
    first_block(page, "actions").locator("textarea").fill("From the draft.")
    page.wait_for_timeout(2_000)
    panel = open_panel(page)
    with page.context.expect_page() as opened:
        panel.get_by_role("button", name="Replay the last 200 messages").click()
    replay = opened.value
    replay.get_by_text("1 would be answered differently.").wait_for()
    assert replay.get_by_text("From the draft.").is_visible()
    check_axe(replay)
    # Nothing was saved, and the editor knows.
    assert is_dirty(page)
    stage.refresh_from_db()
    assert stage.actions[0].value["body"] == "What would you like?"
    assert page.console_errors == []


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_editors_phone_in_other_languages_and_widths(
    open_page, log_in, stage, check_axe, language, width
):
    user = SuperuserFactory()
    UserProfile.objects.create(user=user, preferred_language=language)
    headers = {"X-Strict-CSP": "1"}
    size = {"width": width, "height": 844}
    page = log_in(open_page(viewport=size, extra_http_headers=headers), user)
    panel = open_panel(open_editor(page, stage))
    page.locator("#id_phone-text").fill("ORDER " + "x" * 300)
    page.keyboard.press("Enter")
    turns(page).get_by_text("What would you like?").wait_for()
    assert panel.evaluate("one => one.scrollWidth <= one.clientWidth")
    check_axe(page, PANEL)
    assert page.console_errors == []


# When the server does not answer


def log_out(page):
    """Let the session end, as it does after a while."""
    page.context.clear_cookies(name=django_settings.SESSION_COOKIE_NAME)


def test_a_session_that_has_ended_is_said(strict_page, log_in, stage):
    page = open_editor(log_in(strict_page), stage)
    panel = open_panel(page)
    say(page, "ORDER")
    turns(page).first.wait_for()
    log_out(page)
    say(page, "are you there")
    panel.get_by_text("You are logged out, or may no longer do this.").wait_for()
    assert page.get_by_label("Your text").input_value() == "are you there"
    assert turns(page).count() == 1
    assert panel.locator("input[type=password]").count() == 0


def test_a_page_to_log_in_is_never_shown_in_the_phone(strict_page, log_in, stage):
    page = open_editor(log_in(strict_page), stage)
    panel = open_panel(page)
    # A site's own middleware may send scripts on to its page, too.
    page.route(
        "**/sms/simulator/draft/**",
        lambda route: route.fulfill(
            status=302, headers={"Location": "/admin/login/?next=/"}
        ),
    )
    log_out(page)
    say(page, "are you there")
    panel.get_by_text("You are logged out, or may no longer do this.").wait_for()
    assert page.get_by_label("Your text").input_value() == "are you there"
    assert panel.locator("input[type=password]").count() == 0


def test_without_a_network_the_text_is_kept(strict_page, log_in, orders):  # noqa: F811
    page = log_in(strict_page)
    page.goto(flow_page(orders))
    say(page, "ORDER")
    turns(page).first.wait_for()
    page.context.set_offline(True)
    say(page, "a pizza")
    page.get_by_text("The simulator did not answer.").wait_for()
    assert page.get_by_label("Your text").input_value() == "a pizza"
    page.context.set_offline(False)
    page.get_by_label("Your text").press("Enter")
    turns(page).get_by_text("شكرا").wait_for()
    assert page.get_by_text("The simulator did not answer.").count() == 0


def test_a_page_of_300_automations_answers(strict_page, log_in):
    flow = FlowFactory()
    for n in range(300):
        AutomationFactory(flow=flow, keywords=(f"WORD{n}",))
    page = log_in(strict_page)
    page.goto(f"/admin/sms/simulator/?flow={flow.pk}")
    say(page, "WORD7")
    turns(page).get_by_text("1 fires · 299 stay silent").wait_for()
    assert page.locator(".sms-phone__chip").count() == 20
