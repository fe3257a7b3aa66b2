"""The simulator's phone: by mouse, by keyboard alone, without scripts."""

import pytest
from wagtail.users.models import UserProfile

from ..factories import (
    AutomationFactory,
    ContactGroupFactory,
    FlowFactory,
    InboundMessageFactory,
    SuperuserFactory,
    add_to_group,
    follows,
    reply,
)
from .editor import tab_to
from .waiting import wait_until


SIMULATOR = "/admin/sms/simulator/"


@pytest.fixture
def orders(live_server):
    """A flow: its first step is active, the second paused."""
    flow = FlowFactory(name="Orders")
    group = ContactGroupFactory(name="Delivery customers")
    first = AutomationFactory(
        active=True,
        name="Stage 1",
        keywords=("ORDER",),
        flow=flow,
        actions=[reply("What would you like?"), add_to_group(group)],
    )
    AutomationFactory(
        name="Stage 2",
        conditions=[follows(first)],
        actions=[reply("شكرا، طلبك في الطريق")],
        flow=flow,
    )
    return flow


def turns(page):
    """Return the locator of the turns."""
    return page.locator(".sms-turn")


def say(page, text):
    """Type a text and press Enter."""
    page.get_by_label("Your text").fill(text)
    page.keyboard.press("Enter")


def test_a_conversation_by_mouse(strict_page, log_in, orders, check_axe):
    page = log_in(strict_page)
    page.goto(SIMULATOR)
    page.evaluate("window.isSamePage = true")
    page.get_by_role("button", name="ORDER", exact=True).click()
    turns(page).get_by_text("What would you like?").wait_for()
    assert turns(page).get_by_text("Joins the group Delivery customers.").is_visible()
    page.get_by_label("Automations", exact=True).select_option("Orders")
    page.get_by_label("Your text").fill("a pizza")
    page.get_by_role("button", name="Send", exact=True).click()
    turns(page).get_by_text("شكرا").wait_for()
    assert turns(page).count() == 2
    turns(page).last.get_by_text("Why").click()
    assert (
        turns(page)
        .last.get_by_text("The message does not contain what it listens to.")
        .is_visible()
    )
    check_axe(page)
    assert page.get_by_label("Your text").input_value() == ""
    page.get_by_role("button", name="Start again").click()
    turns(page).first.wait_for(state="detached")
    assert page.evaluate("window.isSamePage")
    assert page.console_errors == []


def test_a_conversation_by_keyboard_alone(strict_page, log_in, orders):
    page = log_in(strict_page)
    page.goto(SIMULATOR)
    tab_to(page, "#id_phone-text")
    page.keyboard.type("ORDER")
    page.keyboard.press("Enter")
    turns(page).get_by_text("What would you like?").wait_for()
    assert page.evaluate("document.activeElement.id") == "id_phone-text"
    page.keyboard.type("STOP")
    page.keyboard.press("Enter")
    turns(page).get_by_text("Opts the contact out.").wait_for()
    tab_to(page, "button[value=ORDER]")
    page.keyboard.press("Enter")
    turns(page).nth(2).wait_for()
    assert page.evaluate("document.activeElement.value") == "ORDER"
    for _ in range(3):
        page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.matches('.sms-turn summary')")
    page.keyboard.press("Enter")
    assert turns(page).last.get_by_text("Stage 1").last.is_visible()
    tab_to(page, "button[name=phone-again]")
    page.keyboard.press("Enter")
    turns(page).first.wait_for(state="detached")
    assert page.console_errors == []


def test_a_screen_reader_hears_only_what_is_new(page, log_in, orders):
    log_in(page).goto(SIMULATOR)
    say(page, "ORDER")
    turns(page).first.wait_for()
    turns(page).first.get_by_text("Why").click()
    turns(page).first.evaluate("turn => { turn.isKept = true; }")
    say(page, "again")
    turns(page).nth(1).wait_for()
    assert turns(page).first.evaluate(
        "turn => turn.isKept && !!turn.querySelector('[open]')"
    )
    assert page.get_by_role("log").get_attribute("aria-live") == "polite"


def test_a_change_of_settings_holds_it_anew_and_keeps_what_is_typed(
    strict_page, log_in, orders
):
    page = log_in(strict_page)
    page.goto(SIMULATOR)
    say(page, "STOP")
    turns(page).first.wait_for()
    page.get_by_label("Your text").fill("half ty")
    page.get_by_label("Opted out at first").check()
    page.locator("[data-sms-simulator-part=errors]").wait_for(state="attached")
    wait_until(page, "!document.querySelector('form.sms-phone[aria-busy]')")
    assert page.get_by_label("Your text").input_value() == "half ty"
    assert turns(page).count() == 1
    clock = page.get_by_label("The next text comes at")
    clock.fill("2001-01-01T10:00")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("The clock only goes forward").wait_for()
    assert page.console_errors == []


def slow_down(page):
    """Let each answer come late, as on a bad line."""
    page.evaluate(
        """() => {
            const ask = window.fetch;
            window.fetch = (url, options) =>
                new Promise((answer, fail) => {
                    options?.signal?.addEventListener("abort", () =>
                        fail(new DOMException("late", "AbortError")));
                    setTimeout(() => ask(url, options).then(answer, fail), 600);
                });
        }"""
    )


def settled(page):
    """Wait until all is answered."""
    page.locator("form.sms-phone:not([aria-busy])").wait_for()


def said(page):
    """Return what the customer has texted."""
    return page.locator(".sms-bubble--theirs .sms-bubble__text").all_inner_texts()


