"""What every test may rely on: no network but this machine."""

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from . import factories
from .chromium import browser  # noqa: F401 - a fixture for every test


def pytest_runtest_setup():
    """Refuse every address but this machine's."""
    pytest_socket = pytest.importorskip("pytest_socket")
    pytest_socket.socket_allow_hosts(
        ["127.0.0.1", "::1", "localhost"], allow_unix_socket=True
    )


def pytest_runtest_teardown():
    """Give sockets back to whoever comes next."""
    pytest.importorskip("pytest_socket").enable_socket()


@pytest.fixture
def superuser(db):
    """A user who may do everything."""
    return factories.SuperuserFactory()


@pytest.fixture
def admin_client(superuser):
    """A test client logged in to the admin as a superuser."""
    client = Client()
    client.force_login(superuser)
    return client


@pytest.fixture
def client_of():
    """Return a function: a test client logged in with these permissions only."""

    def login(*codenames):
        client = Client()
        client.force_login(factories.UserFactory(permissions=codenames))
        return client

    return login


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch):
    """Drop what a process keeps between messages: gateways, outbox, rulebook, bells."""
    from wagtail_sms_automation import gateways, rulebook, task_queue
    from wagtail_sms_automation.gateways import locmem

    # The workers of the tests live in the process of the webhooks, or are played.
    monkeypatch.setattr(task_queue, "BELIEVED", 0)
    monkeypatch.setattr(task_queue, "BELIEVED_LONGEST", 0)
    task_queue._armed_until.clear()

    gateways.get_gateway.cache_clear()
    locmem.clear()
    rulebook.forget()


@pytest.fixture
def text_us(db):
    """Return a function: store one inbound message, as a webhook does."""
    from wagtail_sms_automation import inbound
    from wagtail_sms_automation.gateways.base import Received

    def receive(body, *, originator="33612000001", gateway_id=None, **fields):
        return inbound.receive(
            "default",
            Received(
                gateway_id=uuid.uuid4().hex if gateway_id is None else gateway_id,
                originator=originator,
                recipient=fields.pop("recipient", "33939000001"),
                body=body,
                **fields,
            ),
        )

    return receive


@pytest.fixture
def run_tasks(db):
    """Return a function: do what the queue's workers would, until nothing is left."""
    from wagtail_sms_automation import tasks

    def run():
        tasks.process()
        tasks.send()

    return run


@pytest.fixture
def count_queries():
    """Return a function that counts the queries of a call."""

    def count(call):
        with CaptureQueriesContext(connection) as queries:
            call()
        return len(queries)

    return count
