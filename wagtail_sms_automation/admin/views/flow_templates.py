"""Flows from templates and files, and back into files."""

from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView, View
from wagtail.admin import messages

from ...engine.segments import count
from ...flow_files import importing, playing, templates, writing
from ...flow_files.shape import FlowFileError
from ...models import Flow
from ..flow_template_forms import FillInForm, UploadForm
from .template_pages import PageMixin, TemplatesMixin, file_response, may_make, may_save


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
        return file_response(flow.name, text)
