"""What the system checks say of a MessageBird gateway's options."""

import pytest

from wagtail_sms_automation.gateways.messagebird import MessageBirdGateway


GOOD = {"ACCESS_KEY": "live_abc", "SIGNING_KEYS": ["k" * 32]}


def errors(**options):
    return MessageBirdGateway("default", {**GOOD, **options}).option_errors()


def test_good():
    assert errors() == []


def test_good_in_full():
    assert (
        errors(
            SIGNING_KEYS=("old", "new"),
            ENDPOINT="http://127.0.0.1:8000/messagebird",
            SIGNATURE_LEEWAY=0.5,
            LEGACY_SIGNATURES=True,
        )
        == []
    )


def test_nothing_given():
    found = MessageBirdGateway("default", {}).option_errors()

    assert [code for code, text, hint in found] == ["E011", "E012"]


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        ({"ACCESS_KEY": ""}, "E011", "ACCESS_KEY is missing."),
        ({"ACCESS_KEY": None}, "E011", "ACCESS_KEY is missing."),
        ({"ACCESS_KEY": "live abc"}, "E011", "ACCESS_KEY holds a space"),
        ({"ACCESS_KEY": "live_abc\n"}, "E011", "ACCESS_KEY holds a space"),
        ({"ACCESS_KEY": "clé"}, "E011", "ACCESS_KEY holds a space"),
        ({"ACCESS_KEY": 5}, "E011", "ACCESS_KEY holds a space"),
        ({"SIGNING_KEYS": []}, "E012", "SIGNING_KEYS holds no key"),
        ({"SIGNING_KEYS": None}, "E012", "SIGNING_KEYS is not a list."),
        ({"SIGNING_KEYS": "key"}, "E012", "SIGNING_KEYS is not a list."),
        ({"SIGNING_KEYS": ["key", ""]}, "E012", "SIGNING_KEYS holds an empty key."),
        ({"SIGNING_KEYS": [" "]}, "E012", "SIGNING_KEYS holds an empty key."),
        ({"SIGNING_KEYS": [None]}, "E012", "SIGNING_KEYS holds an empty key."),
        ({"ENDPOINT": "rest.messagebird.com"}, "E013", "ENDPOINT is not"),
        ({"ENDPOINT": ""}, "E013", "ENDPOINT is not"),
        ({"ENDPOINT": None}, "E013", "ENDPOINT is not"),
        ({"ENDPOINT": "ftp://x"}, "E013", "ENDPOINT is not"),
        ({"ENDPOINT": "https://"}, "E013", "ENDPOINT is not"),
        ({"ENDPOINT": "https://[x"}, "E013", "ENDPOINT is not"),
        ({"SIGNATURE_LEEWAY": -1}, "E014", "SIGNATURE_LEEWAY is not"),
        ({"SIGNATURE_LEEWAY": "300"}, "E014", "SIGNATURE_LEEWAY is not"),
        ({"SIGNATURE_LEEWAY": None}, "E014", "SIGNATURE_LEEWAY is not"),
        ({"SIGNATURE_LEEWAY": True}, "E014", "SIGNATURE_LEEWAY is not"),
        ({"SIGNATURE_LEEWAY": float("nan")}, "E014", "SIGNATURE_LEEWAY is not"),
        ({"LEGACY_SIGNATURES": "False"}, "E016", "LEGACY_SIGNATURES is neither"),
    ],
)
def test_each_fault(options, code, text):
    [(found_code, found_text, hint)] = errors(**options)

    assert found_code == code
    assert found_text.startswith(text)
    assert hint.endswith(".")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("ACCESSKEY", "ACCESS_KEY"),
        ("access_key", "ACCESS_KEY"),
        ("SIGNING_KEY", "SIGNING_KEYS"),
        ("END_POINT", "ENDPOINT"),
        ("LEEWAY", "SIGNATURE_LEEWAY"),
    ],
)
def test_unknown_option(name, nearest):
    assert errors(**{name: "x"}) == [
        ("E015", f"There is no option {name}.", f"Did you mean {nearest}?")
    ]


def test_secrets_are_not_shown():
    shown = repr(
        errors(ACCESS_KEY="live secret", SIGNING_KEYS=["secret", ""], X="secret")
    )

    assert "secret" not in shown


def test_options_of_the_settings_are_left_as_they_are():
    options = dict(GOOD)
    MessageBirdGateway("default", options)

    assert options == GOOD
