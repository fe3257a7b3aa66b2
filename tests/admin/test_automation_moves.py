"""Resume and pause from the three dots: POST, permission, log, twice."""

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import ModelLogEntry

from wagtail_sms_automation.models import Automation, RulebookRevision

from ..factories import AutomationFactory, UserFactory


pytestmark = pytest.mark.django_db

LIST = "/admin/sms/automations/"


def url(action, automation):
    """Return the URL of a move."""
    return reverse(f"sms_automations_modeladmin_{action}", args=[automation.pk])


def messages_of(response):
    """Return the texts shown to the user."""
    return [str(message) for message in response.context["messages"]]


def test_resume_then_pause(admin_client):
    automation = AutomationFactory(name="Stage 1")
    before = RulebookRevision.objects.current()
    response = admin_client.post(url("resume", automation), follow=True)
    automation.refresh_from_db()
    assert automation.status == Automation.Status.ACTIVE
    assert "“Stage 1” is active" in messages_of(response)[0]
    assert response.redirect_chain == [(LIST, 302)]
    response = admin_client.post(url("pause", automation), follow=True)
    automation.refresh_from_db()
    assert automation.status == Automation.Status.PAUSED
    assert "“Stage 1” is paused" in messages_of(response)[0]
    assert RulebookRevision.objects.current() == before + 2


@pytest.mark.parametrize(
    ("active", "action", "words"),
    [(True, "resume", "was active already"), (False, "pause", "was paused already")],
)
def test_moving_it_where_it_stands_says_so(admin_client, active, action, words):
    automation = AutomationFactory(active=active)
    response = admin_client.post(url(action, automation), follow=True)
    assert response.status_code == 200
    assert words in messages_of(response)[0]
    assert not ModelLogEntry.objects.filter(
        action__startswith="wagtail_sms_automation."
    )


def test_it_goes_back_to_the_list_as_it_was(admin_client):
    automation = AutomationFactory()
    target = f"{LIST}?status=paused&p=1"
    response = admin_client.post(url("resume", automation), {"next": target})
    assert response.url == target


def test_it_never_leaves_the_site(admin_client):
    automation = AutomationFactory()
    response = admin_client.post(
        url("resume", automation), {"next": "https://evil.example/"}
    )
    assert response.url == LIST


@pytest.mark.parametrize("action", ["resume", "pause"])
def test_a_link_cannot_move_it(admin_client, action):
    automation = AutomationFactory(active=action == "pause")
    assert admin_client.get(url(action, automation)).status_code == 405
    status = automation.status
    automation.refresh_from_db()
    assert automation.status == status


def test_another_site_cannot_move_it(superuser):
    client = Client(enforce_csrf_checks=True)
    client.force_login(superuser)
    automation = AutomationFactory()
    assert client.post(url("resume", automation)).status_code == 403
    automation.refresh_from_db()
    assert automation.status == Automation.Status.PAUSED


def test_someone_who_may_only_pause_can(client_of):
    automation = AutomationFactory()
    client_of("pause_automation").post(url("resume", automation))
    automation.refresh_from_db()
    assert automation.status == Automation.Status.ACTIVE


@pytest.mark.parametrize(
    "permissions",
    [(), ("change_automation", "view_automation", "delete_automation")],
    ids=["nothing", "all but pause"],
)
def test_nobody_else_can(client_of, permissions):
    automation = AutomationFactory()
    response = client_of(*permissions).post(url("resume", automation))
    assert response.url == "/admin/"
    automation.refresh_from_db()
    assert automation.status == Automation.Status.PAUSED


def test_history_says_who(client, admin_client):
    user = UserFactory(permissions=["pause_automation"], first_name="Léa")
    automation = AutomationFactory()
    client.force_login(user)
    client.post(url("resume", automation))
    client.post(url("pause", automation))
    html = admin_client.get(url("history", automation)).content.decode()
    assert html.index("Paused") < html.index("Resumed")
    assert "Léa" in html
    entries = ModelLogEntry.objects.for_instance(automation)
    assert {entry.user for entry in entries} == {user}


def test_site_history_names_our_actions(admin_client):
    automation = AutomationFactory(name="Stage 1")
    admin_client.post(url("resume", automation))
    html = admin_client.get("/admin/reports/site-history/").content.decode()
    assert "Resumed" in html
    assert "Stage 1" in html
    assert "Resume an automation" in html


def test_an_unknown_automation_is_a_404(admin_client):
    missing = reverse("sms_automations_modeladmin_resume", args=[4711])
    assert admin_client.post(missing).status_code == 404
