"""A first-time editor's ways to a flow that answers, counted in clicks.

Every press of the mouse counts; typing, Tab among it, does not. Only what the page
says is used: each label and each help text that a step needs is asked for first.
"""

from urllib.parse import urlencode

import pytest
from django.test import Client
from wagtail.models import Locale, Page

from wagtail_sms_automation import gateways
from wagtail_sms_automation.gateways import locmem
from wagtail_sms_automation.models import Automation, ContactGroup, Flow

from .editor import entry, first_block
from .test_flow_templates import fill_in


CUSTOMER = "33612000001"
MOST_WITH_A_TEMPLATE = 12
MOST_BY_HAND = 19


class Mouse:
    """A mouse that counts its clicks."""

    def __init__(self, page):
        self.page, self.clicks = page, 0

    def click(self, role, name, within=None, **options):
        """Click what is called so."""
        scope = within or self.page
        scope.get_by_role(role, name=name, **options).last.click()
        self.clicks += 1


@pytest.fixture
def mouse(strict_page, log_in, live_server, settings):
    """The mouse of an editor who has just logged in to an empty site."""
    settings.WAGTAIL_ENABLE_UPDATE_CHECK = False
    # After another test on a real server there is no page, not even a root.
    if not Page.get_first_root_node():
        locale, _is_new = Locale.objects.get_or_create(language_code="en")
        Page.add_root(title="Root", locale=locale)
    page = log_in(strict_page)
    page.goto("/admin/")
    assert not Automation.objects.exists()
    yield Mouse(page)
    assert page.console_errors == []


def answers_to(body, run_tasks):
    """Text the restaurant over its webhook; return what is sent and to whom."""
    locmem.clear()
    fields = {
        "id": f"{len(body)}{abs(hash(body))}"[:32],
        "originator": CUSTOMER,
        "recipient": "33939000001",
        "body": body,
        "createdDatetime": "2026-11-22T18:00:00+00:00",
    }
    content = urlencode(fields).encode()
    url = "/sms/default/inbound/"
    headers = gateways.get_gateway().sign("POST", f"http://testserver{url}", content)
    answer = Client().generic(
        "POST", url, content, "application/x-www-form-urlencoded", headers=headers
    )
    assert answer.status_code == 200
    run_tasks()
    return [(sent.recipient, sent.body) for sent in locmem.outbox]


def says(page, *texts):
    """Check that the page says all of these, to be seen."""
    for text in texts:
        page.get_by_text(text).first.wait_for()


def tell(capsys, text):
    """Print it, whether the test fails or not: the number is what one asks for."""
    with capsys.disabled():
        print(f"\n{text}")  # noqa: T201


def resume_all(mouse):
    """Resume all from the page of the flow."""
    mouse.click("button", "Actions")
    menu = mouse.page.locator("[data-tippy-root]").filter(has_text="History")
    mouse.click("button", "Resume all", within=menu)


def test_with_a_template(mouse, run_tasks, capsys):
    page = mouse.page
    mouse.click("button", "SMS", exact=True)
    mouse.click("link", "Templates")
    card = page.locator(".sms-template").filter(has_text="SMS orders")
    mouse.click("link", "Use this template", within=card)
    fill_in(page)
    # What automations begin goes to the site's own country only.
    page.locator("[name=value_staff_mobile]").fill("+33 6 87 65 43 21")
    mouse.click("button", "Preview the texts")
    says(page, "Chez Léa: thanks! Reply MENU")
    mouse.click("button", "Make the flow, paused")
    says(page, "5 automations. They are paused")
    resume_all(mouse)
    says(page, "5 automations resumed.")
    tell(capsys, f"With a template: {mouse.clicks} clicks.")
    assert mouse.clicks <= MOST_WITH_A_TEMPLATE
    (number, body) = answers_to("ORDER", run_tasks)[0]
    assert number == f"+{CUSTOMER}"
    assert body.startswith("Chez Léa: thanks! Reply MENU")
    for text, begins in (
        ("MENU", "1 Margherita 9"),
        ("DELIVERY", "Delivery: text FOOD"),
        ("PICKUP", "Pickup at 3 Quay Road"),
        ("FOOD 2x1, 12 Port Street", "Chez Léa: order received"),
    ):
        assert answers_to(text, run_tasks)[0][1].startswith(begins)
    assert ("+33687654321", f"+{CUSTOMER} : {text}") in [
        (sent.recipient, " ".join(sent.body.split())) for sent in locmem.outbox
    ]


