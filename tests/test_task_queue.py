"""The doorbell: at most one wake-up of a kind waits, and a lost one is rung again."""

from datetime import timedelta
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule

from tests import factories
from wagtail_sms_automation import task_queue, tasks
from wagtail_sms_automation.models import Doorbell, InboundMessage


def waiting():
    return sorted(task.func().rsplit(".", 1)[1] for task in OrmQ.objects.all())


@pytest.mark.django_db
def test_one_wake_up_of_a_kind_waits():
    for _ring in range(3):
        task_queue.wake("process")
    task_queue.wake("send")

    assert waiting() == ["process", "send"]


@pytest.mark.django_db
def test_a_drained_bell_rings_again():
    task_queue.wake("process")
    OrmQ.objects.all().delete()

    tasks.process()
    task_queue.wake("process")

    assert waiting() == ["process"]


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_message_rings_nothing():
    with pytest.raises(ValueError), transaction.atomic():
        task_queue.wake("process")
        raise ValueError

    assert waiting() == []
    assert not Doorbell.objects.filter(is_armed=True).exists()


@pytest.mark.django_db(transaction=True)
def test_another_broker_is_rung_after_the_commit():
    with (
        mock.patch.object(Conf, "ORM", None),
        mock.patch("django_q.tasks.async_task") as async_task,
    ):
        with transaction.atomic():
            task_queue.wake("process")
            assert not async_task.called
        assert async_task.call_count == 1


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_loses_nothing(text_us, caplog):
    with (
        mock.patch.object(Conf, "ORM", None),
        mock.patch("django_q.tasks.async_task", side_effect=ConnectionError),
    ):
        text_us("ORDER")

    assert InboundMessage.objects.pending().count() == 1
    assert "No wake-up" in caplog.text
    Doorbell.objects.update(armed_at=timezone.now() - timedelta(minutes=5))
    tasks.sweep()
    assert waiting() == ["process"]


@pytest.mark.django_db
def test_the_sweep_rings_for_what_a_crash_left():
    factories.InboundMessageFactory()
    factories.OutboundMessageFactory()

    tasks.sweep()

    assert waiting() == ["process", "send"]


@pytest.mark.django_db
def test_the_sweep_leaves_an_idle_queue_alone():
    tasks.sweep()

    assert waiting() == []


@pytest.mark.django_db
def test_a_full_first_batch_brings_another_worker():
    batches = iter([2, 1, 0])

    task_queue.drain("send", lambda: next(batches), full=2)

    assert waiting() == ["send"]


@pytest.mark.django_db
def test_a_task_out_of_time_rings_for_the_next(monkeypatch):
    monkeypatch.setattr(task_queue, "BUDGET", -1)
    batches = iter([1, 1])

    task_queue.drain("send", lambda: next(batches), full=2)

    assert waiting() == ["send"]
    assert next(batches) == 1


@pytest.mark.django_db
def test_migrate_installs_the_sweep_once():
    call_command("migrate", verbosity=0)
    call_command("migrate", verbosity=0)

    schedule = Schedule.objects.get(func="wagtail_sms_automation.tasks.sweep")
    assert (schedule.schedule_type, schedule.minutes) == (Schedule.MINUTES, 1)


@pytest.mark.django_db
def test_without_tables_of_django_q_migrating_goes_on():
    from django.db import OperationalError

    with mock.patch.object(
        Schedule.objects, "using", side_effect=OperationalError("no such table")
    ):
        task_queue.install_schedule(using="default")
