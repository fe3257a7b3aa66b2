"""manage.py load_restaurant."""

import json
from pathlib import Path

from .conftest import FORWARD_EMAIL, FORWARD_MOBILE


FLOWS = Path(__file__).resolve().parents[1] / "data" / "flows.json"

AUTOMATIONS = """
answer = [
    {
        "name": a.name,
        "status": a.status,
        "flow": a.flow.name,
        "conditions": a.conditions.get_prep_value(),
        "actions": a.actions.get_prep_value(),
    }
    for a in Automation.objects.in_order()
]
"""

EVERYTHING = """
from django.apps import apps
from django.core import serializers
answer = [
    serializers.serialize("json", model.objects.order_by("pk"))
    for model in apps.get_models()
    if model._meta.label not in ("django_q.OrmQ", "wagtailcore.ReferenceIndex")
]
"""


def order_flow():
    flows = json.loads(FLOWS.read_text())["flows"]
    return next(f for f in flows if (f["slug"], f["language"]) == ("order", "en"))


def values(blocks, block_type):
    return [block["value"] for block in blocks if block["type"] == block_type]


def test_the_order_flow_is_the_one_of_the_vectors(site):
    loaded = site.ask(AUTOMATIONS)
    group_names = dict(
        site.ask("answer = list(ContactGroup.objects.values_list('pk', 'name'))")
    )

    assert [a["status"] for a in loaded] == ["active"] * 5
    assert {a["flow"] for a in loaded} == {"Text orders"}
    for automation, wanted in zip(loaded, order_flow()["automations"], strict=True):
        assert automation["name"] == wanted["name"]
        (content,) = values(automation["conditions"], "content")
        assert content["keywords"] == wanted["keywords"]
        assert content["operator"] == "any"
        assert not content["ignore_case"]
        assert not content["anywhere"]
        actions = automation["actions"]
        assert values(actions, "reply") == [{"body": wanted["reply"]}]
        joined = [group_names[v["group"]] for v in values(actions, "add_to_group")]
        named = [a["group"] for a in wanted["actions"] if a["type"] == "add_to_group"]
        assert joined == named


def test_only_the_last_stage_tells_the_kitchen(site):
    *others, last = site.ask(AUTOMATIONS)

    for automation in others:
        assert not values(automation["actions"], "forward_to_phone")
        assert not values(automation["actions"], "forward_to_email")
    (phones,) = values(last["actions"], "forward_to_phone")
    (mailboxes,) = values(last["actions"], "forward_to_email")
    assert phones["phone_numbers"] == [FORWARD_MOBILE]
    assert mailboxes["addresses"] == [FORWARD_EMAIL]
    assert "{{ message.body }}" in phones["body"]
    assert "{{ contact.phone }}" in phones["body"]


def test_loading_twice_changes_nothing(site):
    before = site.ask(EVERYTHING)

    output = site.manage("load_restaurant").stdout

    assert "loaded" not in output
    assert site.ask(EVERYTHING) == before


def test_what_an_editor_changed_stays(site):
    site.ask("""
automation = Automation.objects.first()
automation.name = "Renamed"
automation.save()
automation.pause()
Automation.objects.last().delete()
Contact.objects.first().delete()
ContactGroup.objects.filter(name="SMS orders").update(name="Regulars")
from django.contrib.auth.models import User
User.objects.filter(username="editor").delete()
answer = None
""")
    before = site.ask(EVERYTHING)

    site.manage("load_restaurant")

    assert site.ask(EVERYTHING) == before


def test_a_bad_forward_number_is_an_error_and_loads_no_half(make_site):
    site = make_site(SMS_FORWARD_MOBILE="kitchen")
    site.ask("""
from restaurant.models import LoadedSection
Automation.objects.all().delete()
Flow.objects.all().delete()
LoadedSection.objects.filter(name="order flow").delete()
answer = None
""")

    result = site.manage("load_restaurant", check=False)

    assert result.returncode == 1
    assert "SMS_FORWARD_MOBILE: A phone number has no letters." in result.stderr
    assert site.ask("answer = [Flow.objects.count(), Automation.objects.count()]") == [
        0,
        0,
    ]


def test_each_user_can_log_in_and_do_what_their_role_says(site):
    answer = site.ask("""
from django.contrib.auth import authenticate
answer = {}
for name in ("editor", "manager", "admin"):
    user = authenticate(username=name, password="changeme")
    answer[name] = sorted(
        codename
        for codename in (
            "wagtailadmin.access_admin",
            "wagtail_sms_automation.add_automation",
            "wagtail_sms_automation.pause_automation",
            "wagtail_sms_automation.delete_automation",
            "wagtail_sms_automation.change_contactgroup",
            "wagtail_sms_automation.view_contact",
            "wagtail_sms_automation.change_contact",
            "wagtail_sms_automation.view_inboundmessage",
            "wagtail_sms_automation.change_smssettings",
            "auth.change_user",
        )
        if user.has_perm(codename)
    )
""")

    assert len(answer["manager"]) == len(answer["admin"]) == 10
    refused = {
        "wagtail_sms_automation.delete_automation",
        "wagtail_sms_automation.change_contact",
        "auth.change_user",
    }
    assert set(answer["manager"]) - set(answer["editor"]) == refused


def test_the_texts_fit_one_part_each(site):
    parts = site.ask("""
from restaurant import data
from wagtail_sms_automation.engine.segments import count
bodies = [row[3] for row in data.ORDER_FLOW]
bodies += [data.OPT_OUT_TEXT, data.OPT_IN_TEXT, data.HELP_TEXT]
answer = [[count(body).encoding, count(body).parts] for body in bodies]
""")

    assert parts == [["GSM-7", 1]] * 8
