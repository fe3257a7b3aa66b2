"""The SMS settings page: everything an editor may change is on it."""

import pytest
from phonenumbers import SUPPORTED_REGIONS

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


BARE = {
    "opening_hours-count": "0",
    "replies_per_minute": "5",
    "replies_per_hour": "20",
    "replies_per_day": "40",
    "identical_replies": "3",
    "pause_hours": "1",
    "fallback_hours": "12",
    "reads_together_seconds": "0",
}


def save(client, **values):
    """Post the page; return the response."""
    url = client.get(PAGE, follow=True).redirect_chain[-1][0]
    return client.post(url, BARE | values)


def test_the_daily_limits_can_be_saved(admin_client):
    response = save(
        admin_client,
        parts_per_day="500",
        parts_per_day_of_originator="",
        parts_per_day_of_contact="0",
        allowed_countries=" fr;be , fr\tmc ",
        fallback_hours="0",
        reads_together_seconds="5",
    )
    assert response.status_code == 302
    settings = SmsSettings.objects.get()
    assert settings.parts_per_day == 500
    assert settings.parts_per_day_of_originator is None
    assert settings.parts_per_day_of_contact == 0
    assert settings.allowed_countries == "FR, BE, MC"
    assert settings.fallback_hours == 0
    assert settings.reads_together_seconds == 5


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("allowed_countries", "FR, UK", "“UK” is no country code."),
        ("allowed_countries", "France", "“FRANCE” is no country code."),
        ("allowed_countries", "FR <b>", "“&lt;B&gt;” is no country code."),
        ("allowed_countries", "+33", "“+33” is no country code."),
        ("parts_per_day", "-1", "greater than or equal to 0"),
        ("parts_per_day_of_contact", "many", "Enter a whole number."),
        ("reads_together_seconds", "61", "less than or equal to 60"),
    ],
)
def test_what_is_wrong_stands_at_its_field(admin_client, name, value, words):
    response = save(admin_client, **{name: value})
    assert response.status_code == 200
    assert name in response.context["form"].errors
    assert words in response.content.decode()


def test_more_countries_than_can_be_kept_are_refused(admin_client):
    codes = sorted(SUPPORTED_REGIONS)
    response = save(admin_client, allowed_countries=" ".join(codes[:80]))
    assert "at most 255 characters" in response.content.decode()
    response = save(admin_client, allowed_countries=" ".join(codes[:60]))
    assert response.status_code == 302
