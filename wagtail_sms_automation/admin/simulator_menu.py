"""The simulator's menu entry, and who may use what of it."""

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail.admin.menu import MenuItem

from ..models import Automation, InboundMessage
from . import permissions


ICON = "sms-phone"


def may_simulate(user):
    """True for users who may see the automations."""
    return permissions.may_list(user, Automation)


def may_replay(user):
    """True for users who may see both the automations and what customers wrote."""
    return may_simulate(user) and permissions.may_list(user, InboundMessage)


class SimulatorMenuItem(MenuItem):
    """The way to the simulator, for those whom it lets in."""

    def __init__(self, order):
        super().__init__(
            _("Simulator"),
            reverse_lazy("sms_simulator"),
            name="sms-simulator",
            icon_name=ICON,
            order=order,
        )

    def is_shown(self, request):
        """Show it to whoever may see the automations."""
        return may_simulate(request.user)
