"""A flow of the site as a template: what the next one fills in stands as [[key]].

Numbers and addresses of staff, and the site's own numbers, are never kept: a template
goes to other sites.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import count
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _

from .. import phone_numbers
from ..conf import settings as sms_settings
from . import asked_values
from .shape import (
    MOST_BLOCKS,
    Asked,
    Block,
    Exchange,
    FileAutomation,
    FlowFile,
    FlowFileError,
    Problem,
)
from .targets import STAFF, Targets
from .writing import as_text


#: So many words of a flow can be asked for.
MOST_WORDS = 10
EXAMPLE_ADDRESS = "team@example.com"

#: The lists of a block that are never kept, and what each is asked for as.
_LISTS = {**STAFF, "numbers": "own"}
#: The fields of blocks that hold texts of the editor's.
_TEXTS = ("body", "keywords", "group", "groups", *_LISTS)
_PLACE = r"\[\[[a-z0-9_]+\]\]"
#: What is no text for customers: placeholders, and places that are filled in.
_MARKS = rf"\{{\{{.*?\}}\}}|{_PLACE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word or phrase of a flow, and the question that asks for another."""

    text: str
    label: str


class SiteTemplate:
    """A flow with places for its staff, and for words that somebody chose."""

    def __init__(
        self,
        flow: FlowFile,
        *,
        name: str | None = None,
        words: Sequence[Word] = (),
        site_targets: Iterable[str] = (),
    ) -> None:
        self.flow = replace(_with_plain_keys(flow), name=name or flow.name)
        self.words = words
        self._staff: dict[str, Asked] = {}
        for number, one in enumerate(self.flow.automations, start=1):
            for kind, target in _targets_of(one):
                self._ask_for(kind, target, number)
        self._targets = Targets([*self._staff, *site_targets])
        # The staff of other flows, where a text of this one names them.
        _mapped(self.flow, self._ask_for_all_in)
        self._asked: dict[str, Asked] = {}
        for word in words:
            key = self._key_of(word.label)
            self._asked[word.text] = Asked(
                key=key, kind="text", label=word.label, example=word.text
            )
        self._pattern = _pattern(self._asked)

    @property
    def asks(self) -> list[Asked]:
        """What whoever uses it is asked for."""
        return [*self._asked.values(), *self._staff.values()]

    def names_staff(self, text: str) -> bool:
        """Tell whether a number or address of the staff may be made out in a text."""
        return bool(self._targets.find(text)) or self._targets.is_in(text)

    def check(self, word: Word) -> None:
        """Raise ValidationError where one of the words cannot be asked for."""
        if self.names_staff(word.text):
            text = _("This belongs to the staff. It is asked for in any case.")
            raise ValidationError(text, code="staff")
        asked_values.clean(self._asked[word.text], word.text)
        if sum(one.text == word.text for one in self.words) > 1:
            raise ValidationError(_("This is there twice."), code="twice")
        if word.text not in self._found:
            text = _("These whole words do not occur in the flow’s texts.")
            raise ValidationError(text, code="does_not_occur")

    def as_text(self) -> str:
        """Return the flow file."""
        return as_text(_mapped(self.flow, self._with_places), asks=self.asks)

    def still_told(self) -> str:
        """Return a text of the file that tells a number or address after all, or ""."""
        document = json.loads(self.as_text())
        # Of what is asked for, only the editor's words may tell one.
        document["values"] = [asdict(asked) for asked in self._asked.values()]
        for text in _texts_of(document):
            if any(map(self._targets.is_in, re.split(_PLACE, text))):
                return text
        return ""

    def _ask_for(self, kind: str, target: str, step: int | None) -> None:
        if target in self._staff:
            return
        if len(self._staff) == MOST_BLOCKS:
            reason = _(
                "This flow names more than %(most)s numbers and addresses that a "
                "template must ask for."
            )
            raise FlowFileError([Problem(None, reason % {"most": MOST_BLOCKS})])
        self._staff[target] = _asked_of_staff(kind, len(self._staff) + 1, step)

    def _ask_for_all_in(self, text: str) -> str:
        for found in self._targets.find(text):
            kind = "email" if "@" in found.target else "phone"
            self._ask_for(kind, found.target, None)
        return text

    def _key_of(self, label: str) -> str:
        key = slugify(label).replace("-", "_")[:50]
        taken = {asked.key for asked in self.asks}
        if asked_values.KEY.fullmatch(key) and key not in taken:
            return key
        numbered = (f"value_{number}" for number in count(1))
        return next(key for key in numbered if key not in taken)

    @cached_property
    def _found(self) -> set[str]:
        """The words that stand somewhere, not only as a part of a longer one."""
        found: set[str] = set()

        def look(text: str) -> str:
            found.update(self._pattern.findall(self._without_staff(text)))
            return text

        _mapped(self.flow, look)
        return found

    def _with_places(self, text: str) -> str:
        return self._pattern.sub(self._place, self._without_staff(text))

    def _place(self, found: re.Match[str]) -> str:
        asked = self._asked.get(found[0])
        return f"[[{asked.key}]]" if asked else found[0]

    def _without_staff(self, text: str) -> str:
        return self._targets.replace(text, self._staff_place)

    def _staff_place(self, target: str) -> str:
        return f"[[{self._staff[target].key}]]"


