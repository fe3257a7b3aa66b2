"""Many automations at once."""

import pytest
from wagtail.models import ModelLogEntry

from wagtail_sms_automation import flows, resuming
from wagtail_sms_automation.models import Automation

from ..factories import AutomationFactory


pytestmark = pytest.mark.django_db

BULK = "/admin/bulk/wagtail_sms_automation/automation/{}/?next=/admin/sms/automations/"
LIST = "/admin/sms/automations/"


def url(action, *automations):
    """Return the URL of a bulk action on some automations."""
    ids = "".join(f"&id={getattr(a, 'pk', a)}" for a in automations)
    return BULK.format(action) + ids


def active_names():
    """Return the names of the active automations."""
    return set(Automation.objects.active().values_list("name", flat=True))


def test_it_asks_first(admin_client):
    automation = AutomationFactory(name="Stage 1")
    html = admin_client.get(url("resume", automation)).content.decode()
    assert "Stage 1" in html
    assert "Yes, resume" in html
    assert not active_names()


def test_resume_and_pause(admin_client, superuser):
    one, two = AutomationFactory(name="1"), AutomationFactory(name="2")
    AutomationFactory(name="3")
    response = admin_client.post(url("resume", one, two), follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    assert active_names() == {"1", "2"}
    assert "2 automations resumed." in response.content.decode()
    response = admin_client.post(url("pause", one), follow=True)
    assert "1 automation paused." in response.content.decode()
    assert active_names() == {"2"}
    entries = ModelLogEntry.objects.filter(action="wagtail_sms_automation.resume")
    assert [entry.user for entry in entries] == [superuser, superuser]


def test_those_that_stand_there_already_stay(admin_client):
    active, paused = AutomationFactory(active=True), AutomationFactory()
    response = admin_client.post(url("resume", active, paused), follow=True)
    assert "1 automation resumed." in response.content.decode()
    assert len(active_names()) == 2


def test_all_means_nothing(admin_client):
    AutomationFactory()
    response = admin_client.post(url("resume", "all"), follow=True)
    assert response.status_code == 200
    assert not active_names()


def test_the_list_does_not_offer_all_pages(admin_client):
    AutomationFactory.create_batch(51)
    html = admin_client.get(LIST).content.decode()
    assert "bulk-actions-choices" in html
    assert "data-bulk-action-num-objects-in-listing" not in html


@pytest.mark.parametrize("ids", [["x", "1 OR 1"], ["99999"], []])
def test_ids_that_are_none_are_left_out(admin_client, ids):
    AutomationFactory()
    assert admin_client.get(url("resume", *ids)).status_code == 200
    admin_client.post(url("resume", *ids))
    assert not active_names()


@pytest.mark.parametrize("permissions", [(), ("change_automation", "view_automation")])
def test_only_those_who_may_pause_can(client_of, permissions):
    automation = AutomationFactory(name="Secret")
    client = client_of(*permissions)
    response = client.get(url("resume", automation))
    assert response.status_code == 302
    assert client.post(url("resume", automation)).status_code == 302
    assert not active_names()


def test_someone_who_may_not_pause_has_nothing_to_tick(client_of):
    AutomationFactory()
    html = client_of("change_automation").get(LIST).content.decode()
    assert "bulk-action" not in html


@pytest.mark.parametrize(("action", "module"), [("resume", resuming), ("pause", flows)])
def test_a_failure_halfway_moves_none(admin_client, monkeypatch, action, module):
    one, two = AutomationFactory.create_batch(2, active=action == "pause")
    before = active_names()
    log = module.log

    def fail_at_the_second(automation, *args, **kwargs):
        if automation == two:
            raise RuntimeError("No more.")
        log(automation, *args, **kwargs)

    monkeypatch.setattr(module, "log", fail_at_the_second)
    with pytest.raises(RuntimeError):
        admin_client.post(url(action, one, two))
    assert active_names() == before
    assert not ModelLogEntry.objects.exists()
