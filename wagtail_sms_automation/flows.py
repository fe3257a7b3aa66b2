"""Flows: their automations read together, drawn, counted, paused and copied at once."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import datetime
from itertools import count

from django.db import connections, router, transaction
from django.db.models import F, QuerySet, Window
from django.db.models.functions import Lag
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from . import rulebook
from .engine import flow_graph
from .models import Automation, Flow, Match, RulebookRevision


ACTIVE, PAUSED = Automation.Status


def graph_of(
    automations: Iterable[Automation], flows: Iterable[Flow] = ()
) -> flow_graph.FlowGraph:
    """Draw these automations, in this order, and what announces these flows."""
    automations = list(automations)
    return flow_graph.build(
        rulebook.compile_all(automations),
        paused=frozenset(one.pk for one in automations if one.status == PAUSED),
        announcements=announcements_of(flows),
    )


def announcements_of(flows: Iterable[Flow]) -> list[flow_graph.Announcement]:
    """Return the texts that announce these flows; a flow may have none."""
    return [
        flow_graph.Announcement(
            id=f"flow-{flow.pk}", name=flow.name, body=flow.announcement
        )
        for flow in flows
        if flow.announcement.strip()
    ]


def counts_of(
    graph: flow_graph.FlowGraph, since: datetime
) -> dict[tuple[str, str], int]:
    """Count the contacts who went along each arrow, by (source id, target id).

    A contact goes from one automation to another when these are two answers to them
    that follow each other, answers of automations outside the graph left aside. A
    contact's first answer since then counts on each arrow to it from a text that starts
    the flow: which of several they had read is not known.
    """
    ids = {node.automation: node.id for node in graph.nodes if node.automation}
    ways = {
        (ids.get(source), ids[target]): contacts
        for source, target, contacts in _ways(ids, since)
    }
    steps = set(ids.values())
    counts = {}
    for arrow in graph.arrows:
        source = arrow.source if arrow.source in steps else None
        if contacts := ways.get((source, arrow.target)):
            counts[arrow.source, arrow.target] = contacts
    return counts


def _ways(automations, since):
    """Ask for (automation before or None, automation, contacts), all in one query."""
    if not automations:
        return []
    before = Window(
        Lag("automation"), partition_by="contact", order_by=["matched_at", "pk"]
    )
    matches = Match.objects.filter(
        automation__in=automations, matched_at__gte=since, contact__isnull=False
    )
    steps = matches.order_by().annotate(
        before=before, step=F("automation_id"), who=F("contact_id")
    )
    # The ORM counts over no window.
    connection = connections[router.db_for_read(Match)]
    query = steps.values_list("before", "step", "who").query
    sql, values = query.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT before, step, COUNT(DISTINCT who) FROM ({sql}) ways "  # noqa: S608 - the ORM's own SQL
            "GROUP BY before, step",
            values,
        )
        return cursor.fetchall()


def pause_all(automations: QuerySet[Automation], user=None) -> int:
    """Pause those that are active; return how many.

    Somebody else may pause one of them meanwhile: it then counts for one of the two.
    Rows are locked one after the other, always in the same order, and the rulebook
    last, as for a single one: whoever does the same at once waits, and no more.
    """
    paused = []
    with transaction.atomic():
        for automation in automations.order_by("pk"):
            row = Automation.objects.filter(pk=automation.pk, status=ACTIVE)
            if row.move_to(PAUSED):
                automation.status = PAUSED
                paused.append(automation)
        if paused:
            RulebookRevision.objects.bump()
        for automation in paused:
            log(automation, "wagtail_sms_automation.pause", user=user)
    return len(paused)


def move_step(automation: Automation, places: int, user=None) -> bool:
    """Move an automation up (-1) or down (1) among those of its flow.

    False at the end of the flow, and if it has left the flow meanwhile.
    """
    with transaction.atomic():
        steps = _lock_steps(automation.flow_id)
        if automation not in steps:
            return False
        old = steps.index(automation)
        if not 0 <= old + places < len(steps):
            return False
        _put(steps, old, old + places, user)
    return True


def place_step(automation: Automation, place: int, flow: int | None, user=None) -> bool:
    """Let an automation stand at a place of a flow, by key, counted from 0.

    A place beyond the end is the last. False, and nothing is moved, if the automation
    is not in this flow, or not any more.
    """
    with transaction.atomic():
        steps = _lock_steps(flow)
        if automation not in steps:
            return False
        old = steps.index(automation)
        new = max(0, min(place, len(steps) - 1))
        if new != old:
            _put(steps, old, new, user)
    return True


def place_of(automation: Automation) -> tuple[int, int]:
    """Return an automation's place in its flow, counted from 1, and of how many."""
    steps = list(Automation.objects.filter(flow=automation.flow_id).in_order())
    return steps.index(automation) + 1, len(steps)


