"""Sending: claim what is due, hand it to the gateway, record what came of it.

A claim is one transaction; the calls run side by side outside of any; the answers are
recorded together, fenced by the owner of the claim. A worker that dies in between
leaves a lease that runs out: what it held may have been sent, so nobody sends it again.
"""

import logging
import os
import random
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import timedelta
from functools import lru_cache, partial

from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django.urls import reverse
from django.utils import timezone

from . import circuits, claims, gateways, outbound, task_queue
from .conf import settings as sms_settings
from .gateways import base, mail
from .models import OutboundMessage
from .outbound_querysets import EMAIL
from .phone_numbers import mask
from .statements import storable


logger = logging.getLogger(__name__)

State = OutboundMessage.State

#: Messages that one worker sends side by side.
SLOTS = 32
#: Seconds between two renewals of the leases.
RENEW_EVERY = 4.0
#: Seconds after which a batch takes nothing more: other work waits for this worker.
BATCH_FOR = 2.0
#: While a slow answer is awaited the other slots go on for so long. With the longest
#: call, that stays below a task's timeout.
BATCH_FOR_AT_MOST = 20.0
SLOW_AFTER = 1.0
#: The longest wait between two attempts, in seconds.
LONGEST_WAIT = 300

#: Where an answer that comes late still counts.
IN_DOUBT = (State.SENDING, State.UNKNOWN)

Answered = tuple[OutboundMessage, base.Sent | base.GatewayError]


def deliver_batch() -> int:
    """Send what is due, side by side; how many messages were tried."""
    batch = _Batch()
    while True:
        began_at = time.monotonic()
        batch.claim()
        if not batch.in_flight:
            return batch.tried
        batch.record()
        batch.renew_leases()
        task_queue.let_others_write(time.monotonic() - began_at)


class _Batch:
    """What one task sends: messages in flight, under leases of one owner."""

    def __init__(self):
        self.owner, self.tried = uuid.uuid4(), 0
        #: Future of the answer -> message.
        self.in_flight = {}
        self._called_at = {}
        self._ran_dry, self._claims_no_more = True, False
        self._began_at = self._renewed_at = time.monotonic()

    def claim(self):
        """Fill the free slots, while there is time."""
        free = SLOTS - len(self.in_flight)
        if self._claims_no_more or not free or not self._has_time():
            return
        # A look takes no lock.
        if self._ran_dry and not OutboundMessage.objects.due(timezone.now()).exists():
            return
        try:
            claimed = claims.claim(self.owner, free)
        except Exception:
            if not self.in_flight:
                raise
            # What is being sent must be recorded; the next task claims.
            logger.exception("No more messages could be claimed.")
            _reconnect()
            self._claims_no_more = True
            return
        pool, now = _pool(os.getpid()), time.monotonic()
        for message in claimed:
            self.in_flight[pool.submit(_send, message)] = message
            self._called_at[message.pk] = now
        self.tried += len(claimed)
        self._ran_dry = len(claimed) < free

    def _has_time(self):
        """For a while; for longer where a slow answer keeps this worker anyway."""
        now = time.monotonic()
        called_at = [self._called_at[row.pk] for row in self.in_flight.values()]
        is_slow = bool(called_at) and now - min(called_at) > SLOW_AFTER
        return now - self._began_at < (BATCH_FOR_AT_MOST if is_slow else BATCH_FOR)

    def record(self):
        """Wait for answers, and record those that come."""
        answered, _ = wait(self.in_flight, 0.25, return_when=FIRST_COMPLETED)
        if answered and len(answered) < len(self.in_flight):
            # Answers that come together are recorded together.
            answered, _ = wait(self.in_flight, 0.005)
        if answered:
            record(
                [(self.in_flight.pop(future), future.result()) for future in answered],
                self.owner,
            )

    def renew_leases(self):
        """Show that this worker lives."""
        if time.monotonic() - self._renewed_at <= RENEW_EVERY:
            return
        self._renewed_at = time.monotonic()
        mine = [message.pk for message in self.in_flight.values()]
        try:
            OutboundMessage.objects.filter(
                pk__in=mine, owner=self.owner, state=State.SENDING
            ).update(leased_until=timezone.now() + claims.LEASE)
        except DatabaseError:
            # What is being sent must be recorded all the same.
            logger.exception("Leases could not be renewed.")
            _reconnect()


@lru_cache(maxsize=1)
def _pool(pid):
    """Sending threads of this process: a fork inherits none."""
    return ThreadPoolExecutor(SLOTS, thread_name_prefix="sms-send")


# Calling


def _send(message):
    """Hand one message over; the answer is Sent or a GatewayError, never raised."""
    try:
        send = _sender(message)
    except Exception as error:
        # A fault of the settings: nothing has left, and nothing need be lost.
        logger.exception("%s cannot be sent.", message.reference)
        return base.NotSent(f"{type(error).__name__}: {error}")
    try:
        return send()
    except base.GatewayError as error:
        return error
    except Exception as error:
        # It may have been accepted before this went wrong: never resend.
        logger.exception("Sending %s failed in an unforeseen way.", message.reference)
        return base.Unknown(f"{type(error).__name__}: {error}")
    finally:
        # A mail backend may keep e-mails in the database, each thread by itself.
        connections.close_all()


