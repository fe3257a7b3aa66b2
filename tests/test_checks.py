"""System checks: each by its id, and that all of them are bound."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from wagtail_sms_automation import checks, project_checks


LOCMEM = "wagtail_sms_automation.gateways.locmem.LocMemGateway"
SANDBOX = "wagtail_sms_automation.gateways.sandbox.SandboxGateway"
MESSAGEBIRD = "wagtail_sms_automation.gateways.messagebird.MessageBirdGateway"

GOOD = {
    "GATEWAYS": {"default": {"BACKEND": LOCMEM}},
    "ORIGINATOR": "+33939000001",
    "DEFAULT_REGION": "FR",
    "WEBHOOK_BASE_URL": "https://www.example.fr",
}
CLUSTER = {
    "orm": "default",
    "workers": 2,
    "queue_limit": 4,
    "timeout": 60,
    "retry": 200,
    "max_attempts": 3,
}


@pytest.fixture(autouse=True)
def good(settings):
    """Begin with a project that nothing is wrong with."""
    settings.WAGTAIL_SMS_AUTOMATION = dict(GOOD)
    settings.Q_CLUSTER = dict(CLUSTER)


def found(check):
    """Return what a check finds, by id without the app's label."""
    messages = list(check(None))
    for message in messages:
        assert message.id.startswith("wagtail_sms_automation.")
        assert message.msg.endswith(".")
        assert message.hint.endswith((".", "?", "}"))
    return {message.id.partition(".")[2]: message for message in messages}


def found_by_all():
    """Return the ids of what all our checks find, as Django runs them."""
    messages = run_checks(tags=["wagtail_sms_automation"])
    return [message.id.partition(".")[2] for message in messages]


@pytest.fixture
def change(settings):
    """Return a function that changes keys of the setting; None takes one out."""

    def change(**keys):
        given = settings.WAGTAIL_SMS_AUTOMATION | keys
        settings.WAGTAIL_SMS_AUTOMATION = {
            key: value for key, value in given.items() if value is not None
        }

    return change


@pytest.fixture
def gateway(change):
    """Return a function that configures the default gateway."""
    return lambda **configured: change(GATEWAYS={"default": configured})


def test_the_checks_are_bound(settings):
    settings.WAGTAIL_SMS_AUTOMATION = []
    with pytest.raises(SystemCheckError, match=r"wagtail_sms_automation\.E001"):
        call_command("check", stdout=StringIO(), stderr=StringIO())


@pytest.mark.parametrize(
    ("keys", "cluster", "expected"),
    [
        ({"ORIGINATER": "+33939000001"}, {}, "W001"),
        ({"GATEWAYS": ["default"]}, {}, "E002"),
        ({"GATEWAYS": {"default": {}}}, {}, "E003"),
        ({"GATEWAYS": {"other": {"BACKEND": LOCMEM}}}, {}, "E005"),
        ({"GATEWAYS": {"default": {"BACKEND": "no.such.Gateway"}}}, {}, "E004"),
        ({"GATEWAYS": {"default": {"BACKEND": MESSAGEBIRD}}}, {}, "E011"),
        (
            {"GATEWAYS": {"default": {"BACKEND": LOCMEM, "MESSAGES_PER_SECOND": 0}}},
            {},
            "E008",
        ),
        ({"ORIGINATOR": "06"}, {}, "E021"),
        ({"DEFAULT_REGION": "XX"}, {}, "E022"),
        ({"WEBHOOK_BASE_URL": "www.example.fr"}, {}, "E023"),
        ({}, {"timeout": None}, "W043"),
        ({}, {"retry": 60}, "W042"),
        ({}, {"retry": 180}, "W044"),
        ({}, {"max_attempts": 0}, "W045"),
        ({}, {"broker_class": "no.such.Broker"}, "E046"),
        ({}, {"orm": "elsewhere"}, "E047"),
        ({}, {"orm": None, "redis": {"host": "localhost"}}, "W050"),
    ],
)
def test_each_is_bound(change, settings, keys, cluster, expected):
    change(**keys)
    settings.Q_CLUSTER = CLUSTER | cluster
    assert expected in found_by_all()


def test_a_good_project_is_left_in_peace():
    assert [one for one in found_by_all() if one != "W053"] == []


