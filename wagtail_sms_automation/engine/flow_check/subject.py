"""What is checked, and what it is checked by."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from sys import maxsize

from ..content import Content, Operator
from ..conversation import PAUSE, after
from ..flow_graph import Announcement, FlowGraph, bodies_of, draw
from ..invitations import plain
from ..listeners import Listeners, keyword_contents
from ..messages import Contact, InboundMessage
from ..outcome import Outcome, SendSms
from ..respond import respond
from ..rules import Automation, LoopCaps, Rulebook
from ..text import is_empty
from .findings import Witness
from .meetings import Meeting, Terms, common, meeting, terms_of


# Several messages show where texts lead, not when the loop guard cuts in.
_UNCAPPED = LoopCaps(
    per_minute=maxsize, per_hour=maxsize, per_day=maxsize, identical=maxsize
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text that customers get or read, and whose it is."""

    body: str
    automation: int | None = None
    announcement: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A keyword of an automation, and a message that the automation listens to."""

    automation: Automation
    content: Content
    keyword: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The active automations, those to be checked as if they were, and the facts."""

    #: Its automations are the active ones.
    rulebook: Rulebook
    now: datetime
    #: Checked as if they were active; they take the place of those with their ids.
    candidates: tuple[Automation, ...] = ()
    #: Neither active nor candidates.
    paused: tuple[Automation, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    #: By automation, the id of the announcement of its flow, if it has one.
    told_by: Mapping[int, str] = field(default_factory=dict)
    #: The words that no automation can have, by opt_outs.reserved_words().
    reserved: frozenset[str] = frozenset()
    #: False: what we send unasked comes from a name, which nobody can answer.
    can_receive: bool = True
    #: Customers' numbers, of those that messages are forwarded to.
    contact_numbers: frozenset[str] = frozenset()
    #: Bodies that came of late, and how often.
    recent: Mapping[str, int] = field(default_factory=dict)
    #: By automation, when it last fired or else began to listen; others are not judged.
    quiet_since: Mapping[int, datetime] = field(default_factory=dict)
    #: Keys of findings that somebody said are meant so.
    intended: frozenset[str] = frozenset()

    @cached_property
    def active(self) -> tuple[Automation, ...]:
        """The automations as they will be, in the editor's order."""
        candidates = {candidate.id: candidate for candidate in self.candidates}
        kept = [
            candidates.pop(automation.id, automation)
            for automation in self.rulebook.automations
        ]
        return (*kept, *candidates.values())

    @cached_property
    def rulebook_to_be(self) -> Rulebook:
        """The rulebook with the candidates active."""
        return replace(self.rulebook, automations=self.active)

    @cached_property
    def by_id(self) -> Mapping[int, Automation]:
        """The automations that are checked, by id."""
        return {automation.id: automation for automation in self.active}

    @cached_property
    def listeners(self) -> Listeners:
        """Who listens to what."""
        return Listeners(self.active)

    @cached_property
    def paused_listeners(self) -> Listeners:
        """Who would listen, were it not paused."""
        return Listeners(one for one in self.paused if one.id not in self.by_id)

    @cached_property
    def graph(self) -> FlowGraph:
        """The automations that are checked, and their invitations."""
        return draw(self.listeners, announcements=self.announcements)

    @cached_property
    def texts(self) -> tuple[Text, ...]:
        """Every text that customers get or read, each text of an automation once."""
        announced = [
            Text(body=one.body, announcement=one.id) for one in self.announcements
        ]
        answered = [
            Text(body=body, automation=automation.id)
            for automation in self.active
            for body in dict.fromkeys(bodies_of(automation))
        ]
        return (*announced, *answered)

    @cached_property
    def listed(self) -> tuple[Listed, ...]:
        """Every keyword that can be seen, with a message for it."""
        return tuple(
            Listed(automation, content, keyword, _body(automation, content, keyword))
            for automation in self.active
            for content in keyword_contents(automation)
            for keyword in content.keywords
            if not is_empty(keyword)
        )

    @cached_property
    def first_bodies(self) -> Mapping[int, str]:
        """By automation, the first message that it listens to."""
        bodies: dict[int, str] = {}
        for one in self.listed:
            if one.automation.id not in bodies and self.hears(one):
                bodies[one.automation.id] = one.body
        return bodies

    def hears(self, listed: Listed) -> bool:
        """Tell whether an automation listens to the message for its own keyword."""
        return listed.automation.id in self.listeners.heard(listed.body)

    @cached_property
    def reserved_words(self) -> frozenset[str]:
        """The reserved words, in the form they are compared in."""
        return frozenset(map(plain, self.reserved)) - {""}

    @cached_property
    def _terms(self) -> Mapping[int, Terms]:
        return {automation.id: terms_of(automation) for automation in self.active}

    @cached_property
    def _meetings(self) -> dict[Terms, Meeting | None]:
        return {}

    @cached_property
    def _outcomes(self) -> dict[tuple[tuple[str, ...], Meeting], Witness]:
        return {}

    @cached_property
    def anywhere(self) -> Meeting:
        """A message to any number of ours, now, from somebody new."""
        numbers = self.rulebook.own_numbers
        return Meeting(at=self.now, recipient=min(numbers, default="+33939980000"))

    def meeting(self, *automations: int) -> Meeting | None:
        """A situation in which the conditions of all of some automations hold."""
        terms: Terms | None = self._terms[automations[0]]
        for automation in automations[1:]:
            terms = terms and common(terms, self._terms[automation])
        if terms is None:
            return None
        if terms not in self._meetings:
            self._meetings[terms] = meeting(
                terms,
                now=self.now,
                hours=self.rulebook.opening_hours,
                own_numbers=self.rulebook.own_numbers,
                known=frozenset(self.by_id),
            )
        return self._meetings[terms]

    def witness(self, *bodies: str, at: Meeting | None = None) -> Witness:
        """Put messages through the production engine, and tell what the last does."""
        meeting = at or self.anywhere
        if (bodies, meeting) not in self._outcomes:
            witness = Witness(
                bodies=bodies,
                at=meeting.at,
                recipient=meeting.recipient,
                message_type=meeting.message_type,
                groups=meeting.groups,
                last_automation=meeting.last_automation,
            )
            # Nobody else says anything to these: the rest need not be asked.
            concerned = {id for body in bodies for id in self.listeners.heard(body)}
            concerned.update(one.id for one in self.listeners.any_text)
            rulebook = replace(
                self.rulebook,
                automations=tuple(one for one in self.active if one.id in concerned),
                loop_caps=self.rulebook.loop_caps if len(bodies) == 1 else _UNCAPPED,
            )
            outcome = replay(witness, rulebook)
            self._outcomes[bodies, meeting] = replace(
                witness,
                fires=tuple(decision.automation for decision in outcome.fired),
                replies=tuple(
                    effect.body
                    for effect in outcome.effects
                    if isinstance(effect, SendSms) and effect.held is None
                ),
            )
        return self._outcomes[bodies, meeting]


def replay(witness: Witness, rulebook: Rulebook) -> Outcome:
    """Put a witness through the production engine; return what its last body does."""
    has_answer = witness.last_automation is not None
    contact = Contact(
        phone_number=_customer(witness, rulebook),
        groups=witness.groups,
        last_automation=witness.last_automation,
        last_answered_at=witness.at if has_answer else None,
    )
    outcome, at = Outcome(), witness.at
    for body in witness.bodies:
        message = InboundMessage(
            body=body,
            originator=contact.phone_number,
            recipient=witness.recipient,
            received_at=at,
            message_type=witness.message_type,
        )
        outcome = respond(message, contact, rulebook, at)
        contact = after(contact, outcome, at)
        at += PAUSE
    return outcome


def _customer(witness: Witness, rulebook: Rulebook) -> str:
    """A number that is nobody's: France keeps these for films."""
    taken = {witness.recipient, *rulebook.own_numbers, *rulebook.forward_numbers}
    numbers = (f"+336399800{number:02}" for number in range(100))
    return next((one for one in numbers if one not in taken), "+33639980100")


def _body(automation: Automation, content: Content, keyword: str) -> str:
    """A message for a keyword: with the others that its automation wants besides."""
    words = [keyword]
    if content.operator is Operator.ALL:
        words += (other for other in content.keywords if other != keyword)
    for other in keyword_contents(automation):
        if other is content:
            continue
        more: Sequence[str] = other.keywords[:1]
        if other.operator is Operator.ALL:
            more = other.keywords
        if other.operator is Operator.BEGINS:
            words = [*more, *words]
        else:
            words += more
    return " ".join(dict.fromkeys(words))


def keywords_of(listed: Iterator[Listed] | Sequence[Listed]) -> tuple[str, ...]:
    """The keywords of some, each once."""
    return tuple(dict.fromkeys(one.keyword for one in listed))
