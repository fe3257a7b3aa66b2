"""Leases run out, and so does the time for an answer: by a clock that we move."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from wagtail_sms_automation import claims, sending, tasks
from wagtail_sms_automation.gateways import base, locmem
from wagtail_sms_automation.models import OutboundMessage


pytestmark = pytest.mark.django_db
State = OutboundMessage.State


@pytest.fixture
def clock():
    """A clock that only shift() moves on."""
    with time_machine.travel(datetime(2026, 3, 2, 9, tzinfo=UTC), tick=False) as clock:
        yield clock


def state_of(message):
    """The state as it stands in the database."""
    return OutboundMessage.objects.values_list("state", flat=True).get(pk=message.pk)


def test_what_a_dead_worker_held_is_in_doubt_within_half_a_minute(clock):
    message = factories.OutboundMessageFactory()
    claims.claim(uuid.uuid4(), 1)

    clock.shift(timedelta(seconds=5))
    tasks.sweep()
    assert state_of(message) == State.SENDING

    clock.shift(timedelta(seconds=25))
    tasks.sweep()
    assert state_of(message) == State.UNKNOWN
    sending.deliver_batch()
    assert not locmem.outbox


def test_however_often_it_is_refused_an_answer_has_twenty_minutes(
    clock, text_us, monkeypatch
):
    monkeypatch.setattr("time.sleep", clock.shift)
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    text_us("ORDER")
    tasks.process()
    message = OutboundMessage.objects.get()

    for _minute in range(21):
        locmem.failures[:] = [base.Throttled("Later.", retry_after=50)] * 9
        tasks.send()
        clock.shift(timedelta(minutes=1))
    locmem.failures.clear()
    tasks.send()
    tasks.sweep()

    assert state_of(message) == State.EXPIRED
    assert not locmem.outbox
