"""The admin as a French editor sees it: no page falls back on our English."""

import json
import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.users.models import UserProfile

from wagtail_sms_automation import decision_texts, outbound
from wagtail_sms_automation.admin.modeladmin import SmsGroup
from wagtail_sms_automation.engine import outcome
from wagtail_sms_automation.flow_files import importing, templates
from wagtail_sms_automation.models import (
    Circuit,
    InboundMessage,
    OptOut,
    OutboundMessage,
)

from . import factories
from .factories import block
from .shown_text import shown_texts
from .test_french import FRENCH, PLACEHOLDER, catalogues_of_others, english


AUTOMATIONS = "/admin/sms/automations/"
BULK = "/admin/bulk/wagtail_sms_automation"
SETTINGS = "/admin/settings/wagtail_sms_automation/smssettings/"
#: Actions that answer a POST only.
MOVES = ("resume", "pause")
#: What has no page to show.
POSTED = (
    *(*MOVES, "reorder", "send_again", "leave", "try_again", "clear_flag"),
    *("move_up", "move_down", "place", "repair"),
    *("resume_all", "pause_all", "duplicate"),
)
#: What is no page: a picture, a file, and what a form's data are sent to first.
FILES = ("svg", "download", "take", "preview", "preview_create")


@pytest.fixture(scope="module")
def patterns():
    """A pattern for each English text of ours alone whose French differs."""
    others = catalogues_of_others()
    shared = {english(key) for catalogue in others for key in catalogue}
    patterns = {}
    for key, text in FRENCH.items():
        source = english(key)
        words = set(re.findall(r"[a-z]{2,}", PLACEHOLDER.sub("", source)))
        # What has no word of its own would be found in much that is French.
        if source not in shared and any(word not in text for word in words):
            parts = [re.escape(part) for part in PLACEHOLDER.split(source)]
            whole = (
                r"(?<![\w.])(?<!%\()(?<!{{ )" + ".{1,90}?".join(parts) + r"(?![\w@])"
            )
            patterns[source] = re.compile(whole)
    return patterns


@pytest.fixture
def english_in(patterns):
    """Return a function: our English texts that a response shows, and where."""

    def english_in(response):
        assert response.status_code == 200, response
        return {
            source: text
            for text in shown_texts(response)
            for source, pattern in patterns.items()
            if pattern.search(text)
        }

    return english_in


@pytest.fixture
def editor(superuser):
    """A test client of a superuser who reads French."""
    profile = UserProfile.get_for_user(superuser)
    profile.preferred_language = "fr"
    profile.save()
    client = Client()
    client.force_login(superuser)
    return client


def of_every_type(group, other):
    """Return conditions and actions of every type."""
    return {
        "conditions": [
            *(
                factories.content("MENU", operator=operator)
                for operator in ("any", "all", "none", "begins", "exact")
            ),
            block("receiving_number", numbers=["+33939000001"]),
            block("received_between", starts_at=None, ends_at="2026-07-14T18:00:00Z"),
            block("opening_hours", when="open"),
            factories.in_group(group),
            factories.in_group(group, block_type="not_in_group"),
            factories.follows(other),
            block("frequency", limit="hours", hours=24),
        ],
        "actions": [
            factories.reply("Merci !"),
            factories.add_to_group(group),
            factories.remove_from_group(group),
            block("forward_to_phone", phone_numbers=["+33612345678"], body="Plat"),
            block("forward_to_email", addresses=["c@example.com"], body="Plat"),
            block("save_answer", attribute="adresse"),
            block("opt_out"),
            block("hand_over", hours=12),
        ],
    }


def decisions_about(automation):
    """Return a decision record: each way to fire, to stay silent, to miss."""
    place = outcome.Place(start=0, end=4, keyword="MENU")
    ways = [{"fired": True}, {"fired": True, "places": (place,)}]
    ways += [{"fired": False, "silence": silence} for silence in outcome.Silence]
    for difference in decision_texts.NEAR_MISSES:
        miss = outcome.NearMiss(found="menu", keyword="MENU", difference=difference)
        ways.append(
            {"fired": False, "silence": outcome.Silence.CONTENT, "near_miss": miss}
        )
    return [
        outcome.Decision(
            automation=automation.pk, name=automation.name, **way
        ).as_json()
        for way in ways
    ]


def answered_message(contact, automation):
    """Return a message with an answer in every state."""
    message = factories.InboundMessageFactory(
        contact=contact,
        body="MENU midi",
        state=InboundMessage.State.PARKED,
        attempts=5,
        intent="likely_opt_out",
        was_opted_out=True,
        decisions=decisions_about(automation),
    )
    factories.MatchFactory(inbound=message, automation=automation, keyword="MENU")
    answers = [{"state": state} for state in OutboundMessage.State]
    answers += [{"state": "held", "held_by": why} for why in OutboundMessage.HeldBy]
    answers += [{"channel": "email", "recipient": "c@example.com"}]
    for number, fields in enumerate(answers):
        factories.OutboundMessageFactory(
            inbound=message, body="Merci !", parts=number, **fields
        )
    return message