def _asked_of_staff(kind: str, place: int, step: int | None) -> Asked:
    is_email = kind == "email"
    example = phone_numbers.example(sms_settings.DEFAULT_REGION)
    return Asked(
        key=f"own_number_{place}" if kind == "own" else f"staff_{kind}_{place}",
        kind="email" if is_email else "phone",
        label=_label(kind, step),
        example=EXAMPLE_ADDRESS if is_email else example,
    )


def _label(kind: str, step: int | None) -> str:
    if kind == "own":
        label = _("Number of yours that is texted, in step %(step)s")
    elif kind == "phone" and step is None:
        label = _("Phone number of the staff, in a text of the flow")
    elif kind == "phone":
        label = _("Phone number of the staff, told by step %(step)s")
    elif step is None:
        label = _("E-mail address of the staff, in a text of the flow")
    else:
        label = _("E-mail address of the staff, told by step %(step)s")
    return label % {"step": step}


def _texts_of(value: Any) -> Iterable[str]:
    """Yield each text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _texts_of(child)


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Find words, the longest first; marks are found too, so that none is torn."""
    longest_first = sorted(words, key=len, reverse=True)
    found = [rf"(?<!\w){re.escape(word)}(?!\w)" for word in longest_first]
    return re.compile("|".join([_MARKS, *found]), re.DOTALL)


def _with_plain_keys(flow: FlowFile) -> FlowFile:
    """Number the steps: a key is made of the step's name, which may name anybody."""
    keys = {one.key: f"step-{n}" for n, one in enumerate(flow.automations, start=1)}
    automations = []
    for one in flow.automations:
        conditions = tuple(
            replace(
                block,
                values={
                    **block.values,
                    "automations": [keys[key] for key in block.values["automations"]],
                },
            )
            if "automations" in block.values
            else block
            for block in one.conditions
        )
        automations.append(replace(one, key=keys[one.key], conditions=conditions))
    return replace(flow, automations=tuple(automations))


def _targets_of(automation: FileAutomation) -> Iterable[tuple[str, str]]:
    for block in (*automation.conditions, *automation.actions):
        for field, kind in _LISTS.items():
            for target in block.values.get(field, ()):
                yield kind, target


def _mapped(flow: FlowFile, put: Callable[[str], str]) -> FlowFile:
    """Return a flow with something done to each text that an editor wrote."""
    return replace(
        flow,
        name=put(flow.name),
        description=put(flow.description),
        announcement=put(flow.announcement),
        automations=tuple(_mapped_step(one, put) for one in flow.automations),
        conversation=tuple(
            Exchange(text=put(one.text), answers=tuple(map(put, one.answers)))
            for one in flow.conversation
        ),
    )


def _mapped_step(one: FileAutomation, put: Callable[[str], str]) -> FileAutomation:
    return replace(
        one,
        name=put(one.name),
        description=put(one.description),
        conditions=tuple(_mapped_block(block, put) for block in one.conditions),
        actions=tuple(_mapped_block(block, put) for block in one.actions),
    )


def _mapped_block(block: Block, put: Callable[[str], str]) -> Block:
    values: Mapping[str, Any] = {
        name: _mapped_value(value, put) if name in _TEXTS else value
        for name, value in block.values.items()
    }
    return replace(block, values=values)


def _mapped_value(value: Any, put: Callable[[str], str]) -> Any:
    return [put(one) for one in value] if isinstance(value, list) else put(value)
