"""How fast a backlog is worked off, beside as many no-op tasks on the same broker.

Both wait in one transaction: its commit starts the clock, with the cluster warm. The
clock stops when nothing is left: all replies recorded as sent, all tasks acknowledged.
"""

import time
import uuid
from collections.abc import Callable
from statistics import median

from django.db import transaction
from django_q.models import OrmQ
from django_q.tasks import async_task

from wagtail_sms_automation import task_queue
from wagtail_sms_automation.models import Contact, InboundMessage, OutboundMessage

from . import processes, restaurant
from .site import KEYWORDS, ORIGINATOR, phone_number


#: Seconds in which a backlog must be gone.
PATIENCE = 300
PENDING = InboundMessage.State.PENDING
UNSENT = (OutboundMessage.State.QUEUED, OutboundMessage.State.SENDING)


def measure(count: int, rounds: int) -> tuple[float, float]:
    """Messages a second and no-op tasks a second, in turns."""
    restaurant.open()
    with processes.cluster():
        restaurant.wait_for_cluster()
        _messages_per_second(100)
        _no_ops_per_second(100)
        ours, peers = [], []
        for _number in range(rounds):
            peers.append(_no_ops_per_second(count))
            ours.append(_messages_per_second(count))
    return median(ours), median(peers)


def _messages_per_second(count: int) -> float:
    sent = OutboundMessage.objects.filter(state=OutboundMessage.State.SENT)
    before = sent.count()

    def queue() -> None:
        store(count)
        task_queue.wake("process")

    seconds = _seconds(queue, _is_all_sent)
    if sent.count() != before + count:
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
    if InboundMessage.objects.filter(state=PENDING).exists():
        return False
    return not OutboundMessage.objects.filter(state__in=UNSENT).exists()


def store(count: int) -> None:
    """Store messages as the webhook leaves them, two of each contact."""
    contacts = _contacts(count // 2 or 1)
    InboundMessage.objects.bulk_create(
        InboundMessage(
            gateway="default",
            gateway_id=uuid.uuid4().hex,
            contact=contacts[number % len(contacts)],
            message_type="sms",
            body=f"{KEYWORDS[number % len(KEYWORDS)]} for two at noon, please",
            originator=contacts[number % len(contacts)].phone_number,
            recipient=ORIGINATOR,
        )
        for number in range(count)
    )


def _contacts(count: int) -> list[Contact]:
    numbers = [phone_number(number) for number in range(count)]
    Contact.objects.bulk_create(
        [Contact(phone_number=number) for number in numbers], ignore_conflicts=True
    )
    return list(Contact.objects.filter(phone_number__in=numbers))
