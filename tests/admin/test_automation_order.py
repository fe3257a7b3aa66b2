"""The order in which automations fire: set in the list, by handles to drag."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse
from wagtail.models import ModelLogEntry

from wagtail_sms_automation import rulebook
from wagtail_sms_automation.models import Automation

from ..factories import AutomationFactory, FlowFactory


pytestmark = pytest.mark.django_db

LIST = "/admin/sms/automations/"
SORTING = {"ordering": "sort_order"}
HANDLE = "w-orderable__item__handle"


def move(client, automation, position):
    """Move an automation to a position, counted from 0."""
    url = reverse("sms_automations_modeladmin_reorder", args=[automation.pk])
    return client.post(f"{url}?position={position}")


def firing():
    """Return the names of the active automations in the order in which they fire."""
    return [automation.name for automation in rulebook.current().automations]


@pytest.fixture
def stages():
    """Four active automations."""
    return [AutomationFactory(name=name, active=True) for name in "ABCD"]


@pytest.mark.parametrize(
    ("index", "position", "expected"),
    [(0, 2, "BCAD"), (3, 0, "DABC"), (1, 1, "ABCD"), (0, 99, "BCDA")],
)
def test_a_move_changes_the_order_of_firing(
    admin_client, stages, index, position, expected
):
    assert firing() == list("ABCD")
    assert move(admin_client, stages[index], position).json() == {"success": True}
    assert firing() == list(expected)


@pytest.mark.parametrize("places", [(0, 0, 0, 0), (7, 7, 3, 90)])
def test_places_shared_or_far_apart_are_no_hindrance(admin_client, stages, places):
    for automation, place in zip(stages, places, strict=True):
        Automation.objects.filter(pk=automation.pk).update(sort_order=place)
    names = [automation.name for automation in Automation.objects.in_order()]
    moved = Automation.objects.get(name=names[0])
    move(admin_client, moved, 2)
    assert firing() == [names[1], names[2], names[0], names[3]]


def test_a_move_leaves_the_rest_of_the_row_and_a_log_entry(
    admin_client, superuser, stages
):
    move(admin_client, stages[0], 3)
    moved = Automation.objects.get(pk=stages[0].pk)
    assert moved.updated_at == stages[0].updated_at
    assert moved.status == Automation.Status.ACTIVE
    entry = ModelLogEntry.objects.get()
    assert (entry.action, entry.user, entry.label) == (
        "wagtail.reorder",
        superuser,
        "A",
    )


def test_the_list_offers_handles_when_asked_and_ticks_otherwise(admin_client, stages):
    html = admin_client.get(LIST).content.decode()
    assert HANDLE not in html
    assert "data-bulk-action-checkbox" in html
    assert f"{LIST}?ordering=sort_order" in html
    html = admin_client.get(LIST, SORTING).content.decode()
    assert html.count(HANDLE) == 4
    assert "data-bulk-action-checkbox" not in html


@pytest.mark.parametrize("narrowing", [{"q": "A"}, {"status": "active"}])
def test_a_part_of_the_list_cannot_be_sorted(admin_client, stages, narrowing):
    response = admin_client.get(LIST, SORTING | narrowing)
    assert HANDLE not in response.content.decode()


def test_all_can_be_moved_at_once_however_many(admin_client):
    AutomationFactory.create_batch(51)
    html = admin_client.get(LIST, SORTING).content.decode()
    assert html.count(HANDLE) == 51


@pytest.mark.parametrize(
    "permissions", [(), ("view_automation", "pause_automation", "delete_automation")]
)
def test_only_those_who_may_change_can_move(client_of, stages, permissions):
    client = client_of(*permissions)
    assert HANDLE not in client.get(LIST, SORTING, follow=True).content.decode()
    assert move(client, stages[0], 3).status_code == 302
    assert firing() == list("ABCD")


def test_moving_needs_a_post(admin_client, stages):
    url = reverse("sms_automations_modeladmin_reorder", args=[stages[0].pk])
    assert admin_client.get(f"{url}?position=3").status_code == 405


def drop(client, automation, position, flow=None):
    """Drop a step at a position among those of a flow, its own unless told."""
    url = reverse("sms_automations_modeladmin_place", args=[automation.pk])
    flow = flow or automation.flow
    query = urlencode({"position": position, "flow": flow.pk if flow else ""})
    return client.post(f"{url}?{query}")


@pytest.fixture
def flow():
    """A flow of three active automations among others: A x B y C."""
    flow = FlowFactory()
    for name in "AxByC":
        AutomationFactory(name=name, flow=flow if name.isupper() else None, active=True)
    return flow


def test_a_dropped_step_changes_places_within_its_flow(admin_client, superuser, flow):
    step = Automation.objects.get(name="C")
    assert drop(admin_client, step, 0).json() == {"success": True}
    assert firing() == list("CxAyB")
    entry = ModelLogEntry.objects.get()
    assert (entry.action, entry.user, entry.label) == (
        "wagtail.reorder",
        superuser,
        "C",
    )


@pytest.mark.parametrize("position", ["", "x", "1.5", "٣x"])
def test_a_place_that_is_none_moves_nothing(admin_client, flow, position):
    response = drop(admin_client, Automation.objects.get(name="C"), position)
    assert response.status_code == 400
    assert firing() == list("AxByC")


@pytest.mark.parametrize(
    "query", ["", "position=0", "position=0&flow=x", "flow=", "position=&flow="]
)
def test_a_drop_that_does_not_say_where_moves_nothing(admin_client, flow, query):
    step = Automation.objects.get(name="C")
    url = reverse("sms_automations_modeladmin_place", args=[step.pk])
    assert admin_client.post(f"{url}?{query}").status_code == 400
    assert firing() == list("AxByC")


def test_a_step_in_no_flow_is_dropped_among_those(admin_client, flow):
    step = Automation.objects.get(name="y")
    assert drop(admin_client, step, 0).json() == {"success": True}
    assert firing() == list("AyBxC")


@pytest.mark.parametrize("name", ["C", "y"])
def test_a_step_of_another_flow_than_the_page_shows_stays(admin_client, flow, name):
    other = FlowFactory()
    step = Automation.objects.get(name=name)
    response = drop(admin_client, step, 0, other)
    assert response.status_code == 409
    answer = response.json()
    assert answer["success"] is False
    assert f"“{name}” is not among these automations any more" in answer["error"]
    assert firing() == list("AxByC")


def test_a_deleted_step_is_told(admin_client, flow):
    step = Automation.objects.get(name="C")
    Automation.objects.filter(pk=step.pk).delete()
    response = drop(admin_client, step, 0)
    assert response.status_code == 404
    assert "has been deleted" in response.json()["error"]


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_step_that_leaves_while_it_is_moved_is_told(
    admin_client, flow, monkeypatch, way
):
    step = Automation.objects.get(name="B")

    def leave(_objects):
        Automation.objects.filter(pk=step.pk).update(flow=None)

    monkeypatch.setattr(type(Automation.objects), "lock", leave)
    url = reverse(f"sms_automations_modeladmin_move_{way}", args=[step.pk])
    html = admin_client.post(url, follow=True).content.decode()
    assert "“B” is not among these automations any more" in html
    assert firing() == list("AxByC")


def test_dropping_needs_the_permission_to_change(client_of, flow):
    step = Automation.objects.get(name="C")
    page = reverse("sms_flows_modeladmin_inspect", args=[flow.pk])
    client = client_of("view_flow", "view_automation", "pause_automation")
    assert drop(client, step, 0).status_code == 302
    assert firing() == list("AxByC")
    assert b"w-orderable" not in client.get(page).content
    client = client_of("view_flow", "change_automation")
    assert client.get(page).content.count(b'data-w-orderable-target="item"') == 3
    assert drop(client, step, 0).status_code == 200


def test_a_moved_step_is_told_its_place(admin_client, flow):
    step = Automation.objects.get(name="C")
    url = reverse("sms_automations_modeladmin_move_up", args=[step.pk])
    html = admin_client.post(url, follow=True).content.decode()
    assert "“C” has moved up. It is now number 2 of 3." in html
