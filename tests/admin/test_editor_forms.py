"""The editor as a form: without JavaScript, after an error, and in revisions."""

import re

import pytest
from django.forms import modelform_factory
from django.urls import reverse
from wagtail.admin.icons import get_icons
from wagtail.blocks import Block

from wagtail_sms_automation.admin import widgets
from wagtail_sms_automation.admin.blocks import (
    ActionsBlock,
    ConditionsBlock,
    OpeningHoursBlock,
)
from wagtail_sms_automation.admin.blocks.fields import KeywordsBlock
from wagtail_sms_automation.admin.choosers import flow_chooser
from wagtail_sms_automation.admin.forms import SmsSettingsForm
from wagtail_sms_automation.admin.widgets import (
    KeywordsInput,
    SegmentedTextarea,
    WordsInput,
)
from wagtail_sms_automation.models import Automation, SmsSettings

from .. import factories


CREATE = "sms_automations_modeladmin_create"
COMPARE = "sms_automations_modeladmin_compare"


def form_data(**fields):
    return {
        "name": "Text orders - stage 1",
        "message_type": "sms",
        "conditions-count": "1",
        "conditions-0-type": "content",
        "conditions-0-order": "0",
        "conditions-0-deleted": "",
        "conditions-0-id": "",
        "conditions-0-value-operator": "any",
        "conditions-0-value-keywords": "ORDER\nOrder",
        "actions-count": "1",
        "actions-0-type": "reply",
        "actions-0-order": "0",
        "actions-0-deleted": "",
        "actions-0-id": "",
        "actions-0-value-body": "Write DELIVERY or PICKUP.",
        **fields,
    }


def test_an_automation_is_saved_without_javascript(admin_client):
    response = admin_client.post(reverse(CREATE), form_data())
    assert response.status_code == 302
    automation = Automation.objects.get()
    assert automation.status == "paused"
    assert automation.conditions[0].value["keywords"] == ["ORDER", "Order"]
    assert automation.actions[0].value["body"] == "Write DELIVERY or PICKUP."


def streams_of(response):
    """Return the streams of a form as (type, value) pairs."""
    form = response.context["form"]
    return {
        name: [
            (child["type"], child["value"])
            for child in form.fields[name].block.get_form_state(form.initial[name])
        ]
        for name in ("conditions", "actions")
    }


def test_a_new_automation_begins_with_an_empty_condition_and_reply(admin_client):
    streams = streams_of(admin_client.get(reverse(CREATE)))
    ((condition, content),) = streams["conditions"]
    assert (condition, content["keywords"]) == ("content", "")
    ((action, reply),) = streams["actions"]
    assert (action, reply["body"] or "") == ("reply", "")


def test_the_empty_condition_and_reply_are_refused_as_they_are(admin_client):
    data = form_data(**{"conditions-0-value-keywords": "", "actions-0-value-body": ""})
    response = admin_client.post(reverse(CREATE), data)
    page = response.content.decode()
    assert "Add at least one keyword." in page
    assert "Write the text that is sent." in page
    assert not Automation.objects.exists()


def test_the_empty_condition_may_be_deleted(admin_client):
    data = form_data(**{"conditions-0-deleted": "1"})
    assert admin_client.post(reverse(CREATE), data).status_code == 302
    assert len(Automation.objects.get().conditions) == 0


def test_a_copy_begins_with_what_is_copied(admin_client):
    automation = factories.AutomationFactory(
        conditions=[], actions=[factories.reply("Hello")]
    )
    url = reverse(CREATE.replace("create", "copy"), args=[automation.pk])
    assert streams_of(admin_client.get(url)) == {
        "conditions": [],
        "actions": [("reply", {"body": "Hello"})],
    }


def test_what_was_typed_survives_an_error(admin_client):
    data = form_data(**{"actions-0-value-body": "Hi {{ nobody }}"})
    response = admin_client.post(reverse(CREATE), data)
    assert response.status_code == 200
    page = response.content.decode()
    assert "ORDER\\\\nOrder" in page or "ORDER\\nOrder" in page
    assert "Unknown or incomplete placeholder: {{ nobody }}." in page
    assert not Automation.objects.exists()


def test_the_editor_has_no_inline_script(admin_client):
    flow = factories.FlowFactory()
    automation = factories.AutomationFactory(flow=flow, keywords=("ORDER",))
    url = reverse(CREATE.replace("create", "edit"), args=[automation.pk])
    page = admin_client.get(url).content.decode()
    scripts = re.findall(r"<script(?![^>]*\ssrc=)([^>]*)>", page)
    assert [one for one in scripts if "application/json" not in one] == []


def test_the_flow_chooser_hands_its_options_to_a_controller(db):
    flow = factories.FlowFactory(name="SMS orders")
    html = flow_chooser.widget_class().render("flow", flow.pk, {"id": "id_flow"})
    assert 'data-controller="sms-chooser"' in html
    assert "/admin/sms_flow_chooser/" in html
    assert "SMS orders" in html
    assert "<script" not in html


