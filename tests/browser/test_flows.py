"""The flow pages in a real browser: mouse, keyboard, other languages, a phone."""

import pytest
from django.contrib.auth.models import Permission
from wagtail.users.models import UserProfile

from wagtail_sms_automation.models import Automation, Flow

from ..factories import (
    AutomationFactory,
    FlowFactory,
    MatchFactory,
    SuperuserFactory,
    UserFactory,
    reply,
)
from .waiting import wait_until


LIST = "/admin/sms/flows/"
ACTIVE, PAUSED = Automation.Status


@pytest.fixture
def flow(live_server):
    """A flow with a loop, an unreachable step and names with markup."""
    flow = FlowFactory(
        name="Orders <b>", description="For\nus", announcement="Hungry? Reply ORDER."
    )
    for name, keywords, text in (
        ("Stage 1", ("ORDER", "Order"), "Reply MENU."),
        ("Stage 2 <i>", ("MENU",), "Reply ORDER to begin again. مرحبا"),
        ("Stage 3", ("LOST",), "Found."),
    ):
        AutomationFactory(
            name=name, flow=flow, keywords=keywords, actions=[reply(text)]
        )
    AutomationFactory(name="Any text")
    MatchFactory(automation=Automation.objects.get(name="Stage 1"))
    return flow


#: Every page to look at, by name.
PAGES = {
    "list": LIST,
    "flow": f"{LIST}inspect/{{pk}}/",
    "empty flow": f"{LIST}inspect/{{empty}}/",
    "edit": f"{LIST}edit/{{pk}}/",
    "new": f"{LIST}create/",
    "delete": f"{LIST}delete/{{pk}}/",
    "history": f"{LIST}history/{{pk}}/",
    "usage": f"{LIST}usage/{{pk}}/",
    "loose": f"{LIST}loose/",
    "everything": f"{LIST}everything/",
    "no match": f"{LIST}?q=nothing",
}


def address(name, flow):
    """Return the address of one of the pages."""
    empty, _is_new = Flow.objects.get_or_create(name="Empty")
    return PAGES[name].format(pk=flow.pk, empty=empty.pk)


def open_words(page):
    """Open the flow in words, where the page has one."""
    for details in page.locator("details.sms-flow-outline").all():
        details.locator("summary").click()


@pytest.mark.parametrize("name", PAGES)
def test_each_page_under_a_strict_policy(strict_page, log_in, flow, name):
    log_in(strict_page).goto(address(name, flow))
    open_words(strict_page)
    assert strict_page.console_errors == []


@pytest.mark.parametrize("name", PAGES)
def test_accessibility(page, log_in, check_axe, flow, name):
    log_in(page).goto(address(name, flow))
    open_words(page)
    check_axe(page)
    assert page.console_errors == []


@pytest.mark.parametrize("name", ["list", "flow"])
def test_accessibility_in_the_dark(open_page, log_in, check_axe, flow, name):
    page = log_in(open_page(color_scheme="dark"))
    page.goto(address(name, flow))
    open_words(page)
    check_axe(page)


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("name", ["list", "flow", "everything"])
def test_other_languages_on_a_phone(open_page, log_in, check_axe, flow, name, language):
    user = SuperuserFactory()
    UserProfile.objects.create(user=user, preferred_language=language)
    page = log_in(open_page(viewport={"width": 390, "height": 800}), user)
    page.goto(address(name, flow))
    open_words(page)
    direction = page.evaluate("document.documentElement.dir || 'ltr'")
    assert direction == ("rtl" if language == "ar" else "ltr")
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_icons_of_findings_are_as_large_as_their_words(page, log_in, flow):
    log_in(page).goto(address("flow", flow))
    icons = page.locator(".sms-findings svg.icon").all()
    assert icons
    assert all(icon.bounding_box()["height"] <= 24 for icon in icons)


def test_the_first_list_says_what_to_do(page, log_in, check_axe, live_server):
    log_in(page).goto(LIST)
    check_axe(page)
    page.get_by_role("main").get_by_role("link", name="Add a flow").last.click()
    page.wait_for_url(f"**{LIST}create/")
    page.locator("#id_name").fill("Orders")
    page.locator("#id_announcement").fill("Hungry? Reply ORDER.")
    page.get_by_text("1 part", exact=False).first.wait_for()
    page.get_by_role("button", name="Save and close").click()
    page.wait_for_url("**/flows/inspect/**")
    page.get_by_role("link", name="Add an automation").click()
    page.wait_for_url("**/automations/create/?flow=*")
    assert page.locator("#w-editor-form").get_by_text("Orders").first.is_visible()
    assert page.console_errors == []


def test_resume_all_by_mouse(strict_page, log_in, flow):
    page = log_in(strict_page)
    page.goto(LIST)
    page.get_by_role("link", name="Orders <b>", exact=True).click()
    page.wait_for_url("**/flows/inspect/**")
    page.get_by_role("button", name="Actions").click()
    menu = page.locator("[data-tippy-root]").filter(has_text="History")
    labels = [text.strip() for text in menu.locator("a, button").all_inner_texts()]
    assert labels == [
        "Resume all",
        "Pause all",
        "Duplicate flow",
        "Download as SVG",
        "Save as a template",
        "History",
        "Delete",
    ]
    menu.get_by_role("button", name="Resume all").click()
    page.get_by_text("3 automations resumed.").wait_for()
    assert flow.automations.filter(status=ACTIVE).count() == 3
    page.get_by_role("button", name="Actions").click()
    menu = page.locator("[data-tippy-root]").filter(has_text="History")
    menu.get_by_role("button", name="Duplicate flow").click()
    page.get_by_text("“Copy of Orders <b>” is made").wait_for()
    assert page.console_errors == []


