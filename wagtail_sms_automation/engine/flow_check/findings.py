"""What the flow check finds: data, with a message that shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256

from ..invitations import plain
from ..messages import MessageType


class Code(StrEnum):
    """What is wrong."""

    #: Two automations have the same keyword: both fire.
    SAME_KEYWORD = "K1"
    #: A keyword is part of another: the longer fires the shorter too.
    CONTAINED = "K2"
    #: A keyword of digits only.
    DIGITS = "K3"
    #: A word that the law or the provider takes first.
    RESERVED = "K4"
    #: A word that people write without meaning it.
    COMMON = "K5"
    #: A text of ours holds a keyword that its reader will send by accident.
    OWN_TEXT = "K6"
    #: A text asks for a word that nobody listens to.
    DEAD_INVITATION = "K7"
    #: An automation that cannot fire, or that nobody is told of.
    UNREACHABLE = "K8"
    #: Messages go round in a circle.
    CYCLE = "K9"
    #: A keyword that is not what it looks like.
    SPELLING = "K10"
    #: A way that phones write the keyword is missing.
    CASE_VARIANTS = "K11"
    #: What the messages of the last weeks say.
    USE = "K12"


class Reason(StrEnum):
    """Which of the things that a code stands for."""

    NONE = ""
    # K6
    EXAMPLE = "example"
    OWN_REPLY = "own_reply"
    # K7
    NOBODY_LISTENS = "nobody_listens"
    CANNOT_RECEIVE = "cannot_receive"
    # K8
    NOT_INVITED = "not_invited"
    FOLLOWS_NOBODY = "follows_nobody"
    PAUSED = "paused"
    EXPIRED = "expired"
    # K9
    INVITATIONS = "invitations"
    OWN_NUMBER = "own_number"
    CONTACT = "contact"
    # K10
    EMPTY = "empty"
    MIXED_SCRIPTS = "mixed_scripts"
    DUPLICATE = "duplicate"
    # K12
    NEVER_FIRED = "never_fired"
    UNMATCHED = "unmatched"


class Level(StrEnum):
    """How bad it is: errors stop a Resume."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Messages that show a finding, and what the customer gets for the last one."""

    #: One body as a rule; a conversation for what takes several.
    bodies: tuple[str, ...]
    #: When, to which number of ours and as what the first one comes.
    at: datetime
    recipient: str
    message_type: MessageType = MessageType.SMS
    #: The groups the customer is in, and the automation that answered last.
    groups: frozenset[int] = frozenset()
    last_automation: int | None = None
    #: The automations that fire on the last one, in order.
    fires: tuple[int, ...] = ()
    #: The texts the customer gets for it.
    replies: tuple[str, ...] = ()

    @property
    def body(self) -> str:
        """The message that shows it."""
        return self.bodies[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A change that would mend a finding, for one click."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddKeywords(Repair):
    """Give an automation more keywords, beside the one they are variants of."""

    automation: int
    beside: str
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceKeyword(Repair):
    """Write a keyword in another way; without a new one, take it out."""

    automation: int
    old: str
    new: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchToExact(Repair):
    """Fire only on messages that are exactly the keyword."""

    automation: int
    keyword: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkIntended(Repair):
    """Say that it is meant so: the finding is information from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, or may be."""

    code: Code
    level: Level
    reason: Reason = Reason.NONE
    #: The automations it concerns, the one to change first.
    automations: tuple[int, ...] = ()
    #: The id of the announcement whose text it is.
    announcement: str | None = None
    keywords: tuple[str, ...] = ()
    #: Phone numbers, for what is forwarded.
    numbers: tuple[str, ...] = ()
    #: How often, for what was counted.
    count: int = 0
    #: When the dates were over.
    ended_at: datetime | None = None
    #: The automations to answer before it, of which none does.
    follows: frozenset[int] = frozenset()
    witness: Witness
    repairs: tuple[Repair, ...] = ()
    is_intended: bool = False

    @property
    def key(self) -> str:
        """What stays the same from check to check: 20 characters.

        Other words, dates or automations than were marked as meant so make another.
        """
        parts = (
            self.code,
            self.reason,
            ",".join(map(str, sorted(self.automations))),
            self.announcement or "",
            ",".join(self.numbers),
            "\n".join(sorted({plain(keyword) or keyword for keyword in self.keywords})),
            # What few findings have is left out of the others' keys.
            *([self.ended_at.astimezone(UTC).isoformat()] if self.ended_at else []),
            *([",".join(map(str, sorted(self.follows)))] if self.follows else []),
        )
        digest = sha256("\0".join(parts).encode("utf-8", "backslashreplace"))
        return f"{self.code}-{digest.hexdigest()[:16]}"


#: How bad each thing is that can be found.
LEVELS: Mapping[tuple[Code, Reason], Level] = {
    (Code.SAME_KEYWORD, Reason.NONE): Level.WARNING,
    (Code.CONTAINED, Reason.NONE): Level.WARNING,
    (Code.DIGITS, Reason.NONE): Level.ERROR,
    (Code.RESERVED, Reason.NONE): Level.ERROR,
    (Code.COMMON, Reason.NONE): Level.WARNING,
    (Code.OWN_TEXT, Reason.EXAMPLE): Level.WARNING,
    (Code.OWN_TEXT, Reason.OWN_REPLY): Level.WARNING,
    (Code.DEAD_INVITATION, Reason.NOBODY_LISTENS): Level.ERROR,
    (Code.DEAD_INVITATION, Reason.CANNOT_RECEIVE): Level.ERROR,
    (Code.UNREACHABLE, Reason.NOT_INVITED): Level.WARNING,
    (Code.UNREACHABLE, Reason.FOLLOWS_NOBODY): Level.WARNING,
    (Code.UNREACHABLE, Reason.PAUSED): Level.WARNING,
    (Code.UNREACHABLE, Reason.EXPIRED): Level.WARNING,
    (Code.CYCLE, Reason.INVITATIONS): Level.WARNING,
    (Code.CYCLE, Reason.OWN_NUMBER): Level.ERROR,
    (Code.CYCLE, Reason.CONTACT): Level.ERROR,
    (Code.SPELLING, Reason.EMPTY): Level.ERROR,
    (Code.SPELLING, Reason.MIXED_SCRIPTS): Level.ERROR,
    (Code.SPELLING, Reason.DUPLICATE): Level.INFO,
    (Code.CASE_VARIANTS, Reason.NONE): Level.INFO,
    (Code.USE, Reason.NEVER_FIRED): Level.INFO,
    (Code.USE, Reason.UNMATCHED): Level.INFO,
}


def level_of(code: Code, reason: Reason) -> Level:
    """Return how bad a thing is that nobody has said is meant so."""
    return LEVELS[code, reason]
