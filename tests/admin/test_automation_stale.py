"""Two tabs, two editors: nobody saves over what somebody else saved unawares."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.test.utils.form_data import nested_form_data, streamfield

from wagtail_sms_automation.admin.views.generic import register_permission_policy
from wagtail_sms_automation.admin.views.saving import StaleCheckMixin
from wagtail_sms_automation.models import Automation

from ..factories import AutomationFactory, ContactGroupFactory, SuperuserFactory


pytestmark = pytest.mark.django_db

REFUSED = "saved a newer version"


def url(row, action="edit", *args):
    """Return the URL of an action on a row."""
    section = "automations" if isinstance(row, Automation) else "contact_groups"
    name = f"sms_{section}_modeladmin_{action}".replace("_groups", "-groups")
    return reverse(name, args=[row.pk, *args])


def form(page, **changes):
    """Return the form of a page, filled in."""
    data = {
        "description": "",
        "message_type": "sms",
        "flow": "",
        "conditions": streamfield([]),
        "actions": streamfield([("reply", {"body": "Hello"})]),
    }
    (stamp,) = re.findall(r'name="loaded_save" value="(\d*)"', page.content.decode())
    return nested_form_data(data | changes) | {"loaded_save": stamp}


@pytest.fixture(params=[AutomationFactory, ContactGroupFactory])
def row(request):
    """A row that was never saved in the admin."""
    return request.param(name="Old")


@pytest.fixture
def ben():
    """Another editor's client; the name must not become markup."""
    client = Client()
    client.force_login(SuperuserFactory(first_name="<b>Ben", last_name="Ny"))
    return client


def texts_of(response):
    """Return the messages of a page."""
    return [str(message) for message in response.context["messages"]]


def test_two_stale_posts(admin_client, ben, row):
    mine, his = admin_client.get(url(row)), ben.get(url(row))
    ben.post(url(row), form(his, name="His"))
    refused = admin_client.post(url(row), form(mine, name="Mine"))
    assert refused.status_code == 200
    row.refresh_from_db()
    assert row.name == "His"
    html = refused.content.decode()
    assert REFUSED in html
    assert "&lt;b&gt;Ben Ny" in html
    assert "<b>Ben" not in html
    assert 'value="Mine"' in html
    saved = admin_client.post(url(row), form(refused, name="Mine"))
    assert saved.status_code == 302
    row.refresh_from_db()
    assert row.name == "Mine"


def test_a_third_save_in_between_is_refused_again(admin_client, ben, row):
    mine, his = admin_client.get(url(row)), ben.get(url(row))
    ben.post(url(row), form(his, name="His"))
    refused = admin_client.post(url(row), form(mine, name="Mine"))
    ben.post(url(row), form(ben.get(url(row)), name="His again"))
    refused = admin_client.post(url(row), form(refused, name="Mine"))
    assert REFUSED in refused.content.decode()
    row.refresh_from_db()
    assert row.name == "His again"


def test_two_tabs_of_one_editor(admin_client, row):
    one, two = admin_client.get(url(row)), admin_client.get(url(row))
    assert admin_client.post(url(row), form(one, name="One")).status_code == 302
    refused = admin_client.post(url(row), form(two, name="Two"))
    assert REFUSED in refused.content.decode()
    row.refresh_from_db()
    assert row.name == "One"


def test_an_error_does_not_make_the_form_newer(admin_client, ben, row):
    mine, his = admin_client.get(url(row)), ben.get(url(row))
    ben.post(url(row), form(his, name="His"))
    wrong = admin_client.post(url(row), form(mine, name=""))
    assert wrong.context["form"].errors["name"]
    refused = admin_client.post(url(row), form(wrong, name="Mine"))
    assert REFUSED in refused.content.decode()


def test_saving_again_and_again_in_one_tab(admin_client, row):
    for name in ("One", "Two", "Three"):
        page = admin_client.get(url(row))
        assert admin_client.post(url(row), form(page, name=name)).status_code == 302
    assert type(row).objects.get().name == "Three"


def test_pausing_and_moving_change_nothing_in_the_form(admin_client):
    automation = AutomationFactory(active=True)
    page = admin_client.get(url(automation))
    admin_client.post(url(automation, "pause"))
    admin_client.post(url(automation, "reorder") + "?position=0")
    response = admin_client.post(url(automation), form(page, name="New"))
    assert response.status_code == 302


@pytest.fixture
def between(monkeypatch):
    """Return a function that lets something happen while a form is being saved."""

    def between(function):
        form_valid = StaleCheckMixin.form_valid

        def form_valid_later(view, form):
            function()
            return form_valid(view, form)

        monkeypatch.setattr(StaleCheckMixin, "form_valid", form_valid_later)

    return between


@pytest.mark.parametrize("action", ["edit", "revert"])
@pytest.mark.parametrize("move", ["resume", "pause"])
def test_a_move_while_the_form_is_saved_stays(admin_client, between, move, action):
    automation = AutomationFactory(active=move == "pause")
    args = [automation.save_revision().pk] if action == "revert" else []
    address = url(automation, action, *args)
    data = form(admin_client.get(address), name="New")

    def meddle():
        row = Automation.objects.get(pk=automation.pk)
        getattr(row, move)()
        Automation.objects.filter(pk=automation.pk).update(sort_order=7)

    between(meddle)
    assert admin_client.post(address, data).status_code == 302
    moved = Automation.objects.get(pk=automation.pk)
    assert moved.name == "New"
    assert moved.status == ("active" if move == "resume" else "paused")
    assert bool(moved.resumed_at) == (move == "resume")
    assert moved.sort_order == 7


def test_what_is_deleted_while_the_form_is_saved_is_gone(admin_client, between, row):
    data = form(admin_client.get(url(row)), name="New")
    between(type(row).objects.get(pk=row.pk).delete)
    assert admin_client.post(url(row), data).status_code == 404
    assert not type(row).objects.exists()


def test_reverting_is_refused_too(admin_client, ben):
    automation = AutomationFactory(name="Old")
    old = automation.save_revision()
    page = admin_client.get(url(automation, "revert", old.pk))
    ben.post(url(automation), form(ben.get(url(automation)), name="His"))
    data = form(page, name="Old")
    refused = admin_client.post(url(automation, "revert", old.pk), data)
    assert REFUSED in refused.content.decode()
    automation.refresh_from_db()
    assert automation.name == "His"
    data = form(refused, name="Old")
    admin_client.post(url(automation, "revert", old.pk), data)
    automation.refresh_from_db()
    assert automation.name == "Old"


def test_new_rows_have_nothing_to_compare_with(admin_client):
    response = admin_client.get(reverse("sms_automations_modeladmin_create"))
    assert "loaded_save" not in response.content.decode()


@pytest.mark.skipif(not register_permission_policy, reason="Snippets only, in 7.4.")
def test_the_editor_says_who_else_is_there(admin_client, ben, row):
    ben.get(url(row))
    html = admin_client.get(url(row)).content.decode()
    (ping,) = re.findall(r'data-w-swap-src-value="([^"]+/ping/[^"]+)"', html)
    others = admin_client.post(ping).json()["other_sessions"]
    assert [other["user"] for other in others] == ["<b>Ben Ny"]
