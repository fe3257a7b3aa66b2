"""Inbound messages: stored once, and STOP applied with it."""

import hashlib
import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from wagtail.log_actions import log

from . import task_queue
from .conf import settings as sms_settings
from .contact_facts import sent_bodies
from .engine import opt_outs
from .engine.guards import SILENT_AFTER_STOP
from .gateways.base import Received
from .models import (
    Contact,
    InboundMessage,
    MessageType,
    OptOut,
    OutboundMessage,
    WrongStatus,
)
from .phone_numbers import Kind, kind, mask, read_originator, region_of
from .statements import storable


logger = logging.getLogger(__name__)


def receive(gateway: str, received: Received) -> InboundMessage | None:
    """Store a message once and wake a worker; None when it was stored before.

    A STOP is applied here, in the same transaction: nothing promotional may leave
    between its arrival and its handling. For all else one row is written; the contact
    is found when the message is processed.
    """
    gateway_ids = _gateway_ids(received)
    message = _message(gateway, gateway_ids[0], received)
    is_new = not _is_stored(gateway, gateway_ids[1:]) and _store(message)
    # For a repetition too: whoever stored it first may not have come so far.
    task_queue.wake("process")
    logger.info("Stored a message from %s.", mask(message.originator))
    return message if is_new else None


def try_again(message: InboundMessage, *, user=None) -> None:
    """Let a parked message be processed after all; WrongStatus if it is not parked."""
    state = InboundMessage.State
    with transaction.atomic():
        parked = InboundMessage.objects.filter(pk=message.pk, state=state.PARKED)
        if not parked.update(state=state.PENDING, attempts=0, due_at=timezone.now()):
            raise WrongStatus("This message is not parked.")
        message.state = state.PENDING
        log(message, "wagtail_sms_automation.try_again", user=user)
        task_queue.wake("process")


def _message(gateway, gateway_id, received):
    is_mms = bool(received.media_urls)
    return InboundMessage(
        gateway=gateway,
        gateway_id=gateway_id,
        message_type=MessageType.MMS if is_mms else MessageType.SMS,
        body=storable(received.body),
        originator=read_originator(storable(received.originator))[:50],
        recipient=read_originator(storable(received.recipient))[:50],
        media_urls=list(received.media_urls),
        sent_at=received.sent_at,
        payload=dict(received.payload),
    )


def _store(message):
    """Store it, and with it what it asks for; False where it is stored already."""
    if not _may_speak_of_opting(message):
        return InboundMessage.objects.store_once(message)
    with transaction.atomic():
        return _store_with_opting(message)


def _is_stored(gateway, gateway_ids):
    if not gateway_ids:
        return False
    stored = InboundMessage.objects.filter(gateway=gateway, gateway_id__in=gateway_ids)
    return stored.exists()


def _gateway_ids(received):
    """The id to store, then others under which a repetition may stand already.

    A message without an id is known by what it says and when it was sent; without a
    date, the same text within a minute or so is a repetition.
    """
    if received.gateway_id:
        known = storable(received.gateway_id)
        return [known if len(known) <= 128 else _digest(known)]
    if received.sent_at:
        return [_digest(*_content(received), str(received.sent_at))]
    minute = timezone.now().replace(second=0, microsecond=0)
    minutes = (minute, minute - timedelta(minutes=1))
    return [_digest(*_content(received), str(minute)) for minute in minutes]


def _content(received):
    media = " ".join(received.media_urls)
    return received.originator, received.recipient, received.body, media


def _digest(*parts):
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace"))
    return f"sha256:{digest.hexdigest()}"


def _may_speak_of_opting(message):
    """True for what reads like STOP, START or HELP to anyone, quoted or not."""
    country = region_of(message.originator) or sms_settings.DEFAULT_REGION
    intent = opt_outs.read_intent(message.body, country, opted_out=True)
    return intent is not None and kind(message.originator) is Kind.E164


def _store_with_opting(message):
    """Store it with what it asks for, the contact locked: nothing passes it by."""
    message.contact = contact = Contact.objects.obtain(message.originator)
    Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    message.was_opted_out = OptOut.objects.open().filter(contact=contact).exists()
    message.intent = _intent(message, contact) or ""
    if not InboundMessage.objects.store_once(message):
        return False
    now = message.received_at
    Contact.objects.filter(pk=contact.pk).update(last_inbound_at=now)
    if message.intent == "opt_out":
        OptOut.objects.start(contact, OptOut.Cause.KEYWORD, started_by=message, now=now)
        _hold_what_is_queued(contact)
    elif message.intent == "likely_opt_out":
        OptOut.objects.start(
            contact,
            OptOut.Cause.PHRASE,
            started_by=message,
            needs_review=True,
            now=now,
        )
    elif message.intent == "opt_in":
        OptOut.objects.end(contact, ended_by=message, now=now)
    return True


def _intent(message, contact):
    """Read what it asks for, without what it quotes of ours."""
    return opt_outs.read_intent(
        message.body,
        region_of(contact.phone_number) or sms_settings.DEFAULT_REGION,
        opted_out=message.was_opted_out,
        sent_bodies=sent_bodies(contact, message.received_at),
    )


def _hold_what_is_queued(contact):
    """Broadcasts must not leave; nor anything else where nothing may follow a STOP."""
    queued = contact.outbound_messages.filter(state=OutboundMessage.State.QUEUED)
    if region_of(contact.phone_number) not in SILENT_AFTER_STOP:
        queued = queued.filter(priority=OutboundMessage.Priority.BROADCAST)
    queued.update(
        state=OutboundMessage.State.HELD,
        held_by=OutboundMessage.HeldBy.OPTED_OUT,
    )
