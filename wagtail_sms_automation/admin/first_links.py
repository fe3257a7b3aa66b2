"""Where an editor may begin while a list is empty: label, URL name, who may."""

from django.utils.translation import gettext_lazy as _

from .simulator_menu import may_simulate
from .views.template_pages import may_make


TEMPLATES = (
    _("Begin with a template"),
    "sms_flow-templates_modeladmin_index",
    may_make,
)
SIMULATOR = (_("Try a text in the simulator"), "sms_simulator", may_simulate)