def _sender(message):
    """Prepare everything that can fail on our side; return the call that sends."""
    if message.channel == OutboundMessage.Channel.EMAIL:
        return partial(mail.send, message.subject, message.body, message.recipient)
    alias = message.gateway or "default"
    submission = base.Submission(
        reference=str(message.reference),
        originator=message.originator,
        recipient=message.recipient,
        body=message.body,
        report_url=_report_url(alias),
    )
    return partial(gateways.get_gateway(alias).send, submission)


def _report_url(alias):
    bases = sms_settings.WEBHOOK_BASE_URLS
    path = reverse("wagtail_sms_automation:delivery_report", args=[alias])
    return bases[0] + path if bases else ""


# Recording


def record(answers: Sequence[Answered], owner: uuid.UUID) -> None:
    """Write what came of some calls, unless another worker owns a message by now."""
    # In one order everywhere: workers must not wait for one another.
    answers = sorted(answers, key=lambda pair: pair[0].pk)
    sent = [pair for pair in answers if isinstance(pair[1], base.Sent)]
    if sent:
        _keep(partial(_record_sent, sent), f"{len(sent)} messages")
    for message, answer in answers:
        if not isinstance(answer, base.Sent):
            _keep(partial(_record_error, message, answer), message.reference)
        for report in getattr(answer, "reports", ()):
            _keep(partial(outbound.record_report, message.gateway, report), "a report")
    _tell_circuits(answers, owner)


def _keep(write, what):
    """Write an answer, twice if need be: else its lease runs out, and all is doubt."""
    for is_last in (False, True):
        try:
            return write()
        except Exception as error:
            _reconnect()
            if is_last or not isinstance(error, OperationalError | InterfaceError):
                logger.exception("The answer to %s was not kept.", what)
                return None


def _reconnect():
    """Drop a connection that may be broken; within a transaction it is not ours."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _record_sent(sent):
    OutboundMessage.objects.record_sent(
        [(message, answer.gateway_id) for message, answer in sent], timezone.now()
    )


def _record_error(message, error):
    mine = OutboundMessage.objects.filter(pk=message.pk, owner=message.owner)
    in_doubt = mine.filter(state__in=IN_DOUBT)
    changes = {
        "error": storable(str(error), 2000),
        "error_code": storable(error.code, 20),
    }
    if error.is_retryable:
        retried = changes | _retried(message, error) | {"leased_until": None}
        # Where a person has decided meanwhile, that stands.
        decided = in_doubt.exclude(review="")
        decided.update(
            **retried | {"state": State.FAILED, "settled_at": timezone.now()}
        )
        in_doubt.filter(review="").update(**retried)
    elif isinstance(error, base.Unknown):
        due_at = timezone.now() + claims.FIRST_LOOK_UP
        in_doubt.update(**changes, state=State.UNKNOWN, due_at=due_at)
    else:
        changes |= {"state": State.FAILED, "settled_at": timezone.now()}
        in_doubt.update(**changes, leased_until=None)
        if getattr(error, "is_opt_out", False):
            outbound.opt_out(message)
    if not error.is_retryable:
        logger.warning(
            "The message %s to %s is %s: %s",
            message.reference,
            mask(message.recipient),
            "unknown" if isinstance(error, base.Unknown) else "refused",
            error,
        )
    mine.update(owner=None)


def _retried(message, error):
    """The fields of a message that is tried again, or comes too late for that."""
    now = timezone.now()
    due_at = now + timedelta(seconds=_wait(message.attempts, error))
    if message.expires_at is not None and due_at >= message.expires_at:
        return {"state": State.EXPIRED, "settled_at": now, "due_at": due_at}
    return {"state": State.QUEUED, "due_at": due_at}


def _wait(attempts, error):
    """Seconds until the next attempt: as told, else growing with full jitter."""
    told = getattr(error, "retry_after", None)
    if told is not None:
        return max(0.0, told)
    longest = min(LONGEST_WAIT, 2**attempts)
    return random.uniform(0, longest)  # noqa: S311 - spreads load, guards nothing


def _tell_circuits(answers, owner):
    by_gateway = defaultdict(list)
    for message, answer in answers:
        by_gateway[_circuit_of(message)].append(answer)
    for gateway, its_answers in by_gateway.items():
        try:
            if not circuits.is_news(gateway, its_answers):
                continue
            with transaction.atomic():
                circuits.record(gateway, its_answers, timezone.now(), probe=owner)
        except Exception:
            logger.exception("The circuit breaker of %s was not told.", gateway)


def _circuit_of(message):
    if message.channel == OutboundMessage.Channel.EMAIL:
        return EMAIL
    return message.gateway or "default"
