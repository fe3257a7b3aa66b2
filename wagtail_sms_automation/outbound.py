"""Outbound messages: claim, send, record; and what delivery reports say later."""

import logging
import os
import random
import uuid
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta
from functools import lru_cache, partial

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from wagtail.log_actions import log

from . import gateways, task_queue
from .conf import settings as sms_settings
from .gateways import base, mail
from .models import DeliveryReport, OptOut, OutboundMessage, WrongStatus
from .phone_numbers import mask


logger = logging.getLogger(__name__)

State = OutboundMessage.State

#: Messages claimed at once, and sent side by side.
BATCH = 16
#: Longer than any send takes (connecting three times, then the read timeout). A
#: worker that has not recorded by then is dead.
LEASE = timedelta(seconds=90)
#: The longest wait between two attempts, in seconds.
LONGEST_WAIT = 300

#: How long what a person sends again is tried.
SENT_AGAIN_WITHIN = timedelta(hours=24)
#: What the copy of a message takes over.
COPIED = (
    *("channel", "inbound", "automation", "contact", "gateway", "originator"),
    *("recipient", "subject", "body", "parts", "priority"),
)

#: Where an answer that comes late still counts.
IN_DOUBT = (State.SENDING, State.UNKNOWN)

#: What a report makes of a message, and the states it may be in before: forward only.
UNSETTLED = (State.QUEUED, State.SENDING, State.UNKNOWN)
REPORTED = {
    base.ReportStatus.SCHEDULED: (State.SENT, UNSETTLED),
    base.ReportStatus.SENT: (State.SENT, UNSETTLED),
    base.ReportStatus.BUFFERED: (State.SENT, UNSETTLED),
    base.ReportStatus.FAILED: (State.FAILED, (*UNSETTLED, State.SENT)),
    base.ReportStatus.EXPIRED: (State.EXPIRED, (*UNSETTLED, State.SENT)),
    base.ReportStatus.DELIVERED: (
        State.DELIVERED,
        (*UNSETTLED, State.SENT, State.FAILED, State.EXPIRED),
    ),
}


def has_work() -> bool:
    """True when messages are due."""
    return OutboundMessage.objects.due(timezone.now()).exists()


def next_due_at() -> datetime | None:
    """When the next queued message is due."""
    return OutboundMessage.objects.next_due_at(timezone.now())


def deliver_batch() -> int:
    """Claim what is due, send it outside of any transaction, record what came of it."""
    pool = _pool(os.getpid())
    sending = {pool.submit(_send, message): message for message in _claim()}
    for answered in as_completed(sending):
        _record(sending[answered], answered.result())
    return len(sending)


def send_again(message: OutboundMessage, *, user=None) -> OutboundMessage:
    """Queue a copy of a message that was not sent; WrongStatus where that is over.

    The cause of the copy names the original, so two who ask at once send one.
    """
    with transaction.atomic():
        if not message.can_be_sent_again:
            raise WrongStatus("This message cannot be sent again.")
        _review(message, OutboundMessage.Review.SENT_AGAIN, "send_again", user)
        copy = OutboundMessage.objects.create(
            cause=f"again:{message.pk}",
            expires_at=timezone.now() + SENT_AGAIN_WITHIN,
            **{name: getattr(message, name) for name in COPIED},
        )
        task_queue.wake("send")
    return copy


def leave(message: OutboundMessage, *, user=None) -> None:
    """Take a message off the list without sending it; WrongStatus if it is off."""
    with transaction.atomic():
        _review(message, OutboundMessage.Review.LEFT, "leave", user)


def _review(message, review, action, user):
    to_review = OutboundMessage.objects.to_review().filter(
        pk=message.pk, state=message.state
    )
    if not to_review.update(review=review):
        raise WrongStatus("Somebody has decided about this message already.")
    message.review = review
    log(message, f"wagtail_sms_automation.{action}", user=user)


def settle_dead_leases() -> int:
    """Mark as unknown what a dead worker may or may not have sent; how many.

    The owner stays: should the worker come back after all, its answer counts.
    """
    dead = OutboundMessage.objects.leases_over(timezone.now())
    return dead.update(
        state=State.UNKNOWN,
        leased_until=None,
        error="The worker that sent it did not come back.",
    )


@lru_cache(maxsize=1)
def _pool(pid):
    """Sending threads of this process: a fork inherits none."""
    return ThreadPoolExecutor(BATCH, thread_name_prefix="sms-send")


def _claim():
    """Take the next due message of some recipients, under a lease of our own."""
    now, owner = timezone.now(), uuid.uuid4()
    with transaction.atomic():
        _give_up_old(now)
        due = OutboundMessage.objects.due(now).order_by("due_at", "pk")
        claimed = list(due.select_for_update(skip_locked=True, of=("self",))[:BATCH])
        OutboundMessage.objects.filter(
            pk__in=[message.pk for message in claimed], state=State.QUEUED
        ).update(
            state=State.SENDING,
            owner=owner,
            leased_until=now + LEASE,
            attempts=F("attempts") + 1,
        )
    for message in claimed:
        message.owner, message.attempts = owner, message.attempts + 1
    return claimed


