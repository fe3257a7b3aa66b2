"""Flows from templates and files, and back into files."""

from django.core.exceptions import PermissionDenied
from django.forms import Media
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import (
    get_language,
    get_language_info,
    gettext_lazy,
    ngettext,
)
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from ...engine import flow_graph
from ...engine.segments import count
from ...flow_files import importing, playing, templates, writing
from ...flow_files.shape import FlowFileError
from ...models import Automation, Flow
from .. import flow_diagram, permissions
from ..flow_template_forms import FillInForm, UploadForm
from . import generic


STYLES = Media(
    css={
        "all": [
            "wagtail_sms_automation/css/flow-templates.css",
            "wagtail_sms_automation/css/flow.css",
        ]
    },
    js=["wagtail_sms_automation/js/flow-controller.js"],
)

#: What a template is shown in where there is none in the user's language.
DEFAULT_LANGUAGE = "en"


def may_make(user):
    """True if the user may make flows and automations."""
    return all(permissions.may(user, model, "add") for model in (Flow, Automation))


def may_save(user):
    """True if the user may read all that a flow's file tells."""
    may_read = permissions.may(user, Automation, "add", "change")
    return may_read and permissions.may_list(user, Flow)


class TemplatesMixin(generic.StylesMixin, generic.BridgeMixin):
    """What these pages share."""

    def dispatch(self, request, *args, **kwargs):
        """Let those in who may make flows."""
        if not self.may_enter(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def may_enter(self, user):
        """True if the page is for this user."""
        return may_make(user)

    def url_of(self, action, *args):
        """Return the URL of one of these pages."""
        name = self.model_admin.url_helper.get_action_url_name(action)
        return reverse(name, args=args)


class PageMixin(TemplatesMixin, WagtailAdminTemplateMixin):
    """A page among these, beneath the gallery."""

    _show_breadcrumbs = True

    def get_breadcrumbs_items(self):
        """Lead back to the gallery."""
        gallery = {"url": self.url_of("index"), "label": _("Templates")}
        title = {"url": "", "label": self.get_page_title()}
        return [*self.breadcrumbs_items, gallery, title]

    def get_context_data(self, **kwargs):
        """Add our styles."""
        context = super().get_context_data(**kwargs)
        context["media"] += STYLES
        return context


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
            flows=[(flow, self.url_of("download", flow.pk)) for flow in flows],
            upload_url=self.url_of("upload"),
            **kwargs,
        )

    def card(self, template):
        """Return what one card shows."""
        flow = template.example()
        return {
            "template": template,
            "flow": flow,
            "diagram": flow_diagram.diagram(graph_of(flow), name=flow.name),
            "turns": playing.play(flow, flow.conversation),
            "url": self.url_of("choose", template.name),
        }


def graph_of(flow):
    """Return the graph of a flow as a file tells it."""
    body = flow.announcement.strip()
    return flow_graph.build(
        playing.rulebook_of(flow).automations,
        announcements=[
            flow_graph.Announcement(id="announcement", name=flow.name, body=text)
            for text in ([body] if body else [])
        ],
    )


class FillInView(PageMixin, TemplateView):
    """Fill in what a file asks for, look at the texts, make the flow."""

    template_name = "wagtail_sms_automation/admin/flow_templates/fill_in.html"

    def post(self, request, *args, **kwargs):
        """Show the texts, or make the flow."""
        form = self.get_form(request.POST)
        if not form.is_valid():
            return self.show(form)
        if "create" not in request.POST:
            return self.show(form, file=form.file)
        try:
            imported = importing.import_flow(form.file, user=request.user)
        except importing.FlowExistsError as error:
            # Somebody was faster.
            form.add_error("name", str(error))
            return self.show(form)
        self.tell(imported)
        return redirect("sms_flows_modeladmin_inspect", imported.flow.pk)

    def get_form(self, data=None):
        """Return the form of the document."""
        return FillInForm(data, document=self.document, user=self.request.user)

    def show(self, form, file=None):
        """Show the form, and what the texts are like."""
        context = self.get_context_data(form=form, steps=steps_of(file))
        if file:
            context["turns"] = playing.play(file, file.conversation)
            context["file"] = file
            context["missing_groups"] = importing.missing_groups(file)
        return self.render_to_response(context)

    def tell(self, imported):
        """Say what was made."""
        name = imported.flow.name
        if not imported.is_new:
            text = _("The flow “%(name)s” is there already, just so.")
            messages.info(self.request, text % {"name": name})
            return
        number = imported.flow.automations.count()
        text = ngettext(
            "The flow “%(name)s” is made, with %(count)s automation. It is paused: "
            "resume it when it is ready.",
            "The flow “%(name)s” is made, with %(count)s automations. They are paused: "
            "resume them when they are ready.",
            number,
        )
        messages.success(self.request, text % {"name": name, "count": number})


