"""What stops a Resume, in a real browser: mouse, keyboard, other languages, a phone."""

import pytest
from wagtail.models import ModelLogEntry
from wagtail.users.models import UserProfile

from wagtail_sms_automation.models import Automation

from ..factories import (
    AutomationFactory,
    FlowFactory,
    SuperuserFactory,
    UserFactory,
    content,
    reply,
)
from .editor import tab_to


LIST = "/admin/sms/automations/"
BUTTON = "Resume in spite of this"


@pytest.fixture
def flow(live_server):
    """A flow with errors of several kinds, names with markup and a long text."""
    flow = FlowFactory(name="Orders <b>", announcement="Hungry? Reply MENU or GIFT.")
    for name, keywords, text in (
        ("Menu", ("MENU", "Menu"), "Our menu."),
        ("Stop <i>", ("STOP", "Stop"), "مرحبا"),
        ("Numbers " + "W" * 60, ("12345",), "Your table is kept. " * 12),
    ):
        AutomationFactory(
            name=name, flow=flow, conditions=[content(*keywords)], actions=[reply(text)]
        )
    return flow


def stop_flow(page, flow):
    """Ask to resume all of the flow: the page of errors is the answer."""
    page.goto(f"/admin/sms/flows/inspect/{flow.pk}/")
    page.locator("header").get_by_role("button").last.wait_for()
    post(page, f"/admin/sms/flows/resume_all/{flow.pk}/")


def post(page, url):
    """Post to a URL, as the buttons of the menus do."""
    with page.expect_navigation():
        page.evaluate(
            """url => {
                const form = document.createElement('form');
                form.method = 'post';
                form.action = url;
                const token = document.createElement('input');
                token.name = 'csrfmiddlewaretoken';
                token.value = window.wagtailConfig.CSRF_TOKEN;
                form.append(token);
                document.body.append(form);
                form.submit();
            }""",
            url,
        )
    page.locator("#sms-errors").wait_for()


def active_count():
    """Return how many automations are active."""
    return Automation.objects.active().count()


def test_one_by_mouse(strict_page, log_in, flow):
    page = log_in(strict_page)
    page.goto(LIST)
    row = page.locator("tr", has_text="Stop <i>")
    row.get_by_role("button", name="More options").click()
    page.get_by_role("button", name="Resume").last.click()
    page.get_by_text("“Stop <i>” stays paused").wait_for()
    assert page.get_by_text("K4").is_visible()
    assert active_count() == 0
    with page.expect_navigation():
        page.get_by_role("button", name=BUTTON).click()
    page.get_by_text("This field is required.").wait_for()
    assert page.evaluate("document.activeElement.id") == "id_reason"
    assert active_count() == 0
    page.get_by_label("Reason").fill("Legal said so.")
    page.get_by_role("button", name=BUTTON).click()
    page.get_by_text("“Stop <i>” is active").wait_for()
    assert active_count() == 1
    entry = ModelLogEntry.objects.get(action="wagtail_sms_automation.resume")
    assert entry.data == {"reason": "Legal said so.", "errors": ["K4", "K7"]}
    page.goto(f"{LIST}history/{entry.object_id}/")
    text = "Resumed in spite of errors (K4, K7): Legal said so."
    assert page.get_by_text(text).first.is_visible()
    assert page.console_errors == []


def test_all_of_a_flow_by_mouse(strict_page, log_in, flow):
    page = log_in(strict_page)
    page.goto(f"/admin/sms/flows/inspect/{flow.pk}/")
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("button", name="Resume all").click()
    page.get_by_text("3 automations stay paused").wait_for()
    for code in ("K3", "K4", "K7"):
        assert page.get_by_text(code, exact=True).is_visible()
    page.get_by_role("link", name="Go back").click()
    page.wait_for_url(f"**/flows/inspect/{flow.pk}/")
    stop_flow(page, flow)
    page.get_by_role("link", name="Stop <i>", exact=True).click()
    page.wait_for_url("**/automations/edit/**")
    assert active_count() == 0
    assert page.console_errors == []


