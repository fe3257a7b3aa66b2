"""Inbound messages: stored once, then answered in order, contact by contact."""

import hashlib
import logging
import traceback
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from . import effects, rulebook, task_queue
from .engine import messages, opt_outs
from .engine.respond import respond
from .gateways.base import Received
from .models import Contact, InboundMessage, Match, MessageType, OptOut, OutboundMessage
from .phone_numbers import Kind, kind, mask, read_originator, region_of


logger = logging.getLogger(__name__)

#: Contacts handled in one transaction.
BATCH = 20
#: A message whose handling failed so often stands aside.
MAX_ATTEMPTS = 3
#: How far back a quoted text of ours is recognised (domain.md 2.2).
QUOTED_WITHIN = timedelta(days=14)


def receive(gateway: str, received: Received) -> InboundMessage | None:
    """Store a message once and wake a worker; None when it was stored before.

    A STOP is applied here, in the same transaction: nothing promotional may leave
    between its arrival and its handling.
    """
    originator = read_originator(received.originator)
    try:
        with transaction.atomic():
            contact = _contact(originator)
            message = _store(gateway, received, originator, contact)
            if contact is not None:
                _apply_opt_out_words(message, contact)
            task_queue.wake("process")
    except IntegrityError:
        if _is_stored(gateway, received):
            return None
        raise
    logger.info("Stored a message from %s.", mask(originator))
    return message


def _contact(originator):
    """The contact, locked: its messages are numbered in the order they came."""
    if kind(originator) is not Kind.E164:
        return None
    contact = Contact.objects.obtain(originator)
    Contact.objects.filter(pk=contact.pk).update(last_inbound_at=timezone.now())
    return contact


def _store(gateway, received, originator, contact):
    is_mms = bool(received.media_urls)
    return InboundMessage.objects.create(
        gateway=gateway,
        gateway_id=_gateway_id(received),
        contact=contact,
        message_type=MessageType.MMS if is_mms else MessageType.SMS,
        body=received.body,
        originator=originator[:50],
        recipient=read_originator(received.recipient)[:50],
        media_urls=list(received.media_urls),
        sent_at=received.sent_at,
        payload=dict(received.payload),
    )


def _is_stored(gateway, received):
    return InboundMessage.objects.filter(
        gateway=gateway, gateway_id=_gateway_id(received)
    ).exists()


def _gateway_id(received):
    """The provider's id; without one, a hash of what the message says."""
    if received.gateway_id:
        return received.gateway_id[:128]
    # Without a date, the same text within a minute is taken for a repetition.
    sent_at = received.sent_at or timezone.now().replace(second=0, microsecond=0)
    parts = (received.originator, received.recipient, received.body, str(sent_at))
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace"))
    return f"sha256:{digest.hexdigest()}"


def _apply_opt_out_words(message, contact):
    now = message.received_at
    message.was_opted_out = OptOut.objects.open().filter(contact=contact).exists()
    country = region_of(contact.phone_number)
    message.intent = _intent(message, contact, country) or ""
    if message.intent == "opt_out":
        OptOut.objects.start(contact, OptOut.Cause.KEYWORD, started_by=message, now=now)
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
    message.save(update_fields=["was_opted_out", "intent"])


def _intent(message, contact, country):
    """Read STOP, START and HELP; texts of ours are fetched only if one is there."""
    opted_out = message.was_opted_out
    if not opt_outs.read_intent(message.body, country, opted_out=opted_out):
        return None
    bodies = [text.body for text in _sent_texts(contact, message.received_at)]
    return opt_outs.read_intent(
        message.body, country, opted_out=opted_out, sent_bodies=bodies
    )


def has_work() -> bool:
    """True when messages wait to be processed."""
    return InboundMessage.objects.pending().filter(due_at__lte=timezone.now()).exists()


def process_batch() -> int:
    """Answer the messages of some contacts in one transaction; how many there were."""
    with transaction.atomic():
        now = timezone.now()
        contacts = list(
            Contact.objects.with_due_inbound(now)
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("pk")[:BATCH]
        )
        handled = sum(_process_contact(contact, now) for contact in contacts)
        handled += _process_strangers(now)
    return handled


def _process_contact(contact, now):
    handled = 0
    for message in contact.inbound_messages.pending().in_order():
        handled += 1
        if not _process(message, contact, now):
            # The next message must not overtake this one.
            break
    return handled


def _process_strangers(now):
    """Messages of short codes and names have no contact and no order to keep."""
    pending = InboundMessage.objects.pending().filter(contact=None, due_at__lte=now)
    claimed = pending.select_for_update(skip_locked=True, of=("self",)).in_order()
    strangers = list(claimed[:BATCH])
    for message in strangers:
        _process(message, None, now)
    return len(strangers)


def _process(message, contact, now):
    """Handle one message in a savepoint; False when it must be tried again."""
    try:
        with transaction.atomic():
            _handle(message, contact, now)
    except Exception:
        logger.exception("Message %s could not be handled.", message.pk)
        return _put_off(message, traceback.format_exc(), now)
    return True


def _put_off(message, error, now):
    message.refresh_from_db()
    message.attempts += 1
    message.error = error
    message.due_at = now + timedelta(seconds=2**message.attempts)
    is_parked = message.attempts >= MAX_ATTEMPTS
    if is_parked:
        message.state = InboundMessage.State.PARKED
    message.save(update_fields=["attempts", "error", "due_at", "state"])
    return is_parked


def _handle(message, contact, now):
    facts = None
    if contact is not None:
        facts = facts_of(contact, now, is_opted_out=message.was_opted_out)
    outcome = respond(_as_engine_message(message), facts, rulebook.current(), now)
    effects.carry_out(outcome, message, contact)
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
    message.state = InboundMessage.State.PROCESSED
    message.decisions = [decision.as_json() for decision in outcome.decisions]
    message.intent = outcome.intent or ""
    message.processed_at = now
    message.save(update_fields=["state", "decisions", "intent", "processed_at"])


def _as_engine_message(message):
    return messages.InboundMessage(
        body=message.body,
        originator=message.originator,
        recipient=message.recipient,
        received_at=message.received_at,
        message_type=messages.MessageType(message.message_type),
        media_urls=tuple(message.media_urls),
    )


def facts_of(contact, now, *, is_opted_out=None) -> messages.Contact:
    """Gather what the rules may know of a contact."""
    if is_opted_out is None:
        is_opted_out = OptOut.objects.open().filter(contact=contact).exists()
    return messages.Contact(
        phone_number=contact.phone_number,
        first_name=contact.first_name,
        last_name=contact.last_name,
        language=contact.language,
        country=region_of(contact.phone_number),
        attributes={key: str(value) for key, value in contact.attributes.items()},
        groups=frozenset(contact.memberships.values_list("group_id", flat=True)),
        is_opted_out=is_opted_out,
        silent_until=contact.silent_until,
        last_automation=contact.last_automation_id,
        last_answered_at=contact.last_answered_at,
        fired_at=_fired_at(contact),
        sent_texts=_sent_texts(contact, now),
    )


def _fired_at(contact):
    matches = contact.matches.order_by("matched_at")
    return dict(matches.values_list("automation_id", "matched_at"))


def _sent_texts(contact, now):
    state = OutboundMessage.State
    sent = OutboundMessage.objects.to_contact_since(contact, now - QUOTED_WITHIN)
    return tuple(
        messages.SentText(
            body=message.body,
            sent_at=message.created_at,
            is_automatic=message.inbound_id is not None,
        )
        for message in sent.exclude(state__in=[state.HELD, state.FAILED])[:200]
    )
