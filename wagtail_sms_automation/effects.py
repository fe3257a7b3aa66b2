"""Effects: one function each, carried out in the transaction that handles a message."""

import logging
from datetime import timedelta
from functools import singledispatch

from django.utils import timezone
from django.utils.translation import gettext as _

from . import task_queue
from .conf import settings as sms_settings
from .engine import outcome as engine
from .engine import segments
from .models import (
    ContactGroup,
    InboundMessage,
    Membership,
    OptOut,
    OutboundMessage,
)
from .phone_numbers import Kind, kind, read_originator


logger = logging.getLogger(__name__)

#: A reply that comes later than this is worse than none (domain.md 4.3).
REPLY_WITHIN = timedelta(minutes=20)
#: Staff want to hear of an order, late or not.
FORWARD_WITHIN = timedelta(hours=24)


def carry_out(outcome, message, contact):
    """Carry out every effect of one message, in order; contact may be None."""
    for effect in outcome.effects:
        apply(effect, message, contact)
    _remember_answer(outcome, contact)
    if message.outbound_messages.filter(state=OutboundMessage.State.QUEUED).exists():
        task_queue.wake("send")


def _remember_answer(outcome, contact):
    """Note which automation answered last: follows conditions ask for it."""
    answers = [
        effect.automation
        for effect in outcome.effects
        if isinstance(effect, engine.SendSms)
        and effect.automation is not None
        and effect.held is None
    ]
    if contact is not None and answers:
        contact.last_automation_id = answers[-1]
        contact.last_answered_at = timezone.now()
        contact.save(update_fields=["last_automation", "last_answered_at"])


@singledispatch
def apply(effect, message, contact):
    """Carry out one effect."""
    raise TypeError(f"No function carries out {type(effect).__name__}.")


@apply.register
def _send_sms(effect: engine.SendSms, message, contact):
    _queue(
        effect,
        message,
        contact=contact,
        recipient=message.originator,
        originator=_originator(message),
        body=effect.body,
        held=effect.held,
    )


@apply.register
def _forward_sms(effect: engine.ForwardSms, message, contact):
    _queue(
        effect,
        message,
        recipient=effect.recipient,
        originator=_originator(message),
        body=effect.body,
        held=effect.held,
    )


@apply.register
def _forward_mail(effect: engine.ForwardMail, message, contact):
    _queue(
        effect,
        message,
        channel=OutboundMessage.Channel.EMAIL,
        recipient=effect.recipient,
        # Nothing that a phone sent may stand in a header.
        subject=_("SMS forwarded by your website"),
        body=effect.body,
    )


@apply.register
def _join_group(effect: engine.JoinGroup, message, contact):
    if not ContactGroup.objects.filter(pk=effect.group).exists():
        logger.error("Contact group %s is gone.", effect.group)
        return
    Membership.objects.bulk_create(
        [
            Membership(
                contact=contact,
                group_id=effect.group,
                automation_id=effect.automation,
            )
        ],
        ignore_conflicts=True,
    )


@apply.register
def _leave_group(effect: engine.LeaveGroup, message, contact):
    Membership.objects.filter(contact=contact, group_id=effect.group).delete()


@apply.register
def _set_attribute(effect: engine.SetAttribute, message, contact):
    contact.attributes[effect.attribute] = effect.value
    contact.save(update_fields=["attributes"])


@apply.register
def _start_opt_out(effect: engine.StartOptOut, message, contact):
    # Words and phrases were applied when the message was stored; so was a START that
    # came after this message.
    if effect.automation is None or _has_opted_in_since(message):
        return
    OptOut.objects.start(contact, OptOut.Cause.AUTOMATION, started_by=message)


def _has_opted_in_since(message):
    return InboundMessage.objects.filter(
        contact=message.contact, pk__gt=message.pk, intent="opt_in"
    ).exists()


@apply.register
def _end_opt_out(effect: engine.EndOptOut, message, contact):
    """START was applied when the message was stored; a later STOP must stand."""


@apply.register
def _keep_silent(effect: engine.KeepSilent, message, contact):
    contact.silent_until = max(contact.silent_until or effect.until, effect.until)
    contact.is_flagged = contact.is_flagged or effect.is_loop
    contact.save(update_fields=["silent_until", "is_flagged"])


def _queue(effect, message, *, recipient, body, held=None, **fields):
    """Write one row of the outbox; the same cause is written once."""
    state = OutboundMessage.State
    is_reply = isinstance(effect, engine.SendSms)
    within = REPLY_WITHIN if is_reply else FORWARD_WITHIN
    OutboundMessage.objects.bulk_create(
        [
            OutboundMessage(
                cause=_cause(effect, message, recipient),
                inbound=message,
                automation_id=effect.automation,
                gateway=message.gateway,
                recipient=recipient,
                body=body,
                parts=segments.count(body).parts,
                state=state.HELD if held else state.QUEUED,
                held_by=held or "",
                expires_at=timezone.now() + within,
                **fields,
            )
        ],
        ignore_conflicts=True,
    )


def _cause(effect, message, recipient):
    automation = effect.automation or "-"
    return f"inbound:{message.pk}:{automation}:{effect.action}:{recipient}"


def _originator(message):
    """Answer from the number the customer wrote to, else from our originator."""
    if kind(message.recipient) in (Kind.E164, Kind.SHORT_CODE):
        return message.recipient
    return read_originator(sms_settings.ORIGINATOR)