def test_apply_sends_nothing_that_is_half_typed(strict_page, log_in, orders):
    page = log_in(strict_page)
    page.goto(SIMULATOR)
    say(page, "ORDER")
    turns(page).first.wait_for()
    settled(page)
    page.get_by_label("Your text").fill("half ty")
    page.get_by_role("button", name="Apply", exact=True).click()
    settled(page)
    assert page.get_by_label("Your text").input_value() == "half ty"
    assert said(page) == ["ORDER"]
    page.get_by_role("button", name="ORDER", exact=True).click()
    turns(page).nth(1).wait_for()
    assert page.get_by_label("Your text").input_value() == "half ty"
    assert page.console_errors == []


def test_texts_in_quick_succession_all_arrive_in_order(strict_page, log_in, orders):
    AutomationFactory(active=True, keywords=("MENU",))
    page = log_in(strict_page)
    page.goto(SIMULATOR)
    slow_down(page)
    for keyword in ("ORDER", "MENU"):
        page.get_by_role("button", name=keyword, exact=True).click()
    say(page, "a pizza")
    page.keyboard.press("Enter")
    page.get_by_label("Opted out at first").check()
    settled(page)
    assert said(page) == ["ORDER", "MENU", "a pizza"]
    assert page.get_by_label("Your text").input_value() == ""
    assert page.console_errors == []


def test_a_keyword_right_after_start_again(strict_page, log_in, orders):
    page = log_in(strict_page)
    page.goto(SIMULATOR)
    say(page, "first")
    turns(page).first.wait_for()
    settled(page)
    slow_down(page)
    page.get_by_role("button", name="Start again").click()
    page.get_by_label("Opted out at first").check()
    page.get_by_role("button", name="ORDER", exact=True).click()
    settled(page)
    assert said(page) == ["ORDER"]
    assert page.console_errors == []


def test_what_is_typed_during_an_answer_stays(strict_page, log_in, orders):
    page = log_in(strict_page)
    page.goto(SIMULATOR)
    slow_down(page)
    say(page, "first")
    page.get_by_label("Your text").fill("second")
    settled(page)
    assert page.get_by_label("Your text").input_value() == "second"
    assert said(page) == ["first"]
    page.keyboard.press("Enter")
    clock = page.get_by_label("The next text comes at")
    clock.fill("2099-01-01T10:00")
    settled(page)
    assert said(page) == ["first", "second"]
    assert page.get_by_label("Your text").input_value() == ""
    assert clock.input_value() == "2099-01-01T10:00"
    assert page.console_errors == []


def test_what_waits_is_not_sent_after_a_failure(page, log_in, orders):
    log_in(page).goto(SIMULATOR)
    slow_down(page)
    page.route("**/sms/simulator/", lambda route: route.abort(), times=1)
    page.get_by_role("button", name="ORDER", exact=True).click()
    say(page, "a pizza")
    page.get_by_text("The simulator did not answer.").wait_for()
    settled(page)
    assert said(page) == []
    assert page.get_by_label("Your text").input_value() == "a pizza"
    page.keyboard.press("Enter")
    turns(page).first.wait_for()
    assert said(page) == ["a pizza"]


def test_it_needs_no_scripts(open_page, log_in, orders):
    page = log_in(open_page(java_script_enabled=False))
    page.goto(f"{SIMULATOR}?flow={orders.pk}&text=ORDER")
    page.get_by_role("button", name="Send", exact=True).click()
    assert turns(page).get_by_text("What would you like?").is_visible()
    with page.expect_navigation():
        say(page, "a pizza")
    assert turns(page).get_by_text("شكرا").is_visible()
    assert turns(page).count() == 2
    page.get_by_role("button", name="ORDER", exact=True).click()
    assert turns(page).count() == 3
    page.get_by_label("Your text").fill("half ty")
    page.get_by_role("button", name="Apply", exact=True).click()
    assert turns(page).count() == 3
    assert page.get_by_label("Your text").input_value() == "half ty"
    page.get_by_role("button", name="Start again").click()
    assert turns(page).count() == 0


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_in_french_and_from_right_to_left(
    strict_page, log_in, orders, check_axe, language
):
    user = SuperuserFactory()
    UserProfile.objects.create(user=user, preferred_language=language)
    page = log_in(strict_page, user)
    page.goto(f"{SIMULATOR}?flow={orders.pk}&text=ORDER")
    page.locator(".sms-phone__write button").click()
    turns(page).get_by_text("What would you like?").wait_for()
    page.locator("#id_phone-text").fill("مرحبا")
    page.keyboard.press("Enter")
    turns(page).nth(1).wait_for()
    check_axe(page)
    is_wide = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    assert not is_wide
    theirs = page.locator(".sms-bubble--theirs .sms-bubble__text").last
    assert theirs.evaluate("one => getComputedStyle(one).direction") == "rtl"
    assert page.console_errors == []


def test_a_phones_width(open_page, log_in, orders, check_axe):
    page = log_in(open_page(viewport={"width": 375, "height": 740}))
    page.goto(SIMULATOR)
    say(page, "x" * 300)
    turns(page).first.wait_for()
    main = page.locator("main")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    check_axe(page)


def test_the_replay(strict_page, log_in, orders, check_axe):
    InboundMessageFactory(body="ORDER", processed=True)
    AutomationFactory(keywords=("ORDER",), flow=orders, actions=[reply("Twice.")])
    page = log_in(strict_page)
    page.goto(SIMULATOR)
    page.get_by_role("link", name="Replay the last messages").click()
    page.get_by_role("button", name="Replay").click()
    page.get_by_text("1 would be answered differently.").wait_for()
    assert page.get_by_text("Twice.").is_visible()
    check_axe(page)
    assert page.console_errors == []
