"""A process, simulated: one thread, a clock of its own, killed at any statement."""

import itertools
import logging
import random
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from unittest import mock

import time_machine
from django.apps import apps
from django.core.management.color import no_style
from django.db import connections
from django_q.models import OrmQ
from wagtail.models import ModelLogEntry

from wagtail_sms_automation import rulebook, task_queue
from wagtail_sms_automation.models import Doorbell


#: Before the tests set them to nothing.
BELIEVED, BELIEVED_LONGEST = task_queue.BELIEVED, task_queue.BELIEVED_LONGEST


class Killed(BaseException):
    """The process ends here, without a word."""


@contextmanager
def process(start, jitter):
    """Run what follows in one thread, by a clock that only shift() moves on.

    Waiting moves it on too. jitter, from 0 to 1, stands in for all that is random.
    """
    looks = itertools.count()
    with (
        time_machine.travel(start, tick=False) as clock,
        mock.patch.object(ThreadPoolExecutor, "submit", _do_at_once),
        mock.patch.object(time, "sleep", clock.shift),
        # Each look takes a millisecond: what goes on for ever runs out of time.
        mock.patch.object(time, "monotonic", lambda: time.time() + next(looks) / 1000),
        # As in a site: who stores believes bells that another process answers.
        mock.patch.object(task_queue, "BELIEVED", BELIEVED),
        mock.patch.object(task_queue, "BELIEVED_LONGEST", BELIEVED_LONGEST),
        mock.patch.object(task_queue, "_disarm", Doorbell.objects.disarm),
        mock.patch.object(random, "uniform", lambda a, b: a + (b - a) * jitter),
    ):
        logging.disable()
        # A new process has seen no bell.
        task_queue._armed_until.clear()
        try:
            yield clock
        finally:
            logging.disable(logging.NOTSET)


class _Done(Future):
    """A result; a set of them has the same order in each run."""

    numbers = itertools.count()

    def __init__(self):
        super().__init__()
        self._number = next(self.numbers)

    def __hash__(self):
        return self._number

    __eq__ = object.__eq__


def _do_at_once(executor, function, *args):
    done = _Done()
    # An error of the function's is the caller's: Killed ends them both.
    done.set_result(function(*args))
    return done


@contextmanager
def killed_before(number):
    """Kill the process before its statement or commit of this number; None: never.

    Yields a list that is not empty once it was. The database rolls back what was not
    committed.
    """
    connection, numbers, killed = connections["default"], itertools.count(), []
    commit = connection.commit

    def live_on():
        if next(numbers) == number:
            raise Killed

    def execute(run, *args):
        live_on()
        return run(*args)

    def end():
        try:
            live_on()
        except Killed:
            connection.rollback()
            raise
        commit()

    try:
        with (
            connection.execute_wrapper(execute),
            mock.patch.object(connection, "commit", end),
        ):
            yield killed
    except Killed:
        killed.append(True)
        # The next process has nothing in memory.
        rulebook.forget()


def empty_tables():
    """Delete what an example left: its transactions were real."""
    models = apps.get_app_config("wagtail_sms_automation").get_models()
    tables = [one._meta.db_table for one in (*models, OrmQ, ModelLogEntry)]
    connection = connections["default"]
    connection.ops.execute_sql_flush(
        connection.ops.sql_flush(no_style(), tables, allow_cascade=True)
    )
    rulebook.forget()