@pytest.fixture
def rows(superuser):
    """A restaurant with something in every corner, by section; its words are French."""
    group = factories.ContactGroupFactory(name="Livraisons")
    paused = factories.AutomationFactory(name="Étape 2")
    automation = factories.AutomationFactory(
        name="Étape 1",
        flow=factories.FlowFactory(name="Commandes"),
        **of_every_type(group, paused),
    )
    automation.save_revision()
    automation.resume(user=superuser)
    automation.save_revision()
    contact = factories.ContactFactory(
        first_name="Zoé",
        last_name="Martin",
        language="fr",
        is_flagged=True,
        silent_until=timezone.now() + timedelta(hours=1),
        attributes={"adresse": "Lyon"},
    )
    factories.MembershipFactory(contact=contact, group=group, automation=automation)
    for cause in OptOut.Cause:
        factories.OptOutFactory(contact=contact, cause=cause, ended_at=timezone.now())
    factories.OptOutFactory(contact=contact, needs_review=True)
    bare = factories.ContactFactory(first_name="Léa", last_name="Petit")
    answered = answered_message(contact, automation)
    pending = factories.InboundMessageFactory(
        contact=bare, body="", state="pending", read_with=answered
    )
    return {
        "automations": [automation, paused],
        "flows": [automation.flow, factories.FlowFactory(name="Vide")],
        "flow-templates": [kept_template()],
        "contact-groups": [group, factories.ContactGroupFactory(name="Amis")],
        "contacts": [contact, bare],
        "messages": [answered, pending],
        "unsent": unsent_messages(answered, superuser),
    }


def kept_template():
    """Return a template of the site, which asks for values."""
    document = templates.find("order.fr").data.decode()
    return factories.FlowTemplateFactory(name="Commandes du soir", document=document)


def unsent_messages(message, user):
    """Return what was not sent, for every reason, and what was decided."""
    unsent = list(OutboundMessage.objects.to_review().order_by("pk"))
    original = factories.OutboundMessageFactory(
        inbound=message, state="failed", body="Merci !", subject="Plat", error_code="9"
    )
    copy = outbound.send_again(original, user=user)
    outbound.leave(factories.OutboundMessageFactory(state="expired"), user=user)
    factories.DeliveryReportFactory(outbound=original, status="?", reason="Absent")
    return [*unsent, original, copy]


def pages():
    """Return (section, action) of every page of ours."""
    return [
        (admin.base_url_path.removeprefix("sms/"), action)
        for admin in SmsGroup.items
        for action in admin.actions
        if action not in (*POSTED, *FILES)
    ]


def urls_of(section, action, rows):
    """Return the URLs of one page: of each row, or of none."""
    name = f"sms_{section}_modeladmin_{action}"
    if action in ("index", "results", "create", "loose", "everything", "upload"):
        return [reverse(name)]
    if action == "choose":
        return [reverse(name, args=[template]) for template in ("order.fr", "club.fr")]
    more = {"compare": ["earliest", "latest"]}.get(action, [])
    if action == "save":
        file = templates.find("infos.fr").example()
        return [reverse(name, args=[importing.import_flow(file).flow.pk])]
    kept = rows[section]
    if action in ("compare", "revert"):
        kept = kept[:1]
    if action == "revert":
        more = [kept[0].latest_revision_id]
    return [reverse(name, args=[row.pk, *more]) for row in kept]


@pytest.mark.parametrize(("section", "action"), pages())
def test_no_page_shows_our_english(editor, rows, english_in, section, action):
    for url in urls_of(section, action, rows):
        assert english_in(editor.get(url)) == {}, url


@pytest.mark.parametrize("chooser", ["contact_group", "automation", "flow"])
def test_no_chooser_shows_our_english(editor, rows, english_in, chooser):
    url = reverse(f"sms_{chooser}_chooser:choose")
    assert english_in(editor.get(url)) == {}


def test_the_settings_show_no_english(editor, english_in):
    assert english_in(editor.get(SETTINGS, follow=True)) == {}


SECTIONS = ("automations", "contact-groups", "contacts", "messages", "unsent")


def test_empty_lists_show_no_english(editor, english_in):
    for section in SECTIONS:
        assert english_in(editor.get(f"/admin/sms/{section}/")) == {}


def test_errors_are_in_french(editor, english_in):
    empty = {"name": "", "conditions-count": "0", "actions-count": "0"}
    response = editor.post(f"{AUTOMATIONS}create/", empty)
    assert english_in(response) == {}
    values = {"opening_hours-count": "0", "opt_out_text": "Bonjour {{ prénom }}"}
    response = editor.get(SETTINGS, follow=True)
    response = editor.post(response.request["PATH_INFO"], values)
    assert "Variable inconnue ou incomplète" in response.content.decode()
    assert english_in(response) == {}
    values = {"opening_hours-count": "0", "allowed_countries": "FR, UK"}
    response = editor.post(response.request["PATH_INFO"], values)
    assert "«\xa0UK\xa0» n’est pas un code de pays." in response.content.decode()
    assert english_in(response) == {}


