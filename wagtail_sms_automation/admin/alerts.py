"""What somebody should look at: warnings above lists and on the home page."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.admin.ui.components import Component

from ..models import Circuit, Contact, OutboundMessage
from ..outbound_querysets import EMAIL
from . import permissions


#: More are not counted: a warning must cost the same at any number.
MOST_COUNTED = 999


@dataclass(frozen=True)
class Alert:
    """One warning, and where to go."""

    text: str
    #: What a machine said, in whatever language.
    detail: str = ""
    url: str = ""
    link: str = ""


def alerts_for(user, kinds=("circuits", "unsent", "flagged")):
    """Return the warnings of these kinds that concern a user."""
    return [alert for kind in kinds for alert in KINDS[kind](user)]


def _circuits(user):
    """Gateways that are not called now, because they fail."""
    if not permissions.may_list(user, OutboundMessage):
        return
    for circuit in Circuit.objects.filter(open_until__gt=timezone.now()):
        until = date_format(timezone.localtime(circuit.open_until), "TIME_FORMAT")
        values = {"gateway": circuit.gateway, "until": until}
        yield Alert(_circuit_text(circuit) % values, circuit.reason)


def _circuit_text(circuit):
    if circuit.gateway == EMAIL:
        return _("E-mails wait until %(until)s, as the mail server does not work.")
    return _("Texts wait until %(until)s, as the gateway “%(gateway)s” does not work.")


def _unsent(user):
    """Messages that a person must decide about."""
    if not permissions.may_list(user, OutboundMessage):
        return
    if number := _count(OutboundMessage.objects.to_review()):
        yield Alert(
            ngettext(
                "%(count)s message was not sent, or may not have been.",
                "%(count)s messages were not sent, or may not have been.",
                number,
            )
            % {"count": _shown(number)},
            url=reverse("sms_unsent_modeladmin_index"),
            link=_("Decide"),
        )


def _flagged(user):
    """Contacts whose automations a guard has silenced."""
    if not permissions.may_list(user, Contact):
        return
    if number := _count(Contact.objects.flagged()):
        yield Alert(
            ngettext(
                "%(count)s contact got too many automatic texts and was flagged.",
                "%(count)s contacts got too many automatic texts and were flagged.",
                number,
            )
            % {"count": _shown(number)},
            url=reverse("sms_contacts_modeladmin_index") + "?flagged=yes",
            link=_("Look at them"),
        )


def _count(queryset):
    return queryset.order_by()[: MOST_COUNTED + 1].count()


def _shown(number):
    return number if number <= MOST_COUNTED else f"{MOST_COUNTED}+"


KINDS = {"circuits": _circuits, "unsent": _unsent, "flagged": _flagged}


class AlertsPanel(Component):
    """The warnings on the home page."""

    template_name = "wagtail_sms_automation/admin/home_alerts.html"
    order = 50

    def __init__(self, alerts):
        self.alerts = alerts

    def get_context_data(self, parent_context):
        """Add the warnings."""
        return {"alerts": self.alerts}


def add_panel(request, panels):
    """Add the panel to the home page, if there is anything to say."""
    if alerts := alerts_for(request.user):
        panels.append(AlertsPanel(alerts))
