"""What the gateway tests share."""

import pytest

from tests.gateways.fake_messagebird import FakeMessageBird
from wagtail_sms_automation.gateways import locmem


@pytest.fixture
def fake():
    """A MessageBird of our own."""
    with FakeMessageBird() as fake:
        yield fake


@pytest.fixture(autouse=True)
def _empty_locmem():
    yield
    locmem.clear()
