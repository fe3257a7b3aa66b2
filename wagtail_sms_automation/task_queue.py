"""The queue: it only wakes workers, the tables say what there is to do.

The one module that knows django-q2. A wake-up carries nothing, so a lost, doubled or
late one costs time and never a message.
"""

import gc
import logging
import threading
import time
from datetime import timedelta
from functools import partial

from django.apps import apps
from django.db import (
    DatabaseError,
    close_old_connections,
    connection,
    transaction,
)
from django.utils import timezone

from .models import Doorbell


logger = logging.getLogger(__name__)

#: How long one task goes on draining before it rings for the next, in seconds.
BUDGET = 4.0
#: A wake-up that was not answered for so long may be lost: a second one is rung.
OVERDUE_AFTER = timedelta(seconds=10)
#: At most so many wait, unless the queue stands still for LOST_AFTER.
MOST_WAITING = 2
LOST_AFTER = timedelta(minutes=5)
#: Seconds for which a process may believe that a bell it saw armed still is. Whoever
#: answers one looks again once they have passed, by BELIEVED_LONGEST.
BELIEVED = 0.02
BELIEVED_LONGEST = 0.05
#: Seconds between two sweeps of one worker: a crash is found within.
SWEEP_EVERY = 5.0

#: Whether this thread stands in for a cluster that hands out no tasks.
_here = threading.local()

#: Until when, on the monotonic clock, a bell is believed armed, by kind.
_armed_until = {}

SCHEDULE_NAME = "wagtail_sms_automation: sweep"


def wake(kind):
    """Ring for a worker once this transaction is committed, whatever the broker.

    Rung earlier, the worker could disarm the bell and look before the commit: it
    would find nothing, and nobody would ring again.
    """
    transaction.on_commit(partial(_ring, kind))


def drain(kind, handle_batch, *, next_due_at, full):
    """Call handle_batch until nothing is due, or this task's time is up.

    handle_batch returns how many it handled; a first batch as large as full brings
    another worker. What falls due within this task's time is waited for. Where
    handle_batch raises, the sweep finds what those who believed the bell stored.
    """
    if not getattr(_here, "stands_in", False):
        _disarm(kind)
    looked_at = time.monotonic()
    stop_at, settled_at = looked_at + BUDGET, looked_at + BELIEVED_LONGEST
    handled = _handle(handle_batch)
    if handled >= full:
        wake(kind)
    while (
        handled
        or _look_again(settled_at, looked_at)
        or _wait_until(next_due_at(), stop_at)
    ):
        looked_at = time.monotonic()
        if looked_at > stop_at:
            wake(kind)
            return
        handled = _handle(handle_batch)


def _handle(handle_batch):
    began_at = time.monotonic()
    handled = handle_batch()
    let_others_write(time.monotonic() - began_at)
    return handled


def let_others_write(seconds):
    """Leave a gap after writing for so long, where only one may write at a time.

    Who waits for SQLite's lock looks again every now and then: without gaps, a webhook
    would find it taken until its patience ends.
    """
    if connection.vendor == "sqlite":
        time.sleep(min(seconds / 20, 0.05))


def _look_again(settled_at, looked_at):
    """Say whether to look again: the last look began before all was settled.

    That it ended later says nothing: what it saw was of when it began.
    """
    if looked_at >= settled_at:
        return False
    time.sleep(max(0, settled_at - time.monotonic()))
    return True


def _wait_until(due_at, stop_at):
    """Sleep until a moment and say True; False if it is not within the time left."""
    if due_at is None:
        return False
    seconds = (due_at - timezone.now()).total_seconds()
    if time.monotonic() + max(0, seconds) > stop_at:
        return False
    # Never a busy loop, even where what is due cannot be claimed just now.
    time.sleep(max(0.05, seconds))
    return True


