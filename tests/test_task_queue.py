"""The doorbell: at most one wake-up of a kind waits, and a lost one is rung again."""

import importlib.util
import threading
import time
from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.signals import post_spawn

from tests import factories
from wagtail_sms_automation import processing, task_queue, tasks
from wagtail_sms_automation.models import Doorbell, InboundMessage


def in_a_while(length):
    return time_machine.travel(timezone.now() + length + timedelta(seconds=1))


def waiting():
    return sorted(task.func().rsplit(".", 1)[1] for task in OrmQ.objects.all())


@pytest.mark.django_db(transaction=True)
def test_one_wake_up_of_a_kind_waits():
    for _ring in range(3):
        task_queue.wake("process")
    task_queue.wake("send")

    assert waiting() == ["process", "send"]


@pytest.mark.django_db(transaction=True)
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
def test_what_falls_due_while_the_task_lasts_is_waited_for():
    batches = iter([0, 1, 0])

    drain(batches, due_in=timedelta(seconds=0.1))

    assert list(batches) == []


@pytest.mark.django_db(transaction=True)
def test_what_falls_due_later_is_left_to_the_sweep():
    batches = iter([0, 1])

    drain(batches, due_in=timedelta(minutes=1))

    assert list(batches) == [1]


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_after_the_commit():
    with transaction.atomic():
        task_queue.wake("process")
        assert waiting() == []

    assert waiting() == ["process"]


@pytest.mark.django_db(transaction=True)
def test_a_task_that_ends_before_the_commit_is_followed_by_another(text_us):
    """The bell was armed for an earlier message when a second one is being stored."""
    task_queue.wake("process")
    with transaction.atomic():
        text_us("ORDER")
        # What a worker does meanwhile, in its own connection.
        OrmQ.objects.all().delete()
        Doorbell.objects.disarm("process")

    assert waiting() == ["process"]


@pytest.mark.django_db(transaction=True)
def test_a_bell_seen_armed_is_believed_for_a_moment(
    monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(task_queue, "BELIEVED", 0.2)
    task_queue.wake("process")

    with django_assert_num_queries(0):
        task_queue.wake("process")
    time.sleep(0.25)
    with django_assert_num_queries(1):
        task_queue.wake("process")

    assert waiting() == ["process"]


@pytest.mark.django_db(transaction=True)
def test_what_a_believed_bell_did_not_ring_for_is_found(text_us, monkeypatch):
    """Stored just after a worker of another process answered the bell and looked."""
    monkeypatch.setattr(task_queue, "BELIEVED", 5)
    monkeypatch.setattr(task_queue, "BELIEVED_LONGEST", 2)
    monkeypatch.setattr(task_queue, "_disarm", Doorbell.objects.disarm)
    text_us("ORDER")
    OrmQ.objects.all().delete()
    looks = iter(["ORDER", "nothing", "MENU"])

    def handle():
        if next(looks, None) == "nothing":
            text_us("MENU")
            return 0
        return processing.process_batch()

    task_queue.drain("process", handle, next_due_at=lambda: None, full=200)

    assert not InboundMessage.objects.pending().exists()
    assert waiting() == []


@pytest.mark.django_db(transaction=True)
def test_a_slow_look_is_not_the_last(text_us, monkeypatch):
    """It saw nothing of what was stored while it lasted."""
    monkeypatch.setattr(task_queue, "BELIEVED", 5)
    monkeypatch.setattr(task_queue, "BELIEVED_LONGEST", 0.05)
    monkeypatch.setattr(task_queue, "_disarm", Doorbell.objects.disarm)
    task_queue.wake("process")
    OrmQ.objects.all().delete()
    looks = iter(["slow"])

    def handle():
        if next(looks, None) is None:
            return processing.process_batch()
        text_us("MENU")
        time.sleep(0.1)
        return 0

    task_queue.drain("process", handle, next_due_at=lambda: None, full=200)

    assert not InboundMessage.objects.pending().exists()
    assert waiting() == []


@pytest.mark.django_db(transaction=True)
def test_a_queue_and_a_bell_that_fail_together_harm_nobody(text_us, monkeypatch):
    monkeypatch.setattr(task_queue, "_disarm", mock.Mock(side_effect=DatabaseError))
    with mock.patch("django_q.tasks.async_task", side_effect=DatabaseError):
        assert text_us("ORDER")

    assert InboundMessage.objects.pending().count() == 1


def test_the_last_look_comes_after_the_last_who_believed():
    spec = importlib.util.find_spec("wagtail_sms_automation.task_queue")
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)

    assert 0 < 2 * fresh.BELIEVED < fresh.BELIEVED_LONGEST


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_loses_nothing(text_us, caplog):
    with mock.patch("django_q.tasks.async_task", side_effect=ConnectionError):
        text_us("ORDER")

    assert InboundMessage.objects.pending().count() == 1
    assert "No wake-up" in caplog.text
    text_us("MENU")
    assert waiting() == ["process"]


@pytest.mark.django_db(transaction=True)
def test_a_repetition_rings_too(text_us):
    """It locked the contact, and a worker may have passed that by meanwhile."""
    text_us("ORDER", gateway_id="1")
    OrmQ.objects.all().delete()
    Doorbell.objects.disarm("process")

    assert text_us("ORDER", gateway_id="1") is None

    assert waiting() == ["process"]


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_that_a_broker_lost_is_rung_again(text_us):
    text_us("ORDER")
    OrmQ.objects.all().delete()
    tasks.sweep()
    assert waiting() == []

    with in_a_while(task_queue.OVERDUE_AFTER):
        tasks.sweep()
    assert waiting() == ["process"]


