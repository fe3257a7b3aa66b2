"""Renaming in the list: what scripts are answered, and the page without scripts."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from wagtail.models import ModelLogEntry

from wagtail_sms_automation.admin.views.renaming import RenameView
from wagtail_sms_automation.models import Automation, Flow, RulebookRevision

from ..factories import AutomationFactory, FlowFactory


pytestmark = pytest.mark.django_db

JSON = {"Accept": "application/json"}
MAKERS = {"automations": AutomationFactory, "flows": FlowFactory}


def url(row):
    """Return where an automation or a flow is renamed."""
    section = "automations" if isinstance(row, Automation) else "flows"
    return reverse(f"sms_{section}_modeladmin_rename", args=[row.pk])


def rename(client, row, name, was=None):
    """Rename it as the script in the list does."""
    data = {"name": name, "was": row.name if was is None else was}
    return client.post(url(row), data, headers=JSON)


@pytest.fixture(params=MAKERS)
def row(request):
    """An automation, then a flow."""
    return MAKERS[request.param](name="Stage 1")


def stored(row):
    """Return the name as it is stored."""
    return type(row).objects.get(pk=row.pk).name


def test_it_is_stored_and_logged(admin_client, superuser, row):
    answer = rename(admin_client, row, "  First “step” ").json()
    assert answer == {
        "name": "First “step”",
        "message": "Renamed to “First “step””.",
    }
    assert stored(row) == "First “step”"
    entry = ModelLogEntry.objects.get()
    assert (entry.action, entry.user, entry.content_changed) == (
        "wagtail.edit",
        superuser,
        True,
    )


def test_an_automation_gets_a_revision_and_keeps_the_rest(admin_client, superuser):
    automation = AutomationFactory(name="Old", active=True, keywords=("ORDER",))
    before = RulebookRevision.objects.current()
    rename(admin_client, automation, "New")
    after = Automation.objects.get()
    assert after.latest_revision.user == superuser
    assert after.latest_revision.as_object().name == "New"
    assert ModelLogEntry.objects.get().revision == after.latest_revision
    assert after.status == Automation.Status.ACTIVE
    assert after.conditions.raw_data[0] == automation.conditions.raw_data[0]
    assert RulebookRevision.objects.current() != before


def test_the_same_name_again_changes_nothing(admin_client, row):
    assert rename(admin_client, row, "Stage 1").status_code == 200
    assert not ModelLogEntry.objects.exists()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "This field is required."),
        (" \t ", "This field is required."),
        ("x" * 300, "at most 255 characters (it has 300)"),
        ("a\x00b", "Null characters are not allowed."),
    ],
    ids=["empty", "spaces", "300", "null"],
)
def test_a_bad_name_is_refused(admin_client, row, name, error):
    response = rename(admin_client, row, name)
    assert response.status_code == 422
    assert error in " ".join(response.json()["errors"])
    assert stored(row) == "Stage 1"
    assert not ModelLogEntry.objects.exists()


def test_two_flows_cannot_have_one_name(admin_client):
    FlowFactory(name="Taken")
    flow = FlowFactory(name="Mine")
    response = rename(admin_client, flow, "Taken")
    assert response.json()["errors"] == ["Flow with this Name already exists."]
    assert Flow.objects.filter(name="Mine").exists()


def test_who_was_slower_is_told_and_may_replace_it_knowingly(admin_client, row):
    type(row).objects.filter(pk=row.pk).update(name="Theirs")
    response = rename(admin_client, row, "Mine", was="Stage 1")
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert "somebody has renamed this to “Theirs”" in error
    assert stored(row) == "Theirs"
    assert rename(admin_client, row, "Mine", was=response.json()["was"]).status_code
    assert stored(row) == "Mine"


def test_a_row_that_is_gone_is_told(admin_client, row):
    type(row).objects.filter(pk=row.pk).delete()
    response = rename(admin_client, row, "Mine")
    assert response.status_code == 404
    (error,) = response.json()["errors"]
    assert "has been deleted meanwhile" in error
    data = {"name": "Mine", "was": "Stage 1"}
    assert admin_client.post(url(row), data).status_code == 404
    assert admin_client.get(url(row)).status_code == 404


@pytest.mark.parametrize("headers", [JSON, {}], ids=["script", "page"])
def test_a_row_that_goes_while_it_is_renamed_is_told(
    admin_client, row, monkeypatch, headers
):
    lock = RenameView.make_others_wait

    def delete_and_lock(view):
        type(row).objects.filter(pk=row.pk).delete()
        return lock(view)

    monkeypatch.setattr(RenameView, "make_others_wait", delete_and_lock)
    data = {"name": "Mine", "was": "Stage 1"}
    response = admin_client.post(url(row), data, headers=headers)
    assert response.status_code == 404
    assert ("errors" in response.content.decode()) == bool(headers)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_name_of_two_lines_can_be_renamed(admin_client, row, end):
    type(row).objects.filter(pk=row.pk).update(name=f"First{end}second")
    # Forms end lines so.
    assert rename(admin_client, row, "Mine", was="First\r\nsecond").status_code == 200
    assert stored(row) == "Mine"


def break_column(automation, column, raw):
    """Store what no form would, past the model."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Automation._meta.db_table} SET {column} = %s WHERE id = %s",  # noqa: S608
            [raw, automation.pk],
        )


