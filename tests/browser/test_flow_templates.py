"""Templates in a real browser: chosen, filled in, made; files in and out."""

import pytest
from wagtail.users.models import UserProfile

from wagtail_sms_automation.models import Automation, Flow

from ..factories import AutomationFactory, FlowFactory, SuperuserFactory
from ..flow_files.files import as_bytes, document
from .editor import tab_to


GALLERY = "/admin/sms/flow-templates/"
CHOOSE = f"{GALLERY}choose/order.en/"
UPLOAD = f"{GALLERY}upload/"

FILLED = {
    "value_restaurant": "Chez Léa",
    "value_address": "3 Quay Road",
    "value_phone": "020 7946 0123",
    "value_staff_mobile": "+44 7911 123456",
    "value_staff_email": "kitchen@lea.example",
}


def fill_in(page):
    """Fill in what the order flow asks for."""
    for name, value in FILLED.items():
        page.locator(f"[name={name}]").fill(value)


def reader_of(language):
    """Return a superuser who reads a language."""
    user = SuperuserFactory()
    UserProfile.objects.create(user=user, preferred_language=language)
    return user


def preview(page):
    """Open the order flow and preview its texts."""
    page.goto(CHOOSE)
    fill_in(page)
    page.locator("main form button[type=submit]").last.click()
    page.locator("#flow-preview").wait_for()


def refuse(page):
    """Upload a file with something wrong in it."""
    page.goto(UPLOAD)
    bad = as_bytes(document(name="<script>alert(1)</script>" * 20))
    page.locator("input[type=file]").set_input_files(
        {"name": "flow.json", "mimeType": "application/json", "buffer": bad}
    )
    page.locator("main form button[type=submit]").click()
    page.locator(".help-critical").wait_for()


#: Every page to look at, by name: how to get there.
PAGES = {
    "gallery": lambda page: page.goto(GALLERY),
    "template": lambda page: page.goto(CHOOSE),
    "preview": preview,
    "upload": lambda page: page.goto(UPLOAD),
    "refused": refuse,
}


def test_from_the_menu_to_the_flow_in_a_few_clicks(strict_page, log_in, live_server):
    page = log_in(strict_page)
    page.goto("/admin/sms/automations/")
    page.get_by_role("button", name="SMS", exact=True).click()
    page.get_by_role("link", name="Templates").click()
    card = page.locator(".sms-template").filter(has_text="SMS orders")
    card.get_by_role("link", name="Use this template").click()
    fill_in(page)
    page.get_by_role("button", name="Preview the texts").click()
    page.get_by_text("Chez Léa: thanks! Reply MENU").first.wait_for()
    assert not Flow.objects.exists()
    page.get_by_role("button", name="Make the flow, paused").click()
    page.get_by_text("5 automations. They are paused").wait_for()
    assert page.locator("table.listing tbody tr").count() == 5
    assert Automation.objects.filter(status="paused").count() == 5
    assert page.console_errors == []


def test_by_keyboard_alone(page, log_in, live_server):
    log_in(page).goto(GALLERY)
    tab_to(page, ".sms-template:last-child .sms-template__use")
    page.keyboard.press("Enter")
    page.wait_for_url("**/choose/club.en/")
    tab_to(page, "[name=value_restaurant]")
    page.keyboard.type("Chez Lea")
    page.keyboard.press("Enter")
    page.locator("#flow-preview").wait_for()
    tab_to(page, "[name=create]")
    page.keyboard.press("Enter")
    page.get_by_text("2 automations. They are paused").wait_for()
    assert Flow.objects.get().name == "Club with double opt-in"


def test_enter_in_a_field_never_makes_the_flow_before_its_preview(
    page, log_in, live_server
):
    log_in(page).goto(CHOOSE)
    fill_in(page)
    page.locator("[name=value_phone]").press("Enter")
    page.locator("#flow-preview").wait_for()
    assert not Flow.objects.exists()


def test_a_flow_goes_out_and_comes_in_again(strict_page, log_in, live_server, tmp_path):
    flow = FlowFactory(name="Orders")
    AutomationFactory(name="Stage 1", flow=flow, keywords=("ORDER",))
    page = log_in(strict_page)
    page.goto(GALLERY)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as a file").click()
    path = tmp_path / download.value.suggested_filename
    assert path.name == "orders.json"
    download.value.save_as(path)
    flow.automations.all().delete()
    flow.delete()
    page.get_by_role("link", name="Import a file").click()
    page.get_by_label("Flow file").set_input_files(path)
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("button", name="Make the flow, paused").click()
    page.get_by_text("1 automation. It is paused").wait_for()
    assert Flow.objects.get().automations.get().name == "Stage 1"
    assert page.console_errors == []


def test_a_bad_file_tells_its_line(strict_page, log_in, live_server):
    page = log_in(strict_page)
    refuse(page)
    assert page.get_by_text("Line 4: name: Ensure this value has").is_visible()
    assert page.console_errors == []


@pytest.mark.parametrize("name", PAGES)
def test_under_a_strict_policy(strict_page, log_in, live_server, name):
    FlowFactory(name="Orders <b>")
    PAGES[name](log_in(strict_page))
    assert strict_page.console_errors == []


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("en", "light", 1280), ("en", "dark", 390), ("fr", "light", 390)]
    + [("ar", "dark", 390)],
)
@pytest.mark.parametrize("name", PAGES)
def test_accessibility(
    open_page, log_in, check_axe, live_server, name, language, scheme, width
):
    FlowFactory(name="Orders <b>")
    size = {"width": width, "height": 800}
    page = log_in(open_page(viewport=size, color_scheme=scheme), reader_of(language))
    PAGES[name](page)
    direction = page.evaluate("document.documentElement.dir || 'ltr'")
    assert direction == ("rtl" if language == "ar" else "ltr")
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_gallery_opens_in_the_readers_language(page, log_in, live_server):
    log_in(page, reader_of("fr")).goto(GALLERY)
    assert page.get_by_role("heading", name="Commandes par SMS").is_visible()
    assert page.locator("[aria-current=true]").inner_text().casefold() == "français"