@pytest.mark.parametrize("given", [{}, None])
def test_with_nothing_configured_a_checkout_runs(settings, given):
    if given is None:
        del settings.WAGTAIL_SMS_AUTOMATION
    else:
        settings.WAGTAIL_SMS_AUTOMATION = given
    assert {"W021", "W023", "W024"} == set(found_by_all()) - {"W053"}
    call_command("check", stdout=StringIO(), stderr=StringIO())


@pytest.mark.parametrize("given", [[], "text", None, 3])
def test_the_setting_is_no_dict(settings, given):
    settings.WAGTAIL_SMS_AUTOMATION = given
    assert list(found(checks.check_is_dict)) == ["E001"]
    assert "E001" in found_by_all()


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("ORIGINATER", "ORIGINATOR"),
        ("gateways", "GATEWAYS"),
        ("BASE_URL", "WEBHOOK_BASE_URL"),
        ("REGION", "DEFAULT_REGION"),
        (3, ""),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest(settings, key, nearest):
    settings.WAGTAIL_SMS_AUTOMATION = GOOD | {key: "x"}
    message = found(checks.check_keys)["W001"]
    assert str(key) in message.msg
    assert nearest in message.hint


def test_an_unknown_key_of_a_gateway_is_named_with_the_nearest(gateway):
    gateway(BACKEND=LOCMEM, OPTION={})
    message = found(checks.check_keys)["W001"]
    assert "'default'" in message.msg
    assert "OPTIONS" in message.hint


@pytest.mark.parametrize("gateways", [["default"], "default", 3])
def test_gateways_is_no_dict(change, gateways):
    change(GATEWAYS=gateways)
    assert list(found(checks.check_gateways)) == ["E002"]
    assert found_by_all().count("E002") == 1


@pytest.mark.parametrize(
    "configured", [{}, {"OPTIONS": {}}, {"BACKEND": ""}, "x", None]
)
def test_a_gateway_without_backend(change, configured):
    change(GATEWAYS={"default": configured})
    assert list(found(checks.check_gateways)) == ["E003"]
    assert list(found(checks.check_backends)) == []


@pytest.mark.parametrize("alias", ["", "a b", "é", "a/b", "x" * 51, ("a",)])
def test_an_alias_that_no_web_address_holds(change, alias):
    change(GATEWAYS={"default": {"BACKEND": LOCMEM}, alias: {"BACKEND": LOCMEM}})
    assert list(found(checks.check_gateways)) == ["E006"]


@pytest.mark.parametrize("alias", ["second", "Second_2", "2-nd"])
def test_an_alias_that_a_web_address_holds(change, alias):
    change(GATEWAYS={"default": {"BACKEND": LOCMEM}, alias: {"BACKEND": LOCMEM}})
    assert found(checks.check_gateways) == {}


def test_no_gateway_is_the_default(change):
    change(GATEWAYS={"Default": {"BACKEND": LOCMEM}})
    assert list(found(checks.check_default_gateway)) == ["E005"]


@pytest.mark.parametrize(
    "path",
    [
        "no.such.Gateway",
        "wagtail_sms_automation.gateways.locmem.NoSuchGateway",
        "NoDots",
        "wagtail_sms_automation.gateways.locmem.clear",
        "django.core.mail.EmailMessage",
        3,
    ],
)
def test_a_backend_that_is_no_gateway(gateway, path):
    gateway(BACKEND=path)
    assert list(found(checks.check_backends)) == ["E004"]
    assert list(found(checks.check_options)) == []


@pytest.mark.parametrize("options", [["ACCESS_KEY"], "x", 3])
def test_options_are_no_dict(gateway, options):
    gateway(BACKEND=MESSAGEBIRD, OPTIONS=options)
    assert list(found(checks.check_options)) == ["E007"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["E011", "E012"]),
        ({"ACCESS_KEY": "", "SIGNING_KEYS": ["k"]}, ["E011"]),
        ({"ACCESS_KEY": "a"}, ["E012"]),
        ({"ACCESS_KEY": "a", "SIGNING_KEYS": []}, ["E012"]),
        ({"ACCESS_KEY": "a", "SIGNING_KEYS": [""]}, ["E012"]),
        ({"ACCESS_KEY": "a", "SIGNING_KEYS": ["k", None]}, ["E012"]),
        ({"ACCESS_KEY": None, "SIGNING_KEYS": None}, ["E011", "E012"]),
        ({"ACCESS_KEY": "a", "SIGNING_KEYS": ["k"], "ACESS_KEY": "b"}, ["E015"]),
        ({"ACCESS_KEY": "a", "SIGNING_KEYS": ["k"]}, []),
    ],
)
def test_a_gateway_names_what_is_wrong_with_its_options(gateway, options, expected):
    gateway(BACKEND=MESSAGEBIRD, OPTIONS=options)
    messages = found(checks.check_options)
    assert sorted(messages) == expected
    assert all("default" in message.msg for message in messages.values())