def test_several_by_keyboard_alone(strict_page, log_in, flow):
    page = log_in(strict_page)
    page.goto(LIST)
    for automation in Automation.objects.all():
        tab_to(page, f"input[data-object-id='{automation.pk}']")
        page.keyboard.press("Space")
    page.get_by_role("link", name="Resume the selected automations").wait_for()
    tab_to(page, "a[aria-label='Resume the selected automations']")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Yes, resume").wait_for()
    tab_to(page, "main button[type=submit]")
    page.keyboard.press("Enter")
    page.get_by_text("3 automations stay paused").wait_for()
    tab_to(page, "#id_reason")
    page.keyboard.type("Legal said so.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("3 automations resumed.").wait_for()
    assert page.url.endswith(LIST)
    assert active_count() == 3
    assert page.console_errors == []


def test_without_scripts(open_page, log_in, flow):
    page = log_in(open_page(java_script_enabled=False))
    ids = "".join(f"&id={pk}" for pk in Automation.objects.values_list("pk", flat=True))
    page.goto(f"/admin/bulk/wagtail_sms_automation/automation/resume/?next={LIST}{ids}")
    page.get_by_role("button", name="Yes, resume").click()
    page.get_by_label("Reason").fill("Legal said so.")
    page.get_by_role("button", name=BUTTON).click()
    page.wait_for_url(f"**{LIST}")
    assert active_count() == 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(open_page, log_in, check_axe, flow, scheme):
    page = log_in(open_page(color_scheme=scheme))
    stop_flow(page, flow)
    check_axe(page)
    with page.expect_navigation():
        page.get_by_role("button", name=BUTTON).click()
    check_axe(page)
    assert page.console_errors == []


def test_one_that_cannot_be_read_leads_to_its_editor(
    strict_page, log_in, check_axe, flow
):
    page = log_in(strict_page)
    condition = content("ORDER", operator="unheard_of")
    Automation.objects.filter(name="Stop <i>").update(conditions=[condition])
    stop_flow(page, flow)
    page.get_by_text("These automations cannot be read.").wait_for()
    assert not page.get_by_role("button", name=BUTTON).count()
    check_axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    check_axe(page)
    page.get_by_role("link", name="Stop <i>").click()
    page.wait_for_url("**/edit/*/")
    assert active_count() == 0


def test_who_may_not_override_reads_who_can(page, log_in, check_axe, flow):
    user = UserFactory(permissions=["pause_automation", "view_flow"])
    stop_flow(log_in(page, user), flow)
    words = "Can resume automations in spite of errors"
    assert page.get_by_text(words).is_visible()
    assert page.get_by_role("button", name=BUTTON).count() == 0
    check_axe(page)
    page.get_by_role("link", name="Go back").click()
    page.wait_for_url(f"**/flows/inspect/{flow.pk}/")


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_other_languages_on_a_phone(open_page, log_in, check_axe, flow, language):
    user = SuperuserFactory()
    UserProfile.objects.create(user=user, preferred_language=language)
    page = log_in(open_page(viewport={"width": 390, "height": 800}), user)
    stop_flow(page, flow)
    direction = page.evaluate("document.documentElement.dir || 'ltr'")
    assert direction == ("rtl" if language == "ar" else "ltr")
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    content = page.locator(".sms-stopped")
    assert content.evaluate("element => element.scrollWidth - element.clientWidth") <= 0


def test_warnings_lead_to_where_they_are_listed(strict_page, log_in, check_axe, flow):
    flow.automations.exclude(name="Menu").delete()
    flow.announcement = ""
    flow.save()
    AutomationFactory(conditions=[content("MENU", "Menu")], active=True)
    page = log_in(strict_page)
    page.goto(LIST)
    page.locator("tr", has_text="Orders <b>").get_by_role(
        "button", name="More options"
    ).click()
    page.get_by_role("button", name="Resume").last.click()
    page.get_by_text("The flow check gives").wait_for()
    page.get_by_role("link", name="See “Orders <b>”").click()
    page.wait_for_url("**/flows/inspect/*/#flow-check")
    assert page.get_by_text("both answer MENU, Menu").is_visible()
    assert page.console_errors == []
