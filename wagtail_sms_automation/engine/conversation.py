"""A conversation that is only imagined: what each text does, and to whom it leads."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .messages import Contact, InboundMessage, SentText
from .outcome import (
    EndOptOut,
    ForwardSms,
    JoinGroup,
    KeepSilent,
    LeaveGroup,
    Outcome,
    SendSms,
    SetAttribute,
    StartOptOut,
)
from .respond import respond
from .rules import Rulebook


#: How fast the imagined customer types: the loop guard stops who is faster.
PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One text of a conversation and what follows from it."""

    message: InboundMessage
    outcome: Outcome
    #: As the next text finds it.
    contact: Contact


def converse(
    bodies: Iterable[str],
    contact: Contact,
    rulebook: Rulebook,
    *,
    recipient: str,
    now: datetime,
) -> Iterator[Turn]:
    """Yield what follows from each text in turn, a PAUSE between two of them."""
    messages = (
        InboundMessage(
            body=body,
            originator=contact.phone_number,
            recipient=recipient,
            received_at=now + number * PAUSE,
        )
        for number, body in enumerate(bodies)
    )
    return hold(messages, contact, rulebook)


def hold(
    messages: Iterable[InboundMessage], contact: Contact, rulebook: Rulebook
) -> Iterator[Turn]:
    """Yield what follows from each message, handled at the moment it comes."""
    for message in messages:
        now = message.received_at
        outcome = respond(message, contact, rulebook, now)
        contact = after(contact, outcome, now)
        yield Turn(message=message, outcome=outcome, contact=contact)


def after(contact: Contact, outcome: Outcome, now: datetime) -> Contact:
    """Return the contact as the next message finds it, every effect carried out."""
    sent = [
        effect
        for effect in outcome.effects
        if isinstance(effect, SendSms) and effect.held is None
    ]
    texts = tuple(
        SentText(body=effect.body, sent_at=now, automation=effect.automation)
        for effect in reversed(sent)
    )
    contact = replace(
        contact,
        groups=_groups(contact, outcome),
        attributes=_attributes(contact, outcome),
        is_opted_out=_is_opted_out(contact, outcome),
        silent_until=_silent_until(contact, outcome),
        fired_at=_fired_at(contact, outcome, now),
        sent_texts=(*texts, *contact.sent_texts),
        forwards=_forwards(contact, outcome, now),
    )
    answers = [effect.automation for effect in sent if effect.automation is not None]
    if answers:
        contact = replace(contact, last_automation=answers[-1], last_answered_at=now)
    return contact


def _forwards(
    contact: Contact, outcome: Outcome, now: datetime
) -> tuple[SentText, ...]:
    for effect in outcome.effects:
        if isinstance(effect, ForwardSms) and effect.held is None:
            text = SentText(body=effect.body, sent_at=now, is_forward=True)
            return (text, *contact.forwards)
    return contact.forwards


def _groups(contact: Contact, outcome: Outcome) -> frozenset[int]:
    groups = set(contact.groups)
    for effect in outcome.effects:
        if isinstance(effect, JoinGroup):
            groups.add(effect.group)
        elif isinstance(effect, LeaveGroup):
            groups.discard(effect.group)
    return frozenset(groups)


def _attributes(contact: Contact, outcome: Outcome) -> Mapping[str, str]:
    answers = [one for one in outcome.effects if isinstance(one, SetAttribute)]
    return {**contact.attributes, **{one.attribute: one.value for one in answers}}


def _is_opted_out(contact: Contact, outcome: Outcome) -> bool:
    is_opted_out = contact.is_opted_out
    for effect in outcome.effects:
        if isinstance(effect, StartOptOut | EndOptOut):
            is_opted_out = isinstance(effect, StartOptOut)
    return is_opted_out


def _silent_until(contact: Contact, outcome: Outcome) -> datetime | None:
    ends = [one.until for one in outcome.effects if isinstance(one, KeepSilent)]
    if contact.silent_until is not None:
        ends.append(contact.silent_until)
    return max(ends, default=None)


def _fired_at(
    contact: Contact, outcome: Outcome, now: datetime
) -> Mapping[int, datetime]:
    fired = {decision.automation: now for decision in outcome.fired}
    return {**contact.fired_at, **fired}
