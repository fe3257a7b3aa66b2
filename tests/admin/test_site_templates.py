"""Templates of the site: a flow is kept, used, taken along, deleted."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from wagtail import hooks
from wagtail.models import ModelLogEntry

from wagtail_sms_automation.admin.views import site_templates
from wagtail_sms_automation.flow_files import playing, templates
from wagtail_sms_automation.flow_files.importing import import_flow
from wagtail_sms_automation.models import Automation, Flow, FlowTemplate

from ..factories import (
    AutomationFactory,
    FlowFactory,
    FlowTemplateFactory,
    block,
    break_conditions,
    content,
    follows,
    reply,
)
from ..flow_files.files import as_bytes, document


pytestmark = pytest.mark.django_db

GALLERY = "/admin/sms/flow-templates/"
MAKING = ("add_flow", "add_automation")
SCRIPT = "<script>alert(1)</script>"


def html_of(response):
    """Return the page."""
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def flow():
    """A flow that tells its staff."""
    flow = FlowFactory(name="Orders", announcement="Chez Lea: reply ORDER.")
    AutomationFactory(
        name="Stage 1",
        flow=flow,
        keywords=("ORDER",),
        actions=[
            reply("Chez Lea: thanks, call 06 12 00 00 09!"),
            block(
                "forward_to_phone",
                phone_numbers=["+33612000009"],
                body="{{ message.body }}",
            ),
        ],
    )
    return flow


def save_url(flow):
    return f"{GALLERY}save/{flow.pk}/"


def values(*pairs, name="My orders", **more):
    """Return what the form sends."""
    sent = {"name": name} | more
    for number, (word, label) in enumerate(pairs or [("", "")], start=1):
        sent |= {f"word_{number}": word, f"label_{number}": label}
    return sent


RESTAURANT = ("Chez Lea", "Name of the restaurant")


def test_the_flow_page_and_the_list_lead_to_the_form(admin_client, flow):
    for page in ("/admin/sms/flows/", f"/admin/sms/flows/inspect/{flow.pk}/"):
        html = html_of(admin_client.get(page))
        assert save_url(flow) in html
        assert "Save as a template" in html


def test_the_form_shows_the_texts_and_what_is_asked_for(admin_client, flow):
    html = html_of(admin_client.get(save_url(flow)))
    assert 'value="Orders"' in html
    assert "Chez Lea: thanks" in html
    assert "Phone number of the staff, told by step 1" in html
    assert html.count('name="word_') == 3


def test_kept_used_under_another_name_taken_along_and_deleted(admin_client, flow):
    response = admin_client.post(save_url(flow), values(RESTAURANT), follow=True)
    assert "“My orders” is kept as a template of this site." in html_of(response)
    template = FlowTemplate.objects.get()
    assert template.user.is_superuser
    assert "12 00 00 09" not in template.document
    html = html_of(admin_client.get(GALLERY))
    assert "Templates of this site" in html
    assert "Chez Lea: reply ORDER." in html
    use = f"{GALLERY}use/{template.pk}/"
    assert use in html
    html = html_of(admin_client.get(use))
    assert "For example: Chez Lea" in html
    assert 'value="My orders"' in html
    filled = {
        "name": "Another",
        "value_name_of_the_restaurant": "Max",
        "value_staff_phone_1": "+33612000008",
    }
    assert "Max: thanks, call +33612000008!" in html_of(admin_client.post(use, filled))
    admin_client.post(use, filled | {"create": "1"})
    made = Flow.objects.get(name="Another").automations.get()
    assert made.status == Automation.Status.PAUSED
    assert list(made.actions[1].value["phone_numbers"]) == ["+33612000008"]

    response = admin_client.get(f"{GALLERY}take/{template.pk}/")
    assert response["Content-Disposition"] == 'attachment; filename="my-orders.json"'
    assert json.loads(response.content)["name"] == "My orders"
    assert admin_client.post(f"{GALLERY}take/{template.pk}/").status_code == 405

    delete = f"{GALLERY}delete/{template.pk}/"
    assert "Flows that were made of it stay" in html_of(admin_client.get(delete))
    assert FlowTemplate.objects.exists()
    response = admin_client.post(delete)
    assert response.url == GALLERY
    assert not FlowTemplate.objects.exists()
    assert Flow.objects.count() == 2
    logged = ModelLogEntry.objects.filter(label="My orders")
    assert sorted(logged.values_list("action", flat=True)) == [
        "wagtail.create",
        "wagtail.delete",
    ]


def refused(client, flow, sent):
    """Return the form as it comes back, nothing kept."""
    before = FlowTemplate.objects.count()
    html = html_of(client.post(save_url(flow), sent))
    assert FlowTemplate.objects.count() == before
    return html


@pytest.mark.parametrize(
    ("sent", "field", "error"),
    [
        (values(name=""), "name", "This field is required."),
        (values(name=" "), "name", "This field is required."),
        (values(name="x" * 10_000), "name", "at most 255 characters"),
        (values(name="a\0b"), "name", "Null characters are not allowed."),
        (values(name="Taken"), "name", "A template of this name exists."),
        (values(name="Call 0612000009"), "name", "This names the staff."),
        (values(("Nowhere", "What")), "word_1", "do not occur in the flow"),
        (values(("Lea\0", "What")), "word_1", "Null characters are not allowed."),
        (values((SCRIPT, "What")), "word_1", "do not occur in the flow"),
        (values(("x" * 10_000, "What")), "word_1", "This is too long"),
        (values(("06 12 00 00 09", "W")), "word_1", "This belongs to the staff."),
        (values(("Chez Lea", "")), "label_1", "Say what is asked for."),
        (values(("Chez Lea", "x" * 10_000)), "label_1", "at most 100 characters"),
        (values(("Chez Lea", "0612000009")), "label_1", "This names the staff."),
        (values(("", "What")), "word_1", "Say which words of the flow"),
        (values(RESTAURANT, RESTAURANT), "word_2", "This is there twice."),
    ],
)
def test_bad_input_is_told_beside_its_field(admin_client, flow, sent, field, error):
    FlowTemplateFactory(name="Taken")
    html = refused(admin_client, flow, sent)
    errors = html.partition(f'id="panel-child-{field}-errors"')[2]
    beside = html[html.index(f'name="{field}"') - 1500 : html.index(f'name="{field}"')]
    assert error in (errors[:500] or beside)
    assert SCRIPT not in html


def test_a_script_in_names_and_texts_stays_text(admin_client, flow):
    Automation.objects.update(actions=[reply(f"Chez Lea {SCRIPT}")])
    sent = values(RESTAURANT, name=SCRIPT)
    response = admin_client.post(save_url(flow), sent, follow=True)
    assert SCRIPT not in html_of(response)
    template = FlowTemplate.objects.get()
    assert template.name == SCRIPT
    for page in ("use", "delete"):
        html = html_of(admin_client.get(f"{GALLERY}{page}/{template.pk}/"))
        assert SCRIPT not in html


def test_more_questions_are_offered_up_to_ten(admin_client, flow):
    sent = values(("Not there", "What"), ("", ""), ("", ""))
    html = refused(admin_client, flow, sent | {"more": "1"})
    assert html.count('name="word_') == 6
    assert 'value="Not there"' in html
    ten = [(f"Word {number}", "What") for number in range(20)]
    html = refused(admin_client, flow, values(*ten, more="1"))
    assert html.count('name="word_') == 10
    assert "Ask for more" not in html


def test_ten_words_are_asked_for(admin_client, flow):
    words = [f"Word{number}" for number in range(10)]
    Automation.objects.update(actions=[reply(" ".join(words))])
    pairs = [(word, f"What is {word}") for word in words]
    assert admin_client.post(save_url(flow), values(*pairs)).status_code == 302
    document = json.loads(FlowTemplate.objects.get().document)
    assert [one["example"] for one in document["values"]] == words


def test_the_name_of_one_that_comes_with_the_package_is_no_other_ones(admin_client):
    built_in = templates.find("club.en").example()
    flow = import_flow(built_in).flow
    sent = values(name=built_in.name)
    assert admin_client.post(save_url(flow), sent).status_code == 302
    html = html_of(admin_client.get(GALLERY))
    # In a section of its own, and each button says which it is.
    ours, site = html.split("Templates of this site")
    assert f"{GALLERY}choose/club.en/" in ours
    pk = FlowTemplate.objects.get().pk
    assert f"{GALLERY}use/{pk}/" in site
    assert f'"site-template-{pk} site-template-{pk}-when"' in site
    assert "Kept on" in site


def test_a_step_that_follows_another_flow_says_so(admin_client, flow):
    other = AutomationFactory(name="Elsewhere")
    AutomationFactory(name="Here", flow=flow, conditions=[follows(other)])
    for send in (admin_client.get, admin_client.post):
        html = html_of(send(save_url(flow), values(), follow=True))
        assert "“Elsewhere”, which is not in this flow." in html
    assert not FlowTemplate.objects.exists()


def test_a_step_that_cannot_be_read_is_named(admin_client, flow):
    break_conditions(AutomationFactory(name="Broken", flow=flow))
    for url in (save_url(flow), f"{GALLERY}download/{flow.pk}/"):
        response = admin_client.get(url)
        assert response.status_code == 302
        told = list(get_messages(response.wsgi_request))[-1]
        assert "“Broken” cannot be read." in str(told)
    assert not FlowTemplate.objects.exists()


def test_more_staff_than_a_template_can_ask_for(admin_client, flow):
    numbers = [f"+336120{number:05d}" for number in range(101)]
    Automation.objects.update(
        actions=[block("forward_to_phone", phone_numbers=numbers, body="x")]
    )
    for send in (admin_client.get, admin_client.post):
        html = html_of(send(save_url(flow), values(), follow=True))
        assert "more than 100 numbers and addresses" in html
    assert not FlowTemplate.objects.exists()


def test_staff_of_another_flow_are_no_part_of_it(admin_client, flow):
    other = FlowFactory(name="Other", announcement="Trouble? Call 06 12 00 00 09")
    AutomationFactory(flow=other, actions=[reply("Ask 0612000009, not 0612000008")])
    html = html_of(admin_client.get(save_url(other)))
    assert "Phone number of the staff, in a text of the flow" in html
    html = refused(admin_client, other, values(name="Call 0612000009"))
    assert "This names the staff." in html
    assert admin_client.post(save_url(other), values()).status_code == 302
    document = FlowTemplate.objects.get().document
    assert "12 00 00 09" not in document
    assert "12000009" not in document
    assert "0612000008" in document


def test_staff_that_can_still_be_made_out_are_not_kept(admin_client, flow):
    flow.announcement = "Call 06, then 12, then 00 00, then 09"
    flow.save()
    html = refused(admin_client, flow, values())
    assert "can still be made out in “Call 06, then 12" in html


def test_a_template_without_conversation_shows_none(admin_client):
    flow = FlowFactory(name="Silent")
    AutomationFactory(flow=flow, keywords=("ORDER",))
    admin_client.post(save_url(flow), values())
    site = html_of(admin_client.get(GALLERY)).split("Templates of this site")[1]
    assert "My orders" in site
    assert "sms-conversation" not in site


def test_a_flow_without_steps_is_kept_too(admin_client):
    flow = FlowFactory(name="Empty")
    assert admin_client.post(save_url(flow), values()).status_code == 302
    assert "My orders" in html_of(admin_client.get(GALLERY))


def test_a_flow_of_five_hundred_steps(admin_client):
    flow = FlowFactory(name="Full")
    Automation.objects.bulk_create(
        Automation(
            name=f"Step {n}",
            flow=flow,
            sort_order=n,
            conditions=[content(f"WORD{n}")],
            actions=[reply(f"Chez Lea {n}")],
        )
        for n in range(500)
    )
    assert admin_client.post(save_url(flow), values(RESTAURANT)).status_code == 302
    html = html_of(admin_client.get(GALLERY))
    assert "My orders" in html
    template = FlowTemplate.objects.get()
    sent = {"name": "Again", "value_name_of_the_restaurant": "Max", "create": "1"}
    admin_client.post(f"{GALLERY}use/{template.pk}/", sent)
    assert Flow.objects.get(name="Again").automations.count() == 500


def test_somebody_else_takes_the_name_meanwhile(admin_client, flow, monkeypatch):
    FlowTemplateFactory(name="My orders")
    # They were not there yet when the form looked.
    monkeypatch.setattr(FlowTemplate, "validate_unique", lambda self, **options: None)
    html = refused(admin_client, flow, values())
    assert "A template of this name exists." in html


@pytest.mark.parametrize(
    ("kept", "problem"),
    [
        ("", "The file is empty."),
        ('{"format":', "Line 1: the file ends too early."),
        (json.dumps(document(version=2)), "this file is of another version"),
        (as_bytes(document(name="")).decode(), "Line 4: name: This field is required."),
        (json.dumps(document(name=SCRIPT, extra=1)), "“extra” has no place here."),
    ],
)
def test_one_that_cannot_be_read_says_why_and_can_be_deleted(
    admin_client, kept, problem
):
    template = FlowTemplateFactory(name="Old", document=kept)
    html = html_of(admin_client.get(GALLERY))
    assert "This template cannot be used." in html
    assert problem in html
    use = f"{GALLERY}use/{template.pk}/"
    assert use not in html
    sent = {"name": "Mine", "create": "1"}
    for response in (
        admin_client.get(use, follow=True),
        admin_client.post(use, sent, follow=True),
    ):
        assert response.redirect_chain == [(f"{GALLERY}#site-templates", 302)]
        assert problem in html_of(response)
    assert not Flow.objects.exists()
    assert admin_client.get(f"{GALLERY}take/{template.pk}/").status_code == 200
    assert admin_client.post(f"{GALLERY}delete/{template.pk}/").status_code == 302
    assert not FlowTemplate.objects.exists()


def test_what_is_used_talks_as_its_flow_does(admin_client):
    built_in = templates.find("order.en").example()
    flow = import_flow(built_in).flow
    admin_client.post(save_url(flow), values(RESTAURANT))
    template = FlowTemplate.objects.get()
    sent = {
        "name": "Again",
        "value_name_of_the_restaurant": "Chez Lea",
        "value_staff_phone_1": "+447911123457",
        "value_staff_email_2": "other@lea.example",
        "create": "1",
    }
    admin_client.post(f"{GALLERY}use/{template.pk}/", sent)
    again = Flow.objects.get(name="Again")
    turns = playing.play(again, built_in.conversation)
    assert turns == playing.play(flow, built_in.conversation)
    assert playing.difference(turns) == ""


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        ((), 302),
        (("add_flowtemplate",), 302),
        (("add_flowtemplate", "view_flow", "change_automation"), 302),
        (MAKING, 302),
        ((*MAKING, "delete_flowtemplate"), 302),
        ((*MAKING, "add_flowtemplate"), 200),
    ],
)
def test_who_may_keep_a_flow(client_of, flow, permissions, status):
    client = client_of(*permissions)
    response = client.get(save_url(flow))
    assert response.status_code == status
    assert status == 200 or response.url == "/admin/"
    client.post(save_url(flow), values())
    assert FlowTemplate.objects.exists() == (status == 200)
    if permissions:
        page = f"/admin/sms/flows/inspect/{flow.pk}/"
        shown = save_url(flow) in client.get(page, follow=True).content.decode()
        assert shown == (status == 200)


@pytest.mark.parametrize("page", ["use", "take", "delete"])
@pytest.mark.parametrize(
    "permissions",
    [(), ("add_flowtemplate", "delete_flowtemplate"), ("add_flow",)],
)
def test_who_may_not_make_flows_sees_no_template(client_of, permissions, page):
    template = FlowTemplateFactory(document=as_bytes(document()).decode())
    url = f"{GALLERY}{page}/{template.pk}/"
    client = client_of(*permissions)
    for response in (client.get(url), client.post(url, {"name": "A", "create": "1"})):
        assert response.status_code == 302
        assert response.url == "/admin/"
    assert FlowTemplate.objects.exists()
    assert not Flow.objects.exists()


def test_deleting_needs_its_own_permission(client_of):
    template = FlowTemplateFactory(document=as_bytes(document()).decode())
    delete = f"{GALLERY}delete/{template.pk}/"
    client = client_of(*MAKING, "add_flowtemplate")
    html = html_of(client.get(GALLERY))
    assert f"{GALLERY}use/{template.pk}/" in html
    assert delete not in html
    for send in (client.get, client.post):
        assert send(delete).url == "/admin/"
    assert FlowTemplate.objects.exists()
    client = client_of(*MAKING, "delete_flowtemplate")
    assert delete in html_of(client.get(GALLERY))
    assert client.post(delete).url == GALLERY
    assert not FlowTemplate.objects.exists()


def test_who_may_keep_it_is_asked_once(admin_client, flow, monkeypatch):
    asked = []
    may_keep = site_templates.may_keep
    monkeypatch.setattr(
        site_templates, "may_keep", lambda user: asked.append(user) or may_keep(user)
    )
    html_of(admin_client.get(save_url(flow)))
    assert len(asked) == 1


@pytest.mark.parametrize("page", ["save", "use", "take", "delete"])
def test_what_is_not_there(admin_client, page):
    assert admin_client.get(f"{GALLERY}{page}/999/").status_code == 404


def test_the_permissions_can_be_given_to_groups(admin_client):
    given = Permission.objects.none()
    for register in hooks.get_hooks("register_permissions"):
        given = given | register()
    codenames = set(given.values_list("codename", flat=True))
    assert {"add_flowtemplate", "delete_flowtemplate"} <= codenames
    html = html_of(admin_client.get("/admin/groups/new/"))
    assert "Flow template" in html or "flow template" in html
