"""Automations: the list with its three dots, resume and pause."""

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic.ordering import ReorderView as WagtailReorderView
from wagtail.log_actions import log

from ...models import Automation, Flow, RulebookRevision, WrongStatus
from .. import first_links, permissions
from ..blocks import initial_actions, initial_conditions
from ..columns import WIDE, KeywordsColumn, LinkColumn, StatusColumn
from ..filters import RECENT, AutomationFilterSet
from . import generic
from .flow_findings import CheckedEditMixin, CheckedFormMixin
from .previews import PreviewPanelMixin
from .resuming import ResumingMixin


class IndexView(generic.IndexView):
    """All automations, in the order in which they fire."""

    first_steps = gettext_lazy(
        "First write down your flow: each text you send, and the keyword that leads to "
        "the next. Then add one automation for each keyword, and resume them."
    )
    first_link = first_links.TEMPLATES
    bulk_permission = "pause"
    filterset_class = AutomationFilterSet
    default_ordering = "sort_order"
    sort_order_field = "sort_order"

    @cached_property
    def show_ordering_column(self):
        """Handles to drag take the tick boxes' place, when they are asked for."""
        asked = self.request.GET.get("ordering") == self.sort_order_field
        narrowed = self.is_searching or self.is_filtering
        return asked and not narrowed and bool(self.get_reorder_url())

    @cached_property
    def columns(self):
        """Tick box, name with the three dots, and what tells one from the other."""
        return [
            *self.checkbox_columns(),
            self.name_column(width="28%"),
            KeywordsColumn("keywords", label=_("Keywords"), accessor=listed_keywords),
            StatusColumn(
                "status", label=_("Status"), sort_key="status", accessor=status_of
            ),
            LinkColumn(
                "flow",
                label=_("Flow"),
                sort_key="flow__name",
                classname=WIDE,
                get_url=self.get_flow_url,
            ),
            Column(
                "match_count",
                label=_("Fired in 30 days"),
                sort_key="match_count",
                classname=WIDE,
            ),
            DateColumn(
                "last_matched_at",
                label=_("Last fired"),
                sort_key="last_matched_at",
                classname=WIDE,
            ),
            DateColumn(
                "updated_at",
                label=_("Updated"),
                sort_key="updated_at",
                classname=WIDE,
            ),
        ]

    @cached_property
    def can_see_flows(self):
        """True for users who may open the page of a flow."""
        return permissions.may_list(self.request.user, Flow)

    def get_flow_url(self, automation):
        """Return the page of its flow, for those who may see it."""
        if not (automation.flow_id and self.can_see_flows):
            return None
        return reverse("sms_flows_modeladmin_inspect", args=[automation.flow_id])

    def get_base_queryset(self):
        """Return all rows with what the columns show, in one query."""
        queryset = super().get_base_queryset().select_related("flow")
        return queryset.with_matches_since(timezone.now() - RECENT)

    def get_valid_orderings(self):
        """Allow the order in which they fire, even of what a search has found."""
        return [*super().get_valid_orderings(), self.sort_order_field]

    def order_queryset(self, queryset):
        """Break ties by the order in which they fire."""
        return queryset.order_by(self.ordering, "sort_order", "pk")

    def search_condition(self, query):
        """Search names, descriptions, flows and keywords."""
        return (
            Q(name__icontains=query)
            | Q(description__icontains=query)
            | Q(flow__name__icontains=query)
            | Q(pk__in=listening_to(query))
        )


def status_of(automation):
    """Return the tag of an automation's status."""
    is_active = automation.status == Automation.Status.ACTIVE
    return automation.get_status_display(), "is-positive" if is_active else "is-neutral"


def listed_keywords(automation):
    """Return (keyword, is_excluded) of the content conditions.

    The raw stream is read: block values would fetch the groups and automations that
    other conditions name, row by row.
    """
    return [
        (keyword, child["value"].get("operator") == "none")
        for child in automation.conditions.raw_data
        if child["type"] == "content"
        for keyword in child["value"].get("keywords") or ()
    ]


def listening_to(query):
    """Return the ids of the automations with such a keyword."""
    automations = Automation.objects.only("pk", "conditions").order_by()
    return [
        automation.pk
        for automation in automations
        if any(
            query.casefold() in keyword.casefold()
            for keyword, _is_excluded in listed_keywords(automation)
        )
    ]


