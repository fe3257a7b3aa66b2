"""Effects: one function each, noted in what the message writes."""

from datetime import timedelta
from functools import singledispatch

from django.utils import timezone
from django.utils.translation import gettext as _

from .conf import settings as sms_settings
from .engine import outcome as engine
from .engine import segments
from .ledger import Entry
from .models import GroupChange, OutboundMessage
from .phone_numbers import Kind, kind, read_originator


State = OutboundMessage.State

#: A reply that comes later than this is worse than none (domain.md 4.3).
REPLY_WITHIN = timedelta(minutes=20)
#: Staff want to hear of an order, late or not.
FORWARD_WITHIN = timedelta(hours=24)


def carry_out(outcome: engine.Outcome, entry: Entry) -> None:
    """Note every effect of one message, in order, in what it writes."""
    for effect in outcome.effects:
        apply(effect, entry)
    _remember_answer(outcome, entry)


def _remember_answer(outcome, entry):
    """Note which automation answered last: follows conditions ask for it."""
    answers = [
        effect.automation
        for effect in outcome.effects
        if isinstance(effect, engine.SendSms)
        and effect.automation is not None
        and effect.held is None
    ]
    if entry.contact is not None and answers:
        entry.changes["last_automation_id"] = answers[-1]
        entry.changes["last_answered_at"] = timezone.now()


@singledispatch
def apply(effect, entry):
    """Note what one effect writes."""
    raise TypeError(f"No function carries out {type(effect).__name__}.")


@apply.register
def _send_sms(effect: engine.SendSms, entry):
    _queue(
        effect,
        entry,
        contact=entry.contact,
        recipient=entry.message.originator,
        originator=_originator(entry.message),
        body=effect.body,
        held=effect.held,
    )


@apply.register
def _forward_sms(effect: engine.ForwardSms, entry):
    _queue(
        effect,
        entry,
        recipient=effect.recipient,
        originator=_originator(entry.message),
        body=effect.body,
        held=effect.held,
    )


@apply.register
def _forward_mail(effect: engine.ForwardMail, entry):
    _queue(
        effect,
        entry,
        channel=OutboundMessage.Channel.EMAIL,
        recipient=effect.recipient,
        # Nothing that a phone sent may stand in a header.
        subject=_("SMS forwarded by your website"),
        body=effect.body,
    )


@apply.register
def _join_group(effect: engine.JoinGroup, entry):
    _change_group(effect, entry, GroupChange.Kind.JOINED)


@apply.register
def _leave_group(effect: engine.LeaveGroup, entry):
    _change_group(effect, entry, GroupChange.Kind.LEFT)


@apply.register
def _set_attribute(effect: engine.SetAttribute, entry):
    attributes = entry.of_contact("attributes")
    entry.changes["attributes"] = {**attributes, effect.attribute: effect.value}


@apply.register
def _start_opt_out(effect: engine.StartOptOut, entry):
    # Words and phrases were applied when the message was stored; so was a START that
    # came after this message.
    if effect.automation is not None and not _has_opted_in_since(entry):
        entry.opts_out = True


def _has_opted_in_since(entry):
    later = entry.contact.inbound_messages.filter(pk__gt=entry.message.pk)
    return later.filter(intent="opt_in").exists()


@apply.register
def _end_opt_out(effect: engine.EndOptOut, entry):
    """START was applied when the message was stored; a later STOP must stand."""


@apply.register
def _keep_silent(effect: engine.KeepSilent, entry):
    until = entry.of_contact("silent_until")
    entry.changes["silent_until"] = max(until or effect.until, effect.until)
    entry.changes["is_flagged"] = entry.of_contact("is_flagged") or effect.is_loop


def _queue(effect, entry, *, recipient, body, held=None, **fields):
    """Note one row of the outbox."""
    state = State.HELD if held else State.QUEUED
    is_reply = isinstance(effect, engine.SendSms)
    # From when it came, or from when a person let it be tried again.
    expires_at = entry.message.due_at + (REPLY_WITHIN if is_reply else FORWARD_WITHIN)
    if state == State.QUEUED and expires_at <= timezone.now():
        state = State.EXPIRED
    message = OutboundMessage(
        cause=f"{_cause(effect, entry)}:{recipient}",
        inbound=entry.message,
        automation_id=effect.automation,
        gateway=entry.message.gateway,
        recipient=recipient,
        body=body,
        parts=segments.count(body).parts,
        state=state,
        held_by=held or "",
        expires_at=expires_at,
        **fields,
    )
    entry.outbound.append(message)


def _change_group(effect, entry, change):
    entry.group_changes.append(
        GroupChange(
            cause=_cause(effect, entry),
            kind=change,
            contact=entry.contact,
            group_id=effect.group,
            automation_id=effect.automation,
        )
    )


def _cause(effect, entry):
    automation = effect.automation or "-"
    return f"inbound:{entry.message.pk}:{automation}:{effect.action}"


def _originator(message):
    """Answer from the number the customer wrote to, else from our originator."""
    if kind(message.recipient) in (Kind.E164, Kind.SHORT_CODE):
        return message.recipient
    return read_originator(sms_settings.ORIGINATOR)