def ring_again():
    """Ring again where a wake-up seems lost (a crash, a flushed broker, a new key)."""
    now = timezone.now()
    overdue = Doorbell.objects.unanswered(
        now - OVERDUE_AFTER, MOST_WAITING
    ) | Doorbell.objects.unanswered(now - LOST_AFTER)
    for kind in overdue.values_list("kind", flat=True):
        if Doorbell.objects.ring_once_more(kind, now):
            _queue(kind)


def sweep_in_workers(sweep, tasks=()):
    """Have every worker sweep when it starts, and every few seconds from then on.

    A schedule of django-q2 looks twice a minute; and a worker that starts may stand in
    for one that was killed. The tasks are done in the same way should no queue give
    them out.
    """
    if not apps.is_installed("django_q"):
        # A system check says so.
        return
    from django_q.signals import post_spawn

    def settle_in(**kwargs):
        # What is loaded by now stays. To walk through it in search of garbage takes a
        # fifth of a batch's time.
        gc.freeze()
        _start_sweeping(sweep, tasks)

    post_spawn.connect(settle_in, weak=False, dispatch_uid="sms_sweep")


def stand_in(tasks):
    """Do in this process what was rung for again and again and no worker took up.

    A worker that is killed while it waits for a task takes the lock of its cluster's
    inner queue with it: from then on every process lives, and none is given a task. The
    bells stay armed, so no more wake-ups pile up and the next sweep works at once.
    """
    unanswered = Doorbell.objects.unanswered(timezone.now() - OVERDUE_AFTER)
    if not unanswered.filter(rings__gte=MOST_WAITING).exists():
        return
    logger.warning(
        "No worker takes up what it is woken for; it is done aside. If this goes on, "
        "restart the cluster."
    )
    _here.stands_in = True
    try:
        for task in tasks:
            task()
    finally:
        _here.stands_in = False


def _start_sweeping(sweep, tasks):
    threading.Thread(
        target=_sweep_for_ever, args=[sweep, tasks], name="sms-sweep", daemon=True
    ).start()


def _sweep_for_ever(sweep, tasks):
    while True:
        close_old_connections()
        try:
            sweep()
            stand_in(tasks)
        except Exception:
            # The database may be away; the next sweep sees.
            logger.exception("A sweep failed.")
        time.sleep(SWEEP_EVERY)


def install_schedule(using="default", **kwargs):
    """Make the sweep run each minute; bound to post_migrate."""
    from django_q.models import Schedule

    try:
        with transaction.atomic(using=using):
            schedules = Schedule.objects.using(using)
            if not schedules.filter(name=SCHEDULE_NAME).exists():
                schedules.create(
                    name=SCHEDULE_NAME,
                    func="wagtail_sms_automation.tasks.sweep",
                    schedule_type=Schedule.MINUTES,
                    minutes=1,
                )
    except DatabaseError:
        # Only our app was migrated so far; the next migrate installs it.
        logger.info("django_q has no tables yet; the sweep is not scheduled.")


def _ring(kind):
    """Queue one task, unless one is on its way already; never raise.

    What is committed is: whoever made it must not be told that it failed.
    """
    if time.monotonic() < _armed_until.get(kind, 0):
        return
    # Taken before the look: it may take a while.
    now = time.monotonic()
    try:
        is_first = Doorbell.objects.arm(kind)
    except Exception:
        logger.exception("The bell for %s could not be rung.", kind)
    else:
        _armed_until[kind] = now + BELIEVED
        if is_first:
            _queue(kind)


def _disarm(kind):
    _armed_until.pop(kind, None)
    Doorbell.objects.disarm(kind)


def _queue(kind):
    from django_q.tasks import async_task

    try:
        async_task(f"wagtail_sms_automation.tasks.{kind}", task_name=f"sms-{kind}")
    except Exception:
        # The broker is down: what is committed waits for the next ring or the sweep.
        logger.exception("No wake-up for %s could be queued.", kind)
        try:
            _disarm(kind)
        except Exception:
            logger.exception("The bell for %s stays armed.", kind)
