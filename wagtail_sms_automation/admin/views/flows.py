"""Flows: the list, the forms, and what is done to all automations of one."""

from django.db.models import Q
from django.http import JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import View
from wagtail.admin import messages
from wagtail.admin.ui.tables import DateColumn
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from ... import flows
from ...models import Automation, Flow
from .. import first_links, permissions
from ..columns import WIDE, CountLinkColumn, StatusesColumn
from . import generic
from .resuming import ResumingMixin


class IndexView(generic.IndexView):
    """All flows, and the ways to the automations that are in none."""

    first_link = first_links.TEMPLATES
    default_ordering = "name"
    results_template_name = "wagtail_sms_automation/admin/flows/index_results.html"

    @cached_property
    def columns(self):
        """Name, how many automations, how they stand, when one fired last."""
        return [
            self.name_column(),
            CountLinkColumn(
                "automation_count",
                label=_("Automations"),
                sort_key="automation_count",
                get_url=self.get_automations_url,
            ),
            StatusesColumn("status", label=_("Status"), accessor=statuses_of),
            DateColumn(
                "last_matched_at",
                label=_("Last fired"),
                sort_key="last_matched_at",
                classname=WIDE,
            ),
        ]

    def get_object_url(self, flow):
        """Return the flow's page: it is looked at more often than renamed."""
        return self.get_inspect_url(flow)

    @cached_property
    def automations_url(self):
        """The automations list, for those who may see it."""
        if permissions.may_list(self.request.user, Automation):
            return reverse("sms_automations_modeladmin_index")
        return None

    def get_automations_url(self, flow):
        """Return the automations list filtered by a flow."""
        return self.automations_url and f"{self.automations_url}?flow={flow.pk}"

    def get_base_queryset(self):
        """Return all rows with what the columns show, in one query."""
        return super().get_base_queryset().with_automations()

    def order_queryset(self, queryset):
        """Break ties by name."""
        return queryset.order_by(self.ordering, "name")

    def search_condition(self, query):
        """Search names, descriptions and announcements."""
        return (
            Q(name__icontains=query)
            | Q(description__icontains=query)
            | Q(announcement__icontains=query)
        )


def statuses_of(flow):
    """Return a tag for its active automations and one for its paused ones."""
    tags = []
    if count := flow.active_count:
        text = ngettext("%(count)d active", "%(count)d active", count)
        tags.append((text % {"count": count}, "is-positive"))
    if count := flow.paused_count:
        text = ngettext("%(count)d paused", "%(count)d paused", count)
        tags.append((text % {"count": count}, "is-neutral"))
    return tags


class FormMixin:
    """Closing the form leads to the flow's page."""

    def get_success_url(self):
        """Return the flow's page, unless the form stays open."""
        if self.is_closing:
            return self.get_action_url("inspect", self.object)
        return super().get_success_url()


class CreateView(FormMixin, generic.CreateView):
    """The empty form."""


class EditView(FormMixin, generic.EditView):
    """The form."""

    HEADER_ACTIONS = ("resume_all", "pause_all", "duplicate", "svg", "delete")


class DeleteView(generic.DeleteView):
    """The question before deleting: the automations stay."""

    template_name = "wagtail_sms_automation/admin/flows/delete.html"

    def get_context_data(self, **kwargs):
        """Add how many automations stay."""
        return super().get_context_data(size=self.object.automations.count(), **kwargs)


class MoveAllView(generic.OperationView):
    """Resume or pause all automations of a flow."""

    @property
    def any_permission_required(self):
        """Whoever sees the flow, if they may pause as well."""
        return self.listing_permissions

    def user_has_any_permission(self, actions):
        """Ask for the permission on automations, too."""
        may_pause = permissions.may(self.request.user, Automation, "pause")
        return may_pause and super().user_has_any_permission(actions)

    def perform_operation(self):
        """Move those that stand otherwise, and tell how many those were."""
        moved, stayed = self.move(self.object.automations.all())
        if moved:
            messages.success(self.request, self.count(moved) % {"count": moved})
        if stayed:
            messages.info(self.request, self.count_stayed(stayed) % {"count": stayed})
        elif not moved:
            messages.info(self.request, _("There was nothing to change."))

    def get_success_url(self):
        """Return to where the user came from, else to the flow's page."""
        return self.next_url or self.get_action_url("inspect", self.object)


