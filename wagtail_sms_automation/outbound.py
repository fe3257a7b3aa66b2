"""Outbound messages after they have left, or not: reports, and what people decide."""

import logging
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from wagtail.log_actions import log

from . import task_queue
from .engine.guards import SILENT_AFTER_STOP
from .gateways import base
from .models import DeliveryReport, OptOut, OutboundMessage, WrongStatus
from .phone_numbers import region_of
from .statements import storable


logger = logging.getLogger(__name__)

State = OutboundMessage.State

#: How long what a person sends again is tried.
SENT_AGAIN_WITHIN = timedelta(hours=24)
#: What the copy of a message takes over.
COPIED = (
    *("channel", "inbound", "automation", "contact", "gateway", "originator"),
    *("recipient", "subject", "body", "parts", "priority"),
)

#: The error code of what the provider did not know when it was asked.
NOT_KNOWN = "not_known"

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


def send_again(message: OutboundMessage, *, user=None) -> OutboundMessage:
    """Queue a copy of a message that was not sent; WrongStatus where that is over.

    The cause of the copy names the original, so two who ask at once send one.
    """
    with transaction.atomic():
        if not message.can_be_sent_again or _must_not_follow_a_stop(message):
            raise WrongStatus("This message cannot be sent again.")
        _review(message, OutboundMessage.Review.SENT_AGAIN, "send_again", user)
        copy = OutboundMessage.objects.create(
            cause=f"again:{message.pk}",
            expires_at=timezone.now() + SENT_AGAIN_WITHIN,
            **{name: getattr(message, name) for name in COPIED},
        )
        task_queue.wake("send")
    return copy


def _must_not_follow_a_stop(message):
    """True for a broadcast, or where nothing may follow, to who has opted out since."""
    if message.contact_id is None:
        return False
    is_promotional = message.priority == OutboundMessage.Priority.BROADCAST
    is_silent = region_of(message.recipient) in SILENT_AFTER_STOP
    opted_out = OptOut.objects.open().filter(contact=message.contact_id)
    return (is_promotional or is_silent) and opted_out.exists()


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


def give_up_old() -> int:
    """Mark what comes too late: a reply next day is worse than none; how many."""
    now = timezone.now()
    old = OutboundMessage.objects.filter(state=State.QUEUED, expires_at__lte=now)
    # A look takes no lock, and there is hardly ever one.
    if not old.exists():
        return 0
    count = old.update(state=State.EXPIRED, settled_at=now)
    logger.warning("%s messages could not be sent in time.", count)
    return count


def record_report(gateway: str, report: base.DeliveryReport) -> OutboundMessage | None:
    """Keep a report and move its message forward; None when it is none of ours."""
    with transaction.atomic():
        message = _reported_message(gateway, report)
        DeliveryReport.objects.create(
            outbound=message,
            gateway=gateway,
            gateway_id=storable(report.gateway_id, 128),
            reference=storable(report.reference, 128),
            recipient=storable(report.recipient, 50),
            status=report.status or storable(report.provider_status, 20),
            error_code=storable(report.error_code, 20),
            reason=storable(report.reason, 255),
            reported_at=report.reported_at,
            payload=dict(report.payload),
        )
        if message is None:
            logger.warning("A delivery report names no message of ours.")
            return None
        if report.status is not None:
            _move_forward(message, report)
        if report.is_opt_out:
            opt_out(message)
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
        changes["error"] = storable(report.reason, 255)
        changes["error_code"] = storable(report.error_code, 20)
    mine = OutboundMessage.objects.filter(pk=message.pk)
    # That the provider did not know it has proved wrong.
    was_unknown = Q(state=State.FAILED, error_code=NOT_KNOWN)
    mine.filter(Q(state__in=before) | was_unknown).update(**changes)
    if report.gateway_id:
        mine.filter(gateway_id="").update(gateway_id=storable(report.gateway_id, 128))


def opt_out(message: OutboundMessage) -> None:
    """Opt a contact out, because the gateway says that it has.

    It may say so late, or once more: an opt-in since the message was sent stands.
    """
    if message.contact_id is None:
        return
    sent_at = message.sent_at or message.created_at
    if not message.contact.opt_outs.filter(ended_at__gt=sent_at).exists():
        OptOut.objects.start(message.contact, OptOut.Cause.GATEWAY)
