"""The pages that show flows: the diagram, the same in words, what the check finds."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.forms import Media
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.widgets.button import HeaderButton

from ... import flow_checks, flows, repairs
from ...engine.flow_graph import ArrowKind, NodeKind
from ...engine.flow_outline import outline
from ...models import Automation, Flow
from .. import findings, flow_diagram, permissions, simulator_menu
from ..phone import Phone
from . import automations, flow_findings, generic


#: What the diagram and the page below it need.
MEDIA = Media(
    css={
        "all": [
            "wagtail_sms_automation/css/flow.css",
            "wagtail_sms_automation/css/flow-page.css",
        ]
    },
    js=[
        "wagtail_sms_automation/js/flow-controller.js",
        "wagtail_sms_automation/js/steps-controller.js",
    ],
)

ACTIVE, PAUSED = Automation.Status


class ReadingMixin:
    """Some automations as a graph, for users who may see them.

    A view gives get_automations(), those to show, and get_flows(), the flows whose
    announcements are shown with them.
    """

    @cached_property
    def may_see(self):
        """True for users who may see automations."""
        return permissions.may_list(self.request.user, Automation)

    @cached_property
    def may_edit(self):
        """True for users who may change automations."""
        return permissions.may(self.request.user, Automation, "change")

    @cached_property
    def rows(self):
        """The automations in the order in which they fire."""
        return list(self.get_automations().in_order()) if self.may_see else []

    @cached_property
    def graph(self):
        """The graph of the automations and of what announces them."""
        return flows.graph_of(self.rows, self.get_flows() if self.may_see else ())


class PictureMixin(ReadingMixin):
    """A page with the diagram, the same in words, and the steps to put in order."""

    template_name = "wagtail_sms_automation/admin/flows/inspect.html"
    #: The steps can be moved up and down here.
    is_ordered = True

    def get_links(self):
        """Return the editor's URL of each node, for those who may use it."""
        links = {}
        if self.may_edit:
            for node in self.graph.nodes:
                if node.automation is not None:
                    links[node.id] = findings.editor_url(node.automation)
        for flow in self.get_flows() if self.may_change_flows else ():
            links[f"flow-{flow.pk}"] = self.get_action_url("edit", flow)
        return links

    @cached_property
    def may_change_flows(self):
        """True for users who may change flows."""
        return self.user_has_permission("change")

    def get_context_data(self, **kwargs):
        """Add the diagram and the lists."""
        since = timezone.now() - automations.RECENT
        links = self.get_links()
        counts = flows.counts_of(self.graph, since)
        read = {node.automation for node in self.graph.nodes}
        context = super().get_context_data(
            may_see=self.may_see,
            is_empty=self.may_see and not self.rows,
            diagram=flow_diagram.diagram(self.graph, links=links, counts=counts),
            entries=[told(entry, links, counts) for entry in outline(self.graph)],
            days=automations.RECENT // timedelta(days=1),
            steps=self.get_steps(),
            unreadable=[row for row in self.rows if row.pk not in read],
            can_move=self.is_ordered and self.may_edit and len(self.rows) > 1,
            add_automation_url=self.get_add_automation_url(),
            **kwargs,
        )
        context["media"] = context.get("media", Media()) + MEDIA
        if self.rows and simulator_menu.may_simulate(self.request.user):
            context["phone"] = phone = self.get_phone()
            context["media"] += phone.media
        return context

    def get_phone(self):
        """Return a phone that the active automations answer."""
        return Phone(user=self.request.user)

    def get_add_automation_url(self):
        """Return where to write an automation, for those who may."""
        if permissions.may(self.request.user, Automation, "add"):
            return reverse("sms_automations_modeladmin_create")
        return None

    def get_steps(self):
        """Return the automations as the table of steps shows them."""
        return [
            {
                "automation": row,
                "keywords": automations.listed_keywords(row),
                "tag": automations.status_of(row),
                "url": findings.editor_url(row.pk) if self.may_edit else None,
                "up": reverse("sms_automations_modeladmin_move_up", args=[row.pk]),
                "down": reverse("sms_automations_modeladmin_move_down", args=[row.pk]),
            }
            for row in (self.rows if self.is_ordered else ())
        ]


def told(entry, links, counts):
    """Return an entry of the outline as the template shows it."""
    node = entry.node
    return {
        "node": node,
        "title": title_of(node),
        "url": links.get(node.id),
        "tag": tag_of(node),
        "ways": [
            {
                "arrow": way.arrow,
                "is_keyword": way.arrow.kind == ArrowKind.KEYWORD,
                "is_follows": way.arrow.kind == ArrowKind.FOLLOWS,
                "count": counts.get((way.arrow.source, way.arrow.target), 0),
                "target": way.target,
                "title": title_of(way.target),
                "entry": way.entry and told(way.entry, links, counts),
            }
            for way in entry.ways
        ],
    }


