"""The journey of one message through the rules, on one screen."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from . import actions, conditions, guards, matching, opt_outs, text
from .content import Content
from .messages import Contact, InboundMessage
from .outcome import Decision, Effect, NearMiss, Outcome, Place, Silence
from .rules import Automation, Follows, Rulebook
from .situation import Situation


def respond(
    message: InboundMessage, contact: Contact | None, rulebook: Rulebook, now: datetime
) -> Outcome:
    """Say what follows from one message: effects to carry out, and why.

    The contact is None when the originator is no phone number.
    """
    situation = Situation(message=message, contact=contact, rulebook=rulebook, now=now)
    effects: Iterable[Effect] = ()
    reading = text.read(message.body, situation.sent_bodies)
    intent = opt_outs.intent_of(
        reading, situation.country, opted_out=situation.is_opted_out
    )
    if intent:
        effects = actions.effects_of_word(intent, situation)
        decisions = _all_silent(rulebook, _SILENCE_AFTER[intent])
    elif silence := _silence_for_all(situation):
        decisions = _all_silent(rulebook, silence)
    else:
        judged = _judge_all(reading, situation)
        decisions = tuple(_give_way(rulebook.automations, judged))
        effects = _effects(decisions, situation)
    guarded = guards.hold_back(effects, situation)
    return Outcome(effects=guarded, decisions=decisions, intent=intent)


_SILENCE_AFTER = {
    "opt_out": Silence.OPT_OUT_WORD,
    "opt_in": Silence.OPT_OUT_WORD,
    "help": Silence.OPT_OUT_WORD,
    "likely_opt_out": Silence.LIKELY_OPT_OUT,
}


def _silence_for_all(situation: Situation) -> Silence | None:
    if guards.is_own_number(situation):
        return Silence.OWN_NUMBER
    contact = situation.contact
    if contact and contact.silent_until and contact.silent_until > situation.now:
        return Silence.HANDED_OVER
    return None


def _all_silent(rulebook: Rulebook, silence: Silence) -> tuple[Decision, ...]:
    return tuple(_silent(automation, silence) for automation in rulebook.automations)


def _judge_all(reading: text.Reading, situation: Situation) -> Iterator[Decision]:
    findings = situation.rulebook.index.search(reading)
    for automation in situation.rulebook.automations:
        yield _judge(automation, findings, situation)


def _judge(
    automation: Automation, findings: matching.Findings, situation: Situation
) -> Decision:
    """Hold one message against one automation's conditions, in their order."""
    if automation.message_type != situation.message.message_type:
        return _silent(automation, Silence.MESSAGE_TYPE)
    places: list[Place] = []
    for condition in automation.conditions:
        if isinstance(condition, Content):
            check = matching.check(condition, findings)
            if not check.holds:
                return _silent(
                    automation, check.silence or Silence.CONTENT, check.near_miss
                )
            places += check.places
        elif silence := conditions.silence(condition, automation.id, situation):
            return _silent(automation, silence)
    return Decision(
        automation=automation.id,
        name=automation.name,
        fired=True,
        places=tuple(places),
    )


def _give_way(
    automations: Sequence[Automation], judged: Iterable[Decision]
) -> Iterator[Decision]:
    """Silence who must give way: to a conversation, to one that stops others."""
    pairs = list(zip(automations, judged, strict=True))
    is_conversation = any(one.fired and _follows(rule) for rule, one in pairs)
    is_stopped = False
    for automation, decision in pairs:
        if decision.fired and is_conversation and not _follows(automation):
            decision = _silent(automation, Silence.CONVERSATION)
        elif decision.fired and is_stopped:
            decision = _silent(automation, Silence.STOPPED)
        is_stopped = is_stopped or (decision.fired and automation.stops_others)
        yield decision


def _effects(decisions: Iterable[Decision], situation: Situation) -> Iterator[Effect]:
    automations = situation.rulebook.automations
    for automation, decision in zip(automations, decisions, strict=True):
        if decision.fired:
            yield from actions.effects_of(automation, decision, situation)


def _follows(automation: Automation) -> bool:
    return any(isinstance(condition, Follows) for condition in automation.conditions)


def _silent(
    automation: Automation, silence: Silence, near_miss: NearMiss | None = None
) -> Decision:
    return Decision(
        automation=automation.id,
        name=automation.name,
        fired=False,
        silence=silence,
        near_miss=near_miss,
    )
