"""How fast a backlog is worked off, beside as many no-op tasks on the same broker.

Both wait in one transaction: its commit starts the clock, with the cluster warm. The
clock stops when nothing is left: all replies recorded as sent, all tasks acknowledged.
"""

import time
from collections.abc import Callable, Iterator
from statistics import median

from django.db import transaction
from django_q.models import OrmQ
from django_q.tasks import async_task

from wagtail_sms_automation import task_queue
from wagtail_sms_automation.models import InboundMessage

from . import backlog, processes, restaurant


#: Seconds in which a backlog must be gone.
PATIENCE = 300
#: Seconds after which no further round begins.
LONG = 40


def measure(count: int, rounds: int) -> tuple[float, float]:
    """Messages a second and no-op tasks a second, in turns."""
    with processes.cluster():
        restaurant.wait_for_cluster()
        _messages_per_second(100)
        _no_ops_per_second(100)
        pairs = list(_pairs(count, rounds))
    ours, peers = zip(*pairs, strict=True)
    return median(ours), median(peers)


def _pairs(count: int, rounds: int) -> Iterator[tuple[float, float]]:
    """In turns, as whatever else runs hits both; fewer where the machine is slow."""
    started_at = time.monotonic()
    for number in range(rounds):
        if number and time.monotonic() > started_at + LONG:
            return
        peer = _no_ops_per_second(count)
        yield _messages_per_second(count), peer


def _messages_per_second(count: int) -> float:
    before = backlog.replies().count()

    def queue() -> None:
        backlog.store(count)
        task_queue.wake("process")

    seconds = _seconds(queue, _is_all_sent)
    if backlog.replies().count() != before + count:
        raise RuntimeError("Not every message has one reply that was sent.")
    return count / seconds


def _no_ops_per_second(count: int) -> float:
    def queue() -> None:
        for _number in range(count):
            async_task("benchmarks.no_op.nothing")

    return count / _seconds(queue, lambda: not OrmQ.objects.exists())


def _seconds(queue: Callable[[], None], is_done: Callable[[], bool]) -> float:
    with transaction.atomic():
        queue()
        started_at = time.perf_counter()
    while not is_done():
        if time.perf_counter() > started_at + PATIENCE:
            raise RuntimeError("The backlog is not worked off.")
        time.sleep(0.02)
    return time.perf_counter() - started_at


def _is_all_sent() -> bool:
    """Ask in this order: what is no longer pending has its reply in the outbox."""
    if InboundMessage.objects.pending().exists():
        return False
    return not backlog.unsent().exists()
