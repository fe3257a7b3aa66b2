"""The sections of the admin: one group, a ModelAdmin each."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from wagtail.admin.panels import FieldPanel
from wagtail_modeladmin.options import ModelAdminGroup

from ..models import (
    Automation,
    Contact,
    ContactGroup,
    InboundMessage,
    OutboundMessage,
)
from .bridge import NativeModelAdmin
from .choosers import flow_chooser
from .views import automations, contact_groups, contacts, messages, unsent
from .views.generic import PostButton


class AutomationAdmin(NativeModelAdmin):
    """Automations."""

    model = Automation
    base_url_path = "sms/automations"
    menu_label = gettext_lazy("Automations")
    menu_icon = "sms-automation"
    add_label = gettext_lazy("Add an automation")
    new_title = gettext_lazy("New automation")
    actions = (
        "index",
        "results",
        "create",
        "copy",
        "edit",
        "resume",
        "pause",
        "reorder",
        "delete",
        "history",
        "history_results",
        "usage",
        "compare",
        "revert",
    )
    index_view_class = automations.IndexView
    create_view_class = automations.CreateView
    copy_view_class = automations.CopyView
    edit_view_class = automations.EditView
    revert_view_class = automations.RevertView
    resume_view_class = automations.ResumeView
    pause_view_class = automations.PauseView
    reorder_view_class = automations.ReorderView
    delete_view_class = automations.DeleteView
    panels = [
        FieldPanel("name"),
        FieldPanel("description"),
        FieldPanel("message_type"),
        FieldPanel("flow", widget=flow_chooser.widget_class),
        FieldPanel("conditions"),
        FieldPanel("actions"),
        FieldPanel("stops_others"),
    ]

    def get_more_buttons(self, view, instance):
        """Edit, Resume or Pause, Duplicate, History, Delete: what the user may."""
        allowed = view.user_has_permission
        buttons = []
        if allowed("change"):
            buttons.append(self.button(view, instance, "edit"))
        if allowed("pause"):
            buttons.append(move_button(view, instance))
        if allowed("add") and (allowed("change") or allowed("view")):
            buttons.append(self.button(view, instance, "copy"))
        buttons.append(self.button(view, instance, "history"))
        if allowed("delete"):
            buttons.append(self.button(view, instance, "delete"))
        return buttons

    def copy_of(self, automation):
        """Return a paused copy, to go last."""
        name = _("Copy of %(name)s") % {"name": automation.name}
        return Automation(
            name=name[: Automation._meta.get_field("name").max_length],
            description=automation.description,
            flow=automation.flow,
            message_type=automation.message_type,
            conditions=automation.conditions,
            actions=automation.actions,
            stops_others=automation.stops_others,
        )


def move_button(view, automation):
    """Return Pause for an active automation, Resume for a paused one."""
    if automation.status == Automation.Status.ACTIVE:
        action, icon = "pause", "sms-pause"
        label = pgettext("automation", "Pause")
    else:
        action, icon = "resume", "sms-play"
        label = pgettext("automation", "Resume")
    return PostButton(
        action,
        label,
        post_url=view.get_action_url(action, automation),
        icon_name=icon,
        priority=20,
    )


class ContactGroupAdmin(NativeModelAdmin):
    """Contact groups."""

    model = ContactGroup
    base_url_path = "sms/contact-groups"
    menu_label = gettext_lazy("Contact groups")
    menu_icon = "group"
    add_label = gettext_lazy("Add a contact group")
    new_title = gettext_lazy("New contact group")
    actions = (
        "index",
        "results",
        "create",
        "edit",
        "delete",
        "history",
        "history_results",
        "usage",
    )
    index_view_class = contact_groups.IndexView
    delete_view_class = contact_groups.DeleteView
    panels = [FieldPanel("name"), FieldPanel("description")]

    def get_more_buttons(self, view, instance):
        """Edit, History, Delete: what the user may."""
        actions = ["history"]
        if view.user_has_permission("change"):
            actions.insert(0, "edit")
        if view.user_has_permission("delete"):
            actions.append("delete")
        return [self.button(view, instance, action) for action in actions]


class ContactAdmin(NativeModelAdmin):
    """Contacts, to read; a flag can be cleared."""

    model = Contact
    base_url_path = "sms/contacts"
    menu_label = gettext_lazy("Contacts")
    menu_icon = "user"
    actions = ("index", "results", "inspect", "clear_flag")
    index_view_class = contacts.IndexView
    inspect_view_class = contacts.InspectView
    clear_flag_view_class = contacts.ClearFlagView
    tracks_references = False

    def get_more_buttons(self, view, instance):
        """Clear the flag, where there is one and the user may."""
        if instance.is_flagged and view.user_has_permission("change"):
            return [self.post_button(view, instance, "clear_flag")]
        return []


class MessageAdmin(NativeModelAdmin):
    """Messages, to read; a parked one can be tried again."""

    model = InboundMessage
    base_url_path = "sms/messages"
    menu_label = pgettext_lazy("menu", "Messages")
    menu_icon = "sms-message"
    actions = ("index", "results", "inspect", "try_again")
    index_view_class = messages.IndexView
    inspect_view_class = messages.InspectView
    try_again_view_class = messages.TryAgainView
    tracks_references = False

    def get_more_buttons(self, view, instance):
        """Try again, for a parked message and those who may."""
        is_parked = instance.state == InboundMessage.State.PARKED
        if is_parked and view.user_has_permission("retry"):
            return [self.post_button(view, instance, "try_again")]
        return []


class UnsentAdmin(NativeModelAdmin):
    """What was not sent, to decide about."""

    model = OutboundMessage
    base_url_path = "sms/unsent"
    menu_label = unsent.TITLE
    menu_icon = "warning"
    actions = ("index", "results", "inspect", "confirm", "send_again", "leave")
    index_view_class = unsent.IndexView
    inspect_view_class = unsent.InspectView
    confirm_view_class = unsent.ConfirmView
    send_again_view_class = unsent.SendAgainView
    leave_view_class = unsent.LeaveView
    tracks_references = False

    def get_more_buttons(self, view, instance):
        """Send again and Leave, while they may be chosen."""
        if not view.user_has_permission("review"):
            return []
        buttons = []
        if instance.can_be_sent_again:
            buttons.append(self.post_button(view, instance, "send_again"))
        if instance.can_be_reviewed:
            buttons.append(self.post_button(view, instance, "leave"))
        return buttons


class SmsGroup(ModelAdminGroup):
    """The menu entry."""

    menu_label = gettext_lazy("SMS")
    menu_icon = "sms-automation"
    menu_order = 250
    items = (
        AutomationAdmin,
        ContactGroupAdmin,
        ContactAdmin,
        MessageAdmin,
        UnsentAdmin,
    )
