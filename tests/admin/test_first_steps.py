"""What an editor reads before anything is there."""

import pytest
from django.urls import reverse

from wagtail_sms_automation.admin.blocks import ActionsBlock, ConditionsBlock

from .. import factories


pytestmark = pytest.mark.django_db

AUTOMATIONS = "sms_automations_modeladmin_index"
GROUPS = "sms_contact-groups_modeladmin_index"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        (AUTOMATIONS, "First write down your flow"),
        (GROUPS, "First add a group, for example Delivery customers."),
    ],
)
def test_an_empty_list_says_what_to_do_first(admin_client, name, advice):
    assert advice in admin_client.get(reverse(name)).content.decode()
    found = admin_client.get(reverse(name), {"q": "pizza"}).content.decode()
    assert advice not in found


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
def test_every_field_of_a_block_has_a_help_text(name, child_name, block):
    field = getattr(block, "field", None)
    help_text = getattr(block.meta, "help_text", "") or (field and field.help_text)
    assert help_text, f"{name}.{child_name}"


def test_every_field_of_the_editor_gives_an_example(admin_client):
    url = reverse("sms_automations_modeladmin_create")
    panel = admin_client.get(url).context["panel"]
    assert panel.children
    for child in panel.children:
        assert "example" in str(child.help_text), child.field_name
