"""The simulator's phone on the flow page and beside the editor's form."""

import json
import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from django.utils import timezone
from wagtail.test.utils.form_data import nested_form_data

from tests import factories
from wagtail_sms_automation import decision_texts
from wagtail_sms_automation.admin import phone, phone_choices
from wagtail_sms_automation.models import Automation

from .test_simulator import DRAFT, REPLAY, URL, draft_data, hidden, rows, talk, text_of


pytestmark = pytest.mark.django_db

AJAX = {"X-Requested-With": "XMLHttpRequest"}
EDITOR = "sms_automations_modeladmin_{}"
FLOW = "sms_flows_modeladmin_{}"


@pytest.fixture
def flow():
    """A flow with one paused step; another automation is active."""
    flow = factories.FlowFactory(name="Orders")
    factories.AutomationFactory(
        name="Step", keywords=("MENU",), flow=flow, actions=[factories.reply("Dishes.")]
    )
    factories.AutomationFactory(
        name="Loose", active=True, keywords=("HOURS",), actions=[factories.reply("9.")]
    )
    return flow


def phone_of(response):
    """Return the phone's form on a page."""
    assert response.status_code == 200
    soup = BeautifulSoup(response.content, "html.parser")
    return soup.select_one("form.sms-phone")


def fields_of(form):
    """Return what a browser without scripts would post, the unchosen left out."""
    return {
        field["name"]: field.get("value", "")
        for field in form.select("input")
        if field["type"] in ("hidden", "text", "datetime-local")
    }


# The page of a flow


def test_the_flow_page_has_a_phone_of_the_flow(admin_client, flow):
    form = phone_of(admin_client.get(reverse(FLOW.format("inspect"), args=[flow.pk])))
    section = form.find_parent("section")
    assert section.h2.text == "Try it"
    assert section["aria-labelledby"] == section.h2["id"]
    assert form["action"] == URL
    assert "MENU" in form.text
    assert form.select_one("[name=phone-flow]")["type"] == "hidden"


def test_its_form_works_on_the_simulators_page_without_scripts(admin_client, flow):
    form = phone_of(admin_client.get(reverse(FLOW.format("inspect"), args=[flow.pk])))
    answer = admin_client.post(URL, fields_of(form) | {"phone-text": "MENU"})
    assert "Dishes." in text_of(answer)
    chosen = phone_of(answer).select_one("select[name=phone-flow] [selected]")
    assert chosen.text == "Orders"


def test_by_script_it_stays_the_flows(admin_client, flow):
    data = {"phone-flow": flow.pk, "phone-text": "MENU"}
    form = phone_of(admin_client.post(URL, data, headers=AJAX))
    assert "Dishes." in form.text
    assert form.select_one("[name=phone-flow]")["type"] == "hidden"
    assert form.select_one("[name=phone-flow]")["value"] == str(flow.pk)


@pytest.mark.parametrize("page", ["loose", "everything"])
def test_automations_without_a_flow_are_tried_on_the_live_set(admin_client, flow, page):
    form = phone_of(admin_client.get(reverse(FLOW.format(page))))
    assert "HOURS" in form.text
    assert "MENU" not in form.text
    fields = fields_of(form)
    assert fields["phone-flow"] == ""
    live = phone_of(admin_client.post(URL, fields | {"phone-text": "MENU"}))
    assert "Dishes." not in live.text


def test_an_empty_flow_has_no_phone(admin_client):
    empty = factories.FlowFactory()
    url = reverse(FLOW.format("inspect"), args=[empty.pk])
    assert phone_of(admin_client.get(url)) is None


def test_who_may_not_see_automations_gets_no_phone(client_of, flow):
    url = reverse(FLOW.format("inspect"), args=[flow.pk])
    assert phone_of(client_of("view_flow").get(url)) is None
    assert phone_of(client_of("view_flow", "view_automation").get(url)) is not None
    assert client_of().get(url).status_code == 302


# Beside the editor


