"""From stored to handed over, at a pace a busy restaurant has, beside a no-op task."""

import time

from django.utils import timezone
from django_q.tasks import async_task

from . import load, processes, restaurant
from .backlog import replies
from .models import NoOpRun
from .requests import signed_requests


RATE = 5
#: Sent first and not measured: workers that have just started make connections.
WARM_UP = 20
WEBHOOK = "/sms/default/inbound/"
#: Seconds for the last one to come through.
PATIENCE = 60


def measure(seconds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each message and of each no-op task."""
    with processes.web_server() as port, processes.cluster():
        restaurant.wait_for_cluster()
        with load.generator(port) as generator:
            ours = _messages(generator, RATE * seconds)
        return ours, _no_ops(RATE * seconds)


def _messages(generator: load.Generator, count: int) -> list[float]:
    """From the moment our webhook stored it to the gateway's answer."""
    before = replies().count()
    generator.latencies(signed_requests(WEBHOOK, WARM_UP), RATE)
    _wait_for(before + WARM_UP, replies())
    measured = replies().filter(inbound__received_at__gte=timezone.now())
    generator.latencies(signed_requests(WEBHOOK, count), RATE)
    _wait_for(count, measured)
    moments = measured.values_list("inbound__received_at", "sent_at")
    return [_milliseconds(*pair) for pair in moments]


def _no_ops(count: int) -> list[float]:
    ran = NoOpRun.objects.filter(queued_at__gte=timezone.now())
    started_at = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, started_at + number / RATE - time.monotonic()))
        async_task("benchmarks.no_op.note", timezone.now().isoformat())
    _wait_for(count, ran)
    moments = ran.values_list("queued_at", "ran_at")
    return [_milliseconds(*pair) for pair in moments]


def _wait_for(count, rows):
    deadline = time.monotonic() + PATIENCE
    while rows.count() < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"Only {rows.count()} of {count} came through.")
        time.sleep(0.1)


def _milliseconds(start, end):
    return (end - start).total_seconds() * 1000
