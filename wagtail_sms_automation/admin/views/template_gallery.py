"""The gallery: the templates that come with the package, and those of this site."""

from django.utils.functional import cached_property
from django.utils.translation import get_language, get_language_info, gettext_lazy
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from ...engine import flow_graph
from ...flow_files import playing, reading, templates
from ...flow_files.shape import FlowFileError
from ...models import Flow, FlowTemplate
from .. import flow_diagram, permissions
from .template_pages import PageMixin, may_save


#: What a template is shown in where there is none in the user's language.
DEFAULT_LANGUAGE = "en"


class IndexView(PageMixin, TemplateView):
    """The gallery: a card a template."""

    template_name = "wagtail_sms_automation/admin/flow_templates/index.html"
    page_title = gettext_lazy("Templates")

    def get_breadcrumbs_items(self):
        """End here."""
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    @cached_property
    def language(self):
        """The language asked for, or the user's own."""
        own = (get_language() or "").partition("-")[0]
        for code in (self.request.GET.get("language"), own):
            if code in templates.languages():
                return code
        return DEFAULT_LANGUAGE

    def get_context_data(self, **kwargs):
        """Add the cards, and the flows that can be saved as files."""
        found = templates.in_language(self.language)
        can_save = may_save(self.request.user)
        flows = Flow.objects.all() if can_save else []
        return super().get_context_data(
            language=self.language,
            languages=[get_language_info(code) for code in templates.languages()],
            cards=[self.card(template) for template in found],
            site_cards=[self.site_card(one) for one in self.site_templates],
            flows=[(flow, self.url_of("download", flow.pk)) for flow in flows],
            upload_url=self.url_of("upload"),
            **kwargs,
        )

    @property
    def site_templates(self):
        """The templates of this site, with who made them."""
        return FlowTemplate.objects.select_related("user")

    def card(self, template):
        """Return what the card of a template of ours shows."""
        flow = template.example()
        return {
            "template": template,
            "url": self.url_of("choose", template.name),
            **shown(flow, flow.name),
        }

    def site_card(self, template):
        """Return what the card of one of the site's shows: if bad, what is wrong."""
        card = {"template": template, "download_url": self.url_of("take", template.pk)}
        if permissions.may(self.request.user, FlowTemplate, "delete"):
            card["delete_url"] = self.url_of("delete", template.pk)
        try:
            flow = reading.read(template.data, examples=True)
        except FlowFileError as error:
            return card | {"problems": error.problems}
        # One of the package's may have the same name.
        name = _("%(name)s, of this site") % {"name": template.name}
        return card | shown(flow, name) | {"url": self.url_of("use", template.pk)}


def shown(flow, name):
    """Return what a card shows of a flow."""
    return {
        "flow": flow,
        "diagram": flow_diagram.diagram(graph_of(flow), name=name),
        "turns": playing.play(flow, flow.conversation),
    }


def graph_of(flow):
    """Return the graph of a flow as a file tells it."""
    return flow_graph.build(
        playing.rulebook_of(flow).automations,
        announcements=playing.announcements_of(flow),
    )
