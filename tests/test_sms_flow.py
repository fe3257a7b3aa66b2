"""manage.py sms_flow: what deployments and CI rely on."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from wagtail_sms_automation.flow_files import templates
from wagtail_sms_automation.models import Automation, Flow

from .factories import (
    AutomationFactory,
    FlowFactory,
    break_conditions,
    content,
    follows,
    reply,
)
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
    sms_flow("check", file(planted()))
    assert not Flow.objects.exists()


def answering(body, *keywords, **changes):
    """Return an automation of a file that answers keywords with a text."""
    return automation(
        *keywords or ("ORDER", "Order", "order"),
        actions=[{"type": "reply", "body": body}],
        **changes,
    )


def planted(*automations, answers=("...",), **changes):
    """Return a document that holds what is planted, and talks as it says."""
    exchange = {"text": "ORDER", "answers": list(answers)}
    steps = [answering("Thanks."), *automations]
    for number, step in enumerate(steps):
        step["key"] = step["name"] = f"Step {number}"
    return document(automations=steps, conversation=[exchange], **changes)


@pytest.mark.parametrize(
    "template", list(templates.all_of_them()), ids=lambda template: template.name
)
def test_no_template_has_an_error_or_a_warning(template):
    path = templates.FOLDER / f"{template.name}.json"
    lines = sms_flow("check", str(path)).splitlines()
    assert len(lines) == 1
    assert lines[0].endswith("answered as expected.")


@pytest.mark.parametrize(
    ("whole", "code"),
    [
        (planted(answering("Bye.", "STOP", "Stop", "stop")), "K4: "),
        (planted(answering("Reply MENU.", "LIST", "List", "list")), "K7: "),
        (planted(announcement="Hungry? Reply MENU to start."), "K7: "),
        (planted(answering("One.", "1")), "K3: "),
    ],
    ids=["STOP", "invitation", "announcement", "digits"],
)
def test_a_planted_fault_fails_with_its_code(file, whole, code):
    path = file(whole)
    said = refused("check", path)
    assert said.startswith(code)
    # The same of the flow that is made of it.
    sms_flow("import", path)
    assert refused("check", "SMS orders") == said


def test_warnings_are_printed_with_their_codes_and_fail_nothing(file):
    whole = planted(answering("And."), answers=["...", "..."])
    lines = sms_flow("check", file(whole)).splitlines()
    assert lines[0].startswith("K1: “Step 0” and “Step 1” both answer ORDER")
    assert lines[-1].endswith("answered as expected.")
    sms_flow("import", file(whole))
    assert sms_flow("check", "SMS orders").splitlines() == lines


def test_a_file_is_checked_alone(file):
    AutomationFactory(keywords=("ORDER", "MENU"), active=True)
    FlowFactory(announcement="Reply NOTHING.")
    assert "as expected." in sms_flow("check", file(planted()))
    path = file(planted(answering("Reply MENU.", "LIST", "List", "list")))
    assert refused("check", path).startswith("K7: ")


def test_the_words_of_the_sites_country_are_reserved(file, settings):
    path = file(planted(answering("Bye.", "ARRET", "Arret", "arret")))
    settings.WAGTAIL_SMS_AUTOMATION |= {"DEFAULT_REGION": "FR"}
    assert refused("check", path).startswith("K4: ARRET")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (as_bytes(planted())[:200], "the file ends too early."),
        (as_bytes(planted(version=2)), "Line 3: this file is of another version"),
        (as_bytes(planted(name="<script>" * 50)), "Line 4: name: Ensure this value"),
    ],
    ids=["truncated", "version", "name"],
)
def test_check_of_a_bad_file(tmp_path, data, said):
    path = tmp_path / "flow.json"
    path.write_bytes(data)
    assert said in refused("check", str(path))


def test_a_script_in_a_name_is_text(file):
    whole = planted(answering("Bye.", "STOP", "Stop", "stop"))
    whole["automations"][1]["name"] = "<script>\x1b[31m"
    said = refused("check", file(whole))
    assert "“<script>" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("action", ["export", "check"])
def test_a_flow_that_is_not_there(action):
    assert refused(action, "Nothing") == "There is no flow named “Nothing”."


def test_a_flow_without_conversation_is_checked_too(file):
    flow = FlowFactory(name="Mine")
    told = "The flow has no sample conversation to hold."
    assert sms_flow("check", "Mine").splitlines() == [told]
    one = AutomationFactory(flow=flow, keywords=("MINE",))
    other = AutomationFactory(flow=flow, keywords=("MINE",))
    lines = sms_flow("check", "Mine").splitlines()
    assert lines[0].startswith("K1: ")
    assert lines[-1] == told
    other.delete()
    one.conditions = [content("STOP")]
    one.save()
    assert refused("check", "Mine").startswith("K4: ")
    # A file alike.
    path = file(document(automations=[answering("Bye.", "STOP")], conversation=None))
    assert refused("check", path).startswith("K4: ")


def with_unreadable(conversation):
    """Make a flow with a step that no form could have saved."""
    flow = FlowFactory(name="Mine", conversation=conversation)
    AutomationFactory(
        flow=flow, conditions=[content("ORDER")], actions=[reply("Thanks.")]
    )
    break_conditions(AutomationFactory(flow=flow, name="Broken"))
    return flow


BROKEN = "“Broken” cannot be read. Open it, and save it anew."


@pytest.mark.parametrize("answer", ["Thanks.", None, "Another."])
def test_a_step_that_cannot_be_read_fails(answer):
    asked = [{"text": "ORDER", "answers": [answer]}] if answer else []
    with_unreadable(asked)
    said = refused("check", "Mine")
    assert said.startswith(BROKEN)
    assert ("expected: Another." in said) == (answer == "Another.")
    assert refused("export", "Mine") == BROKEN


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
