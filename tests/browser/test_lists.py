"""The lists and pages in a real browser: mouse, keyboard, accessibility, CSP."""

import pytest

from wagtail_sms_automation.models import Automation, ContactGroup

from ..factories import (
    AutomationFactory,
    ContactFactory,
    ContactGroupFactory,
    DeliveryReportFactory,
    FlowFactory,
    InboundMessageFactory,
    MatchFactory,
    MembershipFactory,
    OptOutFactory,
    OutboundMessageFactory,
    UserFactory,
    add_to_group,
)


AUTOMATIONS = "/admin/sms/automations/"
ACTIVE, PAUSED = Automation.Status


def row(page, name):
    """Return the table row of a name."""
    return page.locator("table.listing tbody tr").filter(has_text=name)


def dots(page, name):
    """Return the three dots beside a name."""
    return row(page, name).get_by_role("button", name=f"More options for '{name}'")


def status_of(automation):
    """Return the status as it is stored."""
    automation.refresh_from_db()
    return automation.status


@pytest.fixture
def stage(live_server):
    """A paused automation with a keyword."""
    return AutomationFactory(name="Stage 1", keywords=("ORDER", "Order", "order"))


def test_resume_and_pause_by_mouse(page, log_in, stage):
    log_in(page).goto(AUTOMATIONS)
    dots(page, "Stage 1").click()
    menu = page.locator("[data-tippy-root]").filter(has_text="History")
    labels = [text.strip() for text in menu.locator("a, button").all_inner_texts()]
    assert labels == ["Edit", "Resume", "Duplicate", "History", "Delete"]
    menu.get_by_role("button", name="Resume").click()
    page.get_by_text("“Stage 1” is active").wait_for()
    assert status_of(stage) == ACTIVE
    assert row(page, "Stage 1").get_by_text("Active").is_visible()
    dots(page, "Stage 1").click()
    page.locator("[data-tippy-root]").get_by_role("button", name="Pause").click()
    page.get_by_text("“Stage 1” is paused").wait_for()
    assert status_of(stage) == PAUSED
    assert page.console_errors == []


def test_resume_and_pause_by_keyboard_alone(page, log_in, stage):
    log_in(page).goto(AUTOMATIONS)
    for text, status in (("is active", ACTIVE), ("is paused", PAUSED)):
        toggle = dots(page, "Stage 1")
        for _press in range(60):
            page.keyboard.press("Tab")
            if toggle.evaluate("element => element === document.activeElement"):
                break
        assert toggle.get_attribute("aria-expanded") == "false"
        page.keyboard.press("Enter")
        page.locator("[data-tippy-root]").get_by_role("link", name="Edit").wait_for()
        assert toggle.get_attribute("aria-expanded") == "true"
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text(f"“Stage 1” {text}").wait_for()
        assert status_of(stage) == status


def test_the_dots_work_under_a_strict_policy(strict_page, log_in, stage):
    log_in(strict_page).goto(AUTOMATIONS)
    dots(strict_page, "Stage 1").click()
    menu = strict_page.locator("[data-tippy-root]")
    menu.get_by_role("button", name="Resume").click()
    strict_page.get_by_text("“Stage 1” is active").wait_for()
    assert status_of(stage) == ACTIVE


def test_someone_who_may_only_pause(page, log_in, stage):
    log_in(page, UserFactory(permissions=["pause_automation"])).goto(AUTOMATIONS)
    dots(page, "Stage 1").click()
    menu = page.locator("[data-tippy-root]").filter(has_text="History")
    labels = [text.strip() for text in menu.locator("a, button").all_inner_texts()]
    assert labels == ["Resume", "History"]
    menu.get_by_role("button", name="Resume").click()
    page.get_by_text("“Stage 1” is active").wait_for()
    assert status_of(stage) == ACTIVE


def test_many_at_once(page, log_in, stage):
    AutomationFactory(name="Stage 2")
    AutomationFactory(name="Stage 3")
    log_in(page).goto(AUTOMATIONS)
    for name in ("Stage 1", "Stage 2"):
        row(page, name).hover()
        row(page, name).get_by_role("checkbox").check()
    page.get_by_text("2 items selected").wait_for()
    page.get_by_role("link", name="Resume the selected automations").click()
    page.get_by_role("button", name="Yes, resume").click()
    page.get_by_text("2 automations resumed.").wait_for()
    active = Automation.objects.active().values_list("name", flat=True)
    assert sorted(active) == ["Stage 1", "Stage 2"]
    assert page.console_errors == []


def test_search_as_you_type_keeps_the_dots_alive(page, log_in, stage):
    AutomationFactory(name="Another")
    log_in(page).goto(AUTOMATIONS)
    page.get_by_role("textbox", name="Search term").fill("ord")
    row(page, "Another").wait_for(state="detached")
    dots(page, "Stage 1").click()
    page.locator("[data-tippy-root]").get_by_role("button", name="Resume").click()
    page.get_by_text("“Stage 1” is active").wait_for()
    assert "q=ord" in page.url


def test_duplicate_then_save_and_close(page, log_in, stage):
    log_in(page).goto(AUTOMATIONS)
    dots(page, "Stage 1").click()
    page.locator("[data-tippy-root]").get_by_role("link", name="Duplicate").click()
    page.wait_for_url("**/automations/copy/**")
    page.get_by_role("button", name="Save and close").click()
    page.get_by_text("“Copy of Stage 1” is saved and paused").wait_for()
    assert page.url.endswith(AUTOMATIONS)
    copy = Automation.objects.get(name="Copy of Stage 1")
    assert copy.status == PAUSED
    assert copy.conditions[0].value["keywords"] == ["ORDER", "Order", "order"]