UNREADABLE = [
    ("conditions", '[{"type": "in_group", "value": 7}]'),
    ("conditions", '[{"type": "content", "value": 5}]'),
    ("actions", '[{"type": "add_to_group", "value": 7}]'),
]


@pytest.mark.parametrize(("column", "raw"), UNREADABLE)
def test_what_cannot_be_read_is_no_hindrance_and_stays(admin_client, column, raw):
    automation = AutomationFactory(name="Old")
    break_column(automation, column, raw)
    before = RulebookRevision.objects.current()
    answer = rename(admin_client, automation, "New")
    assert answer.status_code == 200
    message = answer.json()["message"]
    assert message.startswith("Renamed to “New”.")
    row = Automation.objects.filter(pk=automation.pk)
    assert stored(automation) == "New"
    assert RulebookRevision.objects.current() != before
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {Automation._meta.db_table}")  # noqa: S608
        assert json.loads(cursor.fetchone()[0]) == json.loads(raw)
    revision = row.values_list("latest_revision", flat=True).get()
    assert ("The history keeps no version" in message) == (revision is None)
    assert ModelLogEntry.objects.get().revision_id == revision


def test_a_revision_that_cannot_be_made_is_told(admin_client, monkeypatch):
    automation = AutomationFactory(name="Old")
    monkeypatch.setattr(Automation, "serializable_data", lambda self: 1 / 0)
    answer = rename(admin_client, automation, "New").json()
    assert "The history keeps no version with this name" in answer["message"]
    assert stored(automation) == "New"
    assert ModelLogEntry.objects.get().revision is None


def test_without_scripts_it_is_a_page(admin_client, row):
    html = admin_client.get(url(row)).content.decode()
    assert 'value="Stage 1"' in html
    data = {"name": "", "was": "Stage 1", "next": "/admin/sms/automations/?q=x"}
    html = admin_client.post(url(row), data).content.decode()
    assert "This field is required." in html
    response = admin_client.post(url(row), data | {"name": "First"})
    assert response.url == "/admin/sms/automations/?q=x"
    assert stored(row) == "First"


def test_what_was_typed_is_kept_on_the_page(admin_client, row):
    data = {"name": "x" * 300, "was": "Stage 1"}
    html = admin_client.post(url(row), data).content.decode()
    assert "x" * 300 in html
    html = admin_client.post(url(row), {"name": "Mine", "was": "Older"}).content
    assert b'value="Mine"' in html
    assert b'name="was" value="Stage 1"' in html


def test_nobody_is_sent_to_another_site(admin_client, row):
    data = {"name": "First", "was": "Stage 1", "next": "https://evil.example/"}
    assert admin_client.post(url(row), data).url.startswith("/admin/sms/")


@pytest.mark.parametrize("permissions", [(), ("view", "delete", "add")])
def test_it_needs_the_permission_to_change(client_of, row, permissions):
    model = row._meta.model_name
    client = client_of(*(f"{name}_{model}" for name in permissions))
    assert rename(client, row, "Mine").status_code in (302, 403)
    assert client.get(url(row)).status_code == 302
    assert stored(row) == "Stage 1"
    index = reverse(url_name_of_list(row))
    assert url(row) not in client.get(index, follow=True).content.decode()
    client = client_of(f"change_{model}")
    assert url(row) in client.get(index).content.decode()
    assert rename(client, row, "Mine").status_code == 200


def url_name_of_list(row):
    """Return the URL name of the list that a row stands in."""
    section = "automations" if isinstance(row, Automation) else "flows"
    return f"sms_{section}_modeladmin_index"


def test_another_site_cannot_rename(superuser, row):
    client = Client(enforce_csrf_checks=True)
    client.force_login(superuser)
    assert rename(client, row, "Mine").status_code == 403
    assert stored(row) == "Stage 1"


def test_a_name_is_text_and_never_markup(admin_client, row):
    rename(admin_client, row, "<script>alert(1)</script>")
    html = admin_client.get(reverse(url_name_of_list(row))).content.decode()
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html
