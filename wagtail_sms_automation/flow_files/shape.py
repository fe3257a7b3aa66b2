"""What a flow file holds, and what can be wrong with one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _


FORMAT = "wagtail-sms-automation/flow"
VERSION = 1
#: A bigger file is no flow that somebody wrote.
MOST_BYTES = 1_000_000
MOST_AUTOMATIONS = 500
#: More than these in one automation, or texts in the conversation, is no flow either.
MOST_BLOCKS = 100
#: And more than these in one list of keywords, groups or numbers.
MOST_TEXTS = 1_000
MOST_EXCHANGES = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason to refuse a file; some have no line."""

    line: int | None
    reason: str

    def __str__(self) -> str:
        if self.line is None:
            return self.reason
        return _("Line %(line)s: %(reason)s") % {
            "line": self.line,
            "reason": self.reason,
        }


class FlowFileError(ValueError):
    """A file that is refused, whole."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A value that a template asks for: [[key]] stands for it in every text."""

    key: str
    #: "text", "phone" or "email".
    kind: str
    label: str
    example: str
    #: What is filled in unless somebody says otherwise.
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A condition or action: its type, and the block's own values by field.

    Contact groups are named, and automations stand for their keys in the file.
    """

    type: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAutomation:
    """One automation of the file."""

    #: What follows conditions of the file call it by.
    key: str
    name: str
    description: str = ""
    message_type: str = "sms"
    stops_others: bool = False
    conditions: tuple[Block, ...] = ()
    actions: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A text of the sample conversation, and the replies it must get, in order.

    In a reply, "..." stands for anything; no reply means silence.
    """

    text: str
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFile:
    """A flow as its file describes it, the asked values filled in."""

    name: str
    description: str = ""
    announcement: str = ""
    language: str = ""
    asks: tuple[Asked, ...] = ()
    automations: tuple[FileAutomation, ...] = ()
    conversation: tuple[Exchange, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """The contact groups it names, each once, in order."""
        names: dict[str, None] = {}
        for automation in self.automations:
            for block in (*automation.conditions, *automation.actions):
                names |= dict.fromkeys(block.values.get("groups", ()))
                if "group" in block.values:
                    names[block.values["group"]] = None
        return tuple(names)
