"""Choosers show names only to those who may see them, on every supported Wagtail."""

import json

import pytest
from django.urls import reverse

from wagtail_sms_automation.admin.choosers import viewsets
from wagtail_sms_automation.models import ContactGroup, Flow

from .. import factories


pytestmark = pytest.mark.django_db

CHOOSERS = {
    "sms_contact_group_chooser": (factories.ContactGroupFactory, "contactgroup"),
    "sms_automation_chooser": (factories.AutomationFactory, "automation"),
    "sms_flow_chooser": (factories.FlowFactory, "flow"),
}
VIEWS = ("choose", "choose_results", "chosen", "chosen_multiple", "create")


def url_of(chooser, view, pk):
    return reverse(f"{chooser}:{view}", args=[pk] if view == "chosen" else [])


@pytest.fixture(params=CHOOSERS)
def chooser(request):
    return request.param


@pytest.fixture
def row(chooser):
    return CHOOSERS[chooser][0](name="Secret name")


@pytest.mark.parametrize("view", VIEWS)
def test_a_user_who_may_only_enter_the_admin_is_refused(client_of, chooser, row, view):
    url = url_of(chooser, view, row.pk) + f"?id={row.pk}"
    for response in (client_of().get(url), client_of().post(url, {"name": "New"})):
        assert response.status_code in (302, 403)
        assert "Secret name" not in response.content.decode()
    assert not ContactGroup.objects.filter(name="New").exists()
    assert not Flow.objects.filter(name="New").exists()


@pytest.mark.parametrize("view", VIEWS)
def test_a_visitor_is_sent_to_log_in(client, chooser, row, view):
    response = client.get(url_of(chooser, view, row.pk))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("wagtailadmin_login"))


@pytest.mark.parametrize("view", VIEWS[:4])
@pytest.mark.parametrize("permission", ["view", "change"])
def test_a_user_who_may_see_the_model_chooses(
    client_of, chooser, row, view, permission
):
    client = client_of(f"{permission}_{CHOOSERS[chooser][1]}")
    response = client.get(url_of(chooser, view, row.pk) + f"?id={row.pk}")
    assert response.status_code == 200
    assert "Secret name" in response.content.decode()


def test_every_view_of_every_chooser_is_guarded():
    assert {viewset.name for viewset in viewsets} == set(CHOOSERS)
    for viewset in viewsets:
        names = [pattern.name for pattern in viewset.get_urlpatterns()]
        assert set(names) == set(VIEWS)


@pytest.mark.parametrize("chooser", ["sms_contact_group_chooser", "sms_flow_chooser"])
def test_who_may_add_makes_one_in_the_chooser(client_of, chooser):
    model = CHOOSERS[chooser][1]
    client = client_of(f"add_{model}")
    html = json.loads(client.get(url_of(chooser, "choose", 0)).content)["html"]
    assert "tab-create" in html
    response = client.post(
        url_of(chooser, "create", 0),
        {"name": "Delivery", "description": ""},
    )
    chosen = json.loads(response.content)
    assert (chosen["step"], chosen["result"]["title"]) == ("chosen", "Delivery")


@pytest.mark.parametrize("chooser", ["sms_contact_group_chooser", "sms_flow_chooser"])
def test_who_may_not_add_has_no_tab_and_is_refused(client_of, chooser):
    client = client_of(f"view_{CHOOSERS[chooser][1]}")
    html = json.loads(client.get(url_of(chooser, "choose", 0)).content)["html"]
    assert "tab-create" not in html
    response = client.post(url_of(chooser, "create", 0), {"name": "Delivery"})
    assert response.status_code in (302, 403)
    assert not ContactGroup.objects.exists()
    assert not Flow.objects.exists()


def test_a_repeated_name_is_refused_in_the_chooser(admin_client):
    factories.FlowFactory(name="SMS orders")
    response = admin_client.post(
        reverse("sms_flow_chooser:create"), {"name": "SMS orders"}
    )
    reshown = json.loads(response.content)
    assert reshown["step"] == "reshow_creation_form"
    assert "already exists" in reshown["htmlFragment"]


def test_automations_cannot_be_made_in_their_chooser(admin_client):
    html = json.loads(
        admin_client.get(reverse("sms_automation_chooser:choose")).content
    )
    assert "tab-create" not in html["html"]


def test_the_chooser_is_searched_by_a_part_of_the_name(admin_client, chooser, row):
    CHOOSERS[chooser][0](name="Other")
    url = reverse(f"{chooser}:choose_results")
    found = admin_client.get(url, {"q": "cret NA"}).content.decode()
    assert "Secret name" in found
    assert "Other" not in found
    assert "Other" in admin_client.get(url, {"q": ""}).content.decode()