def test_the_warnings_are_in_french(editor, rows, english_in):
    until = timezone.now() + timedelta(minutes=1)
    Circuit.objects.create(gateway="default", open_until=until)
    Circuit.objects.create(gateway="email", open_until=until)
    response = editor.get("/admin/")
    warnings = BeautifulSoup(response.content, "html.parser").select(".help-warning")
    assert len(warnings) == 4
    assert english_in(response) == {}


@pytest.mark.parametrize("action", ["send_again", "leave"])
def test_what_a_decision_says(editor, rows, english_in, action):
    for message in rows["unsent"]:
        url = reverse(f"sms_unsent_modeladmin_{action}", args=[message.pk])
        for values in ({}, {"confirmed": "1"}, {"confirmed": "1"}):
            response = editor.post(url, values, follow=True)
            assert english_in(response) == {}, message


def test_what_is_said_once_it_is_tried_again(editor, rows, english_in):
    message = rows["messages"][0]
    url = reverse("sms_messages_modeladmin_try_again", args=[message.pk])
    for words in ("sera de nouveau traité", "n’est plus de côté"):
        response = editor.post(url, follow=True)
        assert words in response.content.decode()
        assert english_in(response) == {}


def test_what_is_said_once_a_flag_is_cleared(editor, rows, english_in):
    contact = rows["contacts"][0]
    url = reverse("sms_contacts_modeladmin_clear_flag", args=[contact.pk])
    for words in ("est levé", "n’avait pas de signalement"):
        response = editor.post(url, follow=True)
        assert words in response.content.decode()
        assert english_in(response) == {}


@pytest.mark.parametrize(
    ("model", "section", "action", "told"),
    [
        ("outboundmessage", "unsent", "send_again", "messages sont renvoyés."),
        ("outboundmessage", "unsent", "leave", "messages sont laissés tels quels."),
        ("inboundmessage", "messages", "try_again", "1 message est de nouveau traité."),
    ],
)
def test_many_messages_at_once(editor, rows, english_in, model, section, action, told):
    ids = "&".join(f"id={message.pk}" for message in rows[section])
    url = f"{BULK}/{model}/{action}/?{ids}&next=/admin/sms/{section}/"
    assert english_in(editor.get(url)) == {}
    response = editor.post(url, follow=True)
    assert told in response.content.decode()
    assert english_in(response) == {}
    assert english_in(editor.get(url)) == {}


def test_the_site_history_is_in_french(editor, rows, english_in):
    response = editor.get("/admin/reports/site-history/")
    html = response.content.decode()
    for words in ("Renvoyé", "Laissé tel quel"):
        assert words in html
    assert english_in(response) == {}


@pytest.mark.parametrize("action", MOVES)
def test_what_a_move_says(editor, rows, english_in, action):
    for automation in rows["automations"]:
        url = reverse(f"sms_automations_modeladmin_{action}", args=[automation.pk])
        response = editor.post(url, follow=True)
        assert f"L’automatisation «\xa0{automation.name}\xa0» " in (
            response.content.decode()
        )
        assert english_in(response) == {}


@pytest.mark.parametrize(
    ("action", "told"),
    [("resume", "1 automatisation reprise."), ("pause", "1 automatisation mise en")],
)
def test_many_at_once(editor, rows, english_in, action, told):
    ids = "&".join(f"id={automation.pk}" for automation in rows["automations"])
    url = f"{BULK}/automation/{action}/?{ids}"
    assert english_in(editor.get(url)) == {}
    response = editor.post(url, follow=True)
    assert told in response.content.decode()
    assert english_in(response) == {}


def test_the_three_dots(editor, rows):
    html = editor.get(AUTOMATIONS).content.decode()
    menus = [
        [item.get_text(strip=True) for item in menu.find_all(["a", "button"])]
        for menu in BeautifulSoup(html, "html.parser").select(
            "table [data-w-dropdown-target=content]"
        )
    ]
    assert menus == [
        ["Modifier", move, "Dupliquer", "Historique", "Supprimer"]
        for move in ("Reprendre", "Mettre en pause")
    ]


def test_the_menu_and_the_buttons(editor):
    html = editor.get(f"{AUTOMATIONS}create/").content.decode()
    for label in ("Automatisations", "Groupes de contacts"):
        assert json.dumps(label)[1:-1] in html
    assert "Sauvegarder et fermer" in html
    assert "Nouvelle automatisation" in html


def test_the_walk_would_find_english(admin_client, rows, english_in):
    found = english_in(admin_client.get(AUTOMATIONS))
    assert {"Add an automation", "Fired in 30 days", "Paused"} <= found.keys()
    (automation, _paused) = rows["automations"]
    url = reverse("sms_automations_modeladmin_edit", args=[automation.pk])
    found = english_in(admin_client.get(url))
    assert {"Add case variants", "begins with", "Send an SMS reply"} <= found.keys()
