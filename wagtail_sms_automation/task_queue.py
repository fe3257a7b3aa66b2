"""The queue: it only wakes workers, the tables say what there is to do.

The one module that knows django-q2. A wake-up carries nothing, so a lost, doubled or
late one costs time and never a message.
"""

import logging
import time
from datetime import timedelta
from functools import partial

from django.db import DatabaseError, router, transaction
from django.utils import timezone

from .models import Doorbell


logger = logging.getLogger(__name__)

#: How long one task goes on draining before it rings for the next, in seconds.
BUDGET = 4.0
#: A wake-up that has not been answered for so long is lost.
LOST_AFTER = timedelta(seconds=90)

SCHEDULE_NAME = "wagtail_sms_automation: sweep"


def wake(kind):
    """Ring for a worker of this kind, unless one is on its way already.

    With the ORM broker on our database the task is part of the caller's transaction;
    otherwise it is queued once that has been committed.
    """
    if not Doorbell.objects.arm(kind):
        return
    if _is_transactional():
        _ring(kind)
    else:
        alias = router.db_for_write(Doorbell)
        transaction.on_commit(partial(_ring_if_possible, kind), using=alias)


def drain(kind, handle_batch, *, full):
    """Call handle_batch until it handles nothing, or this task's time is up.

    handle_batch returns how many it handled; a first batch as large as full brings
    another worker.
    """
    Doorbell.objects.disarm(kind)
    stop_at = time.monotonic() + BUDGET
    handled = handle_batch()
    if handled >= full:
        wake(kind)
    while handled:
        if time.monotonic() > stop_at:
            wake(kind)
            return
        handled = handle_batch()


def ring_again():
    """Let bells ring anew whose wake-up was lost (a flushed broker, a new key)."""
    lost = Doorbell.objects.rung_before(timezone.now() - LOST_AFTER)
    for kind in lost.values_list("kind", flat=True):
        Doorbell.objects.disarm(kind)
        wake(kind)


def install_schedule(using="default", **kwargs):
    """Make the sweep run each minute; bound to post_migrate."""
    from django_q.models import Schedule

    if router.db_for_write(Schedule) != using:
        return
    try:
        with transaction.atomic(using=using):
            Schedule.objects.using(using).get_or_create(
                name=SCHEDULE_NAME,
                defaults={
                    "func": "wagtail_sms_automation.tasks.sweep",
                    "schedule_type": Schedule.MINUTES,
                    "minutes": 1,
                },
            )
    except DatabaseError:
        # Only our app was migrated so far; the next migrate installs it.
        logger.info("django_q has no tables yet; the sweep is not scheduled.")


def _is_transactional():
    from django_q.conf import Conf

    if Conf.SYNC or Conf.BROKER_CLASS or Conf.IRON_MQ or Conf.SQS:
        return False
    return router.db_for_write(Doorbell) == Conf.ORM


def _ring(kind):
    from django_q.tasks import async_task

    async_task(f"wagtail_sms_automation.tasks.{kind}", task_name=f"sms-{kind}")


def _ring_if_possible(kind):
    try:
        _ring(kind)
    except Exception:
        # The broker is down: what is committed waits for the sweep.
        logger.exception("No wake-up for %s could be queued.", kind)