def write_automation(page, name, keyword, body):
    """Fill in the form of an automation whose one content condition is there."""
    says(page, "Name its place in the flow, for example:")
    page.get_by_role("textbox", name="Name", exact=False).first.fill(name)
    content = first_block(page, "conditions")
    says(content, "For example: ORDER, Order, order.", "digits")
    field = entry(content, "Keywords")
    field.fill(keyword)
    field.press("Enter")
    first_block(page, "actions").get_by_role("textbox", name="Text").fill(body)
    return content


def add_action(mouse, label):
    """Add an action, and return its section."""
    panel = mouse.page.locator("#panel-actions-section")
    panel.locator("button.c-sf-add-button").last.click()
    mouse.page.locator("[role=listbox] [role=option]").get_by_text(
        label, exact=True
    ).click()
    mouse.clicks += 2
    mouse.page.wait_for_selector("[role=listbox]", state="detached")
    return panel.locator("#actions-root > div > [data-streamfield-child]").last


def test_by_hand(mouse, run_tasks, capsys):
    page = mouse.page
    mouse.click("button", "SMS", exact=True)
    mouse.click("link", "Flows")
    says(page, "There is no flow yet.", "write the text that tells customers of it")
    mouse.click("link", "Add a flow", within=page.get_by_role("main"))
    page.wait_for_url("**/flows/create/")
    says(page, "For example: SMS orders.", "For example: Hungry? Reply ORDER to start.")
    page.locator("#id_name").fill("SMS orders")
    page.locator("#id_announcement").fill("Hungry? Reply ORDER to start.")
    mouse.click("button", "Save and close")
    says(page, "Add the first one: it answers the keyword that your announcement")
    mouse.click("link", "Add an automation")
    page.wait_for_url("**/automations/create/**")
    content = write_automation(page, "Stage 1", "ORDER", "Reply FOOD and your dishes.")
    mouse.click("button", "Add case variants", within=content)
    mouse.click("button", "Save and close")
    says(page, "“Stage 1” is saved and paused. Resume it when it is ready.")
    mouse.click("link", "SMS orders")
    mouse.click("link", "Add an automation")
    page.wait_for_url("**/automations/create/**")
    write_automation(page, "Stage 2", "FOOD", "Order received, thank you.")
    group = add_action(mouse, "Add to contact group")
    says(group, "For example: Delivery customers.")
    mouse.click("button", "Choose a contact group", within=group)
    mouse.click("tab", "New contact group")
    form = page.locator(".modal form[action*=create]")
    form.get_by_role("textbox", name="Name").fill("Customers")
    form.get_by_role("textbox", name="Name").press("Enter")
    group.locator(".chooser__title").filter(has_text="Customers").wait_for()
    forward = add_action(mouse, "Forward to mobile numbers")
    says(forward, "For example, the kitchen: +33 6 12 34 56 78.")
    number = entry(forward, "Mobile numbers")
    number.fill("+33687654321")
    number.press("Enter")
    forward.get_by_role("textbox", name="Text").fill("Order: {{ message.body }}")
    mouse.click("button", "Save and close")
    mouse.click("link", "SMS orders")
    resume_all(mouse)
    says(page, "2 automations resumed.")
    tell(capsys, f"By hand, two automations: {mouse.clicks} clicks.")
    assert mouse.clicks <= MOST_BY_HAND
    assert Flow.objects.get().automations.count() == 2
    assert answers_to("order", run_tasks) == [
        (f"+{CUSTOMER}", "Reply FOOD and your dishes.")
    ]
    assert answers_to("FOOD 2x1", run_tasks) == [
        (f"+{CUSTOMER}", "Order received, thank you."),
        ("+33687654321", "Order: FOOD 2x1"),
    ]
    assert ContactGroup.objects.get(name="Customers").contacts.count() == 1
