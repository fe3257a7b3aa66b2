"""What Wagtail is told of; nothing is decided here."""

from wagtail import hooks
from wagtail_modeladmin.options import modeladmin_register

from . import models
from .admin import alerts, log_actions
from .admin.bridge import register_policies
from .admin.bulk_actions import BULK_ACTIONS
from .admin.choosers import automation_chooser, contact_group_chooser, flow_chooser
from .admin.icons import icon_templates
from .admin.modeladmin import SmsGroup
from .admin.settings_panels import SMS_SETTINGS_EDIT_HANDLER
from .admin.views import simulator


register_policies(
    [
        models.Automation,
        models.ContactGroup,
        models.Contact,
        models.Flow,
        models.FlowTemplate,
        models.InboundMessage,
        models.OutboundMessage,
    ]
)
modeladmin_register(SmsGroup)
models.SmsSettings.edit_handler = SMS_SETTINGS_EDIT_HANDLER


@hooks.register("register_admin_viewset")
def register_choosers():
    """Choosers of groups, automations and flows."""
    return [contact_group_chooser, automation_chooser, flow_chooser]


@hooks.register("register_admin_urls")
def register_simulator():
    """The simulator, which belongs to no model."""
    return simulator.urlpatterns


@hooks.register("register_log_actions")
def register_log_actions(actions):
    """What people do."""
    log_actions.register(actions)


@hooks.register("register_icons")
def register_icons(icons):
    """Every drawing in the folder."""
    return [*icons, *icon_templates()]


hooks.register("construct_homepage_panels", alerts.add_panel)
for bulk_action in BULK_ACTIONS:
    hooks.register("register_bulk_action", bulk_action)