def steps_of(file):
    """Return the automations of a file: name, keywords, and (text, parts)."""
    if file is None:
        return []
    return [
        {
            "name": one.name,
            "keywords": [
                keyword
                for block in one.conditions
                if block.type == "content" and block.values["operator"] != "none"
                for keyword in block.values["keywords"]
            ],
            "texts": [
                (block.values["body"], count(block.values["body"]).parts)
                for block in one.actions
                if block.type == "reply"
            ],
        }
        for one in file.automations
    ]


class ChooseView(FillInView):
    """A template of the gallery."""

    @cached_property
    def template(self):
        """The template that was chosen."""
        template = templates.find(self.kwargs["template"])
        if template is None:
            raise Http404
        return template

    @cached_property
    def document(self):
        """Its file."""
        return self.template.data

    def get_page_title(self):
        """Return its name, in its own language."""
        return self.template.example().name

    def get(self, request, *args, **kwargs):
        """Show the empty form."""
        return self.show(self.get_form())


class UploadView(FillInView):
    """A file of somebody's own: it travels on in a hidden field."""

    page_title = gettext_lazy("Import a file")
    upload_template_name = "wagtail_sms_automation/admin/flow_templates/upload.html"

    @cached_property
    def document(self):
        """The file, as the browser sends it back."""
        # Browsers send each line break of a field as two characters.
        document = self.request.POST["document"].replace("\r\n", "\n")
        return document.encode("utf-8", "surrogatepass")

    def get(self, request, *args, **kwargs):
        """Ask for a file."""
        return self.ask(UploadForm())

    def post(self, request, *args, **kwargs):
        """Take the file; then, what it asks for."""
        if "document" in request.POST:
            try:
                return super().post(request, *args, **kwargs)
            except FlowFileError as error:
                form = UploadForm({})
                form.errors["file"] = form.error_class(map(str, error.problems))
                return self.ask(form)
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.ask(form)
        self.document = form.cleaned_data["file"]
        fill_in = self.get_form()
        # A file that asks for nothing can be looked at right away.
        return self.show(fill_in, file=None if fill_in.file.asks else fill_in.file)

    def ask(self, form):
        """Show the form that takes a file."""
        self.template_name = self.upload_template_name
        return self.render_to_response(self.get_context_data(form=form))

    def show(self, form, file=None):
        """Let the file travel on."""
        text = self.document.decode("utf-8-sig")
        self.extra_context = {"document": text}
        return super().show(form, file=file)


class DownloadView(TemplatesMixin, View):
    """A flow as a file."""

    http_method_names = ["get", "options"]

    def may_enter(self, user):
        """True for those who may read all that a file tells."""
        return may_save(user)

    def get(self, request, pk):
        """Send the file, or say what keeps the flow from being one."""
        flow = get_object_or_404(Flow, pk=pk)
        try:
            text = writing.as_text(writing.flow_file(flow))
        except FlowFileError as error:
            messages.error(request, "\n".join(map(str, error.problems)))
            can_go_back = may_make(request.user)
            home = reverse("wagtailadmin_home")
            return redirect(self.url_of("index") if can_go_back else home)
        name = f"{slugify(flow.name, allow_unicode=True) or 'flow'}.json"
        headers = {"Content-Disposition": content_disposition_header(True, name)}
        return HttpResponse(text, content_type="application/json", headers=headers)
