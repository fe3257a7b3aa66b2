"""Adding, editing, copying, reverting and deleting automations."""

import pytest
from django.urls import reverse
from wagtail.models import ModelLogEntry
from wagtail.test.utils.form_data import nested_form_data, streamfield

from wagtail_sms_automation.models import Automation

from ..factories import (
    AutomationFactory,
    ContactGroupFactory,
    FlowFactory,
    add_to_group,
    follows,
    reply,
)


pytestmark = pytest.mark.django_db

LIST = "/admin/sms/automations/"


def url(action, *args):
    """Return the URL of an action."""
    return reverse(f"sms_automations_modeladmin_{action}", args=args)


def form(**changes):
    """Return a filled-in form."""
    data = {
        "name": "Stage 1",
        "description": "",
        "message_type": "sms",
        "flow": "",
        "conditions": streamfield([]),
        "actions": streamfield([("reply", {"body": "Hello"})]),
    }
    return nested_form_data(data | changes)


def test_the_form_says_what_it_is(admin_client):
    html = admin_client.get(url("create")).content.decode()
    assert "New automation" in html
    assert "Save and close" in html


def test_save_stays_in_the_editor(admin_client):
    response = admin_client.post(url("create"), form())
    automation = Automation.objects.get()
    assert response.url == url("edit", automation.pk)
    assert automation.name == "Stage 1"
    assert automation.actions[0].value["body"] == "Hello"


def test_save_and_close_saves_it_paused_and_goes_to_the_list(admin_client):
    data = form() | {"save-and-close": "1"}
    response = admin_client.post(url("create"), data, follow=True)
    automation = Automation.objects.get()
    assert response.redirect_chain == [(LIST, 302)]
    assert automation.status == Automation.Status.PAUSED
    texts = [str(message) for message in response.context["messages"]]
    assert "“Stage 1” is saved and paused" in texts[0]


def test_saving_leaves_a_revision_and_a_log_entry(admin_client, superuser):
    admin_client.post(url("create"), form())
    automation = Automation.objects.get()
    admin_client.post(url("edit", automation.pk), form(name="Stage one"))
    automation.refresh_from_db()
    assert automation.name == "Stage one"
    assert [revision.user for revision in automation.revisions.all()] == [
        superuser,
        superuser,
    ]
    actions = ModelLogEntry.objects.for_instance(automation).values_list(
        "action", flat=True
    )
    assert sorted(actions) == ["wagtail.create", "wagtail.edit"]


@pytest.mark.parametrize("active", [True, False])
def test_saving_never_moves_it(admin_client, active):
    automation = AutomationFactory(active=active)
    status = automation.status
    data = form(status="active") | {"status": "active"}
    admin_client.post(url("edit", automation.pk), data)
    automation.refresh_from_db()
    assert automation.status == status


def test_the_editor_says_when_saving_reaches_customers(admin_client):
    active, paused = AutomationFactory(active=True), AutomationFactory()
    html = admin_client.get(url("edit", active.pk)).content.decode()
    assert "This automation is active" in html
    html = admin_client.get(url("edit", paused.pk)).content.decode()
    assert "This automation is paused" in html


@pytest.mark.parametrize("action", ["create", "edit"])
def test_nothing_is_saved_while_typing(admin_client, action):
    args = [AutomationFactory().pk] if action == "edit" else []
    response = admin_client.get(url(action, *args))
    assert not response.context["autosave_enabled"]
    html = response.content.decode()
    assert "w-autosave#" not in html
    assert "data-w-autosave-interval-value" not in html


def test_a_form_without_actions_is_refused(admin_client):
    response = admin_client.post(url("create"), form(actions=streamfield([])))
    assert response.status_code == 200
    assert response.context["form"].errors["actions"]
    assert not Automation.objects.exists()


def test_duplicate_shows_a_form_and_saves_a_paused_copy(admin_client):
    flow = FlowFactory()
    original = AutomationFactory(
        name="Stage 1", active=True, keywords=("ORDER",), flow=flow
    )
    response = admin_client.get(url("copy", original.pk))
    instance = response.context["form"].instance
    assert instance.pk is None
    assert instance.name == "Copy of Stage 1"
    assert instance.flow == flow
    assert response.context["action_url"] == url("create")
    assert "ORDER" in response.content.decode()
    assert Automation.objects.count() == 1


def test_posting_to_the_copy_page_never_touches_the_original(admin_client):
    original = AutomationFactory(name="Stage 1", active=True)
    admin_client.post(url("copy", original.pk), form(name="Another"))
    original.refresh_from_db()
    assert original.name == "Stage 1"
    copy = Automation.objects.exclude(pk=original.pk).get()
    assert copy.name == "Another"
    assert copy.status == Automation.Status.PAUSED
    assert copy.sort_order > original.sort_order


