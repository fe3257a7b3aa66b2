"""Several texts within a few seconds are read as one, where the editor says so."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests import factories
from wagtail_sms_automation import processing, tasks
from wagtail_sms_automation.gateways import locmem
from wagtail_sms_automation.models import InboundMessage, SmsSettings


pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _five_seconds():
    SmsSettings.objects.create(reads_together_seconds=5)
    factories.AutomationFactory(
        active=True,
        keywords=("FOOD",),
        actions=[factories.reply("Got: {{ message.body }}")],
    )


@pytest.fixture
def at():
    """Return a function: be so many seconds later than when the test began."""
    began_at = timezone.now()

    def travel(seconds):
        return time_machine.travel(began_at + timedelta(seconds=seconds), tick=False)

    return travel


def bodies():
    return [submission.body for submission in locmem.outbox]


def test_two_texts_are_answered_once(text_us, run_tasks, at):
    with at(0):
        first = text_us("FOOD 2x1")
    with at(3):
        last = text_us("no onions")
    with at(9):
        run_tasks()

    assert bodies() == ["Got: FOOD 2x1\nno onions"]
    first.refresh_from_db()
    last.refresh_from_db()
    assert first.read_with == last
    assert {first.state, last.state} == {InboundMessage.State.PROCESSED}
    assert last.decisions and not first.decisions


def test_the_next_text_is_waited_for(text_us, run_tasks, at):
    with at(0):
        text_us("FOOD 2x1")
    with at(4):
        tasks.process()
        assert processing.next_due_at() - timezone.now() == timedelta(seconds=1)
    assert not bodies()

    with at(6):
        run_tasks()
    assert bodies() == ["Got: FOOD 2x1"]


def test_a_text_that_comes_later_is_read_by_itself(text_us, run_tasks, at):
    with at(0):
        text_us("FOOD 2x1")
    with at(6):
        text_us("FOOD 1x3")
    with at(20):
        run_tasks()

    assert bodies() == ["Got: FOOD 2x1", "Got: FOOD 1x3"]


def test_stop_is_never_read_with_another(text_us, run_tasks, at):
    with at(0):
        text_us("FOOD 2x1")
    with at(1):
        stop = text_us("STOP")
    with at(20):
        run_tasks()

    assert bodies()[0] == "Got: FOOD 2x1"
    stop.refresh_from_db()
    assert (stop.intent, stop.read_with) == ("opt_out", None)
    assert not InboundMessage.objects.exclude(read_with=None).exists()


def test_another_contact_is_not_kept_waiting(text_us, run_tasks, at):
    with at(0):
        text_us("FOOD 2x1")
    with at(6):
        text_us("FOOD 9x9", originator="33612000002")
        run_tasks()

    assert bodies() == ["Got: FOOD 2x1"]


def test_texts_to_two_numbers_of_ours_are_two(text_us, run_tasks, at):
    with at(0):
        text_us("FOOD 2x1")
        text_us("FOOD 1x1", recipient="33939000002")
    with at(9):
        run_tasks()

    assert len(bodies()) == 2


def test_a_poisoned_text_stands_aside_alone(text_us, run_tasks, at, monkeypatch):
    respond = processing.respond

    def fail(message, *args):
        if "poison" in message.body:
            raise ValueError("poisoned")
        return respond(message, *args)

    monkeypatch.setattr(processing, "respond", fail)
    with at(0):
        poisoned = text_us("poison")
        other = text_us("FOOD 2x1")
    for seconds in (9, 30, 60, 90):
        with at(seconds):
            run_tasks()

    poisoned.refresh_from_db()
    other.refresh_from_db()
    assert (poisoned.state, other.state) == ("parked", "processed")
    assert bodies() == ["Got: FOOD 2x1"]


def test_who_never_pauses_is_answered_all_the_same(text_us, run_tasks, at):
    for seconds in range(0, 40, 4):
        with at(seconds):
            text_us(f"FOOD {seconds}")
            run_tasks()

    assert bodies()
