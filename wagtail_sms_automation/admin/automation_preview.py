"""What customers get from an automation that is being written, valid or not yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.blocks.stream_block import StreamValue

from .. import decision_texts, effect_texts, phone_numbers, rulebook
from ..conf import settings
from ..engine import example, messages, outcome, rendering, rules, savings, segments
from ..engine.respond import respond
from ..models import MessageType, OutboundMessage
from . import preview_texts


STREAMS = ("conditions", "actions")
#: Of this automation, which has no key yet.
DRAFT = 0


@dataclass(frozen=True, kw_only=True)
class Bubble:
    """A text on the phone, or an action in words."""

    #: "reply", "forward", "change" or "unfinished".
    kind: str
    text: str = ""
    #: What happens, in words; for a reply, why it would not be sent.
    words: str = ""
    is_refused: bool = False
    parts: int = 0
    encoding: str = ""
    #: Parts with long values in the placeholders; 0 without placeholders.
    longest_parts: int = 0
    #: (character, its plain one) that are sent instead of what was typed.
    replaced: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Block:
    """One block of a stream: its value if it is right, else what is wrong."""

    type: str
    label: str
    value: object
    problems: tuple[str, ...] = ()


class AutomationPreview:
    """An automation as a form has it: what comes in, goes out, and is missing."""

    def __init__(self, form):
        self.form = form

    @cached_property
    def name(self) -> str:
        """The name, as far as it is typed."""
        return self._field("name") or _("New automation")

    @cached_property
    def text(self) -> str:
        """What the example customer writes; "" while keywords are missing."""
        if any(block.type == "content" for block in self._unfinished("conditions")):
            return ""
        any_text = _("Hello, a table for two tonight?")
        return example.body(self._contents, any_text)

    @cached_property
    def is_mms(self) -> bool:
        """True if it listens to messages with media."""
        return self._field("message_type") == MessageType.MMS

    @cached_property
    def limits(self) -> list[str]:
        """The other conditions, in words."""
        return [
            preview_texts.CONDITIONS[block.type](block.value)
            for block in self._blocks["conditions"]
            if not block.problems and block.type in preview_texts.CONDITIONS
        ]

    @cached_property
    def missing(self) -> list[str]:
        """What must be filled in or mended before it can be saved."""
        problems = [] if self._field("name") else [_("Name: it has none yet.")]
        problems += [
            _("%(block)s: %(problem)s") % {"block": block.label, "problem": problem}
            for name in STREAMS
            for block in self._blocks[name]
            for problem in block.problems
        ]
        if not self._blocks["actions"]:
            problems.append(_("Actions: add at least one, for example a reply."))
        return problems

    @cached_property
    def silence(self) -> str:
        """Why the example text would not fire it, else ""."""
        if self._outcome.fired:
            return ""
        decisions = [decision.as_json() for decision in self._outcome.decisions]
        return decision_texts.explain(decisions)[0].reason

    @cached_property
    def bubbles(self) -> list[Bubble]:
        """What follows from the text, in the editor's order."""
        return [
            bubble
            for place, block in enumerate(self._blocks["actions"])
            for bubble in self._bubbles_of(place, block)
        ]

    @cached_property
    def parts(self) -> int:
        """What it costs each time it fires."""
        return sum(bubble.parts for bubble in self.bubbles if not bubble.is_refused)

    @cached_property
    def cost(self) -> str:
        """The same in words."""
        return ngettext(
            "Costs %(count)s part each time it fires.",
            "Costs %(count)s parts each time it fires.",
            self.parts,
        ) % {"count": self.parts}

    def _field(self, name):
        if self.form.is_bound:
            return self.form.data.get(name, "").strip()
        return getattr(self.form.instance, name)

    @cached_property
    def _blocks(self) -> Mapping[str, list[_Block]]:
        return {name: list(_checked(self._stream(name))) for name in STREAMS}

    def _stream(self, name) -> StreamValue:
        if not self.form.is_bound:
            return getattr(self.form.instance, name)
        widget = self.form.fields[name].widget
        return widget.value_from_datadict(self.form.data, {}, name)

    def _unfinished(self, name) -> list[_Block]:
        return [block for block in self._blocks[name] if block.problems]

    @cached_property
    def _contents(self) -> list[rules.Content]:
        return [
            rulebook.CONDITIONS["content"](block.value)
            for block in self._blocks["conditions"]
            if block.type == "content" and not block.problems
        ]

    @cached_property
    def _keywords(self) -> list[str]:
        return [word for content in self._contents for word in content.keywords]

    @cached_property
    def _automation(self) -> rules.Automation:
        """The conditions that the text alone decides, and the finished actions."""
        actions = [
            rulebook.ACTIONS[block.type](str(place), block.value)
            for place, block in enumerate(self._blocks["actions"])
            if not block.problems
        ]
        kind = messages.MessageType.MMS if self.is_mms else messages.MessageType.SMS
        return rules.Automation(
            id=DRAFT,
            name=self.name,
            message_type=kind,
            conditions=tuple(self._contents),
            actions=tuple(action for action in actions if action is not None),
        )

    @cached_property
    def _outcome(self) -> outcome.Outcome:
        return respond(self._message, self._contact, self._rulebook, self._now)

    @cached_property
    def _groups(self) -> Mapping[int, str]:
        return effect_texts.group_names([self._outcome])

    @cached_property
    def _rulebook(self) -> rules.Rulebook:
        """The site's settings with this automation alone."""
        return replace(rulebook.compile_rulebook([]), automations=(self._automation,))

    @cached_property
    def _now(self):
        return timezone.now()

    @cached_property
    def _message(self) -> messages.InboundMessage:
        return messages.InboundMessage(
            body=self.text,
            originator=self._contact.phone_number,
            recipient=self._recipient,
            received_at=self._now,
            message_type=self._automation.message_type,
        )

    @cached_property
    def _recipient(self) -> str:
        for block in self._blocks["conditions"]:
            if block.type == "receiving_number" and not block.problems:
                return block.value["numbers"][0]
        return phone_numbers.read_originator(settings.ORIGINATOR)

    @cached_property
    def _contact(self) -> messages.Contact:
        number = phone_numbers.example(settings.DEFAULT_REGION)
        attributes = {
            name.removeprefix("contact.attributes."): f"[{name.rpartition('.')[2]}]"
            for block in self._blocks["actions"]
            if isinstance(block.value, Mapping) and "body" in block.value
            for name in rendering.names(str(block.value["body"] or ""))
            if name.startswith("contact.attributes.")
        }
        return messages.Contact(
            # The kitchen is nobody's customer.
            phone_number=f"{number[:-4]}0000",
            first_name=_("Anna"),
            last_name=_("Martin"),
            language=str(settings.DEFAULT_REGION).lower(),
            country=phone_numbers.region_of(number),
            attributes=attributes,
        )

    def _bubbles_of(self, place: int, block: _Block) -> Iterator[Bubble]:
        if block.problems:
            yield self._unfinished_bubble(block)
            return
        for effect in self._outcome.effects:
            if effect.automation == DRAFT and effect.action == str(place):
                yield self._bubble(effect, block)

    def _unfinished_bubble(self, block: _Block) -> Bubble:
        typed = block.value.get("body") if isinstance(block.value, Mapping) else ""
        text = segments.clean(str(typed or "")).strip()
        words = _("%(action)s: not finished") % {"action": block.label}
        return Bubble(kind="unfinished", text=text, words=words)

    def _bubble(self, effect: outcome.Effect, block: _Block) -> Bubble:
        match effect:
            case outcome.SendSms():
                return self._text_bubble("reply", effect, block, "")
            case outcome.ForwardSms():
                words = _("Forwarded by SMS to %(recipient)s") % {
                    "recipient": phone_numbers.mask(effect.recipient)
                }
                return self._text_bubble("forward", effect, block, words)
            case outcome.ForwardMail():
                words = _("Forwarded by e-mail to %(recipient)s") % {
                    "recipient": effect_texts.mask_address(effect.recipient)
                }
                return Bubble(kind="forward", text=effect.body, words=words)
            case _:
                words = effect_texts.describe(effect, self._groups)
                return Bubble(kind="change", words=words)

    def _text_bubble(self, kind, effect, block, words) -> Bubble:
        count = segments.count(effect.body)
        template = block.value["body"]
        if effect.held:
            words = str(OutboundMessage.HeldBy(effect.held).label)
        return Bubble(
            kind=kind,
            text=effect.body,
            words=words,
            is_refused=bool(effect.held),
            parts=count.parts,
            encoding=count.encoding,
            longest_parts=self._longest_parts(template, kind == "forward"),
            replaced=self._replaced(template),
        )

    def _replaced(self, template) -> tuple[tuple[str, str], ...]:
        is_on = self._rulebook.replaces_typography
        review = savings.review(template, replaces_typography=is_on)
        return tuple((one, segments.plain(one)) for one in review.replaced)

    def _longest_parts(self, template, is_shortened) -> int:
        if not rendering.names(template):
            return 0
        body = example.longest(template, self._keywords)
        if self._rulebook.replaces_typography:
            body = segments.replace_typography(body)
        parts = segments.count(body).parts
        return min(parts, self._rulebook.max_parts) if is_shortened else parts


def _checked(stream: StreamValue) -> Iterator[_Block]:
    """Yield each block with its cleaned value, or with all that is wrong with it."""
    for child in stream:
        label = str(capfirst(child.block.label))
        try:
            value = child.block.clean(child.value)
        except ValidationError as error:
            yield _Block(
                type=child.block_type,
                label=label,
                value=child.value,
                problems=tuple(dict.fromkeys(_messages(error))),
            )
        else:
            yield _Block(type=child.block_type, label=label, value=value)


def _messages(error: ValidationError) -> Iterator[str]:
    """Yield what an error says, however deep in blocks it stands."""
    inner = getattr(error, "block_errors", None)
    if inner:
        errors = inner.values() if isinstance(inner, Mapping) else inner
        for one in errors:
            if one is not None:
                yield from _messages(one)
    yield from error.messages if not inner else ()
