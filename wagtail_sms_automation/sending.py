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
from datetime import datetime, timedelta
from functools import lru_cache, partial

from django.db import DatabaseError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from . import circuits, gateways, outbound, rates, spending, task_queue
from .conf import settings as sms_settings
from .engine.guards import SILENT_AFTER_STOP
from .gateways import base, mail
from .models import OptOut, OutboundMessage, SmsSettings
from .phone_numbers import mask, region_of
from .querysets import EMAIL, storable


logger = logging.getLogger(__name__)

State = OutboundMessage.State
HeldBy = OutboundMessage.HeldBy

#: Messages that one worker sends side by side.
SLOTS = 32
#: Renewed while a message is being sent; a worker that does not is dead.
LEASE = timedelta(seconds=15)
RENEW_EVERY = 4.0
#: Seconds after which a batch takes nothing more: other work waits for this worker.
BATCH_FOR = 2.0
#: While a slow answer is awaited the other slots go on for so long. With the longest
#: call, that stays below a task's timeout.
BATCH_FOR_AT_MOST = 20.0
SLOW_AFTER = 1.0
#: The longest wait between two attempts, in seconds.
LONGEST_WAIT = 300

#: How long a delivery report is awaited before the provider is asked.
FIRST_LOOK_UP = timedelta(seconds=30)

#: Where an answer that comes late still counts.
IN_DOUBT = (State.SENDING, State.UNKNOWN)

Answered = tuple[OutboundMessage, base.Sent | base.GatewayError]


def has_work() -> bool:
    """True when messages are due that a gateway may be tried with."""
    now = timezone.now()
    open_now = [
        gateway
        for gateway, may_be_probed in circuits.open_gateways(now).items()
        if not may_be_probed
    ]
    return OutboundMessage.objects.due(now).not_by(open_now).exists()


def next_due_at() -> datetime | None:
    """When the next message may be sent that may not be sent now."""
    now = timezone.now()
    moments = [
        OutboundMessage.objects.next_due_at(now),
        circuits.next_attempt_at(now),
        *rates.exhausted(sms_settings.RATES, now).values(),
    ]
    return min(filter(None, moments), default=None)


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
        self._ran_dry = True
        self._began_at = self._renewed_at = time.monotonic()

    def claim(self):
        """Fill the free slots, while there is time."""
        free = SLOTS - len(self.in_flight)
        if not free or not self._has_time():
            return
        # A look takes no lock.
        if self._ran_dry and not OutboundMessage.objects.due(timezone.now()).exists():
            return
        try:
            claimed = claim(self.owner, free)
        except DatabaseError:
            if not self.in_flight:
                raise
            # What is being sent must be recorded; the next task claims.
            logger.exception("No more messages could be claimed.")
            self._began_at -= BATCH_FOR_AT_MOST
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
        if time.monotonic() - self._renewed_at > RENEW_EVERY:
            self._renewed_at = time.monotonic()
            mine = OutboundMessage.objects.filter(
                pk__in=[message.pk for message in self.in_flight.values()],
                owner=self.owner,
                state=State.SENDING,
            )
            mine.update(leased_until=timezone.now() + LEASE)


@lru_cache(maxsize=1)
def _pool(pid):
    """Sending threads of this process: a fork inherits none."""
    return ThreadPoolExecutor(SLOTS, thread_name_prefix="sms-send")


# Claiming


def claim(owner: uuid.UUID, wanted: int) -> list[OutboundMessage]:
    """Take what may be sent now, in order and under a lease; hold what must not be."""
    now = timezone.now()
    with transaction.atomic():
        claimed = _choose(owner, wanted, now)
        if claimed:
            rows = OutboundMessage.objects.filter(pk__in=[row.pk for row in claimed])
            rows.update(
                state=State.SENDING,
                owner=owner,
                leased_until=now + LEASE,
                attempts=F("attempts") + 1,
            )
    for message in claimed:
        message.owner, message.attempts = owner, message.attempts + 1
    return claimed


def _choose(owner, wanted, now):
    """Lock what is due, as far as circuits and rates permit it now."""
    open_circuits = circuits.open_gateways(now)
    due = OutboundMessage.objects.due(now).order_by("priority", "due_at", "pk")
    chosen = []
    for gateway, may_be_probed in open_circuits.items():
        if may_be_probed:
            chosen += _probe(due.by(gateway), gateway, owner, now)
    free = due.not_by(open_circuits)
    for gateway, originator in rates.exhausted(sms_settings.RATES, now):
        free = free.exclude(gateway=gateway, originator=originator)
    within_rates = _within_rates(_lock(free, wanted - len(chosen)), now)
    return chosen + _sift(within_rates, now)


