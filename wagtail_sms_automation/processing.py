"""Processing: the inbound messages that wait are answered, contact by contact.

A batch is one transaction: contacts are locked, their messages read in the order they
came, and all that follows is written at the end. Whoever fails stands aside alone.
"""

import logging
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from . import effects, ledger, rulebook, task_queue
from .contact_facts import facts_of_all, is_open, opt_out_periods
from .engine import messages
from .engine.conversation import after
from .engine.respond import respond
from .inbound_querysets import MOST_PAUSES
from .models import Contact, InboundMessage, Match
from .phone_numbers import Kind, kind
from .statements import storable


logger = logging.getLogger(__name__)

#: Contacts locked at once, to be answered in one transaction.
BATCH = 200
#: Messages of one contact in one transaction: the others must not wait for it.
MOST_OF_ONE_CONTACT = 20
#: A message whose handling failed so often stands aside.
MAX_ATTEMPTS = 3


def has_work() -> bool:
    """True when messages wait to be processed."""
    return InboundMessage.objects.pending().filter(due_at__lte=timezone.now()).exists()


def next_due_at() -> datetime | None:
    """When the next message that was put off is due."""
    together = _together(rulebook.current())
    return InboundMessage.objects.pending().next_due_at(timezone.now(), together)


def process_batch() -> int:
    """Answer the messages of some contacts, oldest first; how many there were."""
    rules = rulebook.current()
    # More than one worker takes, so that the next finds some that are not locked.
    originators = InboundMessage.objects.pending().due_originators(
        timezone.now(), _together(rules), BATCH * 2
    )
    if not originators:
        return 0
    try:
        return _process(originators, rules)
    except Exception:
        # An automation was deleted meanwhile, or one answer cannot be stored.
        logger.exception("A batch could not be written: its contacts go one by one.")
    rules = rulebook.current()
    return sum(_process_alone(originator, rules) for originator in originators)


def _together(rules):
    return timedelta(seconds=rules.reads_together_seconds)


def _process_alone(originator, rules):
    """Answer the first message of one originator; how many were."""
    try:
        return _process([originator], rules, most=1)
    except (OperationalError, InterfaceError):
        # A deadlock, or the database is busy or away: no fault of the message.
        logger.exception("A message is left for later.")
        return 0
    except Exception:
        logger.exception("A message could not be handled.")
        return _put_off_first(originator, traceback.format_exc())


def _process(originators, rules, most=MOST_OF_ONE_CONTACT):
    """Answer what these originators wrote, in one transaction; how many messages."""
    batch = None
    if connection.vendor == "sqlite":
        batch = _answer_first(originators, rules, most)
    if batch is not None:
        return len(batch.handled)
    with transaction.atomic():
        batch = _Batch(_claim(originators, most), rules, timezone.now())
        _write(batch, list(batch.answer_all()))
    return len(batch.handled)


def _answer_first(originators, rules, most):
    """Answer before the transaction begins; None where something came in between.

    SQLite locks nobody's row but the whole file: it is better left to others meanwhile.
    """
    batch = _Batch(_claim(originators, most), rules, timezone.now())
    before = batch.contacts_as_read()
    entries = list(batch.answer_all())
    with transaction.atomic():
        if not batch.is_fresh(before):
            return None
        _write(batch, entries)
    return batch


def _write(batch, entries):
    if ledger.write(entries, batch.handled):
        task_queue.wake("send")


def _claim(originators, most):
    """Lock contacts, and return their messages: (contact or None, in order) each."""
    numbers = [number for number in originators if kind(number) is Kind.E164]
    contacts = {
        contact.phone_number: contact
        for contact in Contact.objects.claim(numbers, BATCH)
    }
    pending = InboundMessage.objects.pending().defer("payload")
    lanes = pending.filter(originator__in=contacts)
    claimed = list(lanes.first_of_each(most) if contacts else [])
    # Short codes and names have no contact that could be locked.
    if strangers := set(originators) - set(numbers):
        lock = pending.select_for_update(skip_locked=True, of=("self",))
        claimed += lock.filter(originator__in=strangers).in_order()[:most]
    by_originator = attrgetter("originator")
    lanes = groupby(sorted(claimed, key=by_originator), by_originator)
    return [(contacts.get(originator), list(lane)) for originator, lane in lanes]


