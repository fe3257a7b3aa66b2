"""A flow made from a file: paused, with its groups, all or nothing."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from ..models import Automation, ContactGroup, Flow
from .shape import Block, FlowFile, FlowFileError, Problem
from .writing import conversation_json, flow_file


class FlowExistsError(FlowFileError):
    """The site has a flow of this name, and it says something else."""

    def __init__(self, name: str) -> None:
        reason = _(
            "A flow named “%(name)s” exists, and it differs from this file. Import it "
            "under another name."
        )
        super().__init__([Problem(None, reason % {"name": name})])


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The flow of a file; is_new is False where the site had just this one."""

    flow: Flow
    is_new: bool


def import_flow(file: FlowFile, *, user: Any = None) -> Imported:
    """Make the flow, its automations (paused) and the contact groups it lacks.

    The same file once more makes nothing; FlowExistsError if the name is taken.
    """
    with transaction.atomic():
        # A write comes first: SQLite lets nobody write who has read an older state.
        # It finds no row, so that elsewhere nobody waits; the unique name decides.
        Flow.objects.filter(pk=0).update(name=F("name"))
        flow, is_new = Flow.objects.get_or_create(
            name=file.name,
            defaults={
                "description": file.description,
                "announcement": file.announcement,
                "language": file.language,
                "conversation": conversation_json(file),
            },
        )
        if not is_new:
            if not is_same(flow, file):
                raise FlowExistsError(file.name)
            return Imported(flow=flow, is_new=False)
        log(flow, "wagtail.create", user=user, content_changed=True)
        groups = _groups(file, user)
        _make_automations(flow, file, groups, user)
    return Imported(flow=flow, is_new=True)


def missing_groups(file: FlowFile) -> list[str]:
    """Return the names of the contact groups that an import would make."""
    there = ContactGroup.objects.filter(name__in=file.groups)
    known = set(there.values_list("name", flat=True))
    return [name for name in file.groups if name not in known]


def is_same(flow: Flow, file: FlowFile) -> bool:
    """Tell whether a flow of the site is what a file describes, but for the keys."""
    try:
        return _without_keys(flow_file(flow)) == _without_keys(file)
    except FlowFileError:
        return False


def _without_keys(file: FlowFile) -> FlowFile:
    places = {one.key: str(n) for n, one in enumerate(file.automations)}
    automations = tuple(
        replace(
            one,
            key=places[one.key],
            conditions=tuple(_placed(block, places) for block in one.conditions),
        )
        for one in file.automations
    )
    return replace(file, automations=automations, asks=())


def _placed(block: Block, places: dict[str, Any]) -> Block:
    if "automations" not in block.values:
        return block
    followed = [places[key] for key in block.values["automations"]]
    return replace(block, values={**block.values, "automations": followed})


def _groups(file: FlowFile, user: Any) -> dict[str, int]:
    groups = {}
    for name in file.groups:
        group, is_new = ContactGroup.objects.get_or_create(name=name)
        if is_new:
            log(group, "wagtail.create", user=user, content_changed=True)
        groups[name] = group.pk
    return groups


def _make_automations(
    flow: Flow, file: FlowFile, groups: dict[str, int], user: Any
) -> None:
    made: dict[str, Automation] = {}
    for one in file.automations:
        made[one.key] = Automation.objects.create(
            flow=flow,
            name=one.name,
            description=one.description,
            message_type=one.message_type,
            stops_others=one.stops_others,
            actions=[_raw(block, groups, {}) for block in one.actions],
        )
    # Only now has each a key of its own, and one may follow a later one, or itself.
    keys = {key: automation.pk for key, automation in made.items()}
    for one in file.automations:
        automation = made[one.key]
        automation.conditions = [_raw(block, groups, keys) for block in one.conditions]
        automation.save()
        log(
            automation,
            "wagtail.create",
            user=user,
            revision=automation.save_revision(user=user),
            content_changed=True,
        )


def _raw(block: Block, groups: dict[str, int], keys: dict[str, int]) -> dict[str, Any]:
    """Return a block as a stream stores it."""
    values: dict[str, Any] = {}
    for name, value in block.values.items():
        if name == "group":
            values[name] = groups[value]
        elif name == "groups":
            values[name] = [_item(groups[group]) for group in value]
        elif name == "automations":
            values[name] = [_item(keys[key]) for key in value]
        else:
            values[name] = value.isoformat() if isinstance(value, datetime) else value
    return {"type": block.type, "value": values, "id": str(uuid4())}


def _item(pk: int) -> dict[str, Any]:
    return {"type": "item", "value": pk, "id": str(uuid4())}
