"""The example site takes its settings from the environment."""

import os
import runpy

import pytest
from django.core.exceptions import ImproperlyConfigured

from .site_processes import OURS, SITE


@pytest.fixture
def read_settings(monkeypatch):
    """Return a function: the settings that this environment gives."""
    monkeypatch.syspath_prepend(str(SITE))
    for name in os.environ:
        if name.startswith(OURS) and name != "DJANGO_SETTINGS_MODULE":
            monkeypatch.delenv(name)

    def read(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(SITE / "config" / "settings.py"))

    return read


def test_nothing_set_is_sqlite_the_orm_broker_and_the_sandbox(read_settings):
    settings = read_settings()

    database = settings["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["NAME"] == str(SITE / "db.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]
    assert settings["Q_CLUSTER"]["orm"] == "default"
    assert settings["Q_CLUSTER"]["broker_class"].endswith("orm_broker.PromptORM")
    assert "redis" not in settings["Q_CLUSTER"]
    sms = settings["WAGTAIL_SMS_AUTOMATION"]
    assert sms["GATEWAYS"]["default"]["BACKEND"].endswith("sandbox.SandboxGateway")
    assert sms["ORIGINATOR"].startswith("+3393")
    assert sms["WEBHOOK_BASE_URL"] == "http://127.0.0.1:8000"
    assert settings["EMAIL_BACKEND"].endswith("console.EmailBackend")


def test_database_url_names_postgresql(read_settings):
    url = "postgres://le%40:s%2Fcret@db.example:5433/chez_lea?sslmode=require"

    database = read_settings(DATABASE_URL=url)["DATABASES"]["default"]

    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert database["NAME"] == "chez_lea"
    assert database["USER"] == "le@"
    assert database["PASSWORD"] == "s/cret"
    assert (database["HOST"], database["PORT"]) == ("db.example", 5433)
    assert database["OPTIONS"] == {"sslmode": "require"}
    assert database["CONN_MAX_AGE"] == 60


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///relative.sqlite3", "relative.sqlite3"),
        ("sqlite:////tmp/absolute%20one.sqlite3", "/tmp/absolute one.sqlite3"),
    ],
)
def test_database_url_names_a_file(read_settings, url, name):
    assert read_settings(DATABASE_URL=url)["DATABASES"]["default"]["NAME"] == name


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite://", "sqlite:///"])
def test_a_database_url_that_cannot_be_read_says_what_to_write(read_settings, url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL.*sqlite:///"):
        read_settings(DATABASE_URL=url)


def test_redis_url_chooses_the_redis_broker(read_settings):
    cluster = read_settings(REDIS_URL="redis://127.0.0.1:6379/3")["Q_CLUSTER"]

    assert cluster["redis"] == "redis://127.0.0.1:6379/3"
    assert not {"orm", "broker_class"} & set(cluster)
    assert cluster["retry"] > cluster["timeout"]


def test_an_access_key_chooses_messagebird(read_settings):
    settings = read_settings(
        MESSAGEBIRD_ACCESS_KEY="live_key",
        MESSAGEBIRD_SIGNING_KEY="signing key",
        MESSAGEBIRD_ENDPOINT="http://127.0.0.1:9/",
    )

    gateway = settings["WAGTAIL_SMS_AUTOMATION"]["GATEWAYS"]["default"]
    assert gateway["BACKEND"].endswith("messagebird.MessageBirdGateway")
    assert gateway["OPTIONS"] == {
        "ACCESS_KEY": "live_key",
        "SIGNING_KEYS": ["signing key"],
        "ENDPOINT": "http://127.0.0.1:9/",
    }


def test_the_rest_of_the_environment(read_settings, tmp_path):
    settings = read_settings(
        SMS_ORIGINATOR="+33938001122",
        SMS_WEBHOOK_BASE_URL="https://www.example.fr",
        SMS_FORWARD_MOBILE="+33612345678",
        SMS_FORWARD_EMAIL="a@example.com",
        EMAIL_FILE_PATH=str(tmp_path),
    )

    assert settings["WAGTAIL_SMS_AUTOMATION"]["ORIGINATOR"] == "+33938001122"
    base_url = settings["WAGTAIL_SMS_AUTOMATION"]["WEBHOOK_BASE_URL"]
    assert base_url == "https://www.example.fr"
    assert settings["SMS_FORWARD_MOBILE"] == "+33612345678"
    assert settings["SMS_FORWARD_EMAIL"] == "a@example.com"
    assert settings["EMAIL_BACKEND"].endswith("filebased.EmailBackend")
    assert settings["EMAIL_FILE_PATH"] == str(tmp_path)
