"""Outbound messages: claim, send, record; and what delivery reports say later."""

import logging
import os
import random
import smtplib
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import lru_cache

from django.core.mail import BadHeaderError, EmailMessage
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from . import gateways
from .conf import settings as sms_settings
from .gateways import base
from .models import DeliveryReport, OptOut, OutboundMessage
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


def deliver_batch() -> int:
    """Claim what is due, send it outside of any transaction, record what came of it."""
    claimed = _claim()
    answers = _pool(os.getpid()).map(_send, claimed)
    for message, answer in zip(claimed, answers, strict=True):
        _record(message, answer)
    return len(claimed)


def settle_dead_leases() -> int:
    """Mark as unknown what a dead worker may or may not have sent; how many."""
    dead = OutboundMessage.objects.leases_over(timezone.now())
    return dead.update(
        state=State.UNKNOWN,
        owner=None,
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
        pks = due.select_for_update(skip_locked=True, of=("self",)).values_list("pk")
        OutboundMessage.objects.filter(
            pk__in=[pk for (pk,) in pks[:BATCH]], state=State.QUEUED
        ).update(
            state=State.SENDING,
            owner=owner,
            leased_until=now + LEASE,
            attempts=F("attempts") + 1,
        )
    return list(OutboundMessage.objects.filter(owner=owner).order_by("pk"))


def _give_up_old(now):
    """A reply that comes too late is worse than none."""
    OutboundMessage.objects.filter(state=State.QUEUED, expires_at__lte=now).update(
        state=State.EXPIRED, settled_at=now
    )


def _send(message):
    """Hand one message over; the answer is Sent or a GatewayError, never raised."""
    try:
        if message.channel == OutboundMessage.Channel.EMAIL:
            return _send_email(message)
        return gateways.get_gateway(message.gateway or "default").send(
            base.Submission(
                reference=str(message.reference),
                originator=message.originator,
                recipient=message.recipient,
                body=message.body,
                report_url=_report_url(message.gateway or "default"),
            )
        )
    except base.GatewayError as error:
        return error
    except Exception as error:
        # It may have been accepted before this went wrong: never resend.
        logger.exception("Sending %s failed in an unforeseen way.", message.reference)
        return base.Unknown(f"{type(error).__name__}: {error}")


def _report_url(alias):
    bases = sms_settings.WEBHOOK_BASE_URLS
    path = reverse("wagtail_sms_automation:delivery_report", args=[alias])
    return bases[0] + path if bases else ""


def _send_email(message):
    email = EmailMessage(message.subject, message.body, None, [message.recipient])
    try:
        email.send()
    except (BadHeaderError, smtplib.SMTPRecipientsRefused) as error:
        raise base.Rejected(str(error)) from error
    except (ConnectionRefusedError, socket.gaierror, smtplib.SMTPConnectError) as error:
        raise base.NotSent(str(error)) from error
    return base.Sent(gateway_id="")


def _record(message, answer):
    """Write the outcome, unless another worker owns the message by now."""
    mine = OutboundMessage.objects.filter(pk=message.pk, owner=message.owner)
    if isinstance(answer, base.Sent):
        _record_sent(message, mine, answer)
    elif answer.is_retryable:
        _record_retry(message, mine, answer)
    else:
        _record_failure(message, mine, answer)
    mine.update(owner=None, leased_until=None)


def _record_sent(message, mine, answer):
    now = timezone.now()
    with transaction.atomic():
        mine.update(gateway_id=answer.gateway_id, sent_at=now, error="")
        # A report may have come before this answer and moved it further.
        mine.filter(state=State.SENDING).update(state=State.SENT)
    for report in answer.reports:
        record_report(message.gateway, report)


def _record_retry(message, mine, error):
    now = timezone.now()
    due_at = now + timedelta(seconds=_wait(message.attempts, error))
    is_late = message.expires_at is not None and due_at >= message.expires_at
    mine.filter(state=State.SENDING).update(
        state=State.EXPIRED if is_late else State.QUEUED,
        settled_at=now if is_late else None,
        due_at=due_at,
        error=str(error),
        error_code=error.code[:20],
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
        "The SMS %s to %s is %s: %s",
        message.reference,
        mask(message.recipient),
        "unknown" if is_unknown else "refused",
        error,
    )
    mine.filter(state=State.SENDING).update(
        state=State.UNKNOWN if is_unknown else State.FAILED,
        settled_at=None if is_unknown else timezone.now(),
        error=str(error),
        error_code=error.code[:20],
    )
    if getattr(error, "is_opt_out", False):
        _opt_out(message)


def record_report(gateway: str, report: base.DeliveryReport) -> OutboundMessage | None:
    """Keep a report and move its message forward; None when it is none of ours."""
    with transaction.atomic():
        message = _reported_message(gateway, report)
        DeliveryReport.objects.create(
            outbound=message,
            gateway=gateway,
            gateway_id=report.gateway_id[:128],
            reference=report.reference[:128],
            recipient=report.recipient[:50],
            status=report.status,
            error_code=report.error_code[:20],
            reason=report.reason[:255],
            reported_at=report.reported_at,
            payload=dict(report.payload),
        )
        if message is None:
            logger.warning("A delivery report names no message of ours.")
            return None
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
    settled = {} if state == State.SENT else {"settled_at": timezone.now()}
    changes = {"state": state, "error_code": report.error_code[:20], **settled}
    if state in (State.FAILED, State.EXPIRED):
        changes["error"] = report.reason or _("The gateway reported a failure.")
    mine = OutboundMessage.objects.filter(pk=message.pk)
    mine.filter(state__in=before).update(**changes)
    if report.gateway_id:
        mine.filter(gateway_id="").update(gateway_id=report.gateway_id[:128])


def _opt_out(message):
    if message.contact_id is not None:
        OptOut.objects.start(message.contact, OptOut.Cause.GATEWAY)