def _give_up_old(now):
    """Mark what comes too late: a reply next day is worse than none."""
    old = OutboundMessage.objects.filter(state=State.QUEUED, expires_at__lte=now)
    count = old.update(state=State.EXPIRED, settled_at=now)
    if count:
        logger.warning("%s messages could not be sent in time.", count)


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


def _record(message, answer):
    """Write the outcome, unless another worker owns the message by now."""
    mine = OutboundMessage.objects.filter(pk=message.pk, owner=message.owner)
    try:
        if isinstance(answer, base.Sent):
            _record_sent(message, mine, answer)
        elif answer.is_retryable:
            _record_retry(message, mine, answer)
        else:
            _record_failure(message, mine, answer)
        mine.update(owner=None, leased_until=None)
    except Exception:
        # The others' answers must be kept; this one's lease will run out.
        logger.exception("The answer to %s was not kept.", message.reference)


def _record_sent(message, mine, answer):
    now = timezone.now()
    with transaction.atomic():
        mine.update(gateway_id=_clean(answer.gateway_id, 128), sent_at=now)
        # A report may have come before this answer and moved it further.
        mine.filter(state__in=IN_DOUBT).update(state=State.SENT, error="")
    for report in answer.reports:
        record_report(message.gateway, report)


def _record_retry(message, mine, error):
    now = timezone.now()
    due_at = now + timedelta(seconds=_wait(message.attempts, error))
    is_late = message.expires_at is not None and due_at >= message.expires_at
    mine.filter(state__in=IN_DOUBT).update(
        state=State.EXPIRED if is_late else State.QUEUED,
        settled_at=now if is_late else None,
        due_at=due_at,
        error=_clean(str(error)),
        error_code=_clean(error.code, 20),
    )


def _wait(attempts, error):
    """Seconds until the next attempt: as told, else growing with full jitter."""
    told = getattr(error, "retry_after", None)
    if told is not None:
        return max(0.0, told)
    longest = min(LONGEST_WAIT, 2**attempts)
    return random.uniform(0, longest)  # noqa: S311 - spreads load, guards nothing


def _record_failure(message, mine, error):
    is_unknown = isinstance(error, base.Unknown)
    logger.warning(
        "The message %s to %s is %s: %s",
        message.reference,
        mask(message.recipient),
        "unknown" if is_unknown else "refused",
        error,
    )
    mine.filter(state__in=IN_DOUBT).update(
        state=State.UNKNOWN if is_unknown else State.FAILED,
        settled_at=None if is_unknown else timezone.now(),
        error=_clean(str(error)),
        error_code=_clean(error.code, 20),
    )
    if getattr(error, "is_opt_out", False):
        _opt_out(message)


def _clean(text, length=2000):
    """A provider's words as a column takes them."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")[:length]


def record_report(gateway: str, report: base.DeliveryReport) -> OutboundMessage | None:
    """Keep a report and move its message forward; None when it is none of ours."""
    with transaction.atomic():
        message = _reported_message(gateway, report)
        DeliveryReport.objects.create(
            outbound=message,
            gateway=gateway,
            gateway_id=_clean(report.gateway_id, 128),
            reference=_clean(report.reference, 128),
            recipient=_clean(report.recipient, 50),
            status=report.status or _clean(report.provider_status, 20),
            error_code=_clean(report.error_code, 20),
            reason=_clean(report.reason, 255),
            reported_at=report.reported_at,
            payload=dict(report.payload),
        )
        if message is None:
            logger.warning("A delivery report names no message of ours.")
            return None
        if report.status is not None:
            _move_forward(message, report)
        if report.is_opt_out:
            _opt_out(message)
    return message


def _reported_message(gateway, report):
    """By our reference first: a report may come before we know the gateway's id."""
    messages = OutboundMessage.objects.filter(channel=OutboundMessage.Channel.SMS)
    found = None
    try:
        found = messages.filter(reference=uuid.UUID(report.reference)).first()
    except ValueError:
        if report.gateway_id:
            found = messages.filter(
                gateway=gateway, gateway_id=report.gateway_id
            ).first()
    if (
        found
        and report.recipient
        and _digits(report.recipient) != _digits(found.recipient)
    ):
        return None
    return found


def _digits(number):
    return "".join(c for c in number if c.isdigit())


def _move_forward(message, report):
    state, before = REPORTED[report.status]
    now = timezone.now()
    changes = {"state": state, "sent_at": Coalesce("sent_at", now)}
    if state != State.SENT:
        changes["settled_at"] = now
    if state in (State.FAILED, State.EXPIRED):
        changes["error"] = _clean(report.reason, 255)
        changes["error_code"] = _clean(report.error_code, 20)
    mine = OutboundMessage.objects.filter(pk=message.pk)
    mine.filter(state__in=before).update(**changes)
    if report.gateway_id:
        mine.filter(gateway_id="").update(gateway_id=_clean(report.gateway_id, 128))


def _opt_out(message):
    if message.contact_id is not None:
        OptOut.objects.start(message.contact, OptOut.Cause.GATEWAY)
