"""What the flow check finds, as pages show it: in words, to try and to mend."""

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet
from django.forms import Media
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import finding_texts, repairs
from ..engine.flow_check.findings import Code, Finding, Level, MarkIntended, Reason
from ..engine.messages import MessageType
from ..models import Automation, Flow
from . import permissions


MEDIA = Media(css={"all": ["wagtail_sms_automation/css/findings.css"]})
#: What the button that forgets a mark posts, where others post a repair's name.
TAKE_BACK = "take-back"
#: Servers refuse longer ones; some take 4,094 characters with the method before.
LONGEST_URL = 4000

_ICONS = {Level.ERROR: "cross", Level.WARNING: "warning", Level.INFO: "help"}
_ABOUT_TEXTS = (Code.OWN_TEXT, Code.DEAD_INVITATION, Code.CYCLE)
_ABOUT_CONDITIONS = (Reason.FOLLOWS_NOBODY, Reason.EXPIRED)


def shown(
    findings: Iterable[Finding],
    user,
    rows: Mapping[int, Automation],
    *,
    flow: int | None = None,
    can_try: bool = True,
    can_mend: bool = True,
    only: int | None = None,
) -> list[dict]:
    """Return findings as the templates show them; the phone tries them in a flow.

    With only one automation to mend, repairs of others are not offered.
    """
    may_mend = can_mend and permissions.may(user, Automation, "change")
    names = {pk: row.name for pk, row in rows.items()}
    about = _about(findings := list(findings), user, names)
    return [
        {
            "code": finding.code,
            "level": finding.level,
            "label": finding_texts.LEVELS[finding.level],
            "icon": "check" if finding.is_intended else _ICONS[finding.level],
            "is_intended": finding.is_intended,
            "text": finding_texts.explain(finding, names),
            "witness": finding.witness,
            "try_url": try_url(finding, flow) if can_try else None,
            "about": about(finding),
            **(_mending(finding, rows, only) if may_mend else {}),
        }
        for finding in findings
    ]


def _about(findings, user, names):
    """Return a function: (what it is called, its editor's URL or None) of a finding."""
    may_edit = permissions.may(user, Automation, "change")
    may_edit_flows = permissions.may(user, Flow, "change")
    ids = {
        one.announcement.removeprefix("flow-") for one in findings if one.announcement
    }
    flows = {f"flow-{one.pk}": one for one in Flow.objects.filter(pk__in=ids)}

    def about(finding):
        named = [
            (names.get(pk, ""), editor_url(pk) if may_edit else None)
            for pk in finding.automations
        ]
        if flow := flows.get(finding.announcement):
            url = reverse("sms_flows_modeladmin_edit", args=[flow.pk])
            name = _("The announcement of “%(name)s”") % {"name": flow.name}
            named.append((name, url if may_edit_flows else None))
        return named

    return about


def _mending(finding, rows, only):
    """What can be done about a finding: (what the button posts, label) of each.

    By hand means that a repair would harm other keywords of its automation.
    """
    possible = repairs.possible(finding, rows)
    offered = [
        repair
        for repair in finding.repairs
        if isinstance(repair, MarkIntended) or only in (None, repair.automation)
    ]
    buttons = [
        (f"{finding.key}/{name}", _label(repair, finding, rows, only))
        for name, repair in possible.items()
        if repair in offered
    ]
    if finding.is_intended:
        buttons.append((f"{finding.key}/{TAKE_BACK}", finding_texts.TAKE_BACK))
    is_by_hand = any(
        repair not in possible.values()
        for repair in offered
        if not isinstance(repair, MarkIntended)
    )
    return {"buttons": buttons, "is_by_hand": is_by_hand}


def _label(repair, finding, rows, only):
    """Say which automation a repair changes where another one may be meant."""
    is_plain = only is not None or len(finding.automations) == 1
    if is_plain or isinstance(repair, MarkIntended):
        return finding_texts.repair_label(repair)
    return finding_texts.repair_label(repair, rows[repair.automation].name)


