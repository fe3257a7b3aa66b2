"""What respond() gives back: effects to carry out, a decision for each automation."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum


class Silence(StrEnum):
    """Why an automation did not fire: the first thing that did not hold."""

    MESSAGE_TYPE = "message_type"
    #: No keyword was found (or not all, or not at the start ...).
    CONTENT = "content"
    #: A keyword that must not occur was found.
    EXCLUDED = "excluded"
    #: The keyword stands only in words of ours that the message quotes.
    QUOTED = "quoted"
    RECEIVING_NUMBER = "receiving_number"
    DATES = "dates"
    OPENING_HOURS = "opening_hours"
    GROUP = "group"
    FOLLOWS = "follows"
    FREQUENCY = "frequency"
    #: An automation with a follows condition answered first.
    CONVERSATION = "conversation"
    #: An earlier automation stops those after it.
    STOPPED = "stopped"
    #: STOP, START or HELP comes before every automation.
    OPT_OUT_WORD = "opt_out_word"
    #: A phrase that reads like a wish to stop; a person must look.
    LIKELY_OPT_OUT = "likely_opt_out"
    #: The contact was handed to a person, or paused by the loop guard.
    HANDED_OVER = "handed_over"
    #: The message came from one of our own numbers.
    OWN_NUMBER = "own_number"


class Held(StrEnum):
    """Why a text that an automation wrote must not be sent."""

    OPTED_OUT = "opted_out"
    #: A short code or a name cannot be answered.
    UNANSWERABLE = "unanswerable"
    OWN_NUMBER = "own_number"
    FORWARD_NUMBER = "forward_number"
    LOOP = "loop"
    #: The body is empty once rendered, or names an unknown placeholder.
    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    TOO_LONG = "too_long"
    #: An answer to just any text, sent to this contact a short time ago.
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a keyword was found: offsets in the body as it came."""

    keyword: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """The text that all but matched: it differs from the keyword in one thing only."""

    keyword: str
    found: str
    #: "case", "accents", "whole_word", "whole_message", "beginning" or "quoted".
    difference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why one automation fired or stayed silent."""

    automation: int
    name: str
    fired: bool
    #: The keywords found, the one that fired it first.
    places: tuple[Place, ...] = ()
    silence: Silence | None = None
    near_miss: NearMiss | None = None

    def as_json(self) -> dict[str, object]:
        """A dict of plain values, for the decision record."""
        # asdict() would take longer than the decision did.
        return {
            "automation": self.automation,
            "name": self.name,
            "fired": self.fired,
            "places": [
                {"keyword": place.keyword, "start": place.start, "end": place.end}
                for place in self.places
            ],
            "silence": self.silence,
            "near_miss": self.near_miss and asdict(self.near_miss),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What all effects share: which action of which automation asked for it."""

    #: None: STOP, START, HELP or a guard asked for it.
    automation: int | None = None
    #: The action's id, or a fixed word such as "opt_out"; part of the unique cause.
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSms(Effect):
    """An SMS to the contact; with held set, recorded but not sent."""

    body: str
    held: Held | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardSms(Effect):
    """An SMS to one staff phone."""

    recipient: str
    body: str
    held: Held | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardMail(Effect):
    """An e-mail to one staff address."""

    recipient: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinGroup(Effect):
    """The contact becomes a member of a group."""

    group: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveGroup(Effect):
    """The contact's membership of a group ends."""

    group: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAttribute(Effect):
    """An answer is kept on the contact."""

    attribute: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptOut(Effect):
    """The contact is opted out from now on. Doing it twice changes nothing."""

    #: True: a phrase, not a word; a person confirms.
    is_likely: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOptOut(Effect):
    """The contact asked to be texted again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSilent(Effect):
    """Automations leave the contact alone until then."""

    until: datetime
    #: True: the loop guard did it, and staff should look.
    is_loop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that follows from one message."""

    effects: tuple[Effect, ...] = ()
    decisions: tuple[Decision, ...] = ()
    #: What the message was read as: "opt_out", "opt_in", "help", "likely_opt_out".
    intent: str | None = None

    @property
    def fired(self) -> tuple[Decision, ...]:
        """The decisions of the automations that fired, in order."""
        return tuple(decision for decision in self.decisions if decision.fired)
