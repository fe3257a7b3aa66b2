"""A flow of the site, written as a file."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from ..models import Automation, Flow
from ..rulebook import read_streams
from .shape import (
    FORMAT,
    VERSION,
    Asked,
    Block,
    Exchange,
    FileAutomation,
    FlowFile,
    FlowFileError,
    Problem,
)


def flow_file(flow: Flow) -> FlowFile:
    """Return a flow as its file describes it, paused steps and active ones alike.

    Raise FlowFileError where a step names a row that the file cannot hold, an
    automation of another flow or one that was deleted, or cannot be read itself.
    """
    automations = list(flow.automations.in_order())
    read_streams(automations)
    keys = _keys(automations)
    return FlowFile(
        name=flow.name,
        description=flow.description,
        announcement=flow.announcement,
        language=flow.language,
        automations=tuple(_read(one, keys) for one in automations),
        conversation=conversation_of(flow),
    )


def conversation_of(flow: Flow) -> tuple[Exchange, ...]:
    """Return the sample conversation that is kept with a flow."""
    return tuple(
        Exchange(text=one["text"], answers=tuple(one["answers"]))
        for one in flow.conversation
    )


def as_text(file: FlowFile, *, asks: Sequence[Asked] = ()) -> str:
    """Return the JSON document of a flow, and of what it asks for, if anything."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "name": file.name,
        "description": file.description,
        "announcement": file.announcement,
        "language": file.language,
        **({"values": [asdict(asked) for asked in asks]} if asks else {}),
        "automations": [
            {
                "key": one.key,
                "name": one.name,
                "description": one.description,
                "message_type": one.message_type,
                "stops_others": one.stops_others,
                "conditions": [_as_json(block) for block in one.conditions],
                "actions": [_as_json(block) for block in one.actions],
            }
            for one in file.automations
        ],
        "conversation": conversation_json(file),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def conversation_json(file: FlowFile) -> list[dict[str, Any]]:
    """Return the sample conversation as files and flows keep it."""
    return [
        {"text": one.text, "answers": list(one.answers)} for one in file.conversation
    ]


def _keys(automations: list[Automation]) -> dict[int, str]:
    """Give each automation a key of its name, the same at every export."""
    keys: dict[int, str] = {}
    taken: set[str] = set()
    last: Counter[str] = Counter()
    for automation in automations:
        base = slugify(automation.name, allow_unicode=True)[:200] or "step"
        key = base
        # Counted on from the last of the name: 500 of one name take 500 looks.
        while key in taken:
            last[base] += 1
            key = f"{base}-{last[base] + 1}"
        taken.add(key)
        keys[automation.pk] = key
    return keys


def unreadable(automation: Any) -> str:
    """Return what is said of a step that the site cannot read."""
    return _("“%(name)s” cannot be read. Open it, and save it anew.") % {
        "name": automation.name
    }


def _read(automation: Automation, keys: Mapping[int, str]) -> FileAutomation:
    try:
        return _automation(automation, keys)
    except FlowFileError:
        raise
    except Exception as error:
        # Whatever code, or an older version, left in the row.
        raise FlowFileError([Problem(None, unreadable(automation))]) from error


def _automation(automation: Automation, keys: Mapping[int, str]) -> FileAutomation:
    return FileAutomation(
        key=keys[automation.pk],
        name=automation.name,
        description=automation.description,
        message_type=automation.message_type,
        stops_others=automation.stops_others,
        conditions=tuple(
            _block(child, automation, keys) for child in automation.conditions
        ),
        actions=tuple(_block(child, automation, keys) for child in automation.actions),
    )


def _block(child: Any, automation: Automation, keys: Mapping[int, str]) -> Block:
    values: dict[str, Any] = {}
    for name, value in child.value.items():
        if name == "group":
            values[name] = _name(value, automation)
        elif name == "groups":
            values[name] = [_name(group, automation) for group in value]
        elif name == "automations":
            values[name] = [_key(other, automation, keys) for other in value]
        else:
            values[name] = list(value) if isinstance(value, list | tuple) else value
    return Block(type=child.block_type, values=values)


def _name(group: Any, automation: Automation) -> str:
    if group is None:
        reason = _("“%(name)s” names a contact group that is gone.")
        raise FlowFileError([Problem(None, reason % {"name": automation.name})])
    return group.name


def _key(other: Any, automation: Automation, keys: Mapping[int, str]) -> str:
    if other is None:
        reason = _("“%(name)s” follows an automation that is gone.")
        raise FlowFileError([Problem(None, reason % {"name": automation.name})])
    if other.pk not in keys:
        reason = _("“%(name)s” follows “%(other)s”, which is not in this flow.")
        names = {"name": automation.name, "other": other.name}
        raise FlowFileError([Problem(None, reason % names)])
    return keys[other.pk]


def _as_json(block: Block) -> dict[str, Any]:
    values = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in block.values.items()
    }
    return {"type": block.type, **values}