def editor_url(pk: int) -> str:
    """Return the URL of an automation's editor."""
    return reverse("sms_automations_modeladmin_edit", args=[pk])


def try_url(finding: Finding, flow: int | None) -> str | None:
    """Return the URL of the phone with all that a witness says, said.

    None if it is too long, or if the phone could not show it: all that is said there
    is an SMS, and the first one follows no answer.
    """
    witness = finding.witness
    is_sms = witness.message_type == MessageType.SMS
    if not is_sms or witness.last_automation is not None:
        return None
    query = [
        *([("flow", flow)] if flow else []),
        *(("said", body) for body in witness.bodies),
        ("at", witness.at.isoformat()),
        ("to", witness.recipient),
        *(("group", group) for group in sorted(witness.groups)),
    ]
    url = f"{reverse('sms_simulator')}?{urlencode(query)}"
    return url if len(url) <= LONGEST_URL else None


def checked_with(automation: Automation) -> QuerySet[Automation]:
    """Return what is checked as if active when an automation is looked at.

    A paused one is resumed with its flow, and the steps after it are no dead ends.
    """
    rows = Automation.objects.filter(pk=automation.pk)
    if automation.status == Automation.Status.PAUSED and automation.flow_id:
        rows |= Automation.objects.filter(flow=automation.flow_id)
    return rows


class EditorFindings:
    """The findings about one automation, each at the field of the editor it is about.

    Good to know is left to the flow page, but for what was marked: it can be taken
    back here. So is what does not name the automation.
    """

    #: Findings that are about no field.
    OTHERS = "others"

    def __init__(self, automation: Automation, findings: Iterable[Finding], user):
        told = [
            one
            for one in findings
            if automation.pk in one.automations
            and (one.level is not Level.INFO or one.is_intended)
        ]
        rows = repairs.rows_of(told)
        # Active, it is tried on the live phone; paused, with its flow or not at all.
        is_active = automation.status == Automation.Status.ACTIVE
        flow = None if is_active else automation.flow_id
        can_try = is_active or flow is not None
        listed = shown(told, user, rows, flow=flow, can_try=can_try, only=automation.pk)
        self.by_field: dict[str, list[dict]] = {}
        for finding, one in zip(told, listed, strict=True):
            field = field_of(finding, automation.pk)
            self.by_field.setdefault(field, []).append(one)
        levels = [one["level"] for one in listed]
        self.errors = levels.count(Level.ERROR)
        self.warnings = levels.count(Level.WARNING)
        self.name = automation.name

    @property
    def summary(self) -> str:
        """How many errors and warnings there are; empty without any."""
        errors = ngettext(
            "The flow check has %(count)d error about “%(name)s”.",
            "The flow check has %(count)d errors about “%(name)s”.",
            self.errors,
        )
        warnings = ngettext(
            "The flow check has %(count)d warning about “%(name)s”.",
            "The flow check has %(count)d warnings about “%(name)s”.",
            self.warnings,
        )
        counted = ((errors, self.errors), (warnings, self.warnings))
        return " ".join(
            text % {"count": count, "name": self.name}
            for text, count in counted
            if count
        )

    @property
    def others(self) -> list[dict]:
        """Those that are about no field."""
        return self.by_field.get(self.OTHERS, [])

    @property
    def fields(self) -> list[str]:
        """The fields that some are about."""
        return [name for name in ("conditions", "actions") if name in self.by_field]


def field_of(finding: Finding, pk: int) -> str:
    """Return the field of an automation's editor that a finding is about."""
    is_first = finding.automations[0] == pk
    if finding.code is Code.OWN_TEXT and finding.reason is Reason.EXAMPLE:
        # The first one fires by accident; the other's text shows the example.
        return "conditions" if is_first else "actions"
    if finding.code in _ABOUT_TEXTS:
        return "actions"
    if finding.code is not Code.UNREACHABLE or finding.reason in _ABOUT_CONDITIONS:
        return "conditions"
    if finding.reason is Reason.PAUSED and not is_first:
        return "actions"
    return EditorFindings.OTHERS
