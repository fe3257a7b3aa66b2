"""Inbound messages: stored once, then answered in order, contact by contact."""

import hashlib
import logging
import traceback
from datetime import datetime, timedelta

from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from wagtail.log_actions import log

from . import effects, rulebook, task_queue
from .contact_facts import facts_of, sent_texts
from .engine import messages, opt_outs
from .engine.guards import SILENT_AFTER_STOP
from .engine.respond import respond
from .gateways.base import Received
from .models import (
    Contact,
    InboundMessage,
    Match,
    MessageType,
    OptOut,
    OutboundMessage,
    WrongStatus,
)
from .phone_numbers import Kind, kind, mask, read_originator, region_of


logger = logging.getLogger(__name__)

#: Contacts handled in one round, each in a transaction of its own.
BATCH = 20
#: Messages of one contact in one transaction: its webhooks wait for the end of it.
MOST_OF_ONE_CONTACT = 20
#: A message whose handling failed so often stands aside.
MAX_ATTEMPTS = 3


def receive(gateway: str, received: Received) -> InboundMessage | None:
    """Store a message once and wake a worker; None when it was stored before.

    A STOP is applied here, in the same transaction: nothing promotional may leave
    between its arrival and its handling.
    """
    gateway_ids = _gateway_ids(received)
    originator = read_originator(_clean(received.originator))
    try:
        with transaction.atomic():
            # A worker passes a locked contact by: ring, be it only a repetition.
            task_queue.wake("process")
            contact = _contact(originator)
            if _is_stored(gateway, gateway_ids[1:]):
                return None
            message = _store(gateway, gateway_ids[0], received, originator, contact)
            if contact is not None:
                _apply_opt_out_words(message, contact)
    except IntegrityError:
        if not _is_stored(gateway, gateway_ids):
            raise
        task_queue.wake("process")
        return None
    logger.info("Stored a message from %s.", mask(originator))
    return message


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


def _contact(originator):
    """The contact, locked: its messages are numbered in the order they came."""
    if kind(originator) is not Kind.E164:
        return None
    contact = Contact.objects.obtain(originator)
    Contact.objects.filter(pk=contact.pk).update(last_inbound_at=timezone.now())
    return contact


def _store(gateway, gateway_id, received, originator, contact):
    is_mms = bool(received.media_urls)
    return InboundMessage.objects.create(
        gateway=gateway,
        gateway_id=gateway_id,
        contact=contact,
        message_type=MessageType.MMS if is_mms else MessageType.SMS,
        body=_clean(received.body),
        originator=originator[:50],
        recipient=read_originator(_clean(received.recipient))[:50],
        media_urls=list(received.media_urls),
        sent_at=received.sent_at,
        payload=dict(received.payload),
    )


def _clean(text):
    """What a database stores: no NUL, no lone surrogate, whatever a gateway let by."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")


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
        known = _clean(received.gateway_id)
        return [known if len(known) <= 128 else _digest(known)]
    if received.sent_at:
        return [_digest(*_content(received), str(received.sent_at))]
    minute = timezone.now().replace(second=0, microsecond=0)
    minutes = (minute, minute - timedelta(minutes=1))
    return [_digest(*_content(received), str(minute)) for minute in minutes]


def _content(received):
    return received.originator, received.recipient, received.body


def _digest(*parts):
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace"))
    return f"sha256:{digest.hexdigest()}"


def _apply_opt_out_words(message, contact):
    now = message.received_at
    message.was_opted_out = OptOut.objects.open().filter(contact=contact).exists()
    message.intent = _intent(message, contact) or ""
    message.save(update_fields=["was_opted_out", "intent"])
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


def _hold_what_is_queued(contact):
    """Where nothing may follow a STOP, what has not left yet must not leave."""
    if region_of(contact.phone_number) in SILENT_AFTER_STOP:
        contact.outbound_messages.filter(state=OutboundMessage.State.QUEUED).update(
            state=OutboundMessage.State.HELD,
            held_by=OutboundMessage.HeldBy.OPTED_OUT,
        )


def _intent(message, contact):
    """Read STOP, START and HELP; texts of ours are fetched only if one is there."""
    country, opted_out = region_of(contact.phone_number), message.was_opted_out
    if not opt_outs.read_intent(message.body, country, opted_out=opted_out):
        return None
    bodies = [text.body for text in sent_texts(contact, message.received_at)]
    return opt_outs.read_intent(
        message.body, country, opted_out=opted_out, sent_bodies=bodies
    )


def has_work() -> bool:
    """True when messages wait to be processed."""
    return InboundMessage.objects.pending().filter(due_at__lte=timezone.now()).exists()


def next_due_at() -> datetime | None:
    """When the next message that was put off is due."""
    return InboundMessage.objects.pending().next_due_at(timezone.now())


def process_batch() -> int:
    """Answer the messages of some contacts, oldest first; how many there were."""
    rules, now = rulebook.current(), timezone.now()
    handled = 0
    for pk in InboundMessage.objects.pending().due_contacts(now)[:BATCH]:
        handled += _process_contact(pk, rules, now) if pk else _process_strangers(rules)
    return handled


def _process_contact(pk, rules, now):
    """Answer one contact's messages in order, in one transaction; how many."""
    try:
        with transaction.atomic():
            contact = Contact.objects.with_due_inbound(now).claim(pk)
            if contact is None:
                # Another worker has it.
                return 0
            pending = contact.inbound_messages.pending().in_order()
            return _process_in_order(pending[:MOST_OF_ONE_CONTACT], contact, rules)
    except DatabaseError:
        # An automation or a group was deleted meanwhile; the next round knows.
        logger.exception("The messages of contact %s are left for later.", pk)
        return 0