def has_step(flow: int | None, automation: Automation) -> bool:
    """Tell if an automation, as it is stored, is in a flow, by key, or in none."""
    return Automation.objects.filter(pk=automation.pk, flow=flow).exists()


def _lock_steps(flow):
    """Lock and number all; return those of a flow, by key, in order."""
    Automation.objects.lock()
    Automation.objects.number()
    return list(Automation.objects.filter(flow=flow).in_order())


def _put(steps, old, new, user):
    """Let one of the steps stand elsewhere among the places that they hold.

    The places of the flow stay the same, so that others fire when they did.
    """
    places = [step.sort_order for step in steps]
    moved = steps.pop(old)
    steps.insert(new, moved)
    for step, sort_order in zip(steps, places, strict=True):
        if step.sort_order != sort_order:
            Automation.objects.filter(pk=step.pk).update(sort_order=sort_order)
    RulebookRevision.objects.bump()
    log(moved, "wagtail.reorder", user=user)


def duplicate(flow: Flow, user=None) -> Flow:
    """Copy a flow and its automations, paused, to go last; follow each other's copies.

    What follows an automation outside the flow follows it still.
    """
    with transaction.atomic():
        copy = _copy_of(flow)
        log(copy, "wagtail.create", user=user)
        originals = list(flow.automations.in_order())
        copies = {}
        for original in originals:
            copies[original.pk] = original.copy(flow=copy)
            copies[original.pk].save()
        keys = {old: new.pk for old, new in copies.items()}
        for automation in copies.values():
            if _follow(automation, keys):
                automation.save()
            revision = automation.save_revision(user=user, log_action=False)
            log(
                automation,
                "wagtail.create",
                user=user,
                revision=revision,
                content_changed=True,
            )
    return copy


def _copy_of(flow):
    """Store a copy of the flow's own row, under the first name that is free."""
    length = Flow._meta.get_field("name").max_length
    for number in count(1):
        name = _("Copy of %(name)s") % {"name": flow.name}
        suffix = f" ({number})" if number > 1 else ""
        copy, is_new = Flow.objects.get_or_create(
            name=name[: length - len(suffix)] + suffix,
            defaults={
                "description": flow.description,
                "announcement": flow.announcement,
                "language": flow.language,
                "conversation": flow.conversation,
            },
        )
        if is_new:
            return copy
    raise AssertionError("Numbers do not end.")


def _follow(automation, keys: Mapping[int, int]) -> bool:
    """Let its follows conditions name others, by key; True if they named any."""
    conditions = deepcopy(list(automation.conditions.raw_data))
    follows = [child["value"] for child in conditions if child["type"] == "follows"]
    for value in follows:
        value["automations"] = [
            _item(item, keys) for item in value.get("automations") or ()
        ]
    automation.conditions = conditions
    return bool(follows)


def _item(item, keys):
    """A chosen automation as it is stored: its key, nowadays with an id beside it."""
    if isinstance(item, dict):
        return item | {"value": keys.get(item["value"], item["value"])}
    return keys.get(item, item)
