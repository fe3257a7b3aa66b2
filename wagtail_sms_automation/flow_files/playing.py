"""A flow tried out: a conversation held with it by the engine, nothing sent or stored.

Its paused steps answer as if active; automations of other flows are not asked.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import phone_numbers
from ..conf import settings as sms_settings
from ..engine import rules
from ..engine.conversation import converse
from ..engine.flow_graph import Announcement
from ..engine.messages import Contact, MessageType
from ..engine.outcome import SendSms
from ..models import Flow
from ..rulebook import ACTIONS, CONDITIONS, compile_rulebook
from .shape import Block, Exchange, FlowFile


#: A number that Ofcom keeps for drama: no contact and no staff phone has it.
STRANGER = "+447700900123"

#: What stands for anything in an expected reply.
ANYTHING = "..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One text, the replies the customer would get, and those that were expected."""

    text: str
    replies: tuple[str, ...]
    expected: tuple[str, ...] = ()

    @property
    def is_as_expected(self) -> bool:
        """True when each reply is what was expected in its place."""
        return len(self.replies) == len(self.expected) and all(
            is_like(reply, pattern)
            for reply, pattern in zip(self.replies, self.expected, strict=True)
        )


def is_like(reply: str, pattern: str) -> bool:
    """Tell whether a reply is what a pattern says; "..." stands for anything."""
    parts = map(re.escape, pattern.split(ANYTHING))
    return re.fullmatch(".*".join(parts), reply, flags=re.DOTALL) is not None


def rulebook_of(flow: Flow | FlowFile) -> rules.Rulebook:
    """Return the rulebook of one flow alone, under the site's settings.

    The automations of a file are numbered from 1, in its order.
    """
    if isinstance(flow, Flow):
        return compile_rulebook(flow.automations.in_order())
    site = compile_rulebook([])
    automations = tuple(automations_of(flow))
    numbers = {number for one in automations for number in _numbers(one)}
    return replace(
        site, automations=automations, own_numbers=site.own_numbers | numbers
    )


def announcements_of(file: FlowFile) -> list[Announcement]:
    """Return what announces the flow of a file, if anything does."""
    body = file.announcement.strip()
    if not body:
        return []
    return [Announcement(id="announcement", name=file.name, body=body)]


def play(
    flow: Flow | FlowFile,
    conversation: Iterable[Exchange],
    *,
    now: datetime | None = None,
) -> list[Turn]:
    """Hold a conversation with a flow, as a stranger, and return its turns."""
    rulebook, exchanges = rulebook_of(flow), list(conversation)
    turns = converse(
        [exchange.text for exchange in exchanges],
        Contact(phone_number=STRANGER, country=phone_numbers.region_of(STRANGER)),
        rulebook,
        recipient=_recipient(rulebook),
        now=now or timezone.now(),
    )
    return [
        Turn(
            text=exchange.text,
            replies=tuple(
                effect.body
                for effect in turn.outcome.effects
                if isinstance(effect, SendSms) and effect.held is None
            ),
            expected=exchange.answers,
        )
        for exchange, turn in zip(exchanges, turns, strict=True)
    ]


def difference(turns: Sequence[Turn]) -> str:
    """Return the conversation up to the first reply that is not as expected, or ""."""
    lines = []
    for turn in turns:
        lines.append(f"> {turn.text}")
        lines += [f"< {reply}" for reply in turn.replies] or [_("(no reply)")]
        if not turn.is_as_expected:
            return "\n".join([*lines, "", _what_differs(turn)])
    return ""


def _what_differs(turn: Turn) -> str:
    for number, (reply, pattern) in enumerate(
        zip(turn.replies, turn.expected, strict=False), start=1
    ):
        if not is_like(reply, pattern):
            return _(
                "Reply %(number)s to “%(text)s” differs:\n"
                "    expected: %(expected)s\n"
                "    got:      %(got)s"
            ) % {
                "number": number,
                "text": turn.text,
                "expected": pattern,
                "got": reply,
            }
    count = len(turn.expected)
    return ngettext(
        "“%(text)s” must get %(count)s reply, and gets %(got)s.",
        "“%(text)s” must get %(count)s replies, and gets %(got)s.",
        count,
    ) % {"text": turn.text, "count": count, "got": len(turn.replies)}


class _Row(NamedTuple):
    """What the rulebook reads of a chosen row."""

    pk: int


def automations_of(file: FlowFile) -> Iterable[rules.Automation]:
    """Yield the engine's automations of a file, numbered from 1."""
    keys = {one.key: number for number, one in enumerate(file.automations, start=1)}
    groups = {name: number for number, name in enumerate(file.groups, start=1)}
    for one in file.automations:
        yield rules.Automation(
            id=keys[one.key],
            name=one.name,
            message_type=MessageType(one.message_type),
            conditions=tuple(
                CONDITIONS[block.type](_values(block, groups, keys))
                for block in one.conditions
            ),
            actions=tuple(
                ACTIONS[block.type](f"{number}", _values(block, groups, keys))
                for number, block in enumerate(one.actions, start=1)
            ),
            stops_others=one.stops_others,
        )


def _values(
    block: Block, groups: dict[str, int], keys: dict[str, int]
) -> dict[str, Any]:
    """Return the values of a block, each name and key as a row of its own."""
    values = dict(block.values)
    if "group" in values:
        values["group"] = _Row(groups[values["group"]])
    if "groups" in values:
        values["groups"] = [_Row(groups[name]) for name in values["groups"]]
    if "automations" in values:
        values["automations"] = [_Row(keys[key]) for key in values["automations"]]
    return values


def _numbers(automation: rules.Automation) -> frozenset[str]:
    return frozenset[str]().union(
        *(
            condition.numbers
            for condition in automation.conditions
            if isinstance(condition, rules.ReceivingNumber)
        )
    )


def _recipient(rulebook: rules.Rulebook) -> str:
    """Return the number of ours that is texted: one that the flow itself names."""
    for automation in rulebook.automations:
        if numbers := _numbers(automation):
            return min(numbers)
    return phone_numbers.read_originator(sms_settings.ORIGINATOR)
