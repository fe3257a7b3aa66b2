"""The setting, read when it is asked for."""

import pytest

from wagtail_sms_automation.conf import KEYS, SANDBOX
from wagtail_sms_automation.conf import settings as sms_settings


@pytest.fixture
def give(settings):
    """Return a function that writes the setting."""

    def give(**given):
        settings.WAGTAIL_SMS_AUTOMATION = given

    return give


def test_nothing_configured_is_the_sandbox(settings):
    del settings.WAGTAIL_SMS_AUTOMATION
    assert sms_settings.given == {}
    assert sms_settings.GATEWAYS == {"default": {"BACKEND": SANDBOX}}
    assert sms_settings.ORIGINATOR == ""
    assert sms_settings.DEFAULT_REGION == ""
    assert sms_settings.WEBHOOK_BASE_URLS == ()


@pytest.mark.parametrize("given", [None, [], "ORIGINATOR"])
def test_what_is_no_dict_counts_as_nothing(settings, given):
    settings.WAGTAIL_SMS_AUTOMATION = given
    assert sms_settings.given == {}
    assert sms_settings.ORIGINATOR == ""


def test_a_change_is_seen_at_once(give):
    give(ORIGINATOR="+33939000001")
    assert sms_settings.ORIGINATOR == "+33939000001"
    give(ORIGINATOR="36180")
    assert sms_settings.ORIGINATOR == "36180"


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("empty", [None, ""])
def test_an_environment_variable_that_is_not_set(give, key, empty):
    """os.environ.get() gives None, and env files give an empty text."""
    give(**{key: empty})
    assert sms_settings.GATEWAYS == {"default": {"BACKEND": SANDBOX}}
    assert sms_settings.ORIGINATOR == ""
    assert sms_settings.DEFAULT_REGION == ""
    assert sms_settings.WEBHOOK_BASE_URLS == ()


def test_gateways_are_given_as_written(give):
    gateways = {"default": {"BACKEND": "x.Y"}, "second": {"BACKEND": "x.Z"}}
    give(GATEWAYS=gateways)
    assert gateways == sms_settings.GATEWAYS


def test_a_short_code_may_be_written_as_a_number(give):
    give(ORIGINATOR=36180)
    assert sms_settings.ORIGINATOR == "36180"


def test_a_region_may_be_written_small(give):
    give(DEFAULT_REGION="fr")
    assert sms_settings.DEFAULT_REGION == "FR"


@pytest.mark.parametrize(
    ("given", "urls"),
    [
        ("https://a.example", ("https://a.example",)),
        ("https://a.example//", ("https://a.example",)),
        (
            ["https://a.example/", "", "https://b.example"],
            ("https://a.example", "https://b.example"),
        ),
        (("https://a.example/site/",), ("https://a.example/site",)),
        ([], ()),
    ],
)
def test_webhooks_may_be_called_by_several_addresses(give, given, urls):
    give(WEBHOOK_BASE_URL=given)
    assert urls == sms_settings.WEBHOOK_BASE_URLS


@pytest.mark.parametrize(
    ("configured", "rate"),
    [
        ({}, None),
        ({"MESSAGES_PER_SECOND": None}, None),
        ({"MESSAGES_PER_SECOND": 2}, 2),
        ({"MESSAGES_PER_SECOND": 0.5}, 0.5),
        ({"MESSAGES_PER_SECOND": 0}, None),
        ({"MESSAGES_PER_SECOND": "2"}, None),
        ({"MESSAGES_PER_SECOND": True}, None),
        ("x", None),
    ],
)
def test_messages_per_second(give, configured, rate):
    give(GATEWAYS={"default": configured})
    assert sms_settings.RATES.get("default") == rate
    assert "other" not in sms_settings.RATES