def focus(page, locator):
    """Press Tab until an element has the focus."""
    for _press in range(80):
        page.keyboard.press("Tab")
        if locator.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("The keyboard does not get there.")


def test_the_order_and_the_words_by_keyboard_alone(page, log_in, flow):
    log_in(page).goto(address("flow", flow))
    focus(page, page.locator("details.sms-flow-outline > summary"))
    page.keyboard.press("Enter")
    assert page.get_by_text("Nothing leads here", exact=True).is_visible()
    focus(page, page.get_by_role("button", name="Move “Stage 3” up"))
    page.keyboard.press("Enter")
    page.get_by_text("“Stage 3” has moved up.").wait_for()
    names = flow.automations.in_order().values_list("name", flat=True)
    assert list(names) == ["Stage 1", "Stage 3", "Stage 2 <i>"]
    # The page opens at the step: its own buttons come next.
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("“Stage 3” has moved up.").wait_for()
    wait_until(
        page,
        "document.querySelector('.sms-steps tbody th').innerText.includes('Stage 3')",
    )
    assert list(names.all()) == ["Stage 3", "Stage 1", "Stage 2 <i>"]
    assert page.console_errors == []


def steps_in_order(flow):
    """Return the names of a flow's steps in the order in which they fire."""
    return list(flow.automations.in_order().values_list("name", flat=True))


def drag_last_to_first(page):
    """Drag the last step above the first."""
    rows = page.locator(".sms-steps tbody tr")
    rows.last.locator(".sms-steps__handle").drag_to(rows.first)


def test_a_step_is_dragged_by_mouse(strict_page, log_in, check_axe, flow):
    page = log_in(strict_page)
    page.goto(address("flow", flow))
    drag_last_to_first(page)
    page.get_by_text("“Stage 3” has moved.", exact=True).wait_for()
    assert steps_in_order(flow) == ["Stage 3", "Stage 1", "Stage 2 <i>"]
    status = page.locator("#flow-steps ~ [role=status]")
    assert status.inner_text().endswith("has moved. It is now number 1 of 3.")
    assert page.get_by_role("button", name="Move “Stage 3” up").count() == 0
    page.get_by_role("button", name="Move “Stage 2 <i>” up").click()
    page.get_by_text("It is now number 2 of 3.").first.wait_for()
    assert steps_in_order(flow) == ["Stage 3", "Stage 2 <i>", "Stage 1"]
    page.goto(address("flow", flow))
    check_axe(page)
    assert page.console_errors == []


def log_out(page, _user, _flow):
    page.context.clear_cookies(name="sessionid")


def break_down(page, _user, _flow):
    page.route("**/place/**", lambda route: route.fulfill(status=500, body="x"))


def answer_with_a_page(page, _user, _flow):
    page.route("**/place/**", lambda route: route.fulfill(body="<p>Log in</p>"))


def redirect(page, _user, _flow):
    answer = {"status": 302, "headers": {"Location": "/admin/login/"}}
    page.route("**/place/**", lambda route: route.fulfill(**answer))


def lose_permission(_page, user, _flow):
    user.user_permissions.remove(Permission.objects.get(codename="change_automation"))


def move_to_another_flow(_page, _user, flow):
    flow.automations.filter(name="Stage 3").update(flow=FlowFactory(name="Other"))


def delete_step(_page, _user, flow):
    flow.automations.filter(name="Stage 3").delete()


@pytest.mark.parametrize(
    ("happen", "told"),
    [
        (log_out, "Not moved: you are logged out"),
        (redirect, "Not moved: you are logged out"),
        (lose_permission, "may not move automations any more"),
        (break_down, "Not moved: the website did not answer."),
        (answer_with_a_page, "Not moved: the website did not answer."),
        (move_to_another_flow, "“Stage 3” is not among these automations any more."),
        (delete_step, "Not moved: this automation has been deleted meanwhile."),
    ],
)
def test_a_drop_that_is_not_saved_goes_back(page, log_in, flow, happen, told):
    user = UserFactory(permissions=("view_flow", "change_automation"))
    log_in(page, user).goto(address("flow", flow))
    happen(page, user, flow)
    before = steps_in_order(flow)
    drag_last_to_first(page)
    page.locator(".messages .error").get_by_text(told).wait_for()
    shown = page.locator(".sms-steps tbody th").all_inner_texts()
    assert shown == ["Stage 1", "Stage 2 <i>", "Stage 3"]
    assert page.get_by_text("has moved").count() == 0
    assert page.locator("#flow-steps ~ [role=status]").inner_text() == ""
    assert steps_in_order(flow) == before


def test_after_a_drop_that_was_not_saved_one_may_try_again(page, log_in, flow):
    log_in(page).goto(address("flow", flow))
    page.route("**/place/**", lambda route: route.abort(), times=1)
    drag_last_to_first(page)
    page.get_by_text("Not moved: the website did not answer.").wait_for()
    # The message pushes the rows down.
    page.locator(".messages.appear .error").hover()
    drag_last_to_first(page)
    page.get_by_text("“Stage 3” has moved.", exact=True).wait_for()
    assert steps_in_order(flow) == ["Stage 3", "Stage 1", "Stage 2 <i>"]


def test_without_scripts(open_page, log_in, flow):
    page = log_in(open_page(java_script_enabled=False))
    page.goto(address("flow", flow))
    assert page.locator("main svg").first.is_visible()
    page.locator("details.sms-flow-outline > summary").click()
    assert page.locator(".sms-entry__text", has_text="Reply MENU.").is_visible()
    assert not page.locator(".sms-steps__handle").first.is_visible()
    page.get_by_role("button", name="Move “Stage 1” down").click()
    page.get_by_text("“Stage 1” has moved down.").wait_for()
