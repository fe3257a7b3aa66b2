"""What the phone offers: keywords, and by permission flows and groups."""

from collections.abc import Set

from django.db.models import Q

from .. import rulebook
from ..engine import rules
from ..engine.content import Operator
from ..models import Automation, ContactGroup, Flow
from . import permissions


#: Keywords to text by one click.
MOST_KEYWORDS = 20


def keywords_of(
    answering: rules.Rulebook, flow: Flow | None, edited: int | None
) -> list[str]:
    """Return what automations listen to: the draft, then the flow, then the others."""
    of_flow = set(flow.automations.values_list("pk", flat=True)) if flow else set()

    def distance(automation):
        # A draft that is not saved yet has a number below zero.
        if automation.id < 0 or automation.id == edited:
            return 0
        return 1 if automation.id in of_flow else 2

    keywords = (
        keyword
        for automation in sorted(answering.automations, key=distance)
        for condition in automation.conditions
        if isinstance(condition, rules.Content) and condition.operator != Operator.NONE
        for keyword in condition.keywords
    )
    alike = {}
    for keyword in keywords:
        alike.setdefault(keyword.casefold(), keyword)
    return list(alike.values())[:MOST_KEYWORDS]


def flows_for(user, flow: Flow | None, edited: int | None) -> Set[int] | None:
    """Return the keys of the flows to offer, None for all.

    Who may not list flows gets the one that is shown, and the edited automation's.
    """
    if permissions.may_list(user, Flow):
        return None
    own = Automation.objects.filter(pk=edited).exclude(flow=None)
    shown = {flow.pk} if flow else set()
    return shown | set(own.values_list("flow", flat=True))


def groups_for(
    user, flow: Flow | None, edited: int | None, answering: rules.Rulebook
) -> Set[int] | None:
    """Return the keys of the groups to offer, None for all.

    Who may not list groups gets those that the automations name which answer, or
    would: the flow's, and the edited one as it is saved.
    """
    if permissions.may_list(user, ContactGroup):
        return None
    own = Q(pk=edited)
    if flow:
        own |= Q(flow=flow)
    saved = rulebook.compile_all(Automation.objects.filter(own))
    return set().union(*map(_named, (*answering.automations, *saved)))


def _named(automation: rules.Automation) -> set[int]:
    groups = {
        action.group
        for action in automation.actions
        if isinstance(action, rules.AddToGroup | rules.RemoveFromGroup)
    }
    for condition in automation.conditions:
        if isinstance(condition, rules.GroupMembership):
            groups |= condition.groups
    return groups
