"""The phone beside the editor: from whatever stands in the form."""

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.admin.models import FormState

from wagtail_sms_automation.models import Automation, OutboundMessage, SmsSettings

from .. import factories
from .test_editor_forms import form_data


pytestmark = pytest.mark.django_db

EDIT = "sms_automations_modeladmin_preview"
CREATE = "sms_automations_modeladmin_preview_create"


def shown(client, data, automation=None):
    """Post a form and return the page of the phone."""
    url = reverse(EDIT, args=[automation.pk]) if automation else reverse(CREATE)
    answer = client.post(url, data).json()
    assert answer == {"is_valid": True, "is_available": True}
    response = client.get(url)
    assert response.status_code == 200
    return response


def preview_of(client, data, automation=None):
    return shown(client, data, automation).context["preview"]


def action(place, block_type, **values):
    """Return the form data of one action."""
    prefix = f"actions-{place}"
    return {
        f"{prefix}-type": block_type,
        f"{prefix}-order": str(place),
        f"{prefix}-deleted": "",
        f"{prefix}-id": "",
        **{f"{prefix}-value-{name}": value for name, value in values.items()},
    }


def test_a_new_automation_is_shown_as_it_is_typed(admin_client):
    preview = preview_of(admin_client, form_data())
    assert preview.text == "ORDER"
    (bubble,) = preview.bubbles
    assert (bubble.kind, bubble.text) == ("reply", "Write DELIVERY or PICKUP.")
    assert (bubble.parts, bubble.encoding, bubble.longest_parts) == (1, "GSM-7", 0)
    assert preview.missing == []
    assert preview.cost == "Costs 1 part each time it fires."
    assert not Automation.objects.exists()


def test_a_form_half_filled_in_says_what_is_missing(admin_client):
    data = form_data(
        **{"name": "", "conditions-0-value-keywords": "", "actions-0-value-body": ""}
    )
    response = shown(admin_client, data)
    assert response.context["preview"].missing == [
        "Name: it has none yet.",
        "Content: Add at least one keyword.",
        "Send an SMS reply: Write the text that is sent.",
    ]
    assert "Still missing" in response.content.decode()


def test_a_placeholder_half_typed_is_said_and_the_text_shown(admin_client):
    data = form_data(**{"actions-0-value-body": "Hello {{ contact.first_na"})
    preview = preview_of(admin_client, data)
    assert "Incomplete placeholder {{ contact.first_na" in preview.missing[0]
    (bubble,) = preview.bubbles
    assert (bubble.kind, bubble.text) == ("unfinished", "Hello {{ contact.first_na")
    assert preview.parts == 0


def test_placeholders_are_filled_and_the_longest_text_counted(admin_client):
    body = "Hello {{ contact.name }}, {{ contact.attributes.address|no address }}. "
    preview = preview_of(admin_client, form_data(**{"actions-0-value-body": body * 3}))
    (bubble,) = preview.bubbles
    assert bubble.text.startswith("Hello Anna Martin, [address].")
    assert (bubble.parts, bubble.longest_parts) == (1, 2)


def test_what_is_sent_instead_is_told(admin_client):
    data = form_data(**{"actions-0-value-body": "C’est bon…"})
    (bubble,) = preview_of(admin_client, data).bubbles
    assert bubble.text == "C'est bon..."
    assert bubble.replaced == (("’", "'"), ("…", "..."))
    SmsSettings.objects.create(replaces_typography=False)
    (bubble,) = preview_of(admin_client, data).bubbles
    assert (bubble.text, bubble.replaced) == ("C’est bon…", ())
    assert bubble.encoding == "UCS-2"


def test_every_action_is_told_in_its_order_and_numbers_are_masked(admin_client):
    group = factories.ContactGroupFactory(name="Delivery")
    data = form_data(
        **{"actions-count": "7", "actions-0-value-body": "Thanks, [{{ keyword }}]"},
        **action(1, "add_to_group", group=str(group.pk)),
        **action(
            2,
            "forward_to_phone",
            phone_numbers="+33612345678\n+33612345679",
            body="{{ message.originator }}: {{ message.body }}",
        ),
        **action(3, "forward_to_email", addresses="kitchen@example.com", body="New"),
        **action(4, "save_answer", attribute="address"),
        **action(5, "hand_over", hours="2"),
        **action(6, "opt_out"),
    )
    response = shown(admin_client, data)
    preview = response.context["preview"]
    assert preview.missing == []
    words = [bubble.words for bubble in preview.bubbles]
    handed_over = words.pop(6)
    assert handed_over.startswith("Leaves the contact to a person until ")
    assert words == [
        "",
        "Joins the group Delivery.",
        "Forwarded by SMS to +336•••••678",
        "Forwarded by SMS to +336•••••679",
        "Forwarded by e-mail to k…@example.com",
        "Clears address: the text holds nothing but a keyword.",
        "Opts the contact out.",
    ]
    assert preview.parts == 3
    page = response.content.decode()
    assert "12345678" not in page
    assert "kitchen@" not in page


