"""The simulator's pages: the phone, the editor's unsaved form, the replay."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.urls import reverse
from django.utils import timezone
from wagtail.test.utils.form_data import nested_form_data, streamfield

from tests import factories
from wagtail_sms_automation.admin.blocks.actions import FORWARDED
from wagtail_sms_automation.models import Automation


pytestmark = pytest.mark.django_db

URL = "/admin/sms/simulator/"
DRAFT = f"{URL}draft/"
REPLAY = f"{URL}replay/"


def text_of(response):
    """Return what a page says, without its tags."""
    assert response.status_code == 200
    html = response.content.decode()
    html = html.partition("<main")[2] or html
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def hidden(response):
    """Return the conversation as the page carries it."""
    html = response.content.decode()
    found = re.search(r'name="phone-texts" value="([^"]*)"', html)
    return unescape(found[1])


def talk(client, *texts, url=URL, **fields):
    """Post one text after the other, as a browser would; return the last answer."""
    fields = {f"phone-{name}": value for name, value in fields.items()}
    texts_so_far, response = "", None
    for text in texts:
        data = {"phone-text": text, "phone-texts": texts_so_far, **fields}
        response = client.post(url, data)
        texts_so_far = hidden(response)
    return response


def rows():
    """Return how every table looks."""
    return {
        model._meta.db_table: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and model._meta.app_label != "sessions"
    }


@pytest.fixture
def order():
    """An active automation that does what can be seen."""
    group = factories.ContactGroupFactory(name="Delivery customers")
    phones, addresses = ["+33612345678"], ["kitchen@example.com"]
    return factories.AutomationFactory(
        active=True,
        name="Stage 1",
        keywords=("ORDER",),
        actions=[
            factories.reply("What would you like?"),
            factories.add_to_group(group),
            factories.block("forward_to_phone", phone_numbers=phones, body="Order"),
            factories.block("forward_to_email", addresses=addresses, body="Order"),
            factories.block("save_answer", attribute="dish"),
            factories.block("hand_over", hours=2),
        ],
    )


# The phone


def test_a_text_shows_everything_that_follows(admin_client, order):
    factories.AutomationFactory(active=True, name="Stage 2", keywords=("Order",))
    text = text_of(talk(admin_client, "ORDER two pizzas"))
    for expected in (
        "ORDER two pizzas",
        "What would you like?",
        "1 part, GSM-7 · Stage 1",
        "Joins the group Delivery customers.",
        "Forwarded to +336•••••678",
        "Forwarded to k…@example.com",
        "Keeps “two pizzas” as dish.",
        "Leaves the contact to a person until",
        "Fired by “ORDER” (at character 1).",
        "“ORDER” differs from Order only in case.",
    ):
        assert expected in text
    assert "345" not in text
    assert "kitchen@" not in text


def test_the_conversation_is_kept(admin_client, order):
    text = text_of(talk(admin_client, "ORDER", "STOP", "START", "ORDER"))
    assert "STOP, START and HELP come before every automation." in text
    assert "Opts the contact out." in text
    assert "Opts the contact in again." in text
    assert "Automations leave this contact alone" in text


def test_held_replies_say_why(admin_client):
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    text = text_of(talk(admin_client, *["ORDER"] * 4))
    assert "not sent" in text


def test_a_flow_is_tried_with_its_paused_steps(admin_client):
    flow = factories.FlowFactory(name="Orders")
    factories.AutomationFactory(
        keywords=("MENU",), flow=flow, actions=[factories.reply("The menu.")]
    )
    assert "The menu." not in text_of(talk(admin_client, "MENU"))
    assert "The menu." in text_of(talk(admin_client, "MENU", flow=flow.pk))
    html = admin_client.get(f"{URL}?flow={flow.pk}&text=MENU").content.decode()
    assert f'<option value="{flow.pk}" selected>' in html
    assert 'value="MENU"' in html


def test_the_clock_groups_and_number_count(admin_client, order):
    group = factories.ContactGroupFactory(name="Regulars")
    factories.AutomationFactory(
        active=True,
        conditions=[
            factories.in_group(group),
            factories.block("receiving_number", numbers=["+33939000002"]),
        ],
        actions=[factories.reply("Dear regular.")],
    )
    chosen = {
        "groups": group.pk,
        "recipient": "+33939000002",
        "clock": "2026-12-25T19:30",
    }
    response = talk(admin_client, "hi", **chosen)
    assert "Dear regular." in text_of(response)
    assert "12/25/2026 7:30 p.m." in text_of(response)
    assert 'value="2026-12-25T19:31"' in response.content.decode()
    assert "Dear regular." not in text_of(talk(admin_client, "hi"))


def test_the_clock_only_goes_forward(admin_client, order):
    first = talk(admin_client, "hi", clock="2026-12-25T19:30")
    second = admin_client.post(
        URL,
        {
            "phone-text": "again",
            "phone-texts": hidden(first),
            "phone-clock": "2026-12-25T19:30",
        },
    )
    assert "The clock only goes forward" in text_of(second)
    assert hidden(second) == hidden(first)
    assert 'value="again"' in second.content.decode()


def test_a_chip_is_texted_by_one_click(admin_client, order):
    response = admin_client.post(URL, {"phone-text": "", "phone-chip": "ORDER"})
    assert "What would you like?" in text_of(response)


def test_a_chip_leaves_what_is_half_typed(admin_client, order):
    data = {"phone-text": "half ty", "phone-chip": "ORDER"}
    response = admin_client.post(URL, data)
    assert [body for body, _ in json.loads(hidden(response))] == ["ORDER"]
    assert 'value="half ty"' in response.content.decode()


@pytest.mark.parametrize(("button", "texts"), [("apply", 1), ("again", 0)])
def test_other_buttons_send_nothing_that_is_half_typed(
    admin_client, order, button, texts
):
    first = talk(admin_client, "ORDER", clock="2026-12-25T19:30")
    data = {
        "phone-texts": hidden(first),
        "phone-text": "half ty",
        "phone-clock": "2026-12-25T20:00",
        f"phone-{button}": "1",
    }
    response = admin_client.post(URL, data)
    assert len(json.loads(hidden(response))) == texts
    assert 'value="half ty"' in response.content.decode()
    clock = "2026-12-25T20:00" if texts else "2026-12-25T19:30"
    assert f'value="{clock}"' in response.content.decode()


def test_start_again_clears_and_puts_the_clock_back(admin_client, order):
    first = talk(admin_client, "ORDER", clock="2026-12-25T19:30")
    response = admin_client.post(
        URL, {"phone-texts": hidden(first), "phone-again": "1"}
    )
    assert hidden(response) == "[]"
    assert 'value="2026-12-25T19:30"' in response.content.decode()
    assert "What would you like?" not in text_of(response)


def test_scripts_get_the_phone_alone(admin_client, order):
    response = admin_client.post(
        URL, {"phone-text": "ORDER"}, headers={"X-Requested-With": "XMLHttpRequest"}
    )
    html = response.content.decode()
    assert html.strip().startswith("<form")
    assert "<main" not in html


def test_text_is_data(admin_client):
    response = talk(admin_client, "<script>alert(1)</script>")
    assert "<script>alert(1)" not in response.content.decode()


def test_nothing_is_written(admin_client, order):
    admin_client.get(URL)
    before = rows()
    talk(admin_client, "ORDER", "STOP", "START")
    admin_client.post(DRAFT, draft_data("ORDER"))
    admin_client.get(REPLAY)
    assert rows() == before


# Bad input


def test_long_texts_and_emoji(admin_client, order):
    assert "at most 2000 characters" in text_of(talk(admin_client, "x" * 2001))
    assert "x" * 2000 in text_of(talk(admin_client, "x" * 2000))
    assert "👍👍" in text_of(talk(admin_client, "👍👍"))


def test_a_hundred_texts_are_the_most(admin_client, order):
    moment = timezone.now().replace(microsecond=0)
    texts = [["ORDER", (moment + timedelta(minutes=n)).isoformat()] for n in range(100)]
    data = {"phone-text": "one more", "phone-texts": json.dumps(texts)}
    response = admin_client.post(URL, data)
    assert "at most 100 texts" in text_of(response)
    assert len(json.loads(hidden(response))) == 100


@pytest.mark.parametrize(
    "texts",
    [
        "{",
        "1",
        "null",
        "{}x",
        '[["a"]]',
        '[["a", 1]]',
        "[1]",
        '[[1, "2026-12-25T19:30:00+00:00"]]',
        '[["a", "2026-12-25T19:30:00"]]',
        '[["a", "0001-01-01T00:00:00+00:00"]]',
        '[["a", "9999-12-31T23:59:59+00:00"]]',
        '[["a", "2026-13-45T19:30:00+00:00"]]',
        '[["a", "2026-12-25T19:30:00Z"], ["a", "2026-12-25T19:30:00Z"]]',
        "[" * 100_000,
        json.dumps([["x" * 2001, "2026-12-25T19:30:00+00:00"]]),
    ],
)
def test_a_tampered_conversation_begins_anew(admin_client, order, texts):
    response = admin_client.post(URL, {"phone-text": "", "phone-texts": texts})
    if texts != "null":
        assert "could not be read" in text_of(response)
    assert hidden(response) in ("[]",)


@pytest.mark.parametrize("half", ["\\ud83d", "\\u0000"])
def test_what_no_database_stores_is_left_out(admin_client, order, half):
    texts = f'[["ORDER{half}", "2026-12-25T19:30:00+00:00"]]'
    response = admin_client.post(URL, {"phone-text": "", "phone-texts": texts})
    assert "What would you like?" in text_of(response)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("clock", "tomorrow"),
        ("clock", "2026-02-31T10:00"),
        ("clock", "?"),
        ("clock", "0001-01-01T00:00"),
        ("clock", "9999-12-31T23:59"),
        ("groups", "999"),
        ("groups", "x"),
        ("groups", "9" * 20),
        ("groups", "-1"),
        ("groups", "²"),
        ("flow", "999"),
        ("flow", "x"),
        ("flow", "9" * 20),
        ("recipient", "+1"),
        ("language", "x" * 16),
    ],
)
def test_wrong_settings_are_named(admin_client, order, field, value):
    response = talk(admin_client, "ORDER", **{field: value})
    assert re.search(r'role="alert"[^>]*>\s*<p>', response.content.decode())


@pytest.mark.parametrize("flow", ["999", "x", "1" * 30, "²"])
def test_an_unknown_flow_is_not_found(admin_client, flow):
    assert admin_client.get(URL, {"flow": flow}).status_code == 404
    assert admin_client.get(REPLAY, {"flow": flow}).status_code == 404


# Who may


@pytest.mark.parametrize(
    "permission", ["view_automation", "change_automation", "add_automation"]
)
def test_whoever_sees_automations_may_simulate(client_of, permission):
    client = client_of(permission)
    assert client.get(URL).status_code == 200
    assert client.post(URL, {"phone-text": "hi"}).status_code == 200
    assert URL in client.get("/admin/").content.decode()


@pytest.mark.parametrize("permissions", [(), ("view_inboundmessage",)])
def test_nobody_else_may(client_of, permissions):
    client = client_of(*permissions)
    for call in (
        client.get(URL),
        client.post(URL, {}),
        client.post(DRAFT, {}),
        client.get(REPLAY),
        client.post(f"{REPLAY}draft/", {}),
    ):
        assert call.status_code == 302
        assert call.url == "/admin/"
    assert URL not in client.get("/admin/").content.decode()


def test_a_draft_needs_what_saving_it_needs(client_of, order):
    adds, changes = client_of("add_automation"), client_of("change_automation")
    url = f"{DRAFT}{order.pk}/"
    assert adds.post(DRAFT, {}).status_code == 200
    assert adds.post(url, {}).status_code == 302
    assert changes.post(DRAFT, {}).status_code == 302
    assert changes.post(url, {}).status_code == 200
    assert changes.post(f"{DRAFT}999/", {}).status_code == 404
    assert changes.get(url).status_code == 405


def test_replay_needs_the_messages_too(client_of):
    assert client_of("view_automation").get(REPLAY).status_code == 302
    both = client_of("view_automation", "view_inboundmessage")
    assert both.get(REPLAY).status_code == 200
    assert REPLAY in both.get(URL).content.decode()
    assert REPLAY not in client_of("view_automation").get(URL).content.decode()


def options(response, name):
    """Return what the phone offers under a name."""
    html = response.content.decode()
    form = BeautifulSoup(html, "html.parser").select_one("form.sms-phone")
    if name == "groups":
        return [one.parent.text.strip() for one in form.select("[name=phone-groups]")]
    return [one.text for one in form.select(f"[name=phone-{name}] option")]


@pytest.fixture
def secrets(order):
    """A flow and a group that no automation names."""
    factories.FlowFactory(name="Secret flow")
    return factories.ContactGroupFactory(name="Secret group")


def test_flows_and_groups_are_offered_to_whoever_lists_them(client_of, secrets):
    sees = client_of("view_automation", "view_flow", "view_contactgroup").get(URL)
    assert options(sees, "flow") == ["The active ones", "Secret flow"]
    assert options(sees, "groups") == ["Delivery customers", "Secret group"]
    for call in (
        client_of("view_automation").get(URL),
        client_of("view_automation").post(URL, {"phone-text": "ORDER"}),
    ):
        assert options(call, "flow") == ["The active ones"]
        assert options(call, "groups") == ["Delivery customers"]
        assert "Secret" not in text_of(call)


def test_a_group_that_is_not_offered_is_refused(client_of, secrets):
    data = {"phone-text": "ORDER", "phone-groups": secrets.pk}
    text = text_of(client_of("view_automation").post(URL, data))
    assert "In these groups at first: Select a valid choice." in text
    assert "Secret" not in text
    sees = client_of("view_automation", "view_contactgroup").post(URL, data)
    assert "Select a valid choice" not in text_of(sees)


def test_the_flow_that_is_shown_is_offered(client_of, secrets):
    flow = factories.FlowFactory(name="Orders")
    factories.AutomationFactory(keywords=("MENU",), flow=flow)
    client = client_of("view_automation")
    shown = client.get(URL, {"flow": flow.pk})
    assert options(shown, "flow") == ["The active ones", "Orders"]
    answer = client.post(URL, {"phone-text": "MENU", "phone-flow": flow.pk})
    assert options(answer, "flow") == ["The active ones", "Orders"]
    assert "Fired by" in text_of(answer)


def test_the_editor_offers_its_own_flow_and_groups(client_of, secrets):
    flow = factories.FlowFactory(name="Orders")
    step = factories.AutomationFactory(
        flow=flow,
        conditions=[factories.in_group(factories.ContactGroupFactory(name="Own"))],
    )
    factories.AutomationFactory(
        flow=flow,
        actions=[
            factories.add_to_group(factories.ContactGroupFactory(name="Beside it"))
        ],
    )
    edit = reverse("sms_automations_modeladmin_edit", args=[step.pk])
    client = client_of("change_automation")
    draft = draft_data("ORDER") | {"phone-flow": flow.pk}
    for response in (client.get(edit), client.post(f"{DRAFT}{step.pk}/", draft)):
        assert options(response, "flow") == ["The active ones", "Orders"]
        groups = ["Beside it", "Delivery customers", "Own"]
        assert sorted(options(response, "groups")) == groups


def test_the_replay_names_flows_to_whoever_lists_them(client_of, secrets):
    sees = client_of("view_automation", "view_inboundmessage", "view_flow")
    assert "Secret flow" in text_of(sees.get(REPLAY))
    may_not = client_of("view_automation", "view_inboundmessage")
    text = text_of(may_not.get(REPLAY))
    assert "Secret" not in text
    assert "you need the permission to see flows" in text
    shown = factories.FlowFactory(name="Orders")
    text = text_of(may_not.get(REPLAY, {"flow": shown.pk}))
    assert "Orders" in text
    assert "Secret" not in text


# The editor's form


def draft_data(*keywords, reply="From the draft.", text="ORDER", **fields):
    """Return what the editor posts, and a text."""
    content = {"operator": "any", "keywords": "\n".join(keywords)}
    data = {
        "name": "Draft",
        "description": "",
        "message_type": "sms",
        "flow": "",
        "conditions": streamfield([("content", content)]),
        "actions": streamfield([("reply", {"body": reply})]),
        "phone-text": text,
    }
    return nested_form_data(data | fields)


def test_an_unsaved_automation_answers(admin_client):
    text = text_of(admin_client.post(DRAFT, draft_data("ORDER")))
    assert "From the draft." in text


def test_an_unsaved_change_takes_its_rows_place(admin_client, order):
    response = admin_client.post(f"{DRAFT}{order.pk}/", draft_data("ORDER"))
    text = text_of(response)
    assert "From the draft." in text
    assert "What would you like?" not in text
    order.refresh_from_db()
    assert order.actions[0].value["body"] == "What would you like?"


def test_a_form_with_errors_says_what_is_missing(admin_client):
    data = draft_data(reply="Hi {{ nobody }}", name="")
    text = text_of(admin_client.post(DRAFT, data))
    assert "The form cannot be tried yet:" in text
    assert "Name: This field is required." in text
    assert "Conditions, 1. Content, Keywords: Add at least one keyword." in text
    assert "Actions, 1. Send an SMS reply, Text: Unknown" in text


@pytest.mark.parametrize(
    "cut",
    [
        {},
        {"conditions-count": "x"},
        {"conditions-count": "2"},
        {"actions-count": "-1"},
        {"actions-0-type": "nothing"},
        {"actions-0-order": "x"},
    ],
)
def test_a_cut_off_form_is_no_server_error(admin_client, cut):
    data = draft_data("ORDER") | cut if cut else {"name": "x"}
    assert admin_client.post(DRAFT, data).status_code == 200


# Replay


def test_replay_lists_what_would_change(admin_client):
    flow = factories.FlowFactory(name="Orders")
    factories.AutomationFactory(
        keywords=("MENU",), flow=flow, actions=[factories.reply("The menu.")]
    )
    contact = factories.ContactFactory(phone_number="+33612345678")
    factories.InboundMessageFactory(body="MENU", processed=True, contact=contact)
    factories.InboundMessageFactory(body="other", processed=True)
    text = text_of(admin_client.get(REPLAY, {"flow": flow.pk}))
    assert "The last 2 messages were answered once more." in text
    assert "1 would be answered differently." in text
    assert "The menu." in text
    assert "+336•••••678" in text
    assert "345" not in text


WRITER = "+33612345678"


@pytest.mark.parametrize(
    "body",
    [
        FORWARDED,
        "From {{ contact.phone_number }}",
        "From 00{{ contact.phone }}: {{ message.originator }}!",
        "33612345678 or 0612345678 or 06 12 34 56 78 or 06.12.34.56.78",
        "+33 6 12 34 56 78, +33 (0)6 12 34 56 78, 0033-612-345-678, 612345678",
        "1{{ contact.phone }}2",
    ],
)
@pytest.mark.parametrize("kind", ["phone", "email", "reply", "save"])
def test_replay_hides_numbers_from_whoever_may_not_see_contacts(client_of, body, kind):
    block = factories.block
    action = {
        "phone": block("forward_to_phone", phone_numbers=["+33611111111"], body=body),
        "email": block("forward_to_email", addresses=["a@example.com"], body=body),
        "reply": factories.reply(body),
        "save": block("save_answer", attribute="dish"),
    }[kind]
    flow = factories.FlowFactory()
    factories.AutomationFactory(flow=flow, keywords=("MENU",), actions=[action])
    contact = factories.ContactFactory(phone_number=WRITER)
    said = f"MENU {WRITER}" if kind == "save" else "MENU"
    factories.InboundMessageFactory(
        body=said, processed=True, originator=WRITER, contact=contact
    )
    hidden_from = client_of("view_automation", "view_inboundmessage")
    shown = answers_of(hidden_from.get(REPLAY, {"flow": flow.pk}))
    assert "+336•••••678" in shown
    assert "345" not in re.sub(r"\W", "", shown)
    sees = client_of("view_automation", "view_inboundmessage", "view_contact")
    assert "345" in re.sub(r"\W", "", answers_of(sees.get(REPLAY, {"flow": flow.pk})))


def answers_of(response):
    """Return what the replay says that follows, now and then."""
    html = response.content.decode()
    turns = BeautifulSoup(html, "html.parser").select(".sms-turn")
    return " ".join(turn.text for turn in turns)


def test_replay_of_the_draft_hides_numbers_too(client_of, order):
    contact = factories.ContactFactory(phone_number="+33612000000")
    factories.InboundMessageFactory(
        body="ORDER", processed=True, originator=WRITER, contact=contact
    )
    data = draft_data("ORDER", reply="{{ message.originator }} {{ contact.phone }}")
    client = client_of("change_automation", "view_inboundmessage")
    text = answers_of(client.post(f"{REPLAY}draft/{order.pk}/", data))
    assert "+336•••••678 +336•••••000" in text


def test_replay_of_the_unsaved_form(admin_client, order):
    factories.InboundMessageFactory(body="ORDER", processed=True)
    url = f"{REPLAY}draft/{order.pk}/"
    text = text_of(admin_client.post(url, draft_data("ORDER")))
    assert "What would you like?" in text
    assert "From the draft." in text
    text = text_of(admin_client.post(url, draft_data("ORDER", name="")))
    assert "Name: This field is required." in text
    assert Automation.objects.get().actions[0].value["body"] == "What would you like?"