def _lock(due, wanted):
    return list(due.select_for_update(skip_locked=True, of=("self",))[:wanted])


def _probe(due, gateway, owner, now):
    """The one message that tries whether a gateway works again."""
    found = _lock(due, 1)
    if not found or not circuits.permitted(gateway, 1, now, probe=owner):
        return []
    if not _sift(found, now):
        # It makes no call after all, and gives its turn back.
        circuits.record(gateway, [], now, probe=owner)
        return []
    return found


def _within_rates(messages, now):
    """Leave out what would be more than one of our numbers may send."""
    limits = sms_settings.RATES
    limited = defaultdict(list)
    for message in messages:
        if message.channel == OutboundMessage.Channel.SMS and message.gateway in limits:
            limited[message.gateway, message.originator].append(message.pk)
    too_many = set()
    # In one order everywhere: two claims must not wait for one another.
    for (gateway, originator), pks in sorted(limited.items()):
        granted = rates.take(gateway, originator, len(pks), limits[gateway], now)
        too_many.update(pks[granted:])
    return [message for message in messages if message.pk not in too_many]


def _sift(messages, now):
    """Hold what must not be sent any more; return the rest, its parts reserved."""
    if not messages:
        return []
    site = SmsSettings.objects.defer("opening_hours").first() or SmsSettings()
    held = _opted_out(messages)
    left = [message for message in messages if message.pk not in held]
    held |= spending.holds(left, site, now)
    spending.flag(
        {
            message.contact_id
            for message in left
            if held.get(message.pk) == HeldBy.CONTACT_LIMIT
        }
    )
    for reason in set(held.values()):
        pks = [pk for pk, held_by in held.items() if held_by == reason]
        OutboundMessage.objects.filter(pk__in=pks).update(
            state=State.HELD, held_by=reason
        )
    return [message for message in messages if message.pk not in held]


def _opted_out(messages):
    """What must not go to contacts who have opted out since it was queued.

    Broadcasts; and, where nothing may follow a STOP, all but its confirmation: it may
    have come while a gateway that was busy had the message, or behind a START.
    """
    doubtful = [message for message in messages if _must_not_follow_stop(message)]
    if not doubtful:
        return {}
    contacts = [message.contact_id for message in doubtful]
    opted_out = OptOut.objects.open().filter(contact__in=contacts)
    opted_out = set(opted_out.values_list("contact", flat=True))
    return {
        message.pk: HeldBy.OPTED_OUT
        for message in doubtful
        if message.contact_id in opted_out
    }


def _must_not_follow_stop(message):
    if message.contact_id is None:
        return False
    if message.priority == OutboundMessage.Priority.BROADCAST:
        return True
    is_confirmation = ":-:opt_out:" in message.cause
    return not is_confirmation and region_of(message.recipient) in SILENT_AFTER_STOP


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
    sent = [pair for pair in answers if isinstance(pair[1], base.Sent)]
    try:
        OutboundMessage.objects.record_sent(
            [(message, answer.gateway_id) for message, answer in sent], timezone.now()
        )
    except Exception:
        # Their leases run out, and what became of them is looked up.
        logger.exception("The answers to %s messages were not kept.", len(sent))
    for message, answer in answers:
        try:
            if isinstance(answer, base.Sent):
                for report in answer.reports:
                    outbound.record_report(message.gateway, report)
            else:
                _record_error(message, answer)
        except Exception:
            # The others' answers must be kept.
            logger.exception("The answer to %s was not kept.", message.reference)
    _tell_circuits(answers, owner)


def _record_error(message, error):
    mine = OutboundMessage.objects.filter(pk=message.pk, owner=message.owner)
    in_doubt = mine.filter(state__in=IN_DOUBT)
    changes = {
        "error": storable(str(error), 2000),
        "error_code": storable(error.code, 20),
    }
    if error.is_retryable:
        in_doubt.update(**changes, **_retried(message, error), leased_until=None)
    elif isinstance(error, base.Unknown):
        due_at = timezone.now() + FIRST_LOOK_UP
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


# Workers that died


def settle_dead_leases() -> int:
    """Mark as unknown what a dead worker may or may not have sent; how many.

    The owner stays: should the worker come back after all, its answer counts.
    """
    dead = OutboundMessage.objects.leases_over(timezone.now())
    # A look takes no lock, and there is hardly ever one.
    return dead.exists() and dead.update(
        state=State.UNKNOWN,
        due_at=timezone.now() + FIRST_LOOK_UP,
        error="The worker that sent it did not come back.",
    )
