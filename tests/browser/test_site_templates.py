"""Templates of the site in a real browser: a flow is kept, and used again."""

import pytest

from wagtail_sms_automation.models import Flow, FlowTemplate

from ..factories import (
    AutomationFactory,
    FlowFactory,
    FlowTemplateFactory,
    block,
    reply,
)
from ..flow_files.files import as_bytes, document
from .editor import tab_to
from .test_flow_templates import GALLERY, reader_of


@pytest.fixture
def flow(db):
    """A flow that tells its staff."""
    flow = FlowFactory(name="Orders", announcement="Chez Lea: reply ORDER.")
    phone = block("forward_to_phone", phone_numbers=["+33612000009"], body="New!")
    AutomationFactory(
        name="Stage 1",
        flow=flow,
        keywords=("ORDER",),
        actions=[reply("Chez Lea: thanks!"), phone],
    )
    return flow


def save_url(flow):
    return f"{GALLERY}save/{flow.pk}/"


def show_form(page, flow):
    """Open the form."""
    page.goto(save_url(flow))


def show_refusal(page, flow):
    """Ask for words that do not occur."""
    page.goto(save_url(flow))
    page.locator("[name=word_1]").fill("<script>alert(1)</script>")
    page.locator("[name=label_1]").fill("What")
    page.locator("[name=label_2]").fill("<b>Nothing</b>" * 7)
    page.locator("main form button[type=submit]").first.click()
    page.locator(".w-field__errors .error-message").first.wait_for()


def show_gallery(page, flow):
    """Open the gallery with a good template and a bad one."""
    FlowTemplateFactory(name="Good", document=as_bytes(document()).decode())
    FlowTemplateFactory(name="Bad <b>" * 20, document='{"format": 1,\n')
    page.goto(GALLERY)


def show_question(page, flow):
    """Ask whether to delete one."""
    template = FlowTemplateFactory(name="Good", document=as_bytes(document()).decode())
    page.goto(f"{GALLERY}delete/{template.pk}/")


PAGES = {
    "form": show_form,
    "refused": show_refusal,
    "gallery": show_gallery,
    "question": show_question,
}


def test_a_flow_is_kept_and_used_again(strict_page, log_in, live_server, flow):
    page = log_in(strict_page)
    page.goto(f"/admin/sms/flows/inspect/{flow.pk}/")
    page.locator("header, .w-slim-header").get_by_role(
        "button", name="Actions"
    ).first.click()
    page.get_by_role("link", name="Save as a template").click()
    page.get_by_label("Name of the template").fill("Our orders")
    page.get_by_label("Words of the flow, 1").fill("Chez Lea")
    page.get_by_label("What they are, 1").fill("Name of the restaurant")
    page.get_by_role("button", name="Save the template").click()
    page.get_by_text("“Our orders” is kept as a template").wait_for()
    card = page.locator(".sms-template").filter(has_text="Our orders")
    card.get_by_role("link", name="Use this template").click()
    page.get_by_label("Name of the flow").fill("Orders of Max")
    page.get_by_label("Name of the restaurant").fill("Chez Max")
    page.get_by_label("Phone number of the staff").fill("+33612000008")
    page.get_by_role("button", name="Preview the texts").click()
    page.get_by_text("Chez Max: thanks!").first.wait_for()
    page.get_by_role("button", name="Make the flow, paused").click()
    page.get_by_text("1 automation. It is paused").wait_for()
    made = Flow.objects.get(name="Orders of Max").automations.get()
    assert list(made.actions[1].value["phone_numbers"]) == ["+33612000008"]
    assert page.console_errors == []


def test_by_keyboard_alone(page, log_in, live_server, flow):
    log_in(page).goto(save_url(flow))
    tab_to(page, "[name=word_1]")
    page.keyboard.type("Chez Lea")
    page.keyboard.press("Tab")
    page.keyboard.type("Restaurant")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{GALLERY}*")
    tab_to(page, "#site-templates + ul .sms-template__use a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/use/*/")
    tab_to(page, "[name=value_restaurant]")
    page.keyboard.type("Max")
    tab_to(page, "[name=value_staff_phone_1]")
    page.keyboard.type("+33612000008")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("Another")
    page.keyboard.press("Enter")
    page.locator("#flow-preview").wait_for()
    tab_to(page, "[name=create]")
    page.keyboard.press("Enter")
    page.get_by_text("1 automation. It is paused").wait_for()
    assert Flow.objects.filter(name="Another").exists()
    # And away with it, by keyboard too.
    template = FlowTemplate.objects.get()
    page.goto(GALLERY)
    tab_to(page, f"[href$='delete/{template.pk}/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/delete/*/")
    tab_to(page, "main form button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{GALLERY}")
    assert not FlowTemplate.objects.exists()


def test_more_questions_keep_what_was_written(strict_page, log_in, live_server, flow):
    page = log_in(strict_page)
    page.goto(save_url(flow))
    page.get_by_label("Words of the flow, 1").fill("Chez Lea")
    page.get_by_role("button", name="Ask for more").click()
    page.get_by_label("Words of the flow, 6").wait_for()
    assert page.get_by_label("Words of the flow, 1").input_value() == "Chez Lea"
    assert page.console_errors == []


@pytest.mark.parametrize("name", PAGES)
def test_under_a_strict_policy(strict_page, log_in, live_server, flow, name):
    PAGES[name](log_in(strict_page), flow)
    assert strict_page.console_errors == []


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("en", "light", 1280), ("en", "dark", 390), ("fr", "light", 390)]
    + [("ar", "dark", 390)],
)
@pytest.mark.parametrize("name", PAGES)
def test_accessibility(
    open_page, log_in, check_axe, live_server, flow, name, language, scheme, width
):
    size = {"width": width, "height": 800}
    page = log_in(open_page(viewport=size, color_scheme=scheme), reader_of(language))
    PAGES[name](page, flow)
    direction = page.evaluate("document.documentElement.dir || 'ltr'")
    assert direction == ("rtl" if language == "ar" else "ltr")
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
