"""The rulebook: rows the editor wrote, compiled into what the engine answers by."""

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils import timezone

from . import gateways, phone_numbers
from .conf import settings as sms_settings
from .engine import rules
from .engine.messages import MessageType
from .models import Automation, RulebookRevision, SmsSettings


logger = logging.getLogger(__name__)

#: The compiled rulebook of this process and the revision it was compiled from.
_compiled: tuple[int, rules.Rulebook] | None = None


def current() -> rules.Rulebook:
    """Return the rulebook of the active automations, compiled anew on a change."""
    global _compiled
    revision = RulebookRevision.objects.current()
    if _compiled is None or _compiled[0] != revision:
        automations = Automation.objects.active().in_order()
        _compiled = (revision, compile_rulebook(automations))
    return _compiled[1]


def forget() -> None:
    """Drop the compiled rulebook, as a test with a new database must."""
    global _compiled
    _compiled = None


def compile_rulebook(automations: Iterable[Automation]) -> rules.Rulebook:
    """Build a rulebook of these automations, in this order, active or not."""
    # Not load(): it writes a row, and reading the rules must not.
    site = SmsSettings.objects.first() or SmsSettings()
    compiled = tuple(compile_all(automations))
    return rules.Rulebook(
        automations=compiled,
        opening_hours=_opening_hours(site),
        texts=rules.Texts(
            opt_out=site.opt_out_text, opt_in=site.opt_in_text, help=site.help_text
        ),
        loop_caps=rules.LoopCaps(
            per_minute=site.replies_per_minute,
            per_hour=site.replies_per_hour,
            per_day=site.replies_per_day,
            identical=site.identical_replies,
            pause_hours=site.pause_hours,
            fallback_hours=site.fallback_hours,
        ),
        replaces_typography=site.replaces_typography,
        reads_together_seconds=site.reads_together_seconds,
        own_numbers=_own_numbers(compiled),
        default_country=sms_settings.DEFAULT_REGION,
        max_parts=gateways.get_gateway().max_parts,
    )


def compile_all(automations: Iterable[Automation]) -> list[rules.Automation]:
    """Build the engine's automations, by the same few queries for many as for one.

    What cannot be read is left out: one broken automation must not silence all.
    """
    automations = list(automations)
    read_streams(automations)
    compiled = []
    for automation in automations:
        try:
            compiled.append(compile_automation(automation))
        except Exception:
            logger.exception("Automation %s cannot be read.", automation.pk)
    return compiled


def read_streams(automations: Sequence[Automation]) -> None:
    """Fetch the groups and automations that all blocks name, all at once.

    Where one cannot be read, each is left to be read by itself: then it shows which.
    """
    try:
        _read_streams(automations)
    except Exception:
        logger.exception("Some automation cannot be read.")


def _read_streams(automations):
    for name in ("conditions", "actions"):
        block = Automation._meta.get_field(name).stream_block
        raw = [list(getattr(one, name).raw_data) for one in automations]
        values = block.bulk_to_python(raw)
        for automation, value in zip(automations, values, strict=True):
            value.unknown_types = _unknown_types(automation, name)
            setattr(automation, name, value)


def _unknown_types(automation, name):
    return getattr(getattr(automation, name), "unknown_types", frozenset())


def compile_automation(automation: Automation) -> rules.Automation:
    """Build the engine's automation from a row."""
    for name in ("conditions", "actions"):
        if types := _unknown_types(automation, name):
            raise ValueError(f"Unknown {name}: {', '.join(sorted(types))}.")
    return rules.Automation(
        id=automation.pk or 0,
        name=automation.name,
        message_type=MessageType(automation.message_type),
        conditions=tuple(
            CONDITIONS[child.block_type](child.value) for child in automation.conditions
        ),
        actions=tuple(_actions(automation)),
        stops_others=automation.stops_others,
    )


def _actions(automation):
    for child in automation.actions:
        action = ACTIONS[child.block_type](child.id or child.block_type, child.value)
        if action is None:
            logger.error(
                "Automation %s names a contact group that is gone.", automation.pk
            )
        else:
            yield action


def _content(value):
    return rules.Content(
        keywords=tuple(value["keywords"]),
        operator=rules.Operator(value["operator"]),
        match_case=not value["ignore_case"],
        match_accents=not value["ignore_accents"],
        whole_words=not value["anywhere"],
    )


def _aware(moment):
    """A moment as code may have written it, in the site's zone."""
    if moment is None or timezone.is_aware(moment):
        return moment
    return timezone.make_aware(moment, timezone.get_default_timezone())


def _pks(children):
    """The ids of chosen rows; one that was deleted reads as None."""
    return frozenset(child.pk for child in children if child is not None)


CONDITIONS = {
    "content": _content,
    "receiving_number": lambda value: rules.ReceivingNumber(
        numbers=frozenset(value["numbers"])
    ),
    "received_between": lambda value: rules.ReceivedBetween(
        starts_at=_aware(value["starts_at"]), ends_at=_aware(value["ends_at"])
    ),
    "opening_hours": lambda value: rules.OpeningHours(is_open=value["when"] == "open"),
    "in_group": lambda value: rules.GroupMembership(groups=_pks(value["groups"])),
    "not_in_group": lambda value: rules.GroupMembership(
        groups=_pks(value["groups"]), is_member=False
    ),
    "follows": lambda value: rules.Follows(
        automations=_pks(value["automations"]), within_hours=value["within_hours"]
    ),
    "frequency": lambda value: rules.Frequency(
        every_hours=value["hours"] if value["limit"] == "hours" else None
    ),
}


def _group_action(action):
    def build(action_id, value):
        group = value["group"]
        return action(id=action_id, group=group.pk) if group is not None else None

    return build


ACTIONS = {
    "reply": lambda id, value: rules.Reply(id=id, body=value["body"]),
    "add_to_group": _group_action(rules.AddToGroup),
    "remove_from_group": _group_action(rules.RemoveFromGroup),
    "forward_to_phone": lambda id, value: rules.ForwardToPhone(
        id=id, phone_numbers=tuple(value["phone_numbers"]), body=value["body"]
    ),
    "forward_to_email": lambda id, value: rules.ForwardToEmail(
        id=id, addresses=tuple(value["addresses"]), body=value["body"]
    ),
    "save_answer": lambda id, value: rules.SaveAnswer(
        id=id, attribute=value["attribute"]
    ),
    "opt_out": lambda id, value: rules.OptOut(id=id),
    "hand_over": lambda id, value: rules.HandOver(id=id, hours=value["hours"]),
}


def _opening_hours(site):
    periods: dict[int, tuple] = {}
    closed_on = set()
    for child in site.opening_hours:
        value = child.value
        if child.block_type == "period":
            for day in value["days"]:
                pair = (value["opens_at"], value["closes_at"])
                periods[int(day)] = (*periods.get(int(day), ()), pair)
        else:
            closed_on.update(_days(value["first_day"], value["last_day"]))
    return rules.WeeklyHours(
        time_zone=timezone.get_default_timezone(),
        periods=periods,
        closed_on=frozenset(closed_on),
    )


def _days(first, last):
    count = ((last or first) - first).days + 1
    return [first + timedelta(days=n) for n in range(count)]


def _own_numbers(automations):
    """Our originator, and the numbers that conditions say are ours."""
    numbers = {phone_numbers.read_originator(sms_settings.ORIGINATOR)} - {""}
    for automation in automations:
        for condition in automation.conditions:
            if isinstance(condition, rules.ReceivingNumber):
                numbers |= condition.numbers
    return frozenset(numbers)
