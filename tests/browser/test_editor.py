"""An automation is built by hand, by mouse and by keyboard alone."""

import pytest
from wagtail.users.models import UserProfile

from wagtail_sms_automation.models import Automation, Flow

from .. import factories
from .editor import (
    add_block,
    delete_blocks,
    entry,
    first_block,
    open_editor,
    save,
    tab_to,
    words,
)


pytestmark = pytest.mark.django_db

VARIANTS = ["ORDER", "Order", "order", "food please", "FOOD PLEASE", "Food please"]


def is_as_built(automation):
    assert automation.name == "Text orders - stage 1"
    assert automation.status == "paused"
    assert automation.conditions[0].value["keywords"] == VARIANTS
    assert automation.actions[0].value["body"] == "Write DELIVERY or PICKUP."


def test_by_mouse(page, log_in):
    open_editor(log_in(page))
    page.locator("#id_name").fill("Text orders - stage 1")
    content = first_block(page, "conditions")
    keyword = entry(content, "Keywords")
    keyword.fill("ORDER")
    keyword.press("Enter")
    keyword.press_sequentially("food please,")
    content.get_by_role("button", name="Add case variants").click()
    assert words(content) == VARIANTS
    reply = first_block(page, "actions")
    reply.get_by_role("textbox", name="Text").fill("Write DELIVERY or PICKUP.")
    assert "25 of 160 characters · 1 part · GSM-7" in reply.inner_text()
    save(page)
    is_as_built(Automation.objects.get())
    assert page.console_errors == []


def add_block_by_keyboard(page, stream, label):
    tab_to(page, f"#panel-{stream}-section button.c-sf-add-button")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=listbox] [role=option]")
    tab_to(page, "input[role=combobox]")
    page.keyboard.type(label)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def test_by_keyboard_alone(page, log_in):
    open_editor(log_in(page))
    delete_blocks(page, "conditions", "actions")
    tab_to(page, "#id_name")
    page.keyboard.type("Text orders - stage 1")
    add_block_by_keyboard(page, "conditions", "Content")
    tab_to(page, ".sms-words__entry")
    page.keyboard.type("ORDER")
    page.keyboard.press("Enter")
    page.keyboard.type("food please,oops,")
    page.keyboard.press("Backspace")
    tab_to(page, ".sms-words__variants button")
    page.keyboard.press("Enter")
    add_block_by_keyboard(page, "actions", "Send an SMS reply")
    tab_to(page, "textarea[name$='value-body']")
    page.keyboard.type("Write DELIVERY or PICKUP.")
    tab_to(page, "footer button[type=submit]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    is_as_built(Automation.objects.get())


def test_errors_stand_at_their_fields_and_nothing_typed_is_lost(page, log_in):
    open_editor(log_in(page))
    page.locator("#id_name").fill("Text orders - stage 1")
    reply = first_block(page, "actions")
    reply.get_by_role("textbox", name="Text").fill("Hi {{ nobody }}")
    forward = add_block(page, "actions", "Forward to mobile numbers")
    entry(forward, "Mobile numbers").fill("06 12 34 56 78, kitchen")
    save(page)
    assert not Automation.objects.exists()
    content = page.locator("#panel-conditions-section")
    assert "Add at least one keyword." in content.inner_text()
    actions = page.locator("#panel-actions-section")
    assert "placeholder: {{ nobody }}." in actions.inner_text()
    assert "kitchen: A phone number has no letters." in actions.inner_text()
    assert words(actions) == ["06 12 34 56 78", "kitchen"]
    numbers = actions.get_by_role("textbox", name="Mobile numbers")
    assert numbers.get_attribute("aria-invalid") == "true"
    described = numbers.get_attribute("aria-describedby").split()
    errors = [page.locator(f"[id='{one}']").inner_text() for one in described]
    assert any("kitchen: A phone number has no letters." in one for one in errors)

    actions.get_by_role("button", name="Remove kitchen").click()
    actions.get_by_role("textbox", name="Text").first.fill(
        "Hi {{ contact.first_name|there }}"
    )
    entry(content, "Keywords").fill("ORDER")
    save(page)
    automation = Automation.objects.get()
    assert automation.actions[1].value["phone_numbers"] == ["+33612345678"]
    assert automation.conditions[0].value["keywords"] == ["ORDER"]


# Besides those that a new automation begins with.
# Not two of a kind: Wagtail gives both sections one name, which axe minds.
CONDITIONS = [
    "Receiving number",
    "Received between",
    "Opening hours",
    "In a contact group",
    "Follows",
    "Frequency",
]
ACTIONS = [
    "Add to contact group",
    "Remove from contact group",
    "Forward to mobile numbers",
    "Forward to e-mail addresses",
    "Save the answer",
    "Opt the contact out",
    "Hand over to a person",
]


def test_every_block_works_under_a_strict_policy_and_is_accessible(
    strict_page, log_in, check_axe
):
    page = open_editor(log_in(strict_page))
    for label in CONDITIONS:
        add_block(page, "conditions", label)
    for label in ACTIONS:
        add_block(page, "actions", label)
    first = page.locator(".sms-words__entry").first
    first.fill("ORDER,order,")
    assert words(page) == ["ORDER", "order"]
    page.get_by_role("textbox", name="Text").first.fill("ê" * 150)
    check_axe(page)
    # A message that fades in has no contrast yet.
    page.emulate_media(reduced_motion="reduce")
    save(page)
    page.wait_for_timeout(1000)
    check_axe(page)
    assert page.console_errors == []


def test_flow_and_group_are_chosen_and_made_under_a_strict_policy(strict_page, log_in):
    factories.ContactGroupFactory(name="Delivery customers")
    page = open_editor(log_in(strict_page))
    page.locator("#id_name").fill("Stage 2")
    page.get_by_role("button", name="Choose a flow").click()
    page.get_by_role("tab", name="New flow").click()
    form = page.locator(".modal form[action*=create]")
    form.get_by_role("textbox", name="Name").fill("SMS orders")
    form.locator("[type=submit]").click()
    page.wait_for_selector("#id_flow-chooser .chooser__title:has-text('SMS orders')")
    delete_blocks(page, "conditions", "actions")
    group = add_block(page, "actions", "Add to contact group")
    group.get_by_role("button", name="Choose a contact group").click()
    page.get_by_role("link", name="Delivery customers").click()
    group.get_by_text("Delivery customers", exact=True).wait_for()
    save(page)
    automation = Automation.objects.get()
    assert automation.flow == Flow.objects.get(name="SMS orders")
    assert automation.actions[0].value["group"].name == "Delivery customers"
    assert page.console_errors == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_runs_out_of_a_narrow_page(open_page, log_in, language):
    user = factories.SuperuserFactory()
    page = open_page(viewport={"width": 390, "height": 800})
    automation = factories.AutomationFactory(
        keywords=("A" * 120, "طلب", "order"),
        actions=[factories.reply("ê" * 200), factories.reply("x")],
    )
    set_language(user, language)
    open_editor(log_in(page, user), automation)
    page.wait_for_selector(".sms-words__word")
    direction = page.evaluate("document.documentElement.dir || 'ltr'")
    assert direction == ("rtl" if language == "ar" else "ltr")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for selector in (".sms-words__item", ".sms-segments"):
        for box in page.locator(selector).all():
            place = box.bounding_box()
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= 390


def set_language(user, language):
    UserProfile.objects.update_or_create(
        user=user, defaults={"preferred_language": language}
    )
