"""The decision record in words: why each automation fired, or did not."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..engine.outcome import Silence


#: Why an automation stayed silent, by the engine's code.
SILENCES = {
    Silence.MESSAGE_TYPE: gettext_lazy("It listens to another type of message."),
    Silence.CONTENT: gettext_lazy("The message does not contain what it listens to."),
    Silence.EXCLUDED: gettext_lazy("The message contains a keyword it must not."),
    Silence.QUOTED: gettext_lazy(
        "Its keyword stands only in a text of ours that the message quotes."
    ),
    Silence.RECEIVING_NUMBER: gettext_lazy("The message came to another number."),
    Silence.DATES: gettext_lazy("The message came outside its dates."),
    Silence.OPENING_HOURS: gettext_lazy(
        "The message came at a time its opening hours condition leaves out."
    ),
    Silence.GROUP: gettext_lazy("The contact’s groups are not those it asks for."),
    Silence.FOLLOWS: gettext_lazy(
        "It follows other automations, none of which has just answered this contact."
    ),
    Silence.FREQUENCY: gettext_lazy(
        "It has fired for this contact, and may not fire again so soon."
    ),
    Silence.CONVERSATION: gettext_lazy(
        "An automation that follows the last answer took the message."
    ),
    Silence.STOPPED: gettext_lazy("An automation before it stops those after it."),
    Silence.OPT_OUT_WORD: gettext_lazy(
        "STOP, START and HELP come before every automation."
    ),
    Silence.LIKELY_OPT_OUT: gettext_lazy(
        "The message reads like a wish to stop: a person must look at it."
    ),
    Silence.HANDED_OVER: gettext_lazy(
        "Automations leave this contact alone: a person has taken over, or the loop "
        "guard stepped in."
    ),
    Silence.OWN_NUMBER: gettext_lazy("The message came from one of our own numbers."),
}

#: What all but matched, by the engine's word for the difference.
NEAR_MISSES = {
    "case": gettext_lazy("“%(found)s” differs from %(keyword)s only in case."),
    "accents": gettext_lazy("“%(found)s” differs from %(keyword)s only in accents."),
    "whole_word": gettext_lazy(
        "“%(found)s” contains %(keyword)s, but not as a whole word."
    ),
    "whole_message": gettext_lazy(
        "“%(found)s” contains %(keyword)s, but is not exactly that."
    ),
    "beginning": gettext_lazy(
        "“%(found)s” stands in the message, but the message does not begin with "
        "%(keyword)s."
    ),
    "quoted": gettext_lazy(
        "“%(found)s” stands only in a text of ours that the message quotes."
    ),
}

#: What a message was read as, by the engine's word for the intent.
INTENTS = {
    "opt_out": gettext_lazy("A request to stop (STOP)"),
    "opt_in": gettext_lazy("A request to start again (START)"),
    "help": gettext_lazy("A request for help (HELP)"),
    "likely_opt_out": gettext_lazy("Probably a wish to stop: a person must look"),
}


@dataclass(frozen=True)
class DecisionText:
    """One automation's decision, for a page."""

    automation: int | None
    name: str
    fired: bool
    reason: str
    near_miss: str


def explain(decisions: list[dict]) -> list[DecisionText]:
    """Put a decision record into words; those that fired come first."""
    texts = [
        DecisionText(
            automation=decision.get("automation"),
            name=decision.get("name", ""),
            fired=bool(decision.get("fired")),
            reason=_reason(decision),
            near_miss=_near_miss(decision),
        )
        for decision in decisions
    ]
    return sorted(texts, key=lambda text: not text.fired)


def _reason(decision):
    places = decision.get("places") or ()
    if decision.get("fired"):
        return _fired_by(places)
    if decision.get("silence") == Silence.EXCLUDED and places:
        return _("The message contains “%(keyword)s”, which it must not.") % {
            "keyword": places[0]["keyword"]
        }
    # A code that a newer version wrote.
    return str(SILENCES.get(decision.get("silence"), _("It did not fire.")))


def _fired_by(places):
    if not places:
        return _("Fired: its conditions hold, none of which names a keyword.")
    found = [
        _("“%(keyword)s” (at character %(place)d)")
        % {"keyword": place["keyword"], "place": place["start"] + 1}
        for place in places
    ]
    return _("Fired by %(keywords)s.") % {"keywords": ", ".join(found)}


def _near_miss(decision):
    near_miss = decision.get("near_miss") or {}
    text = NEAR_MISSES.get(near_miss.get("difference"))
    return str(text) % near_miss if text else ""


def mark(body: str, decisions: list[dict]) -> list[tuple[str, bool]]:
    """Cut a body into (text, is_keyword), by the keywords that fired automations."""
    is_keyword = [False] * len(body)
    for decision in decisions:
        for place in (decision.get("places") or ()) if decision.get("fired") else ():
            for index in range(place["start"], min(place["end"], len(body))):
                is_keyword[index] = True
    parts = []
    for character, marked in zip(body, is_keyword, strict=True):
        if parts and parts[-1][1] == marked:
            parts[-1] = (parts[-1][0] + character, marked)
        else:
            parts.append((character, marked))
    return parts
