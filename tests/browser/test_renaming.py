"""A name that becomes a field in the list: mouse, keyboard, other languages."""

import pytest
from django.contrib.auth.models import Permission
from wagtail.users.models import UserProfile

from wagtail_sms_automation.models import Automation

from ..factories import AutomationFactory, FlowFactory, SuperuserFactory, UserFactory
from .test_flows import focus


LISTS = {"automations": AutomationFactory, "flows": FlowFactory}


@pytest.fixture(params=LISTS)
def rows(request, live_server):
    """Two automations, then two flows; their list."""
    make = LISTS[request.param]
    for name in ("Stage 1", "Stage 2"):
        make(name=name)
    return make._meta.model.objects, f"/admin/sms/{request.param}/"


def pencil(page, name):
    """The link beside a name."""
    return page.get_by_role("link", name=f"Rename “{name}”")


def field(page):
    """The field that a name has become."""
    return page.locator(".sms-rename__form input[name=name]")


def has_focus(locator):
    """True if the keyboard is there."""
    return locator.evaluate("element => element === document.activeElement")


def test_by_mouse_under_a_strict_policy(strict_page, log_in, check_axe, rows):
    objects, address = rows
    page = log_in(strict_page)
    page.goto(address)
    pencil(page, "Stage 1").click()
    check_axe(page)
    field(page).fill("First “step” <b>")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Renamed to “First “step” <b>”.").wait_for()
    assert objects.filter(name="First “step” <b>").exists()
    assert page.get_by_role("link", name="First “step” <b>", exact=True).is_visible()
    dots = page.get_by_role("button", name="More options for 'First “step” <b>'")
    assert dots.is_visible()
    assert has_focus(pencil(page, "First “step” <b>"))
    pencil(page, "Stage 2").click()
    page.get_by_role("button", name="Cancel").click()
    assert field(page).count() == 0
    assert page.console_errors == []


def test_by_keyboard_alone(page, log_in, rows):
    objects, address = rows
    log_in(page).goto(address)
    focus(page, pencil(page, "Stage 2"))
    page.keyboard.press("Enter")
    assert has_focus(field(page))
    page.keyboard.type("Typed over")
    page.keyboard.press("Escape")
    assert has_focus(pencil(page, "Stage 2"))
    page.keyboard.press("Enter")
    assert field(page).input_value() == "Stage 2"
    page.keyboard.type("Typed over")
    page.keyboard.press("Enter")
    page.get_by_text("Renamed to “Typed over”.").wait_for()
    assert objects.filter(name="Typed over").exists()
    assert has_focus(pencil(page, "Typed over"))
    # Once more, from the new name.
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.type(" twice")
    page.keyboard.press("Enter")
    page.get_by_text("Renamed to “Typed over twice”.").wait_for()
    assert page.console_errors == []


def test_what_is_wrong_is_said_beside_the_field(page, log_in, check_axe, rows):
    objects, address = rows
    log_in(page).goto(address)
    pencil(page, "Stage 1").click()
    error = page.locator(".sms-rename__form .error-message")
    for name, text in (("x" * 300, "at most 255"), ("   ", "required")):
        field(page).fill(name)
        page.keyboard.press("Enter")
        error.get_by_text(text).wait_for()
        assert field(page).input_value() == name
        assert has_focus(field(page))
    check_axe(page)
    objects.filter(name="Stage 1").update(name="Theirs")
    field(page).fill("Mine")
    page.keyboard.press("Enter")
    error.get_by_text("somebody has renamed this to “Theirs”").wait_for()
    assert objects.filter(name="Theirs").exists()
    page.keyboard.press("Enter")
    page.get_by_text("Renamed to “Mine”.").wait_for()
    assert not objects.filter(name="Theirs").exists()