def test_a_group_in_use_is_not_deleted(page, log_in, check_axe):
    group = ContactGroupFactory(name="Delivery")
    AutomationFactory(name="Stage 1", actions=[add_to_group(group)])
    log_in(page).goto("/admin/sms/contact-groups/")
    dots(page, "Delivery").click()
    page.locator("[data-tippy-root]").get_by_role("link", name="Delete").click()
    page.get_by_text("cannot be deleted").wait_for()
    assert page.get_by_role("button", name="Yes, delete").count() == 0
    check_axe(page)
    page.get_by_role("link", name="Stage 1").click()
    page.wait_for_url("**/automations/edit/**")
    assert ContactGroup.objects.filter(pk=group.pk).exists()


@pytest.fixture
def conversation(live_server):
    """A message with everything the pages can show."""
    contact = ContactFactory(first_name="Ana", attributes={"table": "7"})
    MembershipFactory(contact=contact, group=ContactGroupFactory(name="Delivery"))
    OptOutFactory(contact=contact, needs_review=True)
    stage = AutomationFactory(
        name="Stage 1", keywords=("ORDER",), flow=FlowFactory(), active=True
    )
    stage.save_revision(log_action=True)
    message = InboundMessageFactory(
        contact=contact,
        body="مرحبا ORDER <script>",
        processed=True,
        intent="help",
        decisions=[
            {
                "automation": stage.pk,
                "name": "Stage 1",
                "fired": True,
                "places": [{"keyword": "ORDER", "start": 6, "end": 11}],
                "silence": None,
                "near_miss": None,
            },
            {
                "automation": 999,
                "name": "Stage 2",
                "fired": False,
                "places": [],
                "silence": "content",
                "near_miss": {
                    "keyword": "Order",
                    "found": "ORDER",
                    "difference": "case",
                },
            },
        ],
    )
    MatchFactory(inbound=message, automation=stage)
    answer = OutboundMessageFactory(
        inbound=message, automation=stage, state="delivered"
    )
    DeliveryReportFactory(outbound=answer)
    OutboundMessageFactory(inbound=message, state="held", held_by="loop")
    OutboundMessageFactory(inbound=message, state="failed", error="No route.")
    InboundMessageFactory(contact=contact, body="", state="parked", attempts=3)
    return message


def test_from_the_list_to_the_reason(page, log_in, conversation):
    log_in(page).goto("/admin/sms/messages/")
    page.get_by_role("link", name="مرحبا ORDER <script>").click()
    page.wait_for_url("**/messages/inspect/**")
    assert page.locator("mark").inner_text() == "ORDER"
    assert page.get_by_text("“ORDER” differs from Order only in case.").is_visible()
    assert page.get_by_text("Too many automatic answers").is_visible()
    page.locator("dl").get_by_role("link", name="Ana").click()
    page.wait_for_url("**/contacts/inspect/**")
    assert page.get_by_role("cell", name="Delivery").is_visible()
    assert page.locator(".sms-bubble").count() == 5
    assert page.console_errors == []


#: Every page to look at, by name.
PAGES = {
    "automations": AUTOMATIONS,
    "automation history": f"{AUTOMATIONS}history/{{stage}}/",
    "automation usage": f"{AUTOMATIONS}usage/{{stage}}/",
    "automation delete": f"{AUTOMATIONS}delete/{{stage}}/",
    "automation bulk": (
        "/admin/bulk/wagtail_sms_automation/automation/pause/?id={stage}"
    ),
    "groups": "/admin/sms/contact-groups/",
    "new group": "/admin/sms/contact-groups/create/",
    "contacts": "/admin/sms/contacts/",
    "contact": "/admin/sms/contacts/inspect/{contact}/",
    "messages": "/admin/sms/messages/",
    "message": "/admin/sms/messages/inspect/{message}/",
    "no match": "/admin/sms/messages/?q=nothing",
}


def address(name, conversation):
    """Return the address of one of the pages."""
    return PAGES[name].format(
        stage=Automation.objects.get(name="Stage 1").pk,
        contact=conversation.contact_id,
        message=conversation.pk,
    )


@pytest.mark.parametrize("name", PAGES)
def test_accessibility(page, log_in, check_axe, conversation, name):
    log_in(page).goto(address(name, conversation))
    check_axe(page)
    assert page.console_errors == []


@pytest.mark.parametrize("name", ["automations", "contact", "message"])
def test_accessibility_in_the_dark(open_page, log_in, check_axe, conversation, name):
    page = log_in(open_page(color_scheme="dark"))
    page.goto(address(name, conversation))
    check_axe(page)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_of_ours_needs_inline_scripts(strict_page, log_in, conversation, name):
    log_in(strict_page).goto(address(name, conversation))
    if name == "automation history":
        # Wagtail's own date filter brings two inline scripts.
        assert len(strict_page.console_errors) <= 2
    else:
        assert strict_page.console_errors == []


@pytest.mark.parametrize("name", ["automations", "contacts", "messages", "message"])
def test_a_phones_width_is_enough(open_page, log_in, conversation, name):
    page = log_in(open_page(viewport={"width": 390, "height": 800}))
    page.goto(address(name, conversation))
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
