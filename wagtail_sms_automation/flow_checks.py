"""The flow check on the rows: what would go wrong if automations were active."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from . import phone_numbers, rulebook
from .conf import settings as sms_settings
from .engine import flow_check, rules
from .engine.flow_check.findings import Finding
from .engine.flow_check.subject import Subject
from .engine.flow_graph import Announcement
from .engine.opt_outs import reserved_words
from .models import Automation, Contact, Flow, InboundMessage, IntendedFinding


#: So many of the last messages tell what customers ask for in vain.
RECENT_MESSAGES = 1000


def check(
    automations: Iterable[Automation], *, with_use: bool = False
) -> list[Finding]:
    """Check automations as if they were active; the worst findings come first.

    Only findings that concern one of them, or the announcement of their flow, are
    returned. An automation may be an unsaved form's. With use, the last messages are
    asked too who is never met and what is asked for in vain.
    """
    automations = list(automations)
    subject = subject_of(automations, with_use=with_use)
    ids = {automation.pk or 0 for automation in automations}
    announcements = {
        _announcement_id(automation.flow_id)
        for automation in automations
        if automation.flow_id
    }
    return [
        finding
        for finding in flow_check.check(subject)
        if ids.intersection(finding.automations)
        or finding.announcement in announcements
        or not (finding.automations or finding.announcement)
    ]


def check_alone(
    rules_alone: rules.Rulebook, announcements: Iterable[Announcement] = ()
) -> list[Finding]:
    """Check the automations of a rulebook as if they were all that is active.

    What the site has besides, rows and announcements, is left aside.
    """
    announcements = tuple(announcements)
    told_by = {
        automation.id: one.id
        for one in announcements
        for automation in rules_alone.automations
    }
    subject = Subject(
        rulebook=rules_alone,
        announcements=announcements,
        told_by=told_by,
        **_site(),
    )
    return list(flow_check.check(subject))


def subject_of(automations: Iterable[Automation], *, with_use: bool = False) -> Subject:
    """Gather what the check of automations needs to know."""
    automations = list(automations)
    active = rulebook.current()
    candidates = tuple(rulebook.compile_all(automations))
    flows = {one.flow_id for one in automations if one.flow_id}
    paused = Automation.objects.filter(
        flow__in=flows, status=Automation.Status.PAUSED
    ).exclude(pk__in=[one.pk for one in automations if one.pk])
    return Subject(
        rulebook=active,
        candidates=candidates,
        paused=tuple(rulebook.compile_all(paused.in_order())),
        announcements=tuple(
            Announcement(id=_announcement_id(flow.pk), name=flow.name, body=body)
            for flow in Flow.objects.order_by("pk")
            if (body := flow.announcement.strip())
        ),
        told_by=_told_by(automations),
        contact_numbers=_customers(active, candidates),
        recent=_recent() if with_use else {},
        quiet_since=_quiet_since() if with_use else {},
        intended=frozenset(IntendedFinding.objects.values_list("key", flat=True)),
        **_site(),
    )


def by_automation(
    findings: Iterable[Finding], automations: Iterable[Automation]
) -> dict[int, list[Finding]]:
    """Return what was found about each of them, and the announcement of its flow."""
    automations = list(automations)
    found = {automation.pk: [] for automation in automations}
    announced = defaultdict(list)
    for automation in automations:
        announced[_announcement_id(automation.flow_id)].append(automation.pk)
    for finding in findings:
        concerned = {*finding.automations, *announced.get(finding.announcement, ())}
        for pk in concerned & found.keys():
            found[pk].append(finding)
    return found


def _site() -> dict[str, Any]:
    """What the settings say, whatever is checked."""
    kind = phone_numbers.kind(phone_numbers.read_originator(sms_settings.ORIGINATOR))
    return {
        "now": timezone.now(),
        "reserved": reserved_words(sms_settings.DEFAULT_REGION),
        "can_receive": kind is not phone_numbers.Kind.ALPHANUMERIC,
    }


def _announcement_id(flow):
    return f"flow-{flow}"


def _told_by(automations):
    """The announcement of each automation's flow, as the rows or the forms say."""
    pairs = (
        Automation.objects.exclude(flow=None)
        .exclude(flow__announcement="")
        .values_list("pk", "flow_id")
    )
    told_by = {pk: _announcement_id(flow) for pk, flow in pairs}
    for automation in automations:
        told_by.pop(automation.pk, None)
        if automation.flow_id:
            told_by[automation.pk or 0] = _announcement_id(automation.flow_id)
    return told_by


def _customers(active, candidates):
    """The members of contact groups, of those that messages are forwarded to.

    Staff who once texted us are contacts too, but are in no group of customers.
    """
    numbers = {
        number
        for automation in (*active.automations, *candidates)
        for action in automation.actions
        if isinstance(action, rules.ForwardToPhone)
        for number in action.phone_numbers
    }
    members = Contact.objects.filter(
        phone_number__in=numbers, memberships__isnull=False
    )
    return frozenset(members.values_list("phone_number", flat=True))


def _recent():
    bodies = InboundMessage.objects.order_by("-pk").values_list("body", flat=True)
    return Counter(bodies[:RECENT_MESSAGES])


def _quiet_since():
    """When each active automation last fired, was last changed or last resumed."""
    automations = Automation.objects.active().with_last_match()
    return {
        pk: max(moment for moment in moments if moment)
        for pk, *moments in automations.values_list(
            "pk", "last_matched_at", "updated_at", "resumed_at"
        )
    }
