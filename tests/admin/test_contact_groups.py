"""Contact groups: sizes, editing, and the delete that is refused."""

import pytest
from django.urls import reverse

from wagtail_sms_automation.admin.views.contact_groups import DeleteView
from wagtail_sms_automation.models import Automation, Contact, ContactGroup

from ..factories import (
    AutomationFactory,
    ContactGroupFactory,
    MembershipFactory,
    add_to_group,
    in_group,
)


pytestmark = pytest.mark.django_db

LIST = "/admin/sms/contact-groups/"


def url(action, *args):
    """Return the URL of an action."""
    return reverse(f"sms_contact-groups_modeladmin_{action}", args=args)


def test_it_shows_sizes_that_lead_to_the_contacts(admin_client):
    group = ContactGroupFactory(name="Delivery")
    MembershipFactory.create_batch(3, group=group)
    ContactGroupFactory(name="Empty")
    html = admin_client.get(LIST).content.decode()
    link = f"/admin/sms/contacts/?groups={group.pk}"
    assert link in html
    rows = admin_client.get(LIST).context["object_list"]
    assert [(row.name, row.size) for row in rows] == [("Delivery", 3), ("Empty", 0)]
    listed = admin_client.get(link).context["object_list"]
    assert len(listed) == 3


def test_sizes_are_no_link_for_someone_who_may_not_see_contacts(client_of):
    ContactGroupFactory()
    html = client_of("view_contactgroup").get(LIST).content.decode()
    assert "/admin/sms/contacts/" not in html


def test_the_number_of_queries_does_not_grow(admin_client, count_queries):
    MembershipFactory.create_batch(2)
    admin_client.get(LIST)
    few = count_queries(lambda: admin_client.get(LIST))
    MembershipFactory.create_batch(30)
    assert count_queries(lambda: admin_client.get(LIST)) == few


def test_search(admin_client):
    ContactGroupFactory(name="Delivery")
    ContactGroupFactory(name="Newsletter")
    response = admin_client.get(f"{LIST}results/", {"q": "news"})
    assert [row.name for row in response.context["object_list"]] == ["Newsletter"]


def test_add_edit_and_history(admin_client, superuser):
    data = {"name": "Delivery", "description": "", "save-and-close": "1"}
    assert admin_client.post(url("create"), data).url == LIST
    group = ContactGroup.objects.get()
    response = admin_client.post(
        url("edit", group.pk), {"name": "Deliveries", "description": ""}
    )
    assert response.url == url("edit", group.pk)
    group.refresh_from_db()
    assert group.name == "Deliveries"
    html = admin_client.get(url("history", group.pk)).content.decode()
    assert "Created" in html
    assert "Edited" in html
    assert "New contact group" in admin_client.get(url("create")).content.decode()
    assert "Add a contact group" in admin_client.get(LIST).content.decode()


def test_a_name_is_given_once(admin_client):
    ContactGroupFactory(name="Delivery")
    response = admin_client.post(url("create"), {"name": "Delivery"})
    assert response.context["form"].errors["name"]


def test_a_group_nobody_names_is_deleted_and_its_members_stay(admin_client):
    membership = MembershipFactory()
    page = url("delete", membership.group.pk)
    assert "1 member" in admin_client.get(page).content.decode()
    assert admin_client.post(page).url == LIST
    assert not ContactGroup.objects.exists()
    assert Contact.objects.filter(pk=membership.contact.pk).exists()


@pytest.mark.parametrize("where", ["action", "condition"])
def test_a_group_that_an_automation_names_is_not_deleted(admin_client, where):
    group = ContactGroupFactory(name="Delivery")
    named = (
        {"actions": [add_to_group(group)]}
        if where == "action"
        else {"conditions": [in_group(group)]}
    )
    automation = AutomationFactory(name="Stage 1", **named)
    page = url("delete", group.pk)
    for response in (admin_client.get(page), admin_client.post(page)):
        html = response.content.decode()
        assert "cannot be deleted" in html
        assert "Stage 1" in html
        assert f"/admin/sms/automations/edit/{automation.pk}/" in html
        assert "Yes, delete" not in html
    assert response.status_code == 409
    assert ContactGroup.objects.filter(pk=group.pk).exists()


def test_an_automation_saved_in_that_very_moment_wins(admin_client, monkeypatch):
    group = ContactGroupFactory()

    def delete_action(view):
        AutomationFactory(name="Stage 1", actions=[add_to_group(group)])
        group.delete()

    monkeypatch.setattr(DeleteView, "delete_action", delete_action)
    response = admin_client.post(url("delete", group.pk))
    assert response.status_code == 409
    assert "Stage 1" in response.content.decode()


def test_the_refusal_names_no_editor_to_someone_without_it(client_of):
    group = ContactGroupFactory()
    AutomationFactory(name="Stage 1", actions=[add_to_group(group)])
    client = client_of("delete_contactgroup")
    html = client.get(url("delete", group.pk)).content.decode()
    assert "/admin/sms/automations/edit/" not in html


def test_usage_names_the_automations(admin_client):
    group = ContactGroupFactory()
    AutomationFactory(name="Stage 1", actions=[add_to_group(group)])
    html = admin_client.get(url("usage", group.pk)).content.decode()
    assert "Stage 1" in html
    Automation.objects.all().delete()
    html = admin_client.get(url("usage", group.pk)).content.decode()
    assert "Stage 1" not in html