def urls_of(automation):
    """Return each page of the editor, with where its phone posts."""
    revision = automation.save_revision()
    args = [automation.pk]
    draft = f"{DRAFT}{automation.pk}/"
    return {
        reverse(EDITOR.format("create")): DRAFT,
        reverse(EDITOR.format("copy"), args=args): DRAFT,
        reverse(EDITOR.format("edit"), args=args): draft,
        reverse(EDITOR.format("revert"), args=[automation.pk, revision.pk]): draft,
    }


def test_every_editor_has_a_phone_outside_its_form(admin_client, flow):
    automation = Automation.objects.get(name="Step")
    for page, draft in urls_of(automation).items():
        response = admin_client.get(page)
        form = phone_of(response)
        assert form["action"] == draft, page
        assert form.find_parent("form") is None
        assert form.find_parent(attrs={"data-side-panel": "sms-simulator"})
        assert form["data-sms-draft-editor-value"] == "#w-editor-form"
        assert form.select_one("[name=csrfmiddlewaretoken]")["value"]
        for script in ("draft-controller.js", "simulator-controller.js"):
            assert response.content.decode().count(script) == 1


def test_its_flow_is_chosen_already_and_can_be_changed(admin_client, flow):
    step = Automation.objects.get(name="Step")
    edit = reverse(EDITOR.format("edit"), args=[step.pk])
    chosen = phone_of(admin_client.get(edit)).select_one(
        "select[name=phone-flow] [selected]"
    )
    assert chosen.text == "Orders"
    create = reverse(EDITOR.format("create"))
    chosen = phone_of(admin_client.get(f"{create}?flow={flow.pk}")).select_one(
        "select[name=phone-flow] [selected]"
    )
    assert chosen.text == "Orders"


def test_the_draft_answers_beside_the_paused_steps_of_a_chosen_flow(admin_client, flow):
    data = draft_data("ORDER", reply="Text MENU.")
    first = admin_client.post(DRAFT, data | {"phone-flow": flow.pk}, headers=AJAX)
    data |= {"phone-texts": hidden(first), "phone-text": "MENU"}
    both = phone_of(admin_client.post(DRAFT, data | {"phone-flow": flow.pk}))
    assert "Text MENU." in both.text
    assert "Dishes." in both.text
    alone = phone_of(admin_client.post(DRAFT, data))
    assert "Dishes." not in alone.text


def test_wrong_forms_keep_the_conversation_and_what_is_typed(admin_client):
    first = admin_client.post(DRAFT, draft_data("ORDER"))
    texts = hidden(first)
    wrong = draft_data("ORDER", name="", text="one more") | {"phone-texts": texts}
    response = admin_client.post(DRAFT, wrong)
    form = phone_of(response)
    assert "Name: This field is required." in form.text
    assert hidden(response) == texts
    assert form.has_attr("data-sms-simulator-keeps")
    assert form.select_one("[name=phone-text]")["value"] == "one more"
    mended = draft_data("ORDER", text="one more") | {"phone-texts": texts}
    assert len(json.loads(hidden(admin_client.post(DRAFT, mended)))) == 2
    again = phone_of(admin_client.post(DRAFT, wrong | {"phone-again": "1"}))
    assert not again.has_attr("data-sms-simulator-keeps")


def test_replay_of_the_draft_is_offered_to_whoever_sees_messages(client_of, flow):
    automation = Automation.objects.get(name="Step")
    edit = reverse(EDITOR.format("edit"), args=[automation.pk])
    label = "Replay the last 200 messages against this draft"
    response = client_of("change_automation", "view_inboundmessage").get(edit)
    assert label in text_of_side(response)
    soup = BeautifulSoup(response.content, "html.parser")
    form = soup.select_one(f'form[action="{REPLAY}draft/{automation.pk}/"]')
    assert form["target"] == "_blank"
    assert form["method"] == "post"
    assert form.find_parent("form") is None
    assert label not in text_of_side(client_of("change_automation").get(edit))


