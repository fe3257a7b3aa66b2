"""Resuming: automations are checked first, and an error keeps all of them paused."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from wagtail.log_actions import log

from . import flow_checks, rulebook
from .engine.flow_check.findings import Finding, Level
from .models import Automation, RulebookRevision


ACTIVE, PAUSED = Automation.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Why automations are resumed in spite of errors: only of those that were seen."""

    reason: str
    #: The keys of the findings that the user was shown.
    seen: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """What became of it."""

    moved: tuple[Automation, ...]
    #: How many were active already.
    stayed: int
    #: What may be wrong with those that were moved.
    warnings: tuple[Finding, ...]


class FlowCheckFailed(Exception):
    """Errors were found, or some cannot be checked, and nothing was moved."""

    def __init__(self, automations, errors, unreadable=()):
        super().__init__(
            f"The flow check found {len(errors)} errors; "
            f"{len(unreadable)} automations cannot be read."
        )
        #: The automations that were to be resumed, in the order in which they fire.
        self.automations = automations
        self.errors = errors
        #: Those among them that cannot be read: nobody would get an answer.
        self.unreadable = unreadable


def resume(
    automations: QuerySet[Automation], *, user=None, override: Override | None = None
) -> Resumed:
    """Resume those that are paused, all or none.

    FlowCheckFailed if an error concerns one of them that the override does not cover,
    or one cannot be read: no override covers that.
    Whoever resumes, pauses or saves an automation at the same time waits: two that
    are harmless alone would otherwise pass the check together.
    """
    with transaction.atomic():
        Automation.objects.lock()
        paused = tuple(automations.filter(status=PAUSED).in_order())
        stayed = automations.filter(status=ACTIVE).count()
        findings = flow_checks.check(paused) if paused else []
        errors = _of_level(Level.ERROR, findings)
        seen = override.seen if override else frozenset()
        unreadable = _unreadable(paused)
        if unreadable or not seen.issuperset(error.key for error in errors):
            raise FlowCheckFailed(paused, errors, unreadable)
        if paused:
            _move(paused, user, override, errors)
    return Resumed(
        moved=paused, stayed=stayed, warnings=_of_level(Level.WARNING, findings)
    )


def _unreadable(automations):
    """Those that the rulebook leaves out: the check never sees them."""
    read = {one.id for one in rulebook.compile_all(automations)}
    return tuple(one for one in automations if one.pk not in read)


def _of_level(level, findings):
    return tuple(finding for finding in findings if finding.level is level)


def _move(automations, user, override, errors):
    Automation.objects.filter(pk__in=[one.pk for one in automations]).move_to(ACTIVE)
    RulebookRevision.objects.bump()
    found = flow_checks.by_automation(errors, automations)
    for automation in automations:
        automation.status = ACTIVE
        data = {}
        if own := found[automation.pk]:
            codes = dict.fromkeys(str(one.code) for one in own)
            data = {"reason": override.reason, "errors": list(codes)}
        log(automation, "wagtail_sms_automation.resume", user=user, data=data)
