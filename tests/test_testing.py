"""The pytest helper: what agencies keep their flows under test with."""

import pytest
from django.core.management import call_command

from wagtail_sms_automation.flow_files import importing, templates
from wagtail_sms_automation.models import Automation, OutboundMessage
from wagtail_sms_automation.testing import assert_conversation

from .factories import AutomationFactory, FlowFactory, reply


pytestmark = pytest.mark.django_db


@pytest.fixture
def flow():
    """A flow of two steps, one of them active."""
    flow = FlowFactory(name="SMS orders")
    AutomationFactory(
        flow=flow, keywords=("ORDER",), actions=[reply("Hello. Reply MENU.")]
    )
    AutomationFactory(
        flow=flow,
        keywords=("MENU",),
        actions=[reply("Pizza 9"), reply("Pasta 8")],
        active=True,
    )
    return flow


TALK = [
    ("ORDER", ["...MENU..."]),
    ("Thanks!", []),
    ("MENU", ["Pizza 9", "... 8"]),
]


def test_a_flow_its_name_or_a_file(flow):
    assert_conversation(flow, TALK)
    assert_conversation("SMS orders", TALK)
    assert_conversation("SMS orders", [("ORDER", "Hello. Reply MENU.")])
    for path in (
        templates.FOLDER / "club.en.json",
        str(templates.FOLDER / "club.en.json"),
    ):
        assert_conversation(path, [("CLUB", ["Chez Lea: ..."])])
    assert not OutboundMessage.objects.exists()
    assert Automation.objects.active().count() == 1


@pytest.mark.parametrize(
    ("expected", "difference"),
    [
        (["MENU"], "    expected: MENU\n    got:      Hello. Reply MENU."),
        (["...menu..."], "    expected: ...menu..."),
        ([], "“ORDER” must get 0 replies, and gets 1."),
        (["...MENU...", "..."], "“ORDER” must get 2 replies, and gets 1."),
    ],
)
def test_a_failure_shows_the_conversation_and_the_first_difference(
    flow, expected, difference
):
    with pytest.raises(AssertionError) as failed:
        assert_conversation(flow, [("Hi", []), ("ORDER", expected), ("MENU", [])])
    said = str(failed.value)
    assert said.startswith("\n> Hi\n(no reply)\n> ORDER\n< Hello. Reply MENU.\n\n")
    assert difference in said
    assert "Pizza" not in said


def test_a_name_that_is_none(flow):
    with pytest.raises(AssertionError, match="no flow named 'Orders'.*SMS orders"):
        assert_conversation("Orders", TALK)


def test_a_template_that_was_changed_by_hand_fails_its_conversation():
    file = templates.find("order.en").example()
    imported = importing.import_flow(file).flow
    talk = [(one.text, one.answers) for one in file.conversation]
    assert_conversation(imported, talk)
    imported.automations.in_order().first().delete()
    with pytest.raises(AssertionError, match="“ORDER” must get 1 reply"):
        assert_conversation(imported, talk)
    with pytest.raises(Exception, match="must get 1 reply"):
        call_command("sms_flow", "check", imported.name)
