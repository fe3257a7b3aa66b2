"""The preview panel of the automation editor: a phone, live while typing."""

from django.forms import Media
from django.http import JsonResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.timezone import now
from wagtail.admin.models import FormState
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.ui.side_panels import PreviewSidePanel
from wagtail.admin.views.generic import preview
from wagtail.utils.decorators import xframe_options_sameorigin_override

from ..automation_preview import STREAMS, AutomationPreview
from ..simulator_panel import SimulatorSidePanel
from . import generic


class PreviewPanelMixin:
    """An editor with a phone beside it: an example to look at, and one to text with."""

    def get_side_panels(self):
        """Add both to the panels."""
        automation, request = self.form.instance, self.request
        example = PreviewSidePanel(
            automation, request, preview_url=self.get_preview_url()
        )
        phone = SimulatorSidePanel(automation, request)
        return MediaContainer([*super().get_side_panels(), example, phone])


class PreviewMixin(generic.BridgeMixin):
    """Shows a form as it stands: what is missing is said, and the rest is shown."""

    template_name = "wagtail_sms_automation/admin/automations/preview.html"
    STYLES = Media(css={"all": ["wagtail_sms_automation/css/preview.css"]})

    def get_form_class(self):
        """Return the editor's form."""
        return self.model_admin.bound_edit_handler.get_form_class()

    def post(self, request, *args, **kwargs):
        """Keep what is typed for the next look at it, valid or not."""
        self.remove_old_preview_data()
        is_readable = self.is_readable(request.POST)
        if is_readable:
            FormState.objects.update_or_create_by_instance(
                instance=self.object,
                parent_object_id=self.parent_object_id,
                user=request.user,
                defaults={"data": request.POST.urlencode(), "last_updated_at": now()},
            )
        return JsonResponse({"is_valid": is_readable, "is_available": is_readable})

    def is_readable(self, data):
        """True if the data can be from the editor: streams say how long they are."""
        return all(data.get(f"{name}-count", "").isdigit() for name in STREAMS)

    @method_decorator(xframe_options_sameorigin_override)
    def get(self, request, *args, **kwargs):
        """Show the phone."""
        form = self.get_form(self._get_form_data(self._get_form_state()))
        context = {"preview": AutomationPreview(form), "media": self.STYLES}
        return TemplateResponse(request, self.template_name, context)


class PreviewOnEdit(PreviewMixin, preview.PreviewOnEdit):
    """The phone beside an automation that was saved before."""


class PreviewOnCreate(PreviewMixin, preview.PreviewOnCreate):
    """The phone beside a new automation or a copy."""