def _process_in_order(pending, contact, rules):
    handled = 0
    for message in pending:
        handled += 1
        if not _process(message, contact, rules):
            # The next message must not overtake this one.
            break
    return handled


def _process_strangers(rules):
    """Messages of short codes and names have no contact and no order to keep."""
    with transaction.atomic():
        pending = InboundMessage.objects.pending().filter(contact=None)
        due = pending.filter(due_at__lte=timezone.now()).in_order()
        strangers = list(due.select_for_update(skip_locked=True, of=("self",))[:BATCH])
        for message in strangers:
            _process(message, None, rules)
    return len(strangers)


def _process(message, contact, rules):
    """Handle one message in a savepoint; False when it must be tried again."""
    try:
        with transaction.atomic():
            _handle(message, contact, rules, timezone.now())
    except Exception:
        logger.exception("Message %s could not be handled.", message.pk)
        return _put_off(message, contact, traceback.format_exc())
    return True


def _put_off(message, contact, error):
    """Try again later, or park it; True when the contact's next message may go on."""
    message.refresh_from_db()
    if contact is not None:
        # What was done before it failed has been rolled back.
        contact.refresh_from_db()
    message.attempts += 1
    message.error = _clean(error)
    message.due_at = timezone.now() + timedelta(seconds=2**message.attempts)
    is_parked = message.attempts >= MAX_ATTEMPTS
    if is_parked:
        message.state = InboundMessage.State.PARKED
    message.save(update_fields=["attempts", "error", "due_at", "state"])
    return is_parked


def _handle(message, contact, rules, now):
    facts = None
    if contact is not None:
        facts = facts_of(contact, now, is_opted_out=_is_opted_out(message, contact))
    outcome = respond(_as_engine_message(message), facts, rules, now)
    effects.carry_out(outcome, message, contact)
    _remember_matches(outcome, message, contact, now)
    message.state = InboundMessage.State.PROCESSED
    message.decisions = [decision.as_json() for decision in outcome.decisions]
    message.intent = outcome.intent or ""
    message.processed_at = now
    message.save(update_fields=["state", "decisions", "intent", "processed_at"])


def _is_opted_out(message, contact):
    """As it stood when STOP or START came; for all else, a STOP since then counts."""
    if message.intent or message.was_opted_out:
        return message.was_opted_out
    return OptOut.objects.open().filter(contact=contact).exists()


def _remember_matches(outcome, message, contact, now):
    Match.objects.bulk_create(
        [
            Match(
                inbound=message,
                automation_id=decision.automation,
                contact=contact,
                keyword=decision.places[0].keyword[:255] if decision.places else "",
                matched_at=now,
            )
            for decision in outcome.fired
        ]
    )


def _as_engine_message(message):
    return messages.InboundMessage(
        body=message.body,
        originator=message.originator,
        recipient=message.recipient,
        received_at=message.received_at,
        message_type=messages.MessageType(message.message_type),
        media_urls=tuple(message.media_urls),
    )
