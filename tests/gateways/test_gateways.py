"""Which gateways there are, as the settings say."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from wagtail_sms_automation import gateways
from wagtail_sms_automation.gateways.locmem import LocMemGateway
from wagtail_sms_automation.gateways.messagebird import MessageBirdGateway
from wagtail_sms_automation.gateways.sandbox import SandboxGateway


MESSAGEBIRD = "wagtail_sms_automation.gateways.messagebird.MessageBirdGateway"
LOCMEM = "wagtail_sms_automation.gateways.locmem.LocMemGateway"


def test_nothing_configured_gives_the_sandbox(settings):
    settings.WAGTAIL_SMS_AUTOMATION = {}

    assert gateways.aliases() == ["default"]
    assert type(gateways.get_gateway()) is SandboxGateway


def test_configured(settings):
    settings.WAGTAIL_SMS_AUTOMATION = {
        "GATEWAYS": {
            "default": {"BACKEND": MESSAGEBIRD, "OPTIONS": {"ACCESS_KEY": "key"}},
            "tests": {"BACKEND": LOCMEM},
            "none": {"BACKEND": LOCMEM, "OPTIONS": None},
        }
    }
    gateway = gateways.get_gateway("default")

    assert gateways.aliases() == ["default", "tests", "none"]
    assert type(gateway) is MessageBirdGateway
    assert gateway.alias == "default"
    assert gateway.options["ACCESS_KEY"] == "key"
    assert gateway.options["ENDPOINT"] == "https://rest.messagebird.com/"
    assert type(gateways.get_gateway("tests")) is LocMemGateway
    assert gateways.get_gateway("none").options == {}


def test_made_once(settings):
    settings.WAGTAIL_SMS_AUTOMATION = {"GATEWAYS": {"default": {"BACKEND": LOCMEM}}}

    assert gateways.get_gateway("default") is gateways.get_gateway("default")


def test_made_anew_when_the_settings_change(settings):
    settings.WAGTAIL_SMS_AUTOMATION = {"GATEWAYS": {"default": {"BACKEND": LOCMEM}}}
    before = gateways.get_gateway("default")
    settings.WAGTAIL_SMS_AUTOMATION = {
        "GATEWAYS": {"default": {"BACKEND": MESSAGEBIRD}}
    }

    assert type(before) is LocMemGateway
    assert type(gateways.get_gateway("default")) is MessageBirdGateway


def test_kept_when_other_settings_change(settings):
    before = gateways.get_gateway("default")
    settings.TIME_ZONE = "Europe/Brussels"

    assert gateways.get_gateway("default") is before


def test_unknown_alias(settings):
    settings.WAGTAIL_SMS_AUTOMATION = {
        "GATEWAYS": {"default": {"BACKEND": LOCMEM}, "spare": {"BACKEND": LOCMEM}}
    }
    with pytest.raises(KeyError) as caught:
        gateways.get_gateway("twilio")

    assert type(caught.value) is gateways.UnknownGateway
    assert str(caught.value) == (
        "No gateway is called 'twilio'. "
        "WAGTAIL_SMS_AUTOMATION['GATEWAYS'] has: default, spare."
    )


@pytest.mark.parametrize(
    ("configured", "fault"),
    [
        ({}, "has no BACKEND"),
        ({"OPTIONS": {}}, "has no BACKEND"),
        ({"BACKEND": ""}, "has no BACKEND"),
        ({"BACKEND": LocMemGateway}, "has no BACKEND"),
        ({"BACKEND": LOCMEM, "OPTIONS": ["ACCESS_KEY"]}, "are not a dict"),
        ({"BACKEND": LOCMEM, "OPTIONS": "ACCESS_KEY"}, "are not a dict"),
        (LOCMEM, "is not a dict"),
        (None, "is not a dict"),
    ],
)
def test_configured_wrongly(settings, configured, fault):
    settings.WAGTAIL_SMS_AUTOMATION = {
        "GATEWAYS": {"default": {"BACKEND": LOCMEM}, "spare": configured}
    }
    with pytest.raises(ImproperlyConfigured, match=fault) as caught:
        gateways.get_gateway("spare")

    assert "WAGTAIL_SMS_AUTOMATION['GATEWAYS']['spare']" in str(caught.value)
    assert "ACCESS_KEY" not in str(caught.value)


def test_backend_that_does_not_exist(settings):
    settings.WAGTAIL_SMS_AUTOMATION = {
        "GATEWAYS": {"default": {"BACKEND": "nowhere.Gateway"}}
    }
    with pytest.raises(ImportError):
        gateways.get_gateway("default")