class ResumeAllView(ResumingMixin, MoveAllView):
    """Let all fire."""

    def move(self, automations):
        """Resume those that are paused; return how many, and how many fired already."""
        resumed = self.resume(automations)
        return len(resumed.moved), resumed.stayed

    def count(self, number):
        """Return how many were paused."""
        return ngettext(
            "%(count)d automation resumed.", "%(count)d automations resumed.", number
        )

    def count_stayed(self, number):
        """Return how many fired already."""
        return ngettext(
            "%(count)d automation was active already.",
            "%(count)d automations were active already.",
            number,
        )


class PauseAllView(MoveAllView):
    """Keep all from firing."""

    def move(self, automations):
        """Pause those that are active; return how many, and how many did not fire."""
        moved = flows.pause_all(automations, user=self.request.user)
        paused = automations.filter(status=Automation.Status.PAUSED).count()
        return moved, max(0, paused - moved)

    def count(self, number):
        """Return how many were active."""
        return ngettext(
            "%(count)d automation paused.", "%(count)d automations paused.", number
        )

    def count_stayed(self, number):
        """Return how many were paused already."""
        return ngettext(
            "%(count)d automation was paused already.",
            "%(count)d automations were paused already.",
            number,
        )


class DuplicateView(generic.OperationView):
    """Copy a flow with its automations, and open the copy."""

    permission_required = "add"

    def user_has_permission(self, action):
        """Ask for the permission on automations, too."""
        may_add = permissions.may(self.request.user, Automation, action)
        return may_add and super().user_has_permission(action)

    def post(self, request, *args, **kwargs):
        """Copy it."""
        copy = flows.duplicate(self.object, user=request.user)
        messages.success(
            request,
            _("The flow “%(name)s” is made. Its automations are paused.")
            % {"name": copy.name},
        )
        return redirect(self.get_action_url("inspect", copy))


#: Said of a step that was moved, by whatever means.
NOW_AT = gettext_lazy("It is now number %(place)s of %(total)s.")
#: Said of a step that somebody else has taken out of the flow, or deleted.
HAS_LEFT = gettext_lazy(
    "Not moved: “%(name)s” is not among these automations any more. Reload the page to "
    "see how they stand now."
)


class MoveStepView(generic.OperationView):
    """Move an automation among those of its flow."""

    permission_required = "change"
    places = 0

    def perform_operation(self):
        """Move it; say so where it stands at the end."""
        name = {"name": self.object.name}
        if flows.move_step(self.object, self.places, user=self.request.user):
            place, total = flows.place_of(self.object)
            now = NOW_AT % {"place": place, "total": total}
            messages.success(self.request, f"{self.moved % name} {now}")
        elif flows.has_step(self.object.flow_id, self.object):
            messages.warning(self.request, self.at_the_end % name)
        else:
            messages.warning(self.request, HAS_LEFT % name)

    def get_success_url(self):
        """Return to the step, where the user came from a page of steps."""
        if permissions.may_list(self.request.user, Flow):
            page = ("inspect", [self.object.flow_id])
            if self.object.flow_id is None:
                page = ("loose", [])
            url = reverse(f"sms_flows_modeladmin_{page[0]}", args=page[1])
            return f"{url}#step-{self.object.pk}"
        return super().get_success_url()


class MoveUpView(MoveStepView):
    """Let it fire before the one above it."""

    places = -1
    moved = gettext_lazy("“%(name)s” has moved up.")
    at_the_end = gettext_lazy("“%(name)s” was the first already.")


class MoveDownView(MoveStepView):
    """Let it fire after the one below it."""

    places = 1
    moved = gettext_lazy("“%(name)s” has moved down.")
    at_the_end = gettext_lazy("“%(name)s” was the last already.")


class PlaceView(generic.BridgeMixin, PermissionCheckedMixin, View):
    """Put a step where it was dropped among those of the flow that the page shows.

    The page may be older than the step's flow: it says which one it shows.
    """

    http_method_names = ["post", "options"]
    permission_required = "change"

    def post(self, request, pk):
        """Move it; answer as a script expects."""
        automation = Automation.objects.filter(pk=pk).first()
        if automation is None:
            error = _("Not moved: this automation has been deleted meanwhile.")
            return JsonResponse({"success": False, "error": error}, status=404)
        try:
            place = int(request.GET["position"])
            # Without a number, those that are in no flow.
            flow = int(request.GET["flow"]) if request.GET["flow"] else None
        except (KeyError, ValueError):
            return JsonResponse({"success": False}, status=400)
        if not flows.place_step(automation, place, flow, user=request.user):
            error = HAS_LEFT % {"name": automation.name}
            return JsonResponse({"success": False, "error": error}, status=409)
        return JsonResponse({"success": True})
