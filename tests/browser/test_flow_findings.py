"""The flow check's buttons and warnings in a real browser."""

import pytest
from django.urls import reverse
from wagtail.users.models import UserProfile

from wagtail_sms_automation.models import Automation, IntendedFinding

from ..factories import AutomationFactory, FlowFactory, SuperuserFactory, reply
from .editor import open_editor, save, tab_to
from .waiting import wait_until


CONDITIONS = "#panel-conditions-section"


@pytest.fixture
def flow(live_server):
    """A flow with an error, warnings, a mark that can be set, and names with markup."""
    flow = FlowFactory(name="Orders <b>", announcement="Hungry? Reply ORDER.")
    for name, keywords, text in (
        ("Stage 1", ("ORDER",), "Reply MENU or PIZZA."),
        ("Stage 2 <i>", ("MENU", "Menu", "1"), "Order with 1. مرحبا"),
        ("Lost & found", ("LOST", "Lost"), "Found. " * 30),
    ):
        AutomationFactory(
            name=name, flow=flow, keywords=keywords, actions=[reply(text)]
        )
    AutomationFactory(name="Rival", keywords=("MENU", "Menu"), active=True)
    return flow


def step(name):
    """Return the automation of a name."""
    return Automation.objects.get(name=name)


def flow_page(flow):
    """Return the address of the flow page."""
    return reverse("sms_flows_modeladmin_inspect", args=[flow.pk])


def editor_page(name):
    """Return the address of an editor."""
    return reverse("sms_automations_modeladmin_edit", args=[step(name).pk])


def keywords(name):
    """Return the stored keywords of an automation."""
    return step(name).conditions.raw_data[0]["value"]["keywords"]


def test_repairs_by_mouse_under_a_strict_policy(strict_page, log_in, flow):
    page = log_in(strict_page)
    page.goto(flow_page(flow))
    page.get_by_role("button", name="Add Order").click()
    page.get_by_text("“Stage 1” is changed: Add Order.").wait_for()
    assert page.url.endswith("#flow-check")
    assert keywords("Stage 1") == ["ORDER", "Order"]
    found = page.locator(".sms-finding").filter(has_text="keyword of “Lost & found”")
    found.get_by_role("button", name="It is meant so").click()
    page.get_by_text("Marked as meant so.").wait_for()
    found.get_by_role("button", name="Take the mark back").click()
    page.get_by_text("The mark is taken back.").wait_for()
    assert not IntendedFinding.objects.exists()
    assert page.console_errors == []


def test_repairs_by_keyboard_alone_without_scripts(open_page, log_in, flow):
    page = log_in(open_page(java_script_enabled=False))
    page.goto(flow_page(flow))
    tab_to(page, ".sms-finding--info button")
    page.keyboard.press("Enter")
    page.get_by_text("“Stage 1” is changed: Add Order.").wait_for()
    assert keywords("Stage 1") == ["ORDER", "Order"]


def test_two_tabs(page, log_in, flow):
    log_in(page).goto(flow_page(flow))
    other = page.context.new_page()
    other.goto(flow_page(flow))
    for tab in (page, other):
        tab.get_by_role("button", name="Add Order").click()
        tab.locator(".messages").get_by_text("changed").first.wait_for()
    assert other.get_by_text("does not find this any more").is_visible()
    assert keywords("Stage 1") == ["ORDER", "Order"]


def test_the_phone_shows_the_finding(strict_page, log_in, flow):
    page = log_in(strict_page)
    page.goto(flow_page(flow))
    found = page.locator(".sms-finding").filter(has_text="both answer MENU")
    found.get_by_role("link", name="Try “MENU”").click()
    page.wait_for_url("**/simulator/**")
    page.get_by_text("Order with 1.").first.wait_for()
    assert page.get_by_text("Thank you.").first.is_visible()
    assert page.console_errors == []


def test_the_editor_warns_beside_the_fields(strict_page, log_in, check_axe, flow):
    page = open_editor(log_in(strict_page), step("Stage 2 <i>"))
    beside = page.locator(CONDITIONS).get_by_role(
        "region", name="Flow check: Conditions"
    )
    assert beside.get_by_text("both answer MENU").is_visible()
    assert beside.get_by_text("Error").first.is_visible()
    box = page.locator("#conditions-root").bounding_box()
    top = beside.bounding_box()["y"]
    assert 0 <= top - (box["y"] + box["height"]) < 150
    page.get_by_role("link", name="See the conditions").click()
    wait_until(page, "location.hash === '#conditions-flow-check'")
    beside.get_by_role("button", name="It is meant so").first.click()
    page.get_by_text("Marked as meant so.").wait_for()
    assert IntendedFinding.objects.count() == 1
    assert page.console_errors == []


def test_the_editor_by_keyboard_alone(page, log_in, flow):
    open_editor(log_in(page), step("Stage 2 <i>"))
    tab_to(page, "#conditions-flow-check ~ ul button")
    page.keyboard.press("Enter")
    page.get_by_text("Marked as meant so.").wait_for()
    assert IntendedFinding.objects.count() == 1


def test_warnings_are_there_right_after_save(page, log_in, flow):
    AutomationFactory(name="New", keywords=("SODA", "Soda"))
    open_editor(log_in(page), step("New"))
    assert not page.get_by_text("Flow check").count()
    page.locator("#actions-root textarea").first.fill("Reply BEER to get one.")
    save(page)
    beside = page.locator("#panel-actions-section").get_by_role(
        "region", name="Flow check: Actions"
    )
    assert beside.get_by_text("A text asks for BEER").is_visible()
    page.locator("#actions-root textarea").first.fill("Reply WINE to get one.")
    with page.expect_navigation():
        page.get_by_role("button", name="Save and close").click()
    warning = page.get_by_text("The flow check has 1 error about “New”.")
    assert warning.is_visible()
    page.locator(".messages").get_by_role("link", name="Edit").last.click()
    page.wait_for_url("**/edit/**")
    assert page.get_by_text("A text asks for WINE").is_visible()
    assert page.console_errors == []


def test_what_is_typed_is_not_lost_unasked(page, log_in, flow):
    open_editor(log_in(page), step("Stage 2 <i>"))
    # Wagtail compares with the form as it stood after a while.
    page.wait_for_timeout(3000)
    page.locator("#id_name").fill("Typed")
    page.wait_for_timeout(1500)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("button", name="It is meant so").first.click()
    page.wait_for_timeout(1000)
    assert asked == ["beforeunload"]
    assert page.locator("#id_name").input_value() == "Typed"
    assert not IntendedFinding.objects.exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_accessibility_on_a_phone(open_page, log_in, check_axe, flow, language, scheme):
    user = SuperuserFactory()
    UserProfile.objects.create(user=user, preferred_language=language)
    options = {"viewport": {"width": 390, "height": 800}, "color_scheme": scheme}
    page = log_in(open_page(**options), user)
    page.goto(flow_page(flow))
    check_axe(page, include=".sms-findings")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(editor_page("Stage 2 <i>"))
    page.wait_for_selector("#panel-actions-section .c-sf-add-button")
    assert page.locator("[aria-labelledby='conditions-flow-check']").is_visible()
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    direction = page.evaluate("document.documentElement.dir || 'ltr'")
    assert direction == ("rtl" if language == "ar" else "ltr")