class CreateView(CheckedFormMixin, PreviewPanelMixin, generic.CreateView):
    """A new automation is saved paused, and says so."""

    def get_initial_form_instance(self):
        """Begin with a condition to fill in: without any, every text is answered.

        The page of a flow leads here with the flow's key.
        """
        asked = self.request.GET.get("flow")
        return Automation(
            flow=next(
                (one for one in Flow.objects.all() if str(one.pk) == asked), None
            ),
            conditions=initial_conditions(),
            actions=initial_actions(),
        )

    def get_preview_url(self):
        """Return the URL of the phone beside what was never saved."""
        return self.model_admin.url_helper.get_action_url("preview_create")

    def get_success_message(self, instance=None):
        """Say that it does not fire yet."""
        return _(
            "The automation “%(name)s” is saved and paused. Resume it when it is ready."
        ) % {"name": instance or self.object}


class CopyView(generic.CopyView, CreateView):
    """A copy is saved paused, too."""


class EditView(CheckedEditMixin, PreviewPanelMixin, generic.EditView):
    """Saving an active automation changes what customers get, and says so."""

    template_name = "wagtail_sms_automation/admin/automations/edit.html"


class RevertView(PreviewPanelMixin, generic.RevertView):
    """Reverting never touches the status: the model sees to that."""

    template_name = EditView.template_name


class DeleteView(generic.DeleteView):
    """The question before deleting, with the automations that follow it."""

    template_name = "wagtail_sms_automation/admin/automations/delete.html"

    def get_context_data(self, **kwargs):
        """Add those that follow it."""
        can_edit = permissions.may(self.request.user, Automation, "change")
        return super().get_context_data(
            followers=followers_of(self.object), can_edit=can_edit, **kwargs
        )


def followers_of(automation):
    """Return the automations whose follows conditions name one."""
    others = Automation.objects.exclude(pk=automation.pk).in_order()
    return [other for other in others if automation.pk in followed_by(other)]


def followed_by(automation):
    """Return the ids that an automation's follows conditions name."""
    return {
        item["value"] if isinstance(item, dict) else item
        for child in automation.conditions.raw_data
        if child["type"] == "follows"
        for item in child["value"].get("automations") or ()
    }


class ReorderView(generic.BridgeMixin, WagtailReorderView):
    """Move an automation to another place in the order of firing."""

    http_method_names = ["post", "options"]
    sort_order_field = "sort_order"

    def post(self, request, *args, **kwargs):
        """Move it; every process compiles its rulebook anew."""
        with transaction.atomic():
            Automation.objects.lock()
            # Wagtail cannot part two in the same place.
            Automation.objects.number()
            response = super().post(request, *args, **kwargs)
            RulebookRevision.objects.bump()
            automation = Automation.objects.get(pk=kwargs["pk"])
            log(automation, "wagtail.reorder", user=request.user)
        return response


class ResumeView(ResumingMixin, generic.OperationView):
    """Let one automation fire on the next matching message."""

    permission_required = "pause"

    def perform_operation(self):
        """Resume it; say so if it stood there already, or is gone."""
        name = {"name": self.object}
        resumed = self.resume(Automation.objects.filter(pk=self.object.pk))
        if resumed.moved:
            text = _(
                "The automation “%(name)s” is active: it answers the next matching "
                "message."
            )
            messages.success(self.request, text % name)
        elif resumed.stayed:
            text = _("The automation “%(name)s” was active already.")
            messages.warning(self.request, text % name)
        else:
            text = _("The automation “%(name)s” is gone: somebody has deleted it.")
            messages.error(self.request, text % name)


class PauseView(generic.OperationView):
    """Keep one automation from firing."""

    permission_required = "pause"

    def perform_operation(self):
        """Pause it; say so if it stood there already."""
        name = {"name": self.object}
        try:
            self.object.pause(user=self.request.user)
        except WrongStatus:
            text = _("The automation “%(name)s” was paused already.")
            messages.warning(self.request, text % name)
        else:
            text = _("The automation “%(name)s” is paused: it answers nobody.")
            messages.success(self.request, text % name)
