"""The editor's side panel with the simulator's phone: it tries the unsaved form."""

from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.side_panels import BaseSidePanel

from .. import replay
from . import simulator_menu
from .phone import EDITOR, Phone


class SimulatorSidePanel(BaseSidePanel):
    """A phone outside the editor's form: texting neither changes nor saves it."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        """The button that opens it."""

        aria_label = _("Toggle the simulator")
        # The preview's button has a phone already.
        icon_name = "sms-message"
        has_counter = False

    name = "sms-simulator"
    title = _("Try it")
    template_name = "wagtail_sms_automation/admin/simulator/side_panel.html"
    order = 450

    def __init__(self, automation, request):
        super().__init__(automation, request)
        self.url_args = [automation.pk] if automation.pk else []
        self.phone = Phone(
            user=request.user,
            flow=automation.flow,
            edited=automation.pk,
            url=reverse("sms_simulator_draft", args=self.url_args),
            editor=EDITOR,
        )

    @property
    def media(self):
        """What the phone needs."""
        return self.phone.media

    def get_context_data(self, parent_context):
        """Add the phone, and the replay for those who may see messages."""
        context = super().get_context_data(parent_context)
        context["phone"] = self.phone
        # The panel is drawn without the page's context.
        context["csrf_token"] = get_token(self.request)
        if simulator_menu.may_replay(self.request.user):
            context["replay_most"] = replay.MOST
            context["replay_url"] = reverse(
                "sms_simulator_replay_draft", args=self.url_args
            )
        return context