def text_of_side(response):
    """Return what the panel says."""
    assert response.status_code == 200
    soup = BeautifulSoup(response.content, "html.parser")
    panel = soup.select_one("[data-side-panel=sms-simulator]")
    return " ".join(panel.text.split())


# Bad input in the form


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reply": "Hello {{ contact.first_na"}, "Incomplete placeholder"),
        ({"reply": "é" * 2000}, "at most"),
        ({"reply": ""}, "Write the text that is sent."),
        ({"message_type": "fax"}, "Message type"),
        ({"flow": "999"}, "Flow"),
    ],
)
def test_what_is_wrong_in_the_form_is_said(admin_client, fields, said):
    form = phone_of(admin_client.post(DRAFT, draft_data("ORDER", **fields)))
    assert said in form.select_one("[role=alert]").text


def test_a_group_that_is_gone_is_said(admin_client):
    group = factories.ContactGroupFactory()
    data = draft_data("ORDER")
    data |= {
        "actions-0-type": "add_to_group",
        "actions-0-value": str(group.pk),
        "actions-0-value-group": str(group.pk),
    }
    assert "The form cannot be tried" not in text_of(admin_client.post(DRAFT, data))
    group.delete()
    form = phone_of(admin_client.post(DRAFT, data))
    assert "Add to contact group" in form.select_one("[role=alert]").text


def test_keywords_of_emoji_and_long_texts_are_tried(admin_client):
    form = phone_of(admin_client.post(DRAFT, draft_data("🍕", text="un 🍕 svp")))
    assert "From the draft." in form.text
    assert "🍕" in [chip.text for chip in form.select("button.sms-phone__chip")]
    long = draft_data("ORDER", text="ORDER " + "x" * 1994)
    assert "From the draft." in phone_of(admin_client.post(DRAFT, long)).text
    long = draft_data("ORDER", text="x" * 2001)
    assert "at most 2000 characters" in phone_of(admin_client.post(DRAFT, long)).text


# Nothing is written


def test_the_phone_of_the_flow_page_writes_nothing(admin_client, flow):
    page = reverse(FLOW.format("inspect"), args=[flow.pk])
    fields = fields_of(phone_of(admin_client.get(page)))
    before = rows()
    admin_client.get(page)
    for text in ("MENU", "STOP", "START"):
        admin_client.post(URL, fields | {"phone-text": text}, headers=AJAX)
    assert rows() == before


def test_the_phone_beside_the_editor_writes_nothing(admin_client, flow):
    factories.InboundMessageFactory(body="MENU", processed=True)
    step = Automation.objects.get(name="Step")
    # What Wagtail itself notes of an editor that is opened is not the phone's.
    admin_client.get(reverse(EDITOR.format("edit"), args=[step.pk]))
    before = rows()
    for pk in ("", f"{step.pk}/"):
        for fields in ({}, {"name": ""}, {"phone-text": "STOP"}):
            data = draft_data("MENU", text="MENU") | nested_form_data(fields)
            admin_client.post(f"{DRAFT}{pk}", data, headers=AJAX)
            admin_client.post(f"{REPLAY}draft/{pk}", data)
    assert rows() == before


# Who may


def test_a_draft_that_a_flow_would_save_needs_the_same_permissions(client_of, flow):
    step = Automation.objects.get(name="Step")
    for client in (client_of(), client_of("view_automation"), client_of("view_flow")):
        for pk in ("", f"{step.pk}/"):
            answer = client.post(f"{DRAFT}{pk}", draft_data("MENU"), headers=AJAX)
            assert answer.status_code in (302, 403)
            assert b"From the draft." not in answer.content
    adds = client_of("add_automation")
    assert "From the draft." in text_of(adds.post(DRAFT, draft_data("ORDER")))
    assert adds.post(f"{DRAFT}{step.pk}/", draft_data("ORDER")).status_code == 302