def test_other_conditions_are_told_in_words(admin_client):
    group = factories.ContactGroupFactory(name="Delivery")
    before = factories.AutomationFactory(name="Stage 1")
    automation = factories.AutomationFactory(
        name="Stage 2",
        conditions=[
            factories.content("YES", operator="exact"),
            factories.in_group(group),
            factories.in_group(group, block_type="not_in_group"),
            factories.follows(before),
            factories.block("receiving_number", numbers=["38111"]),
            factories.block("opening_hours", when="closed"),
            factories.block("frequency", limit="hours", hours=24),
            factories.block(
                "received_between", starts_at="2026-07-14T16:00:00Z", ends_at=None
            ),
        ],
        actions=[factories.reply("Sent to {{ message.recipient }}")],
    )
    response = admin_client.get(reverse(EDIT, args=[automation.pk]))
    preview = response.context["preview"]
    assert preview.limits[:6] == [
        "Only for contacts in: Delivery.",
        "Not for contacts in: Delivery.",
        "Only within 24 hours after an answer of: Stage 1.",
        "Only for messages to 38111.",
        "Only outside opening hours.",
        "At most once in 24 hours for each contact.",
    ]
    assert preview.limits[6].startswith("Only from ")
    assert (preview.text, preview.silence) == ("YES", "")
    assert preview.bubbles[0].text == "Sent to 38111"


@pytest.mark.parametrize(
    ("operator", "text"),
    [
        ("any", "ORDER"),
        ("all", "ORDER Order"),
        ("begins", "ORDER"),
        ("exact", "ORDER"),
        ("none", "Hello, a table for two tonight?"),
    ],
)
def test_the_example_is_a_text_that_fires_it(admin_client, operator, text):
    data = form_data(**{"conditions-0-value-operator": operator})
    preview = preview_of(admin_client, data)
    assert (preview.text, preview.silence) == (text, "")
    assert len(preview.bubbles) == 1


def test_a_keyword_that_means_stop_is_said_to_be_silent(admin_client):
    data = form_data(**{"conditions-0-value-keywords": "STOP"})
    response = shown(admin_client, data)
    silence = "STOP, START and HELP come before every automation."
    assert response.context["preview"].silence == silence
    assert response.context["preview"].bubbles == []
    assert silence in response.content.decode()


def test_without_conditions_any_text_is_answered(admin_client):
    data = form_data(**{"conditions-0-deleted": "1"})
    preview = preview_of(admin_client, data)
    assert preview.text == "Hello, a table for two tonight?"
    assert len(preview.bubbles) == 1


@pytest.mark.parametrize(
    ("keyword", "text", "is_missing"),
    [("🍕🍕", "🍕🍕", False), ("x" * 200, "", True), ("\u200b", "", True)],
)
def test_strange_keywords(admin_client, keyword, text, is_missing):
    data = form_data(**{"conditions-0-value-keywords": keyword})
    preview = preview_of(admin_client, data)
    assert (preview.text, bool(preview.missing)) == (text, is_missing)


def test_a_text_of_two_thousand_characters(admin_client):
    data = form_data(**{"actions-0-value-body": "ê" * 2000})
    preview = preview_of(admin_client, data)
    assert "at most 9 can be sent" in preview.missing[0]
    assert preview.bubbles[0].text == "ê" * 2000


def test_no_action_at_all(admin_client):
    data = form_data(**{"actions-0-deleted": "1"})
    preview = preview_of(admin_client, data)
    assert preview.missing == ["Actions: add at least one, for example a reply."]
    assert preview.cost == "Costs 0 parts each time it fires."


def test_numbers_that_are_words_are_said(admin_client):
    data = form_data(**{"actions-count": "2"}, **action(1, "hand_over", hours="soon"))
    preview = preview_of(admin_client, data)
    assert preview.missing == ["Hand over to a person: Enter a whole number."]


def test_markup_stays_text(admin_client):
    data = form_data(
        **{"name": "<script>", "actions-0-value-body": "<img src=x> & {{ keyword }}"}
    )
    page = shown(admin_client, data).content.decode()
    assert "<script" not in page
    assert "<img" not in page


@pytest.mark.parametrize("data", [{}, {"name": "x"}, {"conditions-count": "many"}])
def test_what_is_no_form_is_refused(admin_client, data):
    answer = admin_client.post(reverse(CREATE), data).json()
    assert answer == {"is_valid": False, "is_available": False}
    assert not FormState.objects.exists()


def test_a_saved_automation_is_neither_saved_nor_sent(admin_client):
    automation = factories.AutomationFactory(name="Stage 1", keywords=("ORDER",))
    data = form_data(name="Stage 9")
    preview = preview_of(admin_client, data, automation)
    assert preview.name == "Stage 9"
    automation.refresh_from_db()
    assert automation.name == "Stage 1"
    assert not OutboundMessage.objects.exists()


@pytest.mark.parametrize("page", ["create", "edit", "copy", "revert"])
def test_every_editor_has_the_panel(admin_client, page):
    automation = factories.AutomationFactory()
    automation.save_revision()
    keys = {
        "create": [],
        "edit": [automation.pk],
        "copy": [automation.pk],
        "revert": [automation.pk, automation.latest_revision_id],
    }
    url = reverse(f"sms_automations_modeladmin_{page}", args=keys[page])
    content = admin_client.get(url).content.decode()
    is_new = page in ("create", "copy")
    expected = reverse(CREATE) if is_new else reverse(EDIT, args=[automation.pk])
    assert f'data-w-preview-url-value="{expected}"' in content


@pytest.mark.parametrize(
    ("permissions", "opens"),
    [
        ([], set()),
        (["view_automation"], set()),
        (["pause_automation", "delete_automation"], set()),
        (["add_automation"], {CREATE}),
        (["change_automation"], {EDIT}),
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_only_who_may_write_automations_sees_the_phone(permissions, opens, method):
    automation = factories.AutomationFactory()
    client = Client()
    client.force_login(factories.UserFactory(permissions=permissions))
    urls = {EDIT: reverse(EDIT, args=[automation.pk]), CREATE: reverse(CREATE)}
    opened = {
        name
        for name, url in urls.items()
        if getattr(client, method)(url).status_code == 200
    }
    assert opened == opens