@pytest.mark.parametrize(
    "rate", [0, -1, "1", "fast", True, False, [], float("nan"), float("inf")]
)
def test_a_rate_that_nothing_can_be_sent_at(gateway, rate):
    gateway(BACKEND=LOCMEM, MESSAGES_PER_SECOND=rate)
    message = found(checks.check_rates)["E008"]
    assert "default" in message.msg


@pytest.mark.parametrize("rate", [1, 0.5, 100, 10**400, None])
def test_a_good_rate(gateway, rate):
    gateway(BACKEND=LOCMEM, MESSAGES_PER_SECOND=rate)
    assert found(checks.check_rates) == {}
    assert found_by_all().count("W001") == 0


@pytest.mark.parametrize("gateways", [["default"], {"default": "x"}])
def test_the_rate_of_no_gateway(change, gateways):
    change(GATEWAYS=gateways)
    assert found(checks.check_rates) == {}


@pytest.mark.parametrize("missing", [None, ""])
def test_without_originator_the_sandbox_warns(change, missing):
    change(ORIGINATOR=missing)
    assert list(found(checks.check_originator)) == ["W021"]


def test_without_originator_a_gateway_that_sends_is_an_error(change):
    change(ORIGINATOR=None, GATEWAYS={"default": {"BACKEND": MESSAGEBIRD}})
    assert list(found(checks.check_originator)) == ["E020"]


@pytest.mark.parametrize(
    "originator",
    ["06", "Chez Léa", "TwelveLetters", "+33 9 39 00 00 01", "09 39 00 00 01", "\n"],
)
def test_a_bad_originator(change, originator):
    change(ORIGINATOR=originator)
    assert list(found(checks.check_originator)) == ["E021"]


@pytest.mark.parametrize("originator", ["+33 9 39 00 00 01", "09 39 00 00 01"])
def test_a_number_badly_written_is_corrected_in_the_hint(change, originator):
    change(ORIGINATOR=originator)
    assert "+33939000001" in found(checks.check_originator)["E021"].hint


@pytest.mark.parametrize("originator", ["+33939000001", "36180"])
def test_a_good_originator(change, originator):
    change(ORIGINATOR=originator)
    assert found(checks.check_originator) == {}


@pytest.mark.parametrize("originator", ["Chez Lea", "3M"])
def test_nobody_can_answer_a_name(change, originator):
    change(ORIGINATOR=originator)
    assert list(found(checks.check_originator)) == ["W022"]


@pytest.mark.parametrize("missing", [None, ""])
def test_without_region(change, missing):
    change(DEFAULT_REGION=missing)
    assert list(found(checks.check_region)) == ["W023"]


@pytest.mark.parametrize("region", ["France", "UK", "XX", "33", 33])
def test_a_region_that_is_no_country(change, region):
    change(DEFAULT_REGION=region)
    assert list(found(checks.check_region)) == ["E022"]


@pytest.mark.parametrize("region", ["FR", "fr", "GB"])
def test_a_good_region(change, region):
    change(DEFAULT_REGION=region)
    assert found(checks.check_region) == {}


@pytest.mark.parametrize("missing", [None, "", []])
def test_without_webhook_base_url_the_sandbox_warns(change, missing):
    change(WEBHOOK_BASE_URL=missing)
    assert list(found(checks.check_webhook_base_url)) == ["W024"]
    assert found(checks.check_https) == {}


def test_without_webhook_base_url_a_gateway_that_sends_is_an_error(change):
    change(WEBHOOK_BASE_URL=None, GATEWAYS={"default": {"BACKEND": MESSAGEBIRD}})
    assert list(found(checks.check_webhook_base_url)) == ["E025"]


@pytest.mark.parametrize(
    "url",
    [
        "www.example.fr",
        "//www.example.fr",
        "https://",
        "https:///sms",
        "ftp://www.example.fr",
        "http://[::1",
        3,
    ],
)
def test_a_webhook_base_url_without_scheme_or_host(change, url):
    change(WEBHOOK_BASE_URL=url)
    assert list(found(checks.check_webhook_base_url)) == ["E023"]
    assert found(checks.check_https) == {}


