"""A file, read strictly: one problem, and nothing of it is used."""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.blocks.struct_block import StructBlockValidationError

from ..models import Automation, ContactGroup, Flow, MessageType
from . import asked_values
from .fields import Fields
from .located_json import JSONLineError, Located, parse
from .shape import (
    FORMAT,
    MOST_AUTOMATIONS,
    MOST_BLOCKS,
    MOST_BYTES,
    MOST_EXCHANGES,
    VERSION,
    Asked,
    Block,
    Exchange,
    FileAutomation,
    FlowFile,
    FlowFileError,
    Problem,
)


#: The JSON types of a block's fields that are no plain text.
LISTS = ("keywords", "numbers", "phone_numbers", "addresses", "groups", "automations")
SWITCHES = ("ignore_case", "ignore_accents", "anywhere")
NUMBERS = ("hours", "within_hours")
#: What may be null, as a field that an editor leaves empty.
NULLABLE = ("starts_at", "ends_at", "hours")
#: Fields that name rows: the file has names and keys, the block wants the rows.
REFERENCES = ("group", "groups", "automations")

_LANGUAGE = re.compile(r"(?:[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)?")


def read(
    data: bytes,
    values: Mapping[str, str] | None = None,
    *,
    name: str | None = None,
    examples: bool = False,
) -> FlowFile:
    """Return the flow of a file, or raise FlowFileError with every problem found.

    values fill in what the file asks for, by key; with examples, the file's own do.
    name stands in for the flow's own.
    """
    document = _parse(data)
    problems: list[Problem] = []
    fields = Fields(document, problems)
    _check_header(fields)
    asks = tuple(_asks(fields))
    _refuse(problems)
    if examples:
        values = asked_values.examples(asks)
    filled = asked_values.clean_all(asks, values or {})
    if asks:
        filled_in = asked_values.fill_in(_without_asks(document), filled)
        fields = Fields(filled_in, problems)
        fields.seen |= {"format", "version", "values"}
    if name is not None:
        fields.members["name"] = Located(name, fields.line_of("name"))
    flow = _flow(fields, asks)
    _refuse(problems)
    return flow


def asks_of(data: bytes) -> tuple[Asked, ...]:
    """Return what a file asks for, or raise FlowFileError; the rest is not checked."""
    problems: list[Problem] = []
    fields = Fields(_parse(data), problems)
    _check_header(fields)
    asks = tuple(_asks(fields))
    _refuse(problems)
    return asks


def _parse(data: bytes) -> Located:
    if len(data) > MOST_BYTES:
        reason = _("The file is too big: at most %(limit)s bytes.")
        raise FlowFileError([Problem(None, reason % {"limit": MOST_BYTES})])
    try:
        # Editors on Windows begin a file with a mark that is no part of it.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FlowFileError([Problem(line, _("this is not UTF-8."))]) from error
    if not text.strip():
        raise FlowFileError([Problem(None, _("The file is empty."))])
    try:
        document = parse(text)
    except JSONLineError as error:
        raise FlowFileError([Problem(error.line, error.reason)]) from error
    if not isinstance(document.value, dict):
        raise FlowFileError([Problem(document.line, _("this is no flow."))])
    return document


def _without_asks(document: Located) -> Located:
    """Leave the questions themselves alone: their labels may show a [[key]]."""
    members = {k: v for k, v in document.value.items() if k != "values"}
    return Located(members, document.line)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        found = dict.fromkeys(problems)
        raise FlowFileError(sorted(found, key=lambda problem: problem.line or 0))


def _check_header(fields: Fields) -> None:
    """Look at the format first: of another one, no line makes sense."""
    if fields.text("format") != FORMAT:
        reason = _("this is no flow: “format” is not “%(format)s”.")
        problem = Problem(fields.line_of("format"), reason % {"format": FORMAT})
        raise FlowFileError([problem])
    if fields.number("version") != VERSION:
        reason = _("this file is of another version; this site reads version %(mine)s.")
        problem = Problem(fields.line_of("version"), reason % {"mine": VERSION})
        raise FlowFileError([problem])


def _asks(fields: Fields) -> list[Asked]:
    asks: dict[str, Asked] = {}
    for one in fields.objects("values", MOST_BLOCKS):
        asked = Asked(
            key=one.text("key"),
            kind=one.text("kind", "text"),
            label=one.text("label"),
            example=one.text("example"),
            default=one.text("default"),
        )
        one.finish()
        if not asked_values.KEY.fullmatch(asked.key):
            reason = _("Begin with a letter and use small letters, digits and _ only.")
            one.note("key", reason)
        if asked.key in asks:
            one.note("key", _("“%(key)s” is there twice.") % {"key": asked.key})
        if asked.kind not in asked_values.KINDS:
            kinds = ", ".join(asked_values.KINDS)
            one.note("kind", _("this must be one of %(kinds)s.") % {"kinds": kinds})
        if not asked.label.strip():
            one.note("label", _("this is missing."))
        for name, text in (("example", asked.example), ("default", asked.default)):
            if text or name == "example":
                _check_value(one, name, asked, text)
        asks[asked.key] = asked
    return list(asks.values())


def _check_value(fields: Fields, name: str, asked: Asked, text: str) -> None:
    if asked.kind in asked_values.KINDS:
        try:
            asked_values.clean(asked, text)
        except ValidationError as error:
            for reason in error.messages:
                fields.note(name, reason)


