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
from .finding_panel import CheckedFieldPanel
from .flow_sections import FlowAdmin, FlowTemplateAdmin
from .simulator_menu import SimulatorMenuItem
from .views import (
    automations,
    contact_groups,
    contacts,
    flow_findings,
    flows,
    messages,
    previews,
    renaming,
    unsent,
)
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
        "repair",
        "reorder",
        "move_up",
        "move_down",
        "place",
        "rename",
        "delete",
        "history",
        "history_results",
        "usage",
        "compare",
        "revert",
        "preview",
        "preview_create",
    )
    index_view_class = automations.IndexView
    create_view_class = automations.CreateView
    copy_view_class = automations.CopyView
    edit_view_class = automations.EditView
    revert_view_class = automations.RevertView
    resume_view_class = automations.ResumeView
    pause_view_class = automations.PauseView
    repair_view_class = flow_findings.RepairView
    reorder_view_class = automations.ReorderView
    move_up_view_class = flows.MoveUpView
    move_down_view_class = flows.MoveDownView
    place_view_class = flows.PlaceView
    rename_view_class = renaming.RenameView
    delete_view_class = automations.DeleteView
    preview_view_class = previews.PreviewOnEdit
    preview_create_view_class = previews.PreviewOnCreate
    panels = [
        FieldPanel("name"),
        FieldPanel(
            "description",
            help_text=gettext_lazy(
                "What this automation does, for you and your colleagues. For example: "
                "Answers ORDER with the menu."
            ),
        ),
        FieldPanel(
            "message_type",
            help_text=gettext_lazy("For example, SMS for texts, MMS for pictures."),
        ),
        FieldPanel(
            "flow",
            widget=flow_chooser.widget_class,
            help_text=gettext_lazy(
                "The automations it runs in unison with. For example: Text orders."
            ),
        ),
        CheckedFieldPanel(
            "conditions",
            help_text=gettext_lazy(
                "All must hold. Without a content condition, any message does. For "
                "example: the message contains ORDER, and comes inside opening hours."
            ),
        ),
        CheckedFieldPanel(
            "actions",
            help_text=gettext_lazy(
                "Done in this order. For example: send a reply, then add the customer "
                "to a contact group."
            ),
        ),
        FieldPanel(
            "stops_others",
            help_text=gettext_lazy(
                "When it fires, the automations below it stay silent. For example: an "
                "automation for FOOD before one for any text."
            ),
        ),
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
        length = Automation._meta.get_field("name").max_length
        return automation.copy(name=name[:length])


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
    panels = [
        FieldPanel("name"),
        FieldPanel(
            "description",
            help_text=gettext_lazy(
                "Who is in it, for you and your colleagues. For example: Everyone who "
                "chose delivery."
            ),
        ),
    ]

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
        FlowAdmin,
        FlowTemplateAdmin,
        ContactGroupAdmin,
        ContactAdmin,
        MessageAdmin,
        UnsentAdmin,
    )

    def get_submenu_items(self):
        """Add the simulator, which has no rows."""
        items = super().get_submenu_items()
        return [*items, SimulatorMenuItem(order=len(items) + 1)]
