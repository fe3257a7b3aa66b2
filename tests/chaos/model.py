"""A small model of the delivery core, in plain Python: what may happen, what must.

The test tells it what customers, staff and the provider did, and shows it the rows
after each step. Whatever the rows may not say raises an AssertionError.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple


#: From where to where a row may go between two looks; all else is going back.
INBOUND_MOVES = {
    "pending": {"processed", "parked"},
    "parked": set(),
    "processed": set(),
}
SETTLED = {"sent", "delivered", "failed", "expired"}
OUTBOUND_MOVES = {
    "queued": {"held", "sending", "unknown"} | SETTLED,
    "sending": {"queued", "held", "unknown"} | SETTLED,
    "unknown": SETTLED,
    "sent": SETTLED - {"sent"},
    "failed": {"delivered"},
    "expired": {"delivered"},
    "delivered": set(),
    "held": set(),
}
#: A reply that comes later is worse than none.
REPLY_WITHIN = timedelta(minutes=20)
#: What a report makes of a message, by the state it was in before.
UNSETTLED = {"queued", "sending", "unknown"}
REPORTED = {
    "scheduled": ("sent", UNSETTLED),
    "sent": ("sent", UNSETTLED),
    "buffered": ("sent", UNSETTLED),
    "failed": ("failed", UNSETTLED | {"sent"}),
    "expired": ("expired", UNSETTLED | {"sent"}),
    "delivered": ("delivered", UNSETTLED | {"sent", "failed", "expired"}),
}


class Inbound(NamedTuple):
    """What is looked at of an inbound message."""

    pk: int
    gateway_id: str
    originator: str
    state: str
    processed_at: datetime | None


class Outbound(NamedTuple):
    """What is looked at of an outbound message."""

    pk: int
    reference: str
    inbound: int | None
    automation: int | None
    contact: int | None
    recipient: str
    body: str
    state: str
    held_by: str
    created_at: datetime


class Rows(NamedTuple):
    """All rows at one moment, by primary key; matches as (inbound, automation)."""

    inbound: dict[int, Inbound]
    outbound: dict[int, Outbound]
    matches: set[tuple[int, int]]

    def newly_processed(self, before):
        """The messages processed since an earlier moment, in the order received."""
        for pk, row in sorted(self.inbound.items()):
            was_processed = pk in before.inbound and before.inbound[pk].processed_at
            if row.state == "processed" and not was_processed:
                yield row

    def outbound_of(self, inbound):
        """What followed from one inbound message."""
        return [row for row in self.outbound.values() if row.inbound == inbound]

    def answers(self, without):
        """Automatic texts to contacts, oldest first, without these references."""
        for _pk, row in sorted(self.outbound.items()):
            if row.contact is not None and row.reference not in without:
                yield row


@dataclass
class Rule:
    """An automation: its keyword, its answer as it reads now, who else is told."""

    keyword: str
    body: str
    forwards_to: str = ""
    is_active: bool = True


@dataclass
class Text:
    """A text that was acknowledged."""

    originator: str
    body: str
    #: Its sender was opted out when it came.
    was_stopped: bool


@dataclass
class Model:
    """What was done so far, and what follows from it."""

    #: Most automatic texts to one contact, as (window, cap); and of one body.
    caps: list[tuple[timedelta, int]]
    identical: tuple[timedelta, int]
    #: How long automations are silent for a contact that reached a cap.
    silence: timedelta
    #: Most texts to one contact in a day.
    per_day: int
    #: Answers to STOP and START.
    words: dict[str, str]
    #: Who gets nothing more after STOP but its confirmation.
    silent_after_stop: set[str]
    rules: dict[int, Rule] = field(default_factory=dict)
    texts: dict[str, Text] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    #: What may be with the provider, and how often it surely took a message.
    in_doubt: set[str] = field(default_factory=set)
    taken: Counter = field(default_factory=Counter)
    #: References that a report said were delivered.
    delivered: set[str] = field(default_factory=set)
    last_handed_over: dict[str, int] = field(default_factory=dict)
    #: What a person asked for: parked messages tried again, and copies to send.
    retried: set[int] = field(default_factory=set)
    copies: set[str] = field(default_factory=set)
    silent_until: dict[str, datetime] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    rows: Rows = field(default_factory=lambda: Rows({}, {}, set()))

    def acknowledge(self, gateway_id, originator, body):
        """A customer's text was taken; STOP and START count from this moment."""
        if gateway_id in self.texts:
            return
        self.texts[gateway_id] = Text(originator, body, originator in self.stopped)
        if body == "STOP":
            self.stopped.add(originator)
        elif body == "START":
            self.stopped.discard(originator)

    def hand_over(self, pk, submission, age, sent_today):
        """The provider is called: is it allowed, and is it this message's turn?

        What is wrong is told by the next look: an error raised here would only be one
        more that a provider may raise.
        """
        reference, recipient = submission.reference, submission.recipient
        if reference in self.in_doubt:
            self.wrong.append(f"sent again without a person: {pk}")
        is_confirmation = submission.body == self.words["STOP"]
        if recipient in self.silent_after_stop & self.stopped and not (
            is_confirmation or reference in self.copies
        ):
            self.wrong.append(f"sent after STOP: {pk}")
        if sent_today >= self.per_day and reference not in self.copies:
            self.wrong.append(f"sent beyond the daily limit: {pk}")
        is_reply = self.rows.outbound[pk].contact is not None
        if is_reply and reference not in self.copies and age > REPLY_WITHIN:
            self.wrong.append(f"answered too late: {pk}")
        if pk < self.last_handed_over.get(recipient, 0):
            self.wrong.append(f"sent out of order: {pk}")
        self.last_handed_over[recipient] = pk

    def answer(self, reference, *, is_taken, in_doubt):
        """What came of a call: whatever may have been taken is never sent again."""
        self.taken[reference] += is_taken
        if is_taken or in_doubt:
            self.in_doubt.add(reference)

    def reported(self, state, status):
        """The state of a message once such a report of it has come."""
        reported, before = REPORTED[status]
        return reported if state in before else state

    def look(self, rows):
        """Hold the rows against what they were, and against all that was done."""
        assert not self.wrong, self.wrong
        self._check_moves(self.rows.inbound, rows.inbound, INBOUND_MOVES)
        self._check_moves(self.rows.outbound, rows.outbound, OUTBOUND_MOVES)
        self._check_stored(rows)
        self._check_order(rows)
        for message in rows.newly_processed(self.rows):
            self._check_answers(message, rows)
        self._check_sent_once(rows)
        self.rows = rows

    @property
    def is_at_rest(self):
        """True when no row is left that a worker will do something with."""
        rows = [*self.rows.inbound.values(), *self.rows.outbound.values()]
        return not any(row.state in ("pending", "queued", "sending") for row in rows)

    def check_at_rest(self):
        """Nothing waits and nothing is lost, once all that was taken is reported."""
        assert self.is_at_rest, "never processed, or never sent"
        for row in self.rows.outbound.values():
            is_delivered = row.state == "delivered"
            assert is_delivered == bool(self.taken[row.reference]), f"lost: {row}"

    def _check_moves(self, before, after, moves):
        for pk, row in before.items():
            state = after[pk].state
            if state == row.state or state in moves[row.state]:
                continue
            is_retried = row.state == "parked" and pk in self.retried
            assert is_retried, f"from {row.state} to {state}: {row}"

    def _check_stored(self, rows):
        stored = sorted(row.gateway_id for row in rows.inbound.values())
        assert stored == sorted(self.texts), "lost, or stored twice"

    def _check_order(self, rows):
        """Nobody's later message is through while an earlier one waits."""
        waiting, answered = set(), defaultdict(int)
        for pk, row in sorted(rows.inbound.items()):
            if row.state == "pending" and pk not in self.retried:
                waiting.add(row.originator)
            elif row.originator in waiting:
                assert row.state == "pending", f"overtook another: {row}"
        for row in rows.answers(self.copies | self._late(rows)):
            assert row.inbound >= answered[row.contact], f"answered early: {row}"
            answered[row.contact] = row.inbound

    def _late(self, rows):
        """References of the answers to messages that a person tried again."""
        return {
            row.reference
            for row in rows.outbound.values()
            if row.inbound in self.retried
        }

    def _check_answers(self, message, rows):
        """The rules that fired are those that had to, and each answered once."""
        text = self.texts[message.gateway_id]
        fired = self._rules_that_fire(message, text)
        assert fired == {a for i, a in rows.matches if i == message.pk}, text
        answers = [
            (row.automation, row.recipient, row.body)
            for row in rows.outbound.values()
            if row.inbound == message.pk and row.reference not in self.copies
        ]
        assert sorted(answers, key=str) == self._answers_to(text, fired), text
        self._check_loop_guard(message, rows)

    def _rules_that_fire(self, message, text):
        is_silent = message.processed_at < self.silent_until.get(
            text.originator, message.processed_at
        )
        if text.body in self.words or is_silent:
            return set()
        words = text.body.split()
        return {
            pk
            for pk, rule in self.rules.items()
            if rule.is_active and rule.keyword in words
        }

    def _answers_to(self, text, fired):
        answers = []
        if text.body in self.words and not (text.body == "STOP" and text.was_stopped):
            answers.append((None, text.originator, self.words[text.body]))
        for pk in fired:
            rule = self.rules[pk]
            answers.append((pk, text.originator, rule.body))
            if rule.forwards_to:
                answers.append((pk, rule.forwards_to, text.body))
        return sorted(answers, key=str)

    def _check_loop_guard(self, message, rows):
        """What would exceed a cap is held and silences; nothing else is."""
        for row in rows.answers(self.copies):
            if row.inbound != message.pk or row.held_by == "opted_out":
                continue
            is_exempt = row.body == self.words["STOP"] and row.automation is None
            is_over = self._is_over(row, rows) and not is_exempt
            assert (row.held_by == "loop") == is_over, f"the loop guard erred: {row}"
        if any(row.held_by == "loop" for row in rows.outbound_of(message.pk)):
            self.silent_until[message.originator] = message.processed_at + self.silence

    def _is_over(self, row, rows):
        earlier = [
            one
            for one in rows.answers(set())
            if one.contact == row.contact
            and one.pk < row.pk
            and one.state not in ("held", "failed")
        ]
        same = [one for one in earlier if one.body == row.body]
        return any(
            sum(one.created_at > row.created_at - window for one in texts) >= cap
            for texts, (window, cap) in (
                *((earlier, limit) for limit in self.caps),
                (same, self.identical),
            )
        )

    def _check_sent_once(self, rows):
        """One message, one automation, one recipient: one text at most."""
        sent = Counter()
        for row in rows.outbound.values():
            if row.reference not in self.copies:
                message = rows.inbound[row.inbound].gateway_id
                cause = (message, row.automation, row.recipient)
                sent[cause] += self.taken[row.reference]
        doubled = [cause for cause, times in sent.items() if times > 1]
        assert not doubled, f"sent twice: {doubled}"
        states = {row.reference: row.state for row in rows.outbound.values()}
        assert set(self.taken) <= set(states), "sent without being committed before"
        assert {states[one] for one in self.delivered} <= {"delivered"}, "went back"
