"""The queue: it only wakes workers, the tables say what there is to do.

The one module that knows django-q2. A wake-up carries nothing, so a lost, doubled or
late one costs time and never a message.
"""

import logging
import time
from datetime import timedelta
from functools import partial

from django.db import DatabaseError, transaction
from django.utils import timezone

from .models import Doorbell


logger = logging.getLogger(__name__)

#: How long one task goes on draining before it rings for the next, in seconds.
BUDGET = 4.0
#: A wake-up that has not been answered for so long is lost.
LOST_AFTER = timedelta(seconds=90)

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
    another worker. What falls due within this task's time is waited for.
    """
    Doorbell.objects.disarm(kind)
    stop_at = time.monotonic() + BUDGET
    handled = handle_batch()
    if handled >= full:
        wake(kind)
    while handled or _wait_until(next_due_at(), stop_at):
        if time.monotonic() > stop_at:
            wake(kind)
            return
        handled = handle_batch()


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
    """Let bells ring anew whose wake-up was lost (a flushed broker, a new key)."""
    lost = Doorbell.objects.rung_before(timezone.now() - LOST_AFTER)
    for kind in lost.values_list("kind", flat=True):
        Doorbell.objects.disarm(kind)
        wake(kind)


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
    """Queue one task, unless one is on its way already."""
    from django_q.tasks import async_task

    if not Doorbell.objects.arm(kind):
        return
    try:
        async_task(f"wagtail_sms_automation.tasks.{kind}", task_name=f"sms-{kind}")
    except Exception:
        # The broker is down: what is committed waits for the next ring or the sweep.
        Doorbell.objects.disarm(kind)
        logger.exception("No wake-up for %s could be queued.", kind)
