"""What must not be sent, and why."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from .messages import SentText
from .outcome import (
    Effect,
    EndOptOut,
    ForwardMail,
    ForwardSms,
    Held,
    KeepSilent,
    SendSms,
)
from .rules import LoopCaps, Rulebook
from .segments import count
from .situation import Situation


#: Where someone who wrote STOP gets nothing more, not even an answer.
SILENT_AFTER_STOP = frozenset({"US", "CA"})

_PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


def is_own_number(situation: Situation) -> bool:
    """Tell whether one of our own numbers wrote."""
    message, rulebook = situation.message, situation.rulebook
    return message.originator in (*rulebook.own_numbers, message.recipient)


def hold_back(effects: Iterable[Effect], situation: Situation) -> tuple[Effect, ...]:
    """Mark the texts that must not be sent, and pause a contact that loops."""
    effects, guarded = tuple(effects), list[Effect]()
    refused = _refused(effects, situation)
    sent_texts = list(situation.contact.sent_texts) if situation.contact else []
    for effect in effects:
        if isinstance(effect, SendSms):
            effect = _guard_reply(effect, refused, sent_texts, situation)
        elif isinstance(effect, ForwardSms):
            effect = _guard_forward(effect, situation)
        elif isinstance(effect, ForwardMail) and _is_staff(situation):
            continue
        guarded.append(effect)
    if any(_is_loop_held(effect) for effect in guarded):
        pause = timedelta(hours=situation.rulebook.loop_caps.pause_hours)
        until = situation.now + pause
        guarded.append(KeepSilent(action="loop", until=until, is_loop=True))
    return tuple(guarded)


def is_loop(
    body: str, sent_texts: Iterable[SentText], caps: LoopCaps, now: datetime
) -> bool:
    """Tell whether one more automatic text would exceed a cap."""
    sent = [text for text in sent_texts if text.is_automatic]
    # A customer may well order the same thing for four tables.
    same = [text for text in sent if text.body == body and not text.is_forward]
    return any(
        sum(text.sent_at > now - window for text in texts) >= cap
        for texts, window, cap in (
            (same, timedelta(minutes=10), caps.identical),
            (sent, timedelta(minutes=1), caps.per_minute),
            (sent, timedelta(hours=1), caps.per_hour),
            (sent, timedelta(days=1), caps.per_day),
        )
    )


def _refused(effects: Sequence[Effect], situation: Situation) -> Held | None:
    """Return why nobody who writes from this number may be answered."""
    originator = situation.message.originator
    if situation.contact is None or not _PHONE_NUMBER.fullmatch(originator):
        return Held.UNANSWERABLE
    if is_own_number(situation):
        return Held.OWN_NUMBER
    if _is_staff(situation):
        return Held.FORWARD_NUMBER
    is_opting_in = any(isinstance(effect, EndOptOut) for effect in effects)
    if situation.is_opted_out and not is_opting_in:
        return Held.OPTED_OUT if situation.country in SILENT_AFTER_STOP else None
    return None


def _is_staff(situation: Situation) -> bool:
    # Two staff phones that answer by machine would write to each other without end.
    return situation.message.originator in situation.rulebook.forward_numbers


def _guard_reply(
    reply: SendSms,
    refused: Held | None,
    sent_texts: list[SentText],
    situation: Situation,
) -> SendSms:
    rulebook, now = situation.rulebook, situation.now
    held = reply.held or refused or _unsendable(reply.body, rulebook)
    if not held and _is_repeated_fallback(reply, situation):
        held = Held.FALLBACK
    if not held and not _confirms_stop(reply):
        is_held = is_loop(reply.body, sent_texts, rulebook.loop_caps, now)
        held = Held.LOOP if is_held else None
    if not held:
        # What several automations answer to one message counts together.
        sent_texts.append(SentText(body=reply.body, sent_at=now))
    return replace(reply, held=held)


def _is_repeated_fallback(reply: SendSms, situation: Situation) -> bool:
    """An answer to just any text says the same to each: once in a while is enough."""
    rulebook, contact = situation.rulebook, situation.contact
    hours = rulebook.loop_caps.fallback_hours
    is_fallback = reply.automation in rulebook.fallbacks
    if contact is None or not hours or not is_fallback:
        return False
    since = situation.now - timedelta(hours=hours)
    return any(
        text.automation == reply.automation and text.sent_at > since
        for text in contact.sent_texts
    )


def _confirms_stop(reply: SendSms) -> bool:
    """Who writes STOP is told so, whatever was said before: it happens once a stop."""
    return reply.automation is None and reply.action == "opt_out"


def _guard_forward(forward: ForwardSms, situation: Situation) -> ForwardSms:
    recipient, rulebook = forward.recipient, situation.rulebook
    held = forward.held or _unsendable(forward.body, rulebook)
    if not _PHONE_NUMBER.fullmatch(recipient):
        held = Held.UNANSWERABLE
    elif recipient in (*rulebook.own_numbers, situation.message.recipient):
        held = Held.OWN_NUMBER
    elif _is_staff(situation):
        held = Held.FORWARD_NUMBER
    elif not held and situation.contact is not None:
        # The phones that one message goes to count once: it is not recorded here.
        forwards, caps = situation.contact.forwards, rulebook.loop_caps
        is_held = is_loop(forward.body, forwards, caps, situation.now)
        held = Held.LOOP if is_held else None
    return replace(forward, held=held)


def _is_loop_held(effect: Effect) -> bool:
    return isinstance(effect, SendSms | ForwardSms) and effect.held is Held.LOOP


def _unsendable(body: str, rulebook: Rulebook) -> Held | None:
    if not body.strip():
        return Held.EMPTY
    return Held.TOO_LONG if count(body).parts > rulebook.max_parts else None
