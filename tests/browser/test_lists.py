"""The lists in a real browser: mouse, keyboard, several tabs."""

import pytest

from wagtail_sms_automation.admin.views.generic import register_permission_policy
from wagtail_sms_automation.models import Automation, ContactGroup

from ..factories import (
    AutomationFactory,
    ContactGroupFactory,
    SuperuserFactory,
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


@pytest.fixture
def stages(stage):
    """Three automations, the paused one first."""
    return [stage, *(AutomationFactory(name=f"Stage {n}") for n in (2, 3))]


def names_in_order():
    """Return the automations' names in the order in which they fire."""
    return list(Automation.objects.in_order().values_list("name", flat=True))


def test_the_order_is_set_by_keyboard(page, log_in, stages):
    log_in(page).goto(AUTOMATIONS)
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Sort item order").click()
    row(page, "Stage 1").get_by_role("button", name="Drag").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_text("'Stage 1' has been moved successfully.").wait_for()
    assert names_in_order() == ["Stage 2", "Stage 1", "Stage 3"]
    assert page.console_errors == []


def test_the_order_is_set_by_mouse(strict_page, log_in, stages):
    log_in(strict_page).goto(f"{AUTOMATIONS}?ordering=sort_order")
    handle = row(strict_page, "Stage 3").get_by_role("button", name="Drag")
    handle.drag_to(row(strict_page, "Stage 1"))
    strict_page.get_by_text("'Stage 3' has been moved successfully.").wait_for()
    assert names_in_order() == ["Stage 3", "Stage 1", "Stage 2"]


def test_a_stale_tab_is_refused_even_without_scripts(page, open_page, log_in, stage):
    group, user = ContactGroupFactory(name="Delivery"), SuperuserFactory()
    one = log_in(page, user)
    two = log_in(open_page(java_script_enabled=False), user)
    for tab, name in ((one, "One"), (two, "Two")):
        tab.goto(f"/admin/sms/contact-groups/edit/{group.pk}/")
        tab.locator("#id_name").fill(name)
    one.get_by_role("button", name="Save", exact=True).click()
    one.get_by_text("'One' updated.").wait_for()
    two.get_by_role("button", name="Save", exact=True).click()
    two.get_by_text("saved a newer version").wait_for()
    assert two.locator("#id_name").input_value() == "Two"
    two.get_by_role("button", name="Save", exact=True).click()
    two.get_by_text("'Two' updated.").wait_for()


def test_the_editor_shows_who_else_has_it_open(page, open_page, log_in, stage):
    ben = UserFactory(first_name="Ben", is_superuser=True)
    address = f"{AUTOMATIONS}edit/{stage.pk}/"
    log_in(open_page(), ben).goto(address)
    log_in(page).goto(address)
    notice = page.locator("#w-editing-sessions")
    if register_permission_policy:
        notice.get_by_role("button").first.wait_for()
    else:
        assert notice.count() == 0
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
