"""A first-time editor's ways to a flow that answers, counted in clicks.

Every press of the mouse counts; typing, Tab among it, does not. Only what the page
says is used: each label and each help text that a step needs is asked for first.
"""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.test import Client
from wagtail.models import Locale, Page

from wagtail_sms_automation import gateways
from wagtail_sms_automation.gateways import locmem
from wagtail_sms_automation.models import Automation, ContactGroup, Flow

from .editor import add_block, entry, first_block, words
from .test_flow_templates import fill_in


CUSTOMER = "33612000001"
KITCHEN = "+33687654321"
FLOWS = Path(__file__).resolve().parents[1] / "data" / "flows.json"
ARTICLE = ("order", "en")
#: Who texts what: those of the article's texts that belong together.
CONVERSATIONS = {
    CUSTOMER: (
        *("ORDER", "MENU", "DELIVERY"),
        *("FOOD 2x1, 1x5, 12 Port Street", "Thanks!"),
    ),
    "33612000002": (
        *("Order please", "MENU", "PICKUP"),
        "FOOD 2x1 for pickup at 19:30",
    ),
}
MOST_WITH_A_TEMPLATE = 12
MOST_BY_HAND = 36


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


def answers_to(body, run_tasks, customer=CUSTOMER):
    """Text the restaurant over its webhook; return what is sent and to whom."""
    locmem.clear()
    fields = {
        "id": f"{len(body)}{abs(hash((body, customer)))}"[:32],
        "originator": customer,
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
    assert (KITCHEN, f"+{CUSTOMER} : {text}") in [
        (sent.recipient, " ".join(sent.body.split())) for sent in locmem.outbox
    ]


def write_automation(mouse, step, *, offers_variants=False):
    """Fill in the form of a new automation; its two sections are there already."""
    page = mouse.page
    page.wait_for_url("**/automations/create/**")
    says(page, "Name its place in the flow, for example:")
    page.get_by_role("textbox", name="Name", exact=False).first.fill(step["name"])
    content = first_block(page, "conditions")
    says(content, "For example: ORDER, Order, order.", "digits")
    keywords = step["keywords"][:1] if offers_variants else step["keywords"]
    type_into(content, "Keywords", *keywords)
    if offers_variants:
        mouse.click("button", "Add case variants", within=content)
        assert sorted(words(content)) == sorted(step["keywords"])
    text = first_block(page, "actions").get_by_role("textbox", name="Text")
    text.fill(step["reply"])


def type_into(section, label, *texts):
    """Type words into a field that makes each a chip."""
    field = entry(section, label)
    for text in texts:
        field.fill(text)
        field.press("Enter")


def add_action(mouse, label):
    """Add an action, and return its section."""
    section = add_block(mouse.page, "actions", label)
    mouse.clicks += 2
    return section


def add_to_new_group(mouse, name):
    """Let who writes join a group that there is not yet."""
    group = add_action(mouse, "Add to contact group")
    says(group, "For example: Delivery customers.")
    mouse.click("button", "Choose a contact group", within=group)
    mouse.click("tab", "New contact group")
    form = mouse.page.locator(".modal form[action*=create]")
    form.get_by_role("textbox", name="Name").fill(name)
    form.get_by_role("textbox", name="Name").press("Enter")
    group.locator(".chooser__title").filter(has_text=name).wait_for()


def forward(mouse, text):
    """Let the kitchen read it, too."""
    section = add_action(mouse, "Forward to mobile numbers")
    says(section, "For example, the kitchen: +33 6 12 34 56 78.")
    type_into(section, "Mobile numbers", KITCHEN)
    section.get_by_role("textbox", name="Text").fill(text)


def make_flow(mouse, announcement):
    """Make the empty flow, and go on to its first automation."""
    page = mouse.page
    mouse.click("button", "SMS", exact=True)
    mouse.click("link", "Flows")
    says(page, "There is no flow yet.", "write the text that tells customers of it")
    mouse.click("link", "Add a flow", within=page.get_by_role("main"))
    page.wait_for_url("**/flows/create/")
    says(page, "For example: SMS orders.", "For example: Hungry? Reply ORDER to start.")
    page.locator("#id_name").fill("Orders by text")
    page.locator("#id_announcement").fill(announcement)
    mouse.click("button", "Save and close")
    says(page, "Add the first one: it answers the keyword that your announcement")
    mouse.click("link", "Add an automation")


def test_by_hand(mouse, run_tasks, capsys):
    page, article = mouse.page, article_flow()
    make_flow(mouse, article["broadcast"])
    for step in article["automations"]:
        is_first = not Automation.objects.exists()
        write_automation(mouse, step, offers_variants=is_first)
        for action in step["actions"]:
            if action["type"] == "forward":
                forward(mouse, action["text"])
            else:
                add_to_new_group(mouse, action["group"])
        mouse.click("button", "Save and close")
        says(page, f"“{step['name']}” is saved and paused. Resume it when it is ready.")
        mouse.click("link", "Orders by text")
        if step != article["automations"][-1]:
            mouse.click("link", "Add an automation")
    resume_all(mouse)
    says(page, "5 automations resumed.")
    tell(capsys, f"By hand, five automations: {mouse.clicks} clicks.")
    assert mouse.clicks <= MOST_BY_HAND
    assert Flow.objects.get().automations.count() == 5
    converse(article, run_tasks)


def article_flow():
    """Return the article's flow: its five automations, and the texts it answers."""
    flows = json.loads(FLOWS.read_text(encoding="utf-8"))["flows"]
    return next(one for one in flows if (one["slug"], one["language"]) == ARTICLE)


def converse(article, run_tasks):
    """Order a delivery, then a pickup; each text is answered as the article does."""
    steps = {step["name"]: step for step in article["automations"]}
    fires = {one["inbound"]: one["fires"] for one in article["expected"]}
    for customer, texts in CONVERSATIONS.items():
        for said in texts:
            wanted = []
            for step in (steps[name] for name in fires[said]):
                wanted.append((f"+{customer}", step["reply"]))
                if any(action["type"] == "forward" for action in step["actions"]):
                    wanted.append((KITCHEN, f"+{customer} (): {said}"))
            assert answers_to(said, run_tasks, customer) == wanted
    assert {said for texts in CONVERSATIONS.values() for said in texts} == set(fires)
    sizes = {group.name: group.contacts.count() for group in ContactGroup.objects.all()}
    assert sizes == {"Delivery customers": 1, "Pickup customers": 1, "SMS orders": 2}