def test_a_server_that_does_not_answer(page, log_in, rows):
    _objects, address = rows
    log_in(page).goto(address)
    pencil(page, "Stage 1").click()
    page.route("**/rename/**", lambda route: route.abort())
    field(page).fill("Mine")
    page.keyboard.press("Enter")
    page.get_by_text("Not saved: the website did not answer.").wait_for()
    assert field(page).input_value() == "Mine"


def log_out(page, _row, _user):
    page.context.clear_cookies(name="sessionid")


def lose_permission(_page, row, user):
    codename = f"change_{row._meta.model_name}"
    user.user_permissions.remove(Permission.objects.get(codename=codename))


def delete(_page, row, _user):
    row.delete()


def break_down(page, _row, _user):
    page.route("**/rename/**", lambda route: route.fulfill(status=500, body="x"))


@pytest.mark.parametrize(
    ("happen", "told"),
    [
        (log_out, "Not saved: you are logged out, or may not rename this any more."),
        (lose_permission, "or may not rename this any more. Copy what you typed"),
        (delete, "Not saved: this has been deleted meanwhile. Reload the page."),
        (break_down, "Not saved: the website did not answer."),
    ],
)
def test_what_cannot_be_saved_is_told_and_kept(page, log_in, rows, happen, told):
    objects, address = rows
    row = objects.get(name="Stage 1")
    model = row._meta.model_name
    user = UserFactory(permissions=[f"{name}_{model}" for name in ("view", "change")])
    log_in(page, user).goto(address)
    pencil(page, "Stage 1").click()
    happen(page, row, user)
    field(page).fill("Mine")
    page.keyboard.press("Enter")
    page.locator(".sms-rename__form .error-message").get_by_text(told).wait_for()
    assert field(page).input_value() == "Mine"
    assert has_focus(field(page))
    assert not objects.filter(name="Mine").exists()


def test_a_redirect_is_no_answer(page, log_in, rows):
    _objects, address = rows
    log_in(page).goto(address)
    pencil(page, "Stage 1").click()
    elsewhere = {"status": 302, "headers": {"Location": "/admin/login/"}}
    page.route("**/rename/**", lambda route: route.fulfill(**elsewhere))
    field(page).fill("Mine")
    page.keyboard.press("Enter")
    page.get_by_text("Not saved: you are logged out").wait_for()
    assert field(page).input_value() == "Mine"


def test_a_name_of_two_lines(page, log_in, rows):
    objects, address = rows
    objects.filter(name="Stage 1").update(name="First\nsecond")
    log_in(page).goto(address)
    pencil(page, "First second").click()
    field(page).fill("Mine")
    page.keyboard.press("Enter")
    page.get_by_text("Renamed to “Mine”.").wait_for()
    assert objects.filter(name="Mine").exists()


def test_without_scripts(open_page, log_in, rows):
    objects, address = rows
    page = log_in(open_page(java_script_enabled=False))
    page.goto(address)
    pencil(page, "Stage 1").click()
    page.locator("#id_name").fill("First")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Renamed to “First”.").wait_for()
    assert page.url.endswith(address)
    assert objects.filter(name="First").exists()


@pytest.mark.parametrize(
    ("language", "scheme"), [("en", "dark"), ("fr", "light"), ("ar", "light")]
)
def test_on_a_phone(open_page, log_in, check_axe, live_server, language, scheme):
    row = AutomationFactory(name="Stage 1", keywords=("ORDER", "Order", "order"))
    user = SuperuserFactory()
    UserProfile.objects.create(user=user, preferred_language=language)
    size = {"width": 390, "height": 800}
    page = log_in(open_page(viewport=size, color_scheme=scheme), user)
    page.goto("/admin/sms/automations/")
    page.locator(".sms-rename__open").click()
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    field(page).fill("First")
    page.keyboard.press("Enter")
    field(page).wait_for(state="detached")
    assert Automation.objects.get(pk=row.pk).name == "First"
    page.goto(f"/admin/sms/automations/rename/{row.pk}/")
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
