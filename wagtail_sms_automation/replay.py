"""The last messages, answered once more by two rulebooks; nothing is sent or written.

Both are asked with the contact as it was when the message came, as far as the rows
tell: the texts sent before, what had fired, the opt-out and the hand-over are those of
then; the name, the groups and the saved answers are those of now.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Prefetch

from . import contact_facts
from .engine import messages, rules
from .engine.outcome import Effect, Outcome, Silence
from .engine.respond import respond
from .models import InboundMessage, Match


#: Messages that are replayed.
MOST = 200

#: When automations fired for one contact, oldest first.
Fired = Sequence[tuple[int, datetime]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A message that the draft would answer in another way."""

    message: InboundMessage
    #: What was read: the body, and what came just before it and was read with it.
    body: str
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """How many messages were looked at, and those that the draft changes."""

    looked_at: int
    changes: Sequence[Change]


def replay(present: rules.Rulebook, draft: rules.Rulebook, most: int = MOST) -> Replay:
    """Answer the last messages by both rulebooks, newest first."""
    rows = _last(most)
    facts = _facts(rows, present, draft)
    changes = []
    for row in rows:
        asked, contact = _as_read(row), facts.get(row.pk)
        outcomes = [
            respond(asked, contact, one, asked.received_at) for one in (present, draft)
        ]
        before, after = map(_answers, outcomes)
        if before != after:
            changes.append(
                Change(
                    message=row, body=asked.body, before=outcomes[0], after=outcomes[1]
                )
            )
    return Replay(looked_at=len(rows), changes=changes)


def _last(most):
    """The last messages that answers stand under, with what was read before each."""
    earlier = InboundMessage.objects.order_by("pk").defer("payload", "error")
    rows = InboundMessage.objects.filter(
        state=InboundMessage.State.PROCESSED, read_with=None
    )
    return list(
        rows.order_by("-pk")
        .defer("payload", "error")
        .select_related("contact")
        .prefetch_related(Prefetch("read_before", earlier, "read_first"))[:most]
    )


def _facts(rows, present, draft) -> dict[int, messages.Contact]:
    """What was known of each message's contact, by the message's id."""
    contacts = {row.contact_id: row.contact for row in rows if row.contact_id}
    if not contacts:
        return {}
    since = min(row.received_at for row in rows)
    everyone = list(contacts.values())
    now = contact_facts.facts_of_all(everyone, since, {})
    fired = _fired(everyone, _limited(present) | _limited(draft))
    return {
        row.pk: _as_of(row, now[row.contact_id], fired.get(row.contact_id, ()))
        for row in rows
        if row.contact_id
    }


def _limited(rulebook) -> set[int]:
    """The automations of which it counts when they last fired."""
    return {
        automation.id
        for automation in rulebook.automations
        if any(isinstance(one, rules.Frequency) for one in automation.conditions)
    }


def _fired(contacts, automations) -> Mapping[int, Fired]:
    fired = defaultdict(list)
    matches = Match.objects.filter(contact__in=contacts, automation__in=automations)
    for pk, *one in matches.order_by("matched_at").values_list(
        "contact", "automation", "matched_at"
    ):
        fired[pk].append(tuple(one))
    return fired


def _as_of(row, contact, fired) -> messages.Contact:
    """Take from a contact what came after the message, and with it."""
    came = row.received_at
    sent = tuple(_before(contact.sent_texts, came))
    answers = [text for text in sent if text.automation is not None]
    handed_over = any(
        decision.get("silence") == Silence.HANDED_OVER for decision in row.decisions
    )
    return replace(
        contact,
        is_opted_out=row.was_opted_out,
        silent_until=came + timedelta(seconds=1) if handed_over else None,
        last_automation=answers[0].automation if answers else None,
        last_answered_at=answers[0].sent_at if answers else None,
        fired_at={automation: at for automation, at in fired if at < came},
        sent_texts=sent,
        forwards=tuple(_before(contact.forwards, came)),
    )


def _before(texts: Iterable[messages.SentText], moment: datetime):
    return (text for text in texts if text.sent_at < moment)


def _as_read(row) -> messages.InboundMessage:
    return messages.read_together(
        [
            messages.InboundMessage(
                body=part.body,
                originator=part.originator,
                recipient=part.recipient,
                received_at=part.received_at,
                message_type=messages.MessageType(part.message_type),
                media_urls=tuple(part.media_urls),
            )
            for part in (*row.read_first, row)
        ]
    )


def _answers(outcome: Outcome) -> list[Effect]:
    """What the customer and the staff notice: not which action brought it about."""
    return [replace(one, automation=None, action="") for one in outcome.effects]