def test_words_are_a_plain_textarea_one_per_line():
    widget = WordsInput(noun="Numbers")
    html = widget.render("numbers", ["+33939000001", "38111"], {"id": "x"})
    assert re.search(r">\s*\+33939000001\n38111</textarea>", html)
    assert "data-sms-words-variants-value" not in html
    assert widget.value_from_datadict({"numbers": "a\r\n\n b "}, {}, "numbers") == [
        "a",
        "b",
    ]
    assert widget.value_from_datadict({}, {}, "numbers") == []


def test_keywords_are_escaped():
    html = KeywordsInput(noun="Keywords").render("k", ["</textarea><b>"], {"id": "x"})
    assert "<b>" not in html
    assert 'data-sms-words-variants-value="true"' in html


@pytest.mark.django_db
def test_the_counter_stands_beside_wagtails_own_controller():
    html = SegmentedTextarea().render("body", "", {"id": "x"})
    assert 'data-controller="w-autosize sms-segments"' in html
    assert 'data-action="input-&gt;sms-segments#update"' in html


@pytest.mark.django_db
def test_widgets_are_translated_when_they_are_rendered(monkeypatch):
    made_before = [SegmentedTextarea(), KeywordsInput(noun="Keywords")]
    monkeypatch.setattr(widgets, "_", lambda text: f"«{text}»")
    counter, chips = (one.render("x", "", {"id": "x"}) for one in made_before)
    assert "\\u00abPlaceholders are counted as typed.\\u00bb" in counter
    assert "\\u00abAdd case variants\\u00bb" in chips


@pytest.mark.django_db
def test_the_counter_knows_whether_quotes_are_replaced():
    assert 'plain-value="true"' in SegmentedTextarea().render("b", "", {"id": "x"})
    SmsSettings.objects.create(replaces_typography=False)
    assert 'plain-value="false"' in SegmentedTextarea().render("b", "", {"id": "x"})


def test_media_is_asked_of_static_files_only_when_rendered():
    media = KeywordsInput(noun="Keywords").media + SegmentedTextarea().media
    assert re.findall(r"[\w-]+\.js", str(media)) == [
        "words-controller.js",
        "segments-controller.js",
    ]


def every_block(block):
    yield block
    for child in getattr(block, "child_blocks", {}).values():
        yield from every_block(child)
    if child := getattr(block, "child_block", None):
        yield from every_block(child)


def test_every_icon_of_a_block_is_registered():
    registered = {re.sub(r".*/|\.svg$", "", name) for name in get_icons().split('"')}
    blocks = [
        *map(every_block, (ConditionsBlock(), ActionsBlock(), OpeningHoursBlock()))
    ]
    icons = {block.meta.icon for some in blocks for block in some}
    icons -= {Block._meta_class.icon}
    assert {"sms-reply", "sms-keyword", "mail"} <= icons
    assert {f"icon-{icon}" for icon in icons} - registered == set()


def test_every_block_of_the_editor_has_a_label_and_an_icon_of_its_own():
    for stream in (ConditionsBlock(), ActionsBlock()):
        for block in stream.child_blocks.values():
            assert block.label
            assert block.meta.icon != "placeholder"


def test_a_list_of_words_reads_well_and_escaped_in_a_comparison():
    block = KeywordsBlock()
    assert block.render_basic(["a", "<b>"]) == "a, &lt;b&gt;"
    assert block.get_searchable_content(["a", "b"]) == ["a", "b"]
    assert block.normalize(None) == []


def test_revisions_are_compared_word_by_word(admin_client):
    automation = factories.AutomationFactory(keywords=("ORDER",))
    first = automation.save_revision()
    automation.conditions[0].value["keywords"] = ["ORDER", "<Pizza>"]
    automation.actions[0].value["body"] = "Other text."
    second = automation.save_revision()
    url = reverse(COMPARE, args=[automation.pk, first.pk, second.pk])
    response = admin_client.get(url)
    assert response.status_code == 200
    page = response.content.decode()
    assert "&lt;Pizza&gt;" in page
    assert "<Pizza>" not in page
    assert "['ORDER'" not in page


def settings_form(**texts):
    form_class = modelform_factory(
        SmsSettings, form=SmsSettingsForm, fields=SmsSettingsForm.TEXTS
    )
    data = dict.fromkeys(SmsSettingsForm.TEXTS, "") | texts
    return form_class(data=data, instance=SmsSettings())


@pytest.mark.django_db
def test_the_texts_of_the_settings_may_be_empty_and_are_cleaned():
    form = settings_form(opt_out_text="Bye\r\n")
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {
        "opt_out_text": "Bye",
        "opt_in_text": "",
        "help_text": "",
    }
    assert 'data-controller="w-autosize sms-segments"' in str(form["help_text"])


@pytest.mark.django_db
def test_the_texts_of_the_settings_are_checked_like_those_of_automations():
    form = settings_form(opt_in_text="{{ nobody }}", help_text="a" * 1378)
    assert set(form.errors) == {"opt_in_text", "help_text"}
    assert "{{ nobody }}" in form.errors["opt_in_text"][0]
    assert "10 SMS parts" in form.errors["help_text"][0]
