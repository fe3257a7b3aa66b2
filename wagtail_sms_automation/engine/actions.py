"""What each action of an automation that fired becomes, and each opt-out word."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from . import rendering, segments
from .outcome import (
    Decision,
    Effect,
    EndOptOut,
    ForwardMail,
    ForwardSms,
    Held,
    JoinGroup,
    KeepSilent,
    LeaveGroup,
    SendSms,
    SetAttribute,
    StartOptOut,
)
from .rules import (
    Action,
    AddToGroup,
    Automation,
    ForwardToEmail,
    ForwardToPhone,
    HandOver,
    OptOut,
    RemoveFromGroup,
    Reply,
    Rulebook,
    SaveAnswer,
)
from .situation import Situation


def effects_of(
    automation: Automation, decision: Decision, situation: Situation
) -> Iterator[Effect]:
    """Yield the effects of an automation that fired, in the editor's order."""
    keyword = decision.places[0].keyword if decision.places else ""
    values = rendering.values(situation.message, situation.contact, keyword)
    for action in automation.actions:
        yield from _texts(action, automation.id, values, situation)
        if situation.contact is not None:
            yield from _changes(action, automation.id, decision, situation)


def effects_of_word(intent: str, situation: Situation) -> Iterator[Effect]:
    """Yield what follows from STOP, START, HELP or a phrase that means STOP."""
    texts = situation.rulebook.texts
    is_opted_out = situation.is_opted_out
    if intent == "opt_out":
        if situation.contact is not None:
            yield StartOptOut(action=intent)
        if not is_opted_out:
            yield from _answer(texts.opt_out, intent, situation)
    elif intent == "opt_in":
        if is_opted_out:
            yield EndOptOut(action=intent)
        yield from _answer(texts.opt_in, intent, situation)
    elif intent == "help":
        yield from _answer(texts.help, intent, situation)
    elif situation.contact is not None:
        yield StartOptOut(action=intent, is_likely=True)


def _answer(template: str, intent: str, situation: Situation) -> Iterator[Effect]:
    if template.strip():
        values = rendering.values(situation.message, situation.contact, "")
        body, held = _sms(template, values, situation.rulebook)
        yield SendSms(action=intent, body=body, held=held)


def _texts(
    action: Action, automation: int, values: Mapping[str, str], situation: Situation
) -> Iterator[Effect]:
    match action:
        case Reply():
            body, held = _sms(action.body, values, situation.rulebook)
            yield SendSms(automation=automation, action=action.id, body=body, held=held)
        case ForwardToPhone():
            body, held = _sms(action.body, values, situation.rulebook)
            # The kitchen must hear of an order, be it too long to forward whole.
            body = segments.shorten(body, situation.rulebook.max_parts)
            for recipient in dict.fromkeys(action.phone_numbers):
                yield ForwardSms(
                    automation=automation,
                    action=action.id,
                    recipient=recipient,
                    body=body,
                    held=held,
                )
        case ForwardToEmail():
            body = _mail(action.body, values)
            for recipient in dict.fromkeys(action.addresses):
                yield ForwardMail(
                    automation=automation,
                    action=action.id,
                    recipient=recipient,
                    body=body,
                )


def _changes(
    action: Action, automation: int, decision: Decision, situation: Situation
) -> Iterator[Effect]:
    id = action.id
    match action:
        case AddToGroup(group=group):
            yield JoinGroup(automation=automation, action=id, group=group)
        case RemoveFromGroup(group=group):
            yield LeaveGroup(automation=automation, action=id, group=group)
        case SaveAnswer(attribute=name):
            value = answer(situation.message.body, decision)
            yield SetAttribute(
                automation=automation, action=id, attribute=name, value=value
            )
        case OptOut():
            yield StartOptOut(automation=automation, action=id)
        case HandOver(hours=hours):
            until = situation.now + timedelta(hours=hours)
            yield KeepSilent(automation=automation, action=id, until=until)


def answer(body: str, decision: Decision) -> str:
    """Return the body without the keyword that fired the automation."""
    if decision.places:
        place = decision.places[0]
        before, after = body[: place.start].rstrip(), body[place.end :].lstrip()
        # "NAME: Ann" answers "Ann".
        body = f"{before} {after}" if before else after.lstrip(":,; ")
    return segments.clean(body).strip()


def _sms(
    template: str, values: Mapping[str, str], rulebook: Rulebook
) -> tuple[str, Held | None]:
    try:
        body = rendering.render(template, values)
    except rendering.PlaceholderError:
        return template, Held.PLACEHOLDER
    if rulebook.replaces_typography:
        return segments.replace_typography(body), None
    return segments.clean(body), None


def _mail(template: str, values: Mapping[str, str]) -> str:
    try:
        body = segments.clean(rendering.render(template, values))
    except rendering.PlaceholderError:
        body = ""
    # An order must reach the kitchen, whatever is wrong with the text around it.
    return body if body.strip() else segments.clean(values["message.body"])