def title_of(node):
    """Return what a node is called."""
    return _("Anyone who texts") if node.kind == NodeKind.ANYONE else node.name


def tag_of(node):
    """Return the status tag of a node, as in the list of automations."""
    if node.kind == NodeKind.ANNOUNCEMENT:
        return _("Announcement"), "is-neutral"
    if node.kind == NodeKind.ANYONE:
        return None
    if node.is_paused:
        return PAUSED.label, "is-neutral"
    return ACTIVE.label, "is-positive"


class InspectView(PictureMixin, generic.InspectView):
    """The flow page."""

    def get_context_data(self, **kwargs):
        """Add what the flow check finds."""
        # What customers ask for in vain is in their words.
        may_read = flow_findings.may_read_use(self.request.user)
        found = flow_checks.check(self.rows, with_use=may_read) if self.rows else []
        context = super().get_context_data(
            findings=findings.shown(
                found,
                self.request.user,
                repairs.rows_of(found),
                flow=self.object.pk,
            ),
            repair_url=self.get_action_url("repair", self.object),
            **kwargs,
        )
        context["media"] += findings.MEDIA
        return context

    def get_automations(self):
        """Return those of the flow."""
        return self.object.automations.all()

    def get_phone(self):
        """Return a phone that the paused ones of the flow answer, too."""
        return Phone(user=self.request.user, flow=self.object)

    def get_flows(self):
        """Return the flow."""
        return [self.object]

    def get_page_title(self):
        """Return the flow's name."""
        return self.object.name

    def get_page_subtitle(self):
        """Return nothing: the title says it all."""
        return ""

    def get_breadcrumbs_items(self):
        """End in the flow's name."""
        items = super().get_breadcrumbs_items()
        return [*items[:2], {"url": "", "label": self.object.name}]

    @cached_property
    def header_buttons(self):
        """Edit, for those who may."""
        if url := self.get_edit_url():
            return [HeaderButton(_("Edit"), url=url, icon_name="edit")]
        return []

    @cached_property
    def header_more_buttons(self):
        """The same as in the list, Edit apart."""
        buttons = self.model_admin.get_more_buttons(self, self.object)
        return [button for button in buttons if button.action != "edit"]

    def get_add_automation_url(self):
        """Return where to write an automation of this flow."""
        url = super().get_add_automation_url()
        return url and f"{url}?flow={self.object.pk}"


class PictureView(
    PictureMixin,
    generic.StylesMixin,
    generic.BridgeMixin,
    PermissionCheckedMixin,
    WagtailAdminTemplateMixin,
    TemplateView,
):
    """A page like that of a flow, of automations that are no flow's."""

    @property
    def any_permission_required(self):
        """Whoever sees the flows sees the page."""
        return self.listing_permissions

    def get_breadcrumbs_items(self):
        """Stand below the flows."""
        return [
            *self.breadcrumbs_items,
            {
                "url": self.model_admin.url_helper.index_url,
                "label": self.model_admin.menu_label,
            },
            {"url": "", "label": self.get_page_title()},
        ]


class LooseView(PictureView):
    """The automations that are in no flow."""

    page_title = gettext_lazy("Automations without a flow")

    def get_automations(self):
        """Return those without a flow."""
        return Automation.objects.filter(flow=None)

    def get_flows(self):
        """Return none: nothing announces them."""
        return []


class EverythingView(PictureView):
    """All automations, with what announces any of them."""

    page_title = gettext_lazy("All automations")
    is_ordered = False

    def get_automations(self):
        """Return all."""
        return Automation.objects.all()

    def get_flows(self):
        """Return all."""
        return self.all_flows

    @cached_property
    def all_flows(self):
        """All flows, asked for once."""
        return list(Flow.objects.all())


class SvgView(ReadingMixin, generic.BridgeMixin, PermissionCheckedMixin, View):
    """The diagram as a file."""

    http_method_names = ["get", "head", "options"]

    @property
    def any_permission_required(self):
        """Whoever sees the flow page may take its picture along."""
        return self.listing_permissions

    def get_automations(self):
        """Return those of the flow."""
        return self.object.automations.all()

    def get_flows(self):
        """Return the flow."""
        return [self.object]

    def get(self, request, pk):
        """Return the file."""
        if not self.may_see:
            raise PermissionDenied
        self.object = get_object_or_404(Flow, pk=pk)
        name = slugify(self.object.name, allow_unicode=True) or f"flow-{pk}"
        return HttpResponse(
            flow_diagram.svg_file(self.graph),
            content_type="image/svg+xml; charset=utf-8",
            headers={
                "Content-Disposition": content_disposition_header(
                    as_attachment=True, filename=f"{name}.svg"
                ),
                "X-Content-Type-Options": "nosniff",
            },
        )