@pytest.mark.parametrize("tail", ["?a=1", "#top", "/sms?a=1"])
def test_a_webhook_base_url_with_more_than_an_address(change, tail):
    change(WEBHOOK_BASE_URL=f"https://www.example.fr{tail}")
    assert list(found(checks.check_webhook_base_url)) == ["E024"]


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.fr",
        "https://www.example.fr/",
        "https://www.example.fr:8443",
        "http://localhost:8000",
        ["https://www.example.fr", "https://old.example.fr"],
    ],
)
def test_a_good_webhook_base_url(change, url):
    change(WEBHOOK_BASE_URL=url)
    assert found(checks.check_webhook_base_url) == {}
    assert found(checks.check_https) == {}


def test_each_webhook_base_url_is_checked(change):
    change(WEBHOOK_BASE_URL=["https://www.example.fr", "old.example.fr"])
    assert "old.example.fr" in found(checks.check_webhook_base_url)["E023"].msg


def test_http_is_a_warning_of_deployed_sites_only(change):
    change(WEBHOOK_BASE_URL="http://www.example.fr")
    assert list(found(checks.check_https)) == ["W025"]
    assert "W025" not in found_by_all()
    deployed = run_checks(
        tags=["wagtail_sms_automation"], include_deployment_checks=True
    )
    assert "wagtail_sms_automation.W025" in [message.id for message in deployed]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("E031", "django_q"),
        ("E032", "wagtail_modeladmin"),
        ("E033", "wagtail.contrib.settings"),
    ],
)
def test_an_app_that_is_not_installed(number, name, tmp_path):
    """In a process of its own: much of Django cannot be loaded a second time."""
    (tmp_path / "without.py").write_text(
        "from tests.settings import *\n"
        f"INSTALLED_APPS = [app for app in INSTALLED_APPS if app != {name!r}]\n",
        "utf-8",
    )
    root = str(Path(__file__).parent.parent)
    run = subprocess.run(
        [sys.executable, "-m", "django", "check", "--tag", "wagtail_sms_automation"],
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "without",
            "PYTHONPATH": os.pathsep.join([str(tmp_path), root]),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert f"(wagtail_sms_automation.{number}) {name} is not installed." in run.stderr
    assert "Traceback" not in run.stderr
    assert run.returncode == 1


def test_required_apps_are_installed():
    assert found(project_checks.check_installed_apps) == {}


def test_naive_moments(settings):
    settings.USE_TZ = False
    assert list(found(project_checks.check_time_zones)) == ["E034"]


@pytest.mark.parametrize("given", [None, {}, "orm"])
def test_without_cluster(settings, given):
    if given is None:
        del settings.Q_CLUSTER
    else:
        settings.Q_CLUSTER = given
    assert list(found(project_checks.check_cluster)) == ["W041"]
    others = set(found_by_all()) & {"W042", "W043", "W044", "W045", "W048", "W050"}
    assert others == set()


@pytest.mark.parametrize("timeout", [None, 0])
def test_without_timeout(settings, timeout):
    settings.Q_CLUSTER = CLUSTER | {"timeout": timeout}
    assert "200" in found(project_checks.check_timeout)["W043"].msg
    assert found(project_checks.check_retry) == {}
    assert found(project_checks.check_queue_limit) == {}


def test_the_default_timeout_is_none(settings):
    settings.Q_CLUSTER = {"orm": "default"}
    assert "60" in found(project_checks.check_timeout)["W043"].msg


@pytest.mark.parametrize(
    ("retry", "timeout"), [(60, 60), (59, 60), (None, 90), (5.5, 6)]
)
def test_retry_is_not_larger_than_timeout(settings, retry, timeout):
    settings.Q_CLUSTER = CLUSTER | {"timeout": timeout, "retry": retry}
    if retry is None:
        # The default of django-q2.
        del settings.Q_CLUSTER["retry"]
    message = found(project_checks.check_retry)["W042"]
    assert f"({retry or 60})" in message.msg
    assert f"({timeout})" in message.msg
    assert found(project_checks.check_queue_limit) == {}


@pytest.mark.parametrize(
    ("cluster", "is_short"),
    [
        ({"workers": 2, "queue_limit": 4, "retry": 180}, True),
        ({"workers": 2, "queue_limit": 4, "retry": 181}, False),
        ({"workers": 4, "queue_limit": 4, "retry": 120}, True),
        ({"workers": 4, "queue_limit": 4, "retry": 121}, False),
        ({"workers": 3, "queue_limit": None, "retry": 240}, True),
        ({"workers": 3, "queue_limit": None, "retry": 241}, False),
    ],
)
def test_retry_leaves_no_time_to_wait_in_the_cluster(settings, cluster, is_short):
    settings.Q_CLUSTER = CLUSTER | cluster
    messages = found(project_checks.check_queue_limit)
    assert list(messages) == (["W044"] if is_short else [])
    for message in messages.values():
        retry, workers = cluster["retry"], cluster["workers"]
        assert f"retry ({retry})" in message.msg
        assert f"{workers} workers" in message.msg
        assert "60 seconds (timeout)" in message.msg


def test_what_the_hints_of_the_cluster_say_is_enough(settings):
    settings.Q_CLUSTER = CLUSTER | {"retry": 100}
    hint = found(project_checks.check_queue_limit)["W044"].hint
    assert "200" in hint
    settings.Q_CLUSTER = CLUSTER | {"retry": 200}
    assert found(project_checks.check_queue_limit) == {}


def test_workers_are_the_processors_unless_said(settings, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    settings.Q_CLUSTER = {"orm": "default", "timeout": 60, "retry": 200}
    assert "64 tasks" in found(project_checks.check_queue_limit)["W044"].msg


def test_redis_never_starts_a_task_again(settings):
    cluster = CLUSTER | {"redis": {"host": "localhost"}, "retry": 100}
    del cluster["orm"]
    settings.Q_CLUSTER = cluster | {"max_attempts": 0}
    assert found(project_checks.check_queue_limit) == {}
    assert found(project_checks.check_max_attempts) == {}


def test_a_task_is_tried_for_ever(settings):
    settings.Q_CLUSTER = CLUSTER | {"max_attempts": 0}
    assert list(found(project_checks.check_max_attempts)) == ["W045"]
    del settings.Q_CLUSTER["max_attempts"]
    assert list(found(project_checks.check_max_attempts)) == ["W045"]


PROMPT_ORM = {"broker_class": project_checks.PROMPT_ORM}


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [({"retry": 180}, "W044"), ({"max_attempts": 0}, "W045")],
)
def test_our_broker_starts_a_task_again_as_its_parent_does(settings, cluster, expected):
    settings.Q_CLUSTER = CLUSTER | PROMPT_ORM
    assert set(found_by_all()) <= {"W053"}
    settings.Q_CLUSTER = CLUSTER | PROMPT_ORM | cluster
    assert expected in found_by_all()


@pytest.mark.parametrize(
    "path", ["no.such.Broker", f"{project_checks.PROMPT_ORM}s", "PromptORM", 3]
)
def test_a_broker_that_cannot_be_loaded(settings, path):
    settings.Q_CLUSTER = CLUSTER | {"broker_class": path}
    message = found(project_checks.check_broker_class)["E046"]
    assert project_checks.PROMPT_ORM in message.hint
    assert found(project_checks.check_queue_database) == {}


@pytest.mark.parametrize(
    "path",
    [None, "", project_checks.PROMPT_ORM, "django_q.brokers.redis_broker.Redis"],
)
def test_a_broker_that_can_be_loaded(settings, path):
    settings.Q_CLUSTER = CLUSTER | {"broker_class": path}
    assert found(project_checks.check_broker_class) == {}


@pytest.mark.parametrize("broker", [{}, PROMPT_ORM])
def test_the_queue_is_in_no_database(settings, broker):
    settings.Q_CLUSTER = CLUSTER | broker
    assert found(project_checks.check_queue_database) == {}

    settings.Q_CLUSTER = CLUSTER | broker | {"orm": "elsewhere"}
    message = found(project_checks.check_queue_database)["E047"]
    assert "elsewhere" in message.msg
    assert '"default"' in message.hint


def test_our_broker_without_orm(settings):
    settings.Q_CLUSTER = CLUSTER | PROMPT_ORM | {"orm": None}
    assert list(found(project_checks.check_queue_database)) == ["W048"]


@pytest.mark.parametrize(
    "broker",
    [
        {"orm": None, "redis": {}},
        {"sqs": {"aws_region": "eu-west-3"}},
        {"iron_mq": {"host": "mq.example.com"}},
        {"broker_class": "django_q.brokers.redis_broker.Redis"},
    ],
)
def test_another_broker_asks_no_database(settings, broker):
    settings.Q_CLUSTER = CLUSTER | {"orm": "elsewhere"} | broker
    assert found(project_checks.check_queue_database) == {}


@pytest.mark.parametrize("broker", [{}, PROMPT_ORM])
def test_the_queue_is_where_django_q_has_no_tables(settings, broker):
    settings.Q_CLUSTER = CLUSTER | broker
    settings.DATABASE_ROUTERS = ["tests.test_checks.ElsewhereRouter"]
    message = found(project_checks.check_queue_database)["W049"]
    assert "elsewhere" in message.msg


@pytest.mark.parametrize(
    "redis",
    [
        None,
        {},
        {"host": "localhost", "socket_timeout": None},
        {"host": "localhost", "socket_timeout": 1},
        "redis://localhost:6379/0",
        "redis://localhost:6379/0?socket_timeout=1",
        "redis://localhost:6379/0?socket_timeout=soon",
        "redis://localhost:6379/0?socket_connect_timeout=2",
    ],
)
def test_a_redis_that_hangs_is_waited_for(settings, redis):
    settings.Q_CLUSTER = CLUSTER | {"orm": None, "redis": redis}
    assert list(found(project_checks.check_redis)) == ["W050"]


@pytest.mark.parametrize(
    "broker",
    [
        {"redis": {"host": "localhost", "socket_timeout": 2}},
        {"redis": "redis://localhost:6379/0?socket_timeout=2.5"},
        {"redis": "redis://localhost:6379/0", "orm": "default"},
        {"django_redis": "default"},
    ],
)
def test_a_redis_that_hangs_is_given_up(settings, broker):
    settings.Q_CLUSTER = CLUSTER | {"orm": None} | broker
    assert found(project_checks.check_redis) == {}


def test_what_the_hint_about_redis_says_is_right(settings):
    settings.Q_CLUSTER = CLUSTER | {"orm": None}
    hint = found(project_checks.check_redis)["W050"].hint
    settings.Q_CLUSTER["redis"] = hint.split('"')[3]
    assert found(project_checks.check_redis) == {}


@pytest.mark.parametrize(
    ("vendor", "mode", "expected"),
    [
        ("sqlite", "IMMEDIATE", []),
        ("sqlite", "immediate", []),
        ("sqlite", "DEFERRED", ["W052"]),
        ("sqlite", None, ["W052"]),
        ("postgresql", None, []),
    ],
)
def test_sqlite_locks_when_a_transaction_begins(monkeypatch, vendor, mode, expected):
    monkeypatch.setattr(connection, "vendor", vendor)
    options = {"transaction_mode": mode} if mode else {}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    assert list(found(project_checks.check_sqlite)) == expected


class ElsewhereRouter:
    """Keeps every row in another database."""

    def db_for_write(self, model, **hints):
        return "elsewhere"


def test_messages_live_in_the_default_database(settings):
    assert found(project_checks.check_database) == {}

    settings.DATABASE_ROUTERS = ["tests.test_checks.ElsewhereRouter"]
    message = found(project_checks.check_database)["E051"]
    assert "elsewhere" in message.msg


@pytest.mark.parametrize(
    ("vendor", "returns", "expected"),
    [
        ("sqlite", True, []),
        ("postgresql", True, []),
        ("sqlite", False, ["E055"]),
        ("mysql", True, ["E054"]),
        ("oracle", True, ["E054"]),
    ],
)
def test_databases_that_understand_us(monkeypatch, vendor, returns, expected):
    monkeypatch.setattr(connection, "vendor", vendor)
    monkeypatch.setattr(
        connection.features, "can_return_columns_from_insert", returns, raising=False
    )
    assert list(found(project_checks.check_statements)) == expected


@pytest.mark.urls("wagtail.admin.urls")
def test_webhooks_without_an_address():
    message = found(project_checks.check_urls)["W053"]
    assert "wagtail.admin.urls" in message.hint


def test_webhooks_with_an_address():
    assert found(project_checks.check_urls) == {}


def test_a_project_without_urls(settings):
    settings.ROOT_URLCONF = None
    assert found(project_checks.check_urls) == {}
