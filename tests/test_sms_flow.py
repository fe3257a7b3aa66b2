"""manage.py sms_flow: what deployments and CI rely on."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from wagtail_sms_automation.flow_files import templates
from wagtail_sms_automation.models import Automation, Flow

from .factories import AutomationFactory, FlowFactory, follows, reply
from .flow_files.files import as_bytes, automation, document


pytestmark = pytest.mark.django_db


def sms_flow(*arguments):
    """Run the command and return what it prints."""
    out = StringIO()
    call_command("sms_flow", *arguments, stdout=out)
    return out.getvalue()


def refused(*arguments):
    """Return what the command says on the standard error stream."""
    with pytest.raises(CommandError) as error:
        sms_flow(*arguments)
    assert error.value.returncode == 1
    return str(error.value)


@pytest.fixture
def file(tmp_path):
    """Return a function: the path of a file with this document."""

    def write(whole=None):
        path = tmp_path / "flow.json"
        path.write_bytes(as_bytes(whole or document()))
        return str(path)

    return write


def test_import_check_export(file, tmp_path):
    path = file()
    assert "is imported, with 1 automation, paused." in sms_flow("import", path)
    assert "K7: A text asks for MENU" in refused("check", "SMS orders")
    AutomationFactory(keywords=("MENU",), active=True)
    assert "1 text is answered as expected." in sms_flow("check", "SMS orders")
    printed = sms_flow("export", "SMS orders")
    target = tmp_path / "exported.json"
    assert sms_flow("export", "SMS orders", str(target)) == ""
    assert target.read_text(encoding="utf-8") == printed
    assert json.loads(printed)["automations"][0]["key"] == "stage-1"
    assert "there already" in sms_flow("import", str(target))
    assert Flow.objects.get().automations.count() == 1


def test_a_bad_file_is_told_line_by_line(file):
    said = refused("import", file(document(name="", automations=[automation("")])))
    assert said.splitlines() == [
        "Line 4: name: This field is required.",
        "Line 12: keywords: Add at least one keyword.",
    ]
    assert not Flow.objects.exists()


def test_another_flow_of_the_name_and_the_way_out(file):
    sms_flow("import", file())
    path = file(document(description="Another"))
    assert "Import it under another name." in refused("import", path)
    assert "Orders" in sms_flow("import", path, "--name", "Orders")
    assert set(Flow.objects.values_list("name", flat=True)) == {"SMS orders", "Orders"}


def test_values_of_a_template():
    path = str(templates.FOLDER / "club.en.json")
    assert "restaurant: This value is needed." in refused("import", path)
    assert "KEY=VALUE" in refused("import", path, "--set", "restaurant")
    assert "does not ask" in refused("import", path, "--set", "a=b")
    sms_flow("import", path, "--set", "restaurant=Chez Léa = best")
    bodies = [one.actions[0].value["body"] for one in Automation.objects.in_order()]
    assert bodies[0].startswith("Chez Léa = best: would you like")
    assert "3 texts are answered" in sms_flow("check", path)
    assert "3 texts are answered" in sms_flow("check", path, "--set", "restaurant=L")


def test_check_shows_the_conversation_and_the_first_difference(file):
    whole = document(
        conversation=[
            {"text": "ORDER", "answers": ["...MENU..."]},
            {"text": "Thanks", "answers": []},
            {"text": "order", "answers": ["Which one?"]},
        ]
    )
    said = refused("check", file(whole))
    assert said.splitlines() == [
        "> ORDER",
        "< Reply MENU.",
        "> Thanks",
        "(no reply)",
        "> order",
        "(no reply)",
        "",
        "“order” must get 1 reply, and gets 0.",
    ]


def test_check_writes_nothing(file):
    sms_flow("check", file())
    assert not Flow.objects.exists()


@pytest.mark.parametrize("action", ["export", "check"])
def test_a_flow_that_is_not_there(action):
    assert refused(action, "Nothing") == "There is no flow named “Nothing”."


def test_a_flow_without_conversation():
    FlowFactory(name="Mine")
    assert "no sample conversation" in refused("check", "Mine")


def test_files_that_cannot_be_read_or_written(tmp_path):
    FlowFactory(name="Mine")
    assert "No such file" in refused("import", str(tmp_path / "no.json"))
    assert "Is a directory" in refused("export", "Mine", str(tmp_path))


def test_what_no_file_can_hold():
    flow = FlowFactory(name="Mine")
    AutomationFactory(
        name="Here",
        flow=flow,
        conditions=[follows(AutomationFactory(name="Elsewhere"))],
        actions=[reply()],
    )
    assert "“Elsewhere”, which is not in this flow." in refused("export", "Mine")


def test_an_escape_sequence_reaches_no_terminal(file):
    said = refused("import", file(document(language="\x1b[31m")))
    assert "\x1b" not in said
    printed = sms_flow("import", file(document(name="\x1b[31mred")))
    assert "\x1b" not in printed