def test_replay_of_a_draft_needs_both_permissions(client_of, flow):
    step = Automation.objects.get(name="Step")
    url = f"{REPLAY}draft/{step.pk}/"
    for permissions in (
        ("change_automation",),
        ("view_inboundmessage",),
        ("view_automation", "view_inboundmessage"),
        ("add_automation", "view_inboundmessage"),
    ):
        answer = client_of(*permissions).post(url, draft_data("ORDER"))
        assert answer.status_code == 302, permissions
    both = client_of("change_automation", "view_inboundmessage")
    assert both.post(url, draft_data("ORDER")).status_code == 200


# Large sites


MANY = 300
TURNS = 20


@pytest.fixture
def many():
    """A flow with half of three hundred automations, each with its keyword."""
    flow = factories.FlowFactory()
    group = factories.ContactGroupFactory()
    for n in range(MANY):
        factories.AutomationFactory(
            active=n >= MANY // 2,
            flow=flow if n < MANY // 2 else None,
            keywords=(f"WORD{n}",),
            actions=[
                factories.reply(f"Now WORD{n + 1}."),
                factories.add_to_group(group),
            ],
        )
    return flow


def conversation(turns):
    """Return a conversation as the page carries it."""
    moment = timezone.now().replace(microsecond=0)
    return json.dumps(
        [[f"WORD{n}", (moment + timedelta(hours=n)).isoformat()] for n in range(turns)]
    )


def test_only_what_is_shown_is_explained(admin_client, many, monkeypatch):
    explained = []
    explain = decision_texts.explain

    def counting(decisions):
        explained.extend(decisions)
        return explain(decisions)

    monkeypatch.setattr(decision_texts, "explain", counting)
    data = {"phone-flow": many.pk, "phone-texts": conversation(TURNS)}
    text = text_of(admin_client.post(URL, data))
    assert len(explained) == TURNS * (1 + phone.MOST_SILENT)
    assert text.count(f"· 1 fires · {MANY - 1} stay silent") == TURNS
    rest = MANY - 1 - phone.MOST_SILENT
    assert text.count(f"{rest} more stay silent.") == TURNS


def test_those_that_all_but_matched_are_shown_first(admin_client):
    for n in range(phone.MOST_SILENT + 5):
        factories.AutomationFactory(active=True, keywords=(f"OTHER{n}",))
    factories.AutomationFactory(active=True, name="Near", keywords=("ORDER",))
    text = text_of(talk(admin_client, "order"))
    assert "“order” differs from ORDER only in case." in text
    assert "6 more stay silent." in text


def chips_of(form):
    """Return the keywords that are texted by one click."""
    return [chip["value"] for chip in form.select("button.sms-phone__chip")]


def test_a_flow_and_a_draft_offer_their_own_keywords_first(admin_client, many):
    other = factories.FlowFactory()
    step = factories.AutomationFactory(keywords=("STEP",), flow=other)
    page = phone_of(admin_client.get(reverse(FLOW.format("inspect"), args=[other.pk])))
    assert chips_of(page)[:2] == ["STEP", f"WORD{MANY // 2}"]
    for pk in ("", f"{step.pk}/"):
        data = draft_data("TYPED") | {"phone-flow": many.pk}
        chips = chips_of(phone_of(admin_client.post(f"{DRAFT}{pk}", data)))
        assert chips[:2] == ["TYPED", "WORD0"]
        assert len(chips) == phone_choices.MOST_KEYWORDS


def test_queries_do_not_grow_with_automations_and_turns(
    admin_client, many, django_assert_max_num_queries
):
    data = {"phone-flow": many.pk, "phone-texts": conversation(TURNS)}
    with django_assert_max_num_queries(20):
        admin_client.post(URL, data, headers=AJAX)
    data = draft_data("ORDER") | data
    with django_assert_max_num_queries(25):
        answer = admin_client.post(DRAFT, data, headers=AJAX)
    assert re.search(r"WORD19\b", answer.content.decode())