def _flow(fields: Fields, asks: tuple[Asked, ...]) -> FlowFile:
    objects = fields.objects("automations", MOST_AUTOMATIONS)
    keys: dict[str, None] = {}
    for one in objects:
        key = one.text("key")
        if not key.strip() or len(key) > Automation._meta.get_field("name").max_length:
            one.note("key", _("this must be a short text of its own."))
        elif key in keys:
            one.note("key", _("“%(key)s” is there twice.") % {"key": key[:50]})
        keys[key] = None
    flow = FlowFile(
        name=_model_text(fields, Flow, "name"),
        description=_model_text(fields, Flow, "description"),
        announcement=_model_text(fields, Flow, "announcement"),
        language=fields.text("language"),
        asks=asks,
        automations=tuple(_automation(one, keys) for one in objects),
        conversation=tuple(
            _exchange(one) for one in fields.objects("conversation", MOST_EXCHANGES)
        ),
    )
    if not _LANGUAGE.fullmatch(flow.language) or len(flow.language) > 15:
        fields.note("language", _("this must be a language’s code, such as fr."))
    fields.finish()
    return flow


def _exchange(fields: Fields) -> Exchange:
    text, answers = fields.text("text"), fields.texts("answers")
    fields.finish()
    if not text.strip():
        fields.note("text", _("this is missing."))
    return Exchange(text=text, answers=tuple(answers))


def _automation(fields: Fields, keys: Mapping[str, None]) -> FileAutomation:
    conditions, actions = (
        tuple(_blocks(fields, name, keys)) for name in ("conditions", "actions")
    )
    automation = FileAutomation(
        key=fields.text("key"),
        name=_model_text(fields, Automation, "name"),
        description=_model_text(fields, Automation, "description"),
        message_type=fields.text("message_type", MessageType.SMS.value),
        stops_others=fields.switch("stops_others"),
        conditions=conditions,
        actions=actions,
    )
    if automation.message_type not in MessageType.values:
        kinds = ", ".join(MessageType.values)
        fields.note(
            "message_type", _("this must be one of %(kinds)s.") % {"kinds": kinds}
        )
    if not fields.members.get("actions") or fields.members["actions"].value == []:
        fields.note("actions", _("Add at least one action."))
    fields.finish()
    return automation


def _model_text(fields: Fields, model: Any, name: str) -> str:
    """Return a text as the model's form would take it."""
    return _cleaned(fields, name, model, name, fields.text(name))


def _cleaned(fields: Fields, at: str, model: Any, name: str, text: str) -> str:
    try:
        return model._meta.get_field(name).formfield().clean(text)
    except ValidationError as error:
        for reason in error.messages:
            fields.note(at, reason)
        return text


def _blocks(fields: Fields, name: str, keys: Mapping[str, None]) -> list[Block]:
    """Return conditions or actions, checked as the editor's form checks them."""
    stream = Automation._meta.get_field(name).stream_block
    blocks = []
    for one in fields.objects(name, MOST_BLOCKS):
        kind = one.text("type")
        if kind not in stream.child_blocks:
            reason = _("“%(type)s” is unknown; these are known: %(known)s.")
            known = ", ".join(stream.child_blocks)
            one.note("type", reason % {"type": kind[:50], "known": known})
            continue
        blocks.append(_block(one, kind, stream.child_blocks[kind], keys))
    return blocks


def _block(fields: Fields, kind: str, struct: Any, keys: Mapping[str, None]) -> Block:
    noted = len(fields.problems)
    values: dict[str, Any] = {}
    for name, child in struct.child_blocks.items():
        if name in REFERENCES:
            values[name] = _reference(fields, name, keys)
        elif name not in fields.members:
            values[name] = child.get_default()
        else:
            values[name] = _plain(fields, name)
    fields.finish()
    if len(fields.problems) == noted:
        values |= _checked(fields, struct, values)
    return Block(type=kind, values=values)


def _plain(fields: Fields, name: str) -> Any:
    if name in NULLABLE and fields.is_null(name):
        return None
    if name in LISTS:
        return fields.texts(name)
    if name in SWITCHES:
        return fields.switch(name)
    if name in NUMBERS:
        return fields.number(name)
    return fields.text(name)


def _reference(fields: Fields, name: str, keys: Mapping[str, None]) -> str | list[str]:
    """Return names of contact groups, or keys of automations of the file."""
    if name == "group":
        return _cleaned(fields, name, ContactGroup, "name", fields.text(name))
    texts = fields.texts(name)
    if not texts:
        fields.note(name, _("Add at least one."))
    if name == "groups":
        return [_cleaned(fields, name, ContactGroup, "name", text) for text in texts]
    for key in texts:
        if key not in keys:
            reason = _("“%(key)s” is no automation of this file.") % {"key": key[:50]}
            fields.note(name, reason)
    return texts


def _checked(fields: Fields, struct: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Return what the block makes of its values; rows are looked at elsewhere."""
    if any(name in REFERENCES for name in values):
        names = [name for name in values if name not in REFERENCES]
        errors, cleaned = {}, {}
        for name in names:
            try:
                cleaned[name] = struct.child_blocks[name].clean(values[name])
            except ValidationError as error:
                errors[name] = error
    else:
        errors = {}
        try:
            cleaned = dict(struct.clean(values))
        except StructBlockValidationError as error:
            cleaned, errors = values, error.block_errors
    for name, error in errors.items():
        for reason in error.messages:
            fields.note(name, reason)
    return {
        name: list(value) if isinstance(value, list | tuple) else value
        for name, value in cleaned.items()
    }
