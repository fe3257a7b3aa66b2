"""Templates that this site keeps: made of a flow, used, taken along, deleted."""

from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.log_actions import log

from ...flow_files import writing
from ...flow_files.shape import FlowFileError
from ...models import Flow, FlowTemplate
from ..site_template_forms import SiteTemplateForm
from . import generic
from .flow_templates import ChooseView, steps_of
from .template_pages import PageMixin, TemplatesMixin, file_response, may_keep


class SaveView(PageMixin, TemplateView):
    """Keep a flow as a template: its name, and what it asks for."""

    template_name = "wagtail_sms_automation/admin/flow_templates/save.html"
    page_title = gettext_lazy("Save as a template")

    def may_enter(self, user):
        """True for those who may keep templates, and read the flow."""
        return may_keep(user)

    @cached_property
    def flow(self):
        """The flow that is kept."""
        return get_object_or_404(Flow, pk=self.kwargs["pk"])

    @property
    def flow_url(self):
        """The flow's page, where this one was opened."""
        return reverse("sms_flows_modeladmin_inspect", args=[self.flow.pk])

    @cached_property
    def flow_file(self):
        """The flow as a file tells it."""
        return writing.flow_file(self.flow)

    def dispatch(self, request, *args, **kwargs):
        """Go back where no file can hold the flow, and say why."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except FlowFileError as error:
            messages.error(request, "\n".join(map(str, error.problems)))
            return redirect(self.flow_url)

    def get_page_subtitle(self):
        """Return the flow's name."""
        return self.flow.name

    def get(self, request, *args, **kwargs):
        """Show the empty form."""
        return self.show(self.get_form())

    def post(self, request, *args, **kwargs):
        """Offer more questions, or keep it."""
        form = self.get_form(request.POST)
        if "more" in request.POST or not form.is_valid():
            return self.show(form)
        try:
            with transaction.atomic():
                template = form.save()
                log(template, "wagtail.create", user=request.user, content_changed=True)
        except IntegrityError:
            # Somebody was faster.
            form.add_taken()
            return self.show(form)
        text = _("“%(name)s” is kept as a template of this site.")
        messages.success(request, text % {"name": template.name})
        return redirect(f"{self.url_of('index')}#site-templates")

    def get_form(self, data=None):
        """Return the form, the flow's name filled in."""
        return SiteTemplateForm(
            data,
            instance=FlowTemplate(user=self.request.user),
            initial={"name": self.flow.name},
            flow_file=self.flow_file,
        )

    def show(self, form):
        """Show the form, and the texts that words can be chosen of."""
        context = self.get_context_data(
            form=form,
            file=self.flow_file,
            steps=steps_of(self.flow_file),
            flow_url=self.flow_url,
        )
        return self.render_to_response(context)


class UseView(ChooseView):
    """Make a flow of a template of the site."""

    @cached_property
    def template(self):
        """The template that was chosen."""
        return get_object_or_404(FlowTemplate, pk=self.kwargs["pk"])

    @cached_property
    def document(self):
        """Its file."""
        return self.template.data

    def dispatch(self, request, *args, **kwargs):
        """Lead back to the gallery, which says what is wrong with it."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except FlowFileError as error:
            messages.error(request, "\n".join(map(str, error.problems[:10])))
            return redirect(f"{self.url_of('index')}#site-templates")

    def get_page_title(self):
        """Return its name."""
        return self.template.name


class TakeView(TemplatesMixin, View):
    """A template of the site as a file."""

    http_method_names = ["get", "options"]

    def get(self, request, pk):
        """Send the file as it is kept, good or not."""
        template = get_object_or_404(FlowTemplate, pk=pk)
        return file_response(template.name, template.data)


class DeleteView(TemplatesMixin, generic.DeleteView):
    """The question before deleting; flows that were made of it stay."""

    confirmation_message = gettext_lazy(
        "Delete this template? Flows that were made of it stay as they are."
    )
