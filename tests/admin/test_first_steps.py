"""What an editor reads before anything is there."""

import pytest
from django.urls import reverse

from wagtail_sms_automation.admin.blocks import ActionsBlock, ConditionsBlock

from .. import factories


pytestmark = pytest.mark.django_db

AUTOMATIONS = "sms_automations_modeladmin_index"
GROUPS = "sms_contact-groups_modeladmin_index"
FLOWS = "sms_flows_modeladmin_index"
CONTACTS = "sms_contacts_modeladmin_index"
MESSAGES = "sms_messages_modeladmin_index"
UNSENT = "sms_unsent_modeladmin_index"
SIMULATOR = "sms_simulator"
TEMPLATES = "sms_flow-templates_modeladmin_index"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        (AUTOMATIONS, "First write down your flow"),
        (GROUPS, "First add a group, for example Delivery customers."),
        (FLOWS, "There is no flow yet."),
        (CONTACTS, "Nobody has texted yet."),
        (MESSAGES, "No text has come in yet. First resume an automation"),
        (UNSENT, "Nothing waits for a decision."),
    ],
)
def test_an_empty_list_says_what_to_do_first(admin_client, name, advice):
    assert advice in admin_client.get(reverse(name)).content.decode()
    found = admin_client.get(reverse(name), {"q": "pizza"}).content.decode()
    assert advice not in found


@pytest.mark.parametrize(
    ("name", "permission", "way"),
    [
        (AUTOMATIONS, "view_automation", TEMPLATES),
        (FLOWS, "view_flow", TEMPLATES),
        (SIMULATOR, "view_automation", TEMPLATES),
        (CONTACTS, "view_contact", SIMULATOR),
        (MESSAGES, "view_inboundmessage", SIMULATOR),
    ],
)
def test_it_leads_those_who_may_to_where_to_begin(
    admin_client, client_of, name, permission, way
):
    link = f'<a href="{reverse(way)}">'.encode()
    assert link in admin_client.get(reverse(name)).content
    response = client_of(permission).get(reverse(name))
    assert response.status_code == 200
    assert link not in response.content


def test_a_simulator_with_automations_says_nothing(admin_client):
    factories.AutomationFactory()
    assert b"no automation yet" not in admin_client.get(reverse(SIMULATOR)).content


def test_a_list_with_rows_says_nothing(admin_client):
    factories.AutomationFactory()
    page = admin_client.get(reverse(AUTOMATIONS)).content.decode()
    assert "First write down" not in page


def test_the_advice_on_keywords_stands_at_the_keywords():
    content = ConditionsBlock().child_blocks["content"]
    advice = str(content.child_blocks["keywords"].field.help_text)
    for word in ("ORDER, Order, order", "Capitals", "digits"):
        assert word in advice


def fields_of(stream):
    return [
        (name, child_name, child)
        for name, block in stream.child_blocks.items()
        for child_name, child in block.child_blocks.items()
    ]


@pytest.mark.parametrize(
    ("name", "child_name", "block"),
    fields_of(ConditionsBlock()) + fields_of(ActionsBlock()),
)
def test_every_field_of_a_block_gives_an_example(name, child_name, block):
    field = getattr(block, "field", None)
    help_text = getattr(block.meta, "help_text", "") or (field and field.help_text)
    assert "example" in str(help_text), f"{name}.{child_name}"


@pytest.mark.parametrize("section", ["automations", "flows", "contact-groups"])
def test_every_field_of_a_form_gives_an_example(admin_client, section):
    url = reverse(f"sms_{section}_modeladmin_create")
    panel = admin_client.get(url).context["panel"]
    assert panel.children
    for child in panel.children:
        help_text = str(child.help_text or child.bound_field.help_text)
        assert "example" in help_text, child.field_name