@pytest.mark.django_db(transaction=True)
def test_at_most_two_wake_ups_of_a_kind_wait(text_us):
    """However often a busy queue is swept."""
    text_us("ORDER")
    for minute in range(1, 5):
        with in_a_while(timedelta(minutes=minute)):
            tasks.sweep()
            text_us("ORDER")

    assert waiting() == ["process", "process"]


@pytest.mark.django_db(transaction=True)
def test_a_broker_flushed_twice_is_rung_in_the_end(text_us):
    text_us("ORDER")
    with in_a_while(timedelta(minutes=1)):
        tasks.sweep()
    OrmQ.objects.all().delete()

    with in_a_while(timedelta(minutes=1) + task_queue.LOST_AFTER):
        tasks.sweep()

    assert waiting() == ["process"]


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_answers_begins_the_count_anew(text_us):
    text_us("ORDER")
    with in_a_while(timedelta(minutes=1)):
        tasks.sweep()
    OrmQ.objects.all().delete()
    tasks.process()

    text_us("ORDER")

    assert waiting() == ["process"]
    assert Doorbell.objects.get(kind="process").rings == 1


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_ring_once(text_us):
    text_us("ORDER")
    later = timezone.now() + timedelta(minutes=1)

    assert Doorbell.objects.ring_once_more("process", later)
    stale = Doorbell.objects.filter(armed_at__lt=timezone.now())
    assert not stale.exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_sweeps_when_it_starts_and_again(monkeypatch):
    swept = threading.Semaphore(0)
    monkeypatch.setattr(task_queue, "SWEEP_EVERY", 0.01)

    def sweep():
        swept.release()
        raise ConnectionError("The database is away.")

    with mock.patch.object(post_spawn, "receivers", []):
        task_queue.sweep_in_workers(sweep)
        post_spawn.send(sender="django_q", proc_name="worker")

        assert all(swept.acquire(timeout=5) for _time in range(3))
        monkeypatch.setattr(task_queue, "SWEEP_EVERY", 3600)


@pytest.mark.django_db(transaction=True)
def test_what_was_rung_for_in_vain_is_done_without_the_queue(text_us):
    text_us("ORDER")
    with in_a_while(timedelta(minutes=1)):
        tasks.sweep()
        task_queue.stand_in([tasks.process])
    assert InboundMessage.objects.pending().exists()

    with in_a_while(timedelta(minutes=2)):
        task_queue.stand_in([tasks.process])
        assert not InboundMessage.objects.pending().exists()

        # And the next one at once, without yet another wake-up.
        text_us("MENU")
        task_queue.stand_in([tasks.process])

    assert not InboundMessage.objects.pending().exists()
    assert waiting().count("process") == task_queue.MOST_WAITING


@pytest.mark.django_db(transaction=True)
def test_the_sweep_rings_for_what_a_crash_left():
    factories.InboundMessageFactory()
    factories.OutboundMessageFactory()

    tasks.sweep()

    assert waiting() == ["process", "send"]


@pytest.mark.django_db(transaction=True)
def test_the_sweep_leaves_an_idle_queue_alone():
    tasks.sweep()

    assert waiting() == []


def drain(batches, *, due_in=None):
    """Drain batches of these sizes; the next one falls due in so many seconds."""
    moments = iter([] if due_in is None else [timezone.now() + due_in])
    task_queue.drain(
        "send",
        lambda: next(batches),
        next_due_at=lambda: next(moments, None),
        full=2,
    )


@pytest.mark.django_db(transaction=True)
def test_a_full_first_batch_brings_another_worker():
    drain(iter([2, 1, 0]))

    assert waiting() == ["send"]


@pytest.mark.django_db(transaction=True)
def test_a_task_out_of_time_rings_for_the_next(monkeypatch):
    monkeypatch.setattr(task_queue, "BUDGET", -1)
    batches = iter([1, 1])

    drain(batches)

    assert waiting() == ["send"]
    assert next(batches) == 1


@pytest.mark.django_db
def test_migrate_installs_the_sweep_once():
    call_command("migrate", verbosity=0)
    call_command("migrate", verbosity=0)

    schedule = Schedule.objects.get(func="wagtail_sms_automation.tasks.sweep")
    assert (schedule.schedule_type, schedule.minutes) == (Schedule.MINUTES, 1)


@pytest.mark.django_db
def test_two_schedules_of_that_name_do_not_stop_migrate():
    row = {
        "name": task_queue.SCHEDULE_NAME,
        "func": "wagtail_sms_automation.tasks.sweep",
    }
    Schedule.objects.bulk_create([Schedule(**row), Schedule(**row)])

    task_queue.install_schedule(using="default")


@pytest.mark.django_db
def test_without_tables_of_django_q_migrating_goes_on():
    from django.db import OperationalError

    with mock.patch.object(
        Schedule.objects, "using", side_effect=OperationalError("no such table")
    ):
        task_queue.install_schedule(using="default")


def test_without_django_q_the_site_starts_and_is_checked():
    with (
        mock.patch.object(post_spawn, "receivers", []) as receivers,
        mock.patch.object(task_queue.apps, "is_installed", return_value=False),
    ):
        task_queue.sweep_in_workers(tasks.sweep)

    assert receivers == []
