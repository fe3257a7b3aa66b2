"""What the editor wrote: automations, their conditions and actions, the rulebook."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from zoneinfo import ZoneInfo

from .content import Content as Content
from .content import Operator as Operator
from .matching import Index
from .messages import MessageType


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivingNumber:
    """The message came to one of these numbers of ours."""

    numbers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedBetween:
    """The message came in a window; an open end is None. The end is excluded."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHours:
    """The message came while the house is open, or while it is closed."""

    is_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembership:
    """The contact is in one of the groups, or in none of them."""

    groups: frozenset[int]
    is_member: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Follows:
    """The last automation that answered this contact, within hours, is one of these."""

    automations: frozenset[int]
    within_hours: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """Fires again for one contact only after so many hours; None means never again."""

    every_hours: int | None = None


Condition = (
    Content
    | ReceivingNumber
    | ReceivedBetween
    | OpeningHours
    | GroupMembership
    | Follows
    | Frequency
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What all actions share: the id that stays with it through edits."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Action):
    """Send the contact an SMS."""

    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToGroup(Action):
    """Put the contact in a group."""

    group: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFromGroup(Action):
    """Take the contact out of a group."""

    group: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardToPhone(Action):
    """Send the message on to staff phones (E.164)."""

    phone_numbers: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardToEmail(Action):
    """Send the message on to e-mail addresses."""

    addresses: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveAnswer(Action):
    """Keep the body, without the keyword, as an attribute of the contact."""

    attribute: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut(Action):
    """Stop everything promotional to the contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver(Action):
    """Leave the contact to a person: automations say nothing for some hours."""

    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """One rule: when all conditions hold, do the actions in this order."""

    id: int
    name: str
    message_type: MessageType = MessageType.SMS
    conditions: tuple[Condition, ...] = ()
    actions: tuple[Action, ...] = ()
    #: Automations after this one stay silent when it fires.
    stops_others: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyHours:
    """When the house is open. Local wall-clock times of one zone."""

    time_zone: ZoneInfo
    #: Weekday (0 is Monday) to its open periods; one that ends before it starts
    #: runs past midnight.
    periods: Mapping[int, tuple[tuple[time, time], ...]] = field(default_factory=dict)
    closed_on: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopCaps:
    """How much one contact may set off by machine (domain.md 4.3).

    Replies and forwarded messages are counted apart, each against the same caps.
    """

    per_minute: int = 5
    per_hour: int = 20
    per_day: int = 40
    #: The same reply, to one contact, in ten minutes.
    identical: int = 3
    #: How long a contact that hit a cap is left alone, in hours.
    pause_hours: int = 1
    #: Between two answers to just any text, in hours; 0 answers each.
    fallback_hours: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What is said to STOP, START and HELP; an empty text says nothing."""

    opt_out: str = ""
    opt_in: str = ""
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """Everything respond() answers by. Automations stand in the editor's order."""

    automations: tuple[Automation, ...] = ()
    opening_hours: WeeklyHours = WeeklyHours(time_zone=ZoneInfo("UTC"))
    texts: Texts = Texts()
    loop_caps: LoopCaps = LoopCaps()
    #: Numbers that send for us: never answered.
    own_numbers: frozenset[str] = frozenset()
    default_country: str = ""
    #: The gateway refuses a longer text (parts).
    max_parts: int = 9
    #: Quotes, dashes and spaces give way when that makes a text GSM-7 (domain.md 1.3).
    replaces_typography: bool = True
    #: Texts of one contact that follow each other so closely are read as one.
    reads_together_seconds: int = 0

    @cached_property
    def fallbacks(self) -> frozenset[int]:
        """Automations that answer just any text, and do not say how often."""
        return frozenset(
            automation.id
            for automation in self.automations
            if not any(
                isinstance(condition, Content | Follows | Frequency)
                for condition in automation.conditions
            )
        )

    @cached_property
    def index(self) -> Index:
        """The keywords of all content conditions, compiled once."""
        return Index(
            (automation.id, condition)
            for automation in self.automations
            for condition in automation.conditions
            if isinstance(condition, Content)
        )

    @cached_property
    def forward_numbers(self) -> frozenset[str]:
        """Staff phones: what they write is never answered or forwarded by machine."""
        return frozenset(
            number
            for automation in self.automations
            for action in automation.actions
            if isinstance(action, ForwardToPhone)
            for number in action.phone_numbers
        )