class _Batch:
    """Some contacts and what they wrote; `handled` are the rows that change."""

    def __init__(self, lanes, rules, now):
        self.lanes, self.rules, self.now = lanes, rules, now
        self.handled: list[InboundMessage] = []
        contacts = self._contacts()
        received = [message.received_at for _c, lane in lanes for message in lane]
        since = min(received, default=now)
        self.periods = opt_out_periods(contacts, since) if contacts else {}
        self.facts = facts_of_all(contacts, now, self.periods) if contacts else {}

    def contacts_as_read(self):
        """What a batch writes of its contacts, as it was read."""
        return {contact.pk: tuple(_fields_of(contact)) for contact in self._contacts()}

    def is_fresh(self, before):
        """True if nobody has handled or changed any of this since it was read."""
        pks = [message.pk for message in self.handled]
        pending = InboundMessage.objects.pending()
        if pending.filter(pk__in=pks).count() != len(pks):
            return False
        originators = {message.originator for message in self.handled}
        newer = pending.filter(originator__in=originators, pk__gt=max(pks, default=0))
        if newer.exclude(intent="").exists():
            # A STOP must not be answered over.
            return False
        contacts = Contact.objects.filter(pk__in=before)
        return before == {row.pk: tuple(_fields_of(row)) for row in contacts}

    def _contacts(self):
        return [contact for contact, _messages in self.lanes if contact]

    def answer_all(self) -> Iterator[ledger.Entry]:
        """Answer every lane in order, as far as it is due."""
        for contact, lane in self.lanes:
            for reading in _readings(lane, self.rules, self.now):
                entry = self._try(reading, contact, is_last=reading[-1] is lane[-1])
                if entry is not None:
                    yield entry
                elif reading[0].state == InboundMessage.State.PENDING:
                    # It is tried again: the next message must not overtake it.
                    break

    def _try(self, reading, contact, is_last):
        """Answer one message, or several as one; None if that failed."""
        try:
            entry = self._answer(reading, contact, is_last)
        except Exception:
            first = reading[0]
            logger.exception("Message %s could not be handled.", first.pk)
            _put_off(first, traceback.format_exc())
            self.handled.append(first)
            return None
        entry.change_contact()
        self.handled += reading
        return entry

    def _answer(self, reading, contact, is_last):
        message = reading[-1]
        facts = self._facts(message, contact)
        asked = messages.read_together([_as_engine_message(part) for part in reading])
        outcome = respond(asked, facts, self.rules, self.now)
        entry = ledger.Entry(message, contact)
        effects.carry_out(outcome, entry)
        entry.matches += _matches(outcome, message, contact, self.now)
        decisions = [decision.as_json() for decision in outcome.decisions]
        if contact is not None:
            heard_at = entry.of_contact("last_inbound_at") or message.received_at
            entry.changes["last_inbound_at"] = max(heard_at, message.received_at)
            if not is_last:
                self.facts[contact.pk] = after(facts, outcome, self.now)
        _settle(reading, contact, self.now)
        message.decisions, message.intent = decisions, outcome.intent or ""
        return entry

    def _facts(self, message, contact):
        """What is known of the contact, as it stood for this message."""
        if contact is None:
            return None
        if not message.intent:
            came = message.received_at
            message.was_opted_out = any(
                start <= came and (end is None or end > came)
                for start, end in self.periods[contact.pk]
            )
        # STOP and START stand as they were; for all else, a STOP since then counts.
        is_opted_out = message.was_opted_out or (
            not message.intent and is_open(self.periods[contact.pk])
        )
        return replace(self.facts[contact.pk], is_opted_out=is_opted_out)


def _fields_of(contact):
    return [
        getattr(contact, Contact._meta.get_field(name).attname)
        for name in ledger.CONTACT_FIELDS
    ]


def _readings(
    lane: Sequence[InboundMessage], rules, now
) -> Iterator[list[InboundMessage]]:
    """Part what one originator wrote into what is read at once, as far as it is due."""
    together = _together(rules)
    is_waiting = lane[-1].received_at > now - together
    if together and is_waiting and lane[0].received_at > now - MOST_PAUSES * together:
        # The next text may belong to it.
        return
    reading: list[InboundMessage] = []
    for message in lane:
        if reading and not _belongs(message, reading[-1], together):
            yield reading
            reading = []
        if message.due_at > now:
            return
        reading.append(message)
    yield reading


def _belongs(message, earlier, together):
    """Is a text read as one with the one before? STOP and START never are."""
    if not together or message.intent or earlier.intent or earlier.attempts:
        return False
    is_same_number = message.recipient == earlier.recipient
    return is_same_number and message.received_at - earlier.received_at <= together


def _settle(reading, contact, now):
    for message in reading:
        message.contact = contact
        message.state = InboundMessage.State.PROCESSED
        message.processed_at = now
        message.error = ""
    for earlier in reading[:-1]:
        earlier.read_with = reading[-1]


def _put_off(message, error):
    """Try a message again later, or park it."""
    message.attempts += 1
    message.error = storable(error)
    message.due_at = timezone.now() + timedelta(seconds=2**message.attempts)
    if message.attempts >= MAX_ATTEMPTS:
        message.state = InboundMessage.State.PARKED


def _put_off_first(originator, error):
    """Put off what could not even be written; 1, or 0 if a worker has it."""
    with transaction.atomic():
        for contact, lane in _claim([originator], most=1):
            lane[0].contact = contact
            _put_off(lane[0], error)
            lane[0].save(
                update_fields=["contact", "attempts", "error", "due_at", "state"]
            )
            return 1
    return 0


def _matches(outcome, message, contact, now):
    return [
        Match(
            inbound=message,
            automation_id=decision.automation,
            contact=contact,
            keyword=decision.places[0].keyword[:255] if decision.places else "",
            matched_at=now,
        )
        for decision in outcome.fired
    ]


def _as_engine_message(message):
    return messages.InboundMessage(
        body=message.body,
        originator=message.originator,
        recipient=message.recipient,
        received_at=message.received_at,
        message_type=messages.MessageType(message.message_type),
        media_urls=tuple(message.media_urls),
    )