def test_a_long_name_can_be_duplicated(admin_client):
    original = AutomationFactory(name="x" * 255)
    instance = admin_client.get(url("copy", original.pk)).context["form"].instance
    assert len(instance.name) == 255


def test_reverting_never_moves_it(admin_client, superuser):
    automation = AutomationFactory(name="Old", active=True)
    old = automation.save_revision(user=superuser)
    admin_client.post(url("edit", automation.pk), form(name="New"))
    automation.refresh_from_db()
    automation.pause()
    page = url("revert", automation.pk, old.pk)
    response = admin_client.get(page)
    html = response.content.decode()
    assert "previous version" in html
    assert "This automation is paused" in html
    assert response.context["form"].instance.name == "Old"
    admin_client.post(page, form(name="Old"))
    automation.refresh_from_db()
    assert automation.name == "Old"
    assert automation.status == Automation.Status.PAUSED


def test_two_revisions_can_be_compared(admin_client, superuser):
    automation = AutomationFactory(name="Old", actions=[reply("Bonjour")])
    old = automation.save_revision(user=superuser)
    automation.name = "New"
    automation.actions = [reply("Bonsoir")]
    new = automation.save_revision(user=superuser)
    page = url("compare", automation.pk, old.pk, new.pk)
    html = admin_client.get(page).content.decode()
    for text in ("Old", "New", "Bonjour", "Bonsoir"):
        assert text in html
    page = url("compare", automation.pk, "earliest", "latest")
    assert admin_client.get(page).status_code == 200


def test_history_links_to_compare_and_revert(admin_client, superuser):
    automation = AutomationFactory()
    old = automation.save_revision(user=superuser, log_action=True)
    automation.description = "New"
    automation.save_revision(user=superuser, log_action=True)
    html = admin_client.get(url("history", automation.pk)).content.decode()
    assert url("revert", automation.pk, old.pk) in html
    assert url("compare", automation.pk, old.pk, "latest") in html


def test_history_of_someone_who_may_only_pause_has_no_such_links(client_of, superuser):
    automation = AutomationFactory()
    old = automation.save_revision(user=superuser, log_action=True)
    automation.save_revision(user=superuser, log_action=True)
    page = url("history", automation.pk)
    html = client_of("pause_automation").get(page).content.decode()
    for action, args in (("revert", [old.pk]), ("edit", [])):
        assert url(action, automation.pk, *args) not in html
    assert "/compare/" not in html


def test_usage_names_the_automations_that_follow_it(admin_client):
    first = AutomationFactory(name="Stage 1")
    AutomationFactory(name="Stage 2", conditions=[follows(first)])
    html = admin_client.get(url("usage", first.pk)).content.decode()
    assert "Stage 2" in html


def test_delete_asks_tells_and_deletes(admin_client):
    automation = AutomationFactory(name="Stage 1", active=True)
    other = AutomationFactory(name="Stage 1b")
    follower = AutomationFactory(
        name="Stage 2", conditions=[follows(other, automation)]
    )
    AutomationFactory(name="Stage 3", conditions=[follows(other)])
    page = url("delete", automation.pk)
    html = admin_client.get(page).content.decode()
    assert "referenced 1 time" in html
    assert "set to follow this one" in html
    assert url("edit", follower.pk) in html
    assert "Stage 3" not in html
    assert "This automation is active" in html
    response = admin_client.post(page)
    assert response.url == LIST
    assert not Automation.objects.filter(pk=automation.pk).exists()


def test_delete_names_followers_without_links_to_those_who_may_not_edit(client_of):
    automation = AutomationFactory()
    follower = AutomationFactory(name="Stage 2", conditions=[follows(automation)])
    client = client_of("delete_automation")
    html = client.get(url("delete", automation.pk)).content.decode()
    assert "Stage 2" in html
    assert url("edit", follower.pk) not in html
    assert "This automation is active" not in html


def test_delete_of_one_that_nobody_follows_names_nobody(admin_client):
    page = url("delete", AutomationFactory().pk)
    assert "set to follow" not in admin_client.get(page).content.decode()


def test_the_side_panel_says_paused_and_keeps_its_links(admin_client):
    for active, label in ((True, "Active"), (False, "Paused")):
        automation = AutomationFactory(active=active)
        response = admin_client.get(url("edit", automation.pk))
        (panel,) = [
            one for one in response.context["side_panels"] if one.name == "status"
        ]
        html = panel.render_html(response.context[0])
        assert label in html
        assert "Live" not in html
        assert url("history", automation.pk) in html
        assert url("usage", automation.pk) in html


def test_a_group_named_is_kept_in_the_projection(admin_client):
    group = ContactGroupFactory()
    automation = AutomationFactory(actions=[add_to_group(group)])
    assert [row.group for row in automation.group_references.all()] == [group]
    admin_client.post(url("edit", automation.pk), form())
    assert not automation.group_references.exists()
