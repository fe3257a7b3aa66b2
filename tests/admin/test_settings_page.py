"""The SMS settings page: everything an editor may change is on it."""

import pytest

from wagtail_sms_automation.models import SmsSettings


pytestmark = pytest.mark.django_db

PAGE = "/admin/settings/wagtail_sms_automation/smssettings/"


def form_of(client):
    """Return the page's form."""
    return client.get(PAGE, follow=True).context["form"]


def test_every_field_that_can_be_edited_is_on_the_page(admin_client):
    editable = {
        field.name
        for field in SmsSettings._meta.fields
        if field.editable and not field.primary_key
    }
    assert set(form_of(admin_client).fields) == editable
    html = admin_client.get(PAGE, follow=True).content.decode()
    for name in editable - {"opening_hours"}:
        assert f'name="{name}"' in html, name
    assert '"fieldName": "opening_hours"' in html


def test_what_the_loop_guard_and_the_texts_go_by_can_be_saved(admin_client):
    response = admin_client.get(PAGE, follow=True)
    data = {
        "opening_hours-count": "0",
        "replies_per_minute": "5",
        "replies_per_hour": "20",
        "replies_per_day": "40",
        "identical_replies": "2",
        "pause_hours": "12",
        "fallback_hours": "12",
        "reads_together_seconds": "0",
    }
    admin_client.post(response.redirect_chain[-1][0], data)
    settings = SmsSettings.objects.get()
    assert (settings.identical_replies, settings.pause_hours) == (2, 12)
    assert not settings.replaces_typography
