"""The sections of flows: flows themselves, and templates to begin them with."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.panels import FieldPanel

from ..models import (
    Automation,
    Flow,
    FlowTemplate,
)
from . import permissions
from .bridge import NativeModelAdmin, PolicyPermissionHelper, URLHelper
from .views import (
    flow_findings,
    flow_pages,
    flow_templates,
    flows,
    renaming,
    site_templates,
    template_gallery,
    template_pages,
)
from .views.generic import ActionButton
from .widgets import SegmentedTextarea


class FlowAdmin(NativeModelAdmin):
    """Flows."""

    model = Flow
    base_url_path = "sms/flows"
    menu_label = gettext_lazy("Flows")
    menu_icon = "sms-flow"
    add_label = gettext_lazy("Add a flow")
    new_title = gettext_lazy("New flow")
    actions = (
        "index",
        "results",
        "create",
        "loose",
        "everything",
        "inspect",
        "edit",
        "rename",
        "resume_all",
        "pause_all",
        "duplicate",
        "repair",
        "svg",
        "delete",
        "history",
        "history_results",
        "usage",
    )
    index_view_class = flows.IndexView
    create_view_class = flows.CreateView
    loose_view_class = flow_pages.LooseView
    everything_view_class = flow_pages.EverythingView
    inspect_view_class = flow_pages.InspectView
    edit_view_class = flows.EditView
    rename_view_class = renaming.RenameView
    resume_all_view_class = flows.ResumeAllView
    pause_all_view_class = flows.PauseAllView
    duplicate_view_class = flows.DuplicateView
    repair_view_class = flow_findings.FlowRepairView
    svg_view_class = flow_pages.SvgView
    delete_view_class = flows.DeleteView
    panels = [
        FieldPanel("name"),
        FieldPanel(
            "description",
            help_text=gettext_lazy(
                "What customers get from it, for you and your colleagues. For example: "
                "Customers order a meal by text, delivered or to pick up."
            ),
        ),
        FieldPanel("announcement", widget=SegmentedTextarea),
    ]

    def get_more_buttons(self, view, instance):
        """Edit, what is done to all its automations, and so on: what the user may."""
        user, allowed = view.request.user, view.user_has_permission
        buttons = []
        if allowed("change"):
            buttons.append(self.button(view, instance, "edit"))
        if permissions.may(user, Automation, "pause"):
            buttons.append(self.post_button(view, instance, "resume_all"))
            buttons.append(self.post_button(view, instance, "pause_all"))
        if allowed("add") and permissions.may(user, Automation, "add"):
            buttons.append(self.post_button(view, instance, "duplicate"))
        if permissions.may_list(user, Automation):
            buttons.append(self.button(view, instance, "svg"))
        if template_pages.may_keep(user):
            buttons.append(template_button(instance))
        buttons.append(self.button(view, instance, "history"))
        if allowed("delete"):
            buttons.append(self.button(view, instance, "delete"))
        return buttons


def template_button(flow):
    """Return the button that keeps a flow as a template of the site."""
    return ActionButton(
        "save_template",
        _("Save as a template"),
        url=reverse("sms_flow-templates_modeladmin_save", args=[flow.pk]),
        icon_name="clipboard-list",
        priority=36,
    )


class FlowTemplateURLHelper(URLHelper):
    """A template is named, a file has no object yet."""

    WITHOUT_OBJECT = (*URLHelper.WITHOUT_OBJECT, "upload")

    def get_action_url_pattern(self, action):
        """Return the regular expression of an action's URL."""
        if action == "choose":
            return rf"^{self.base_url_path}/choose/(?P<template>[a-z.-]+)/$"
        return super().get_action_url_pattern(action)


class FlowTemplatePermissionHelper(PolicyPermissionHelper):
    """Shows the menu item to those who may make what is chosen there."""

    def user_can_list(self, user):
        """True if the user may make flows."""
        return template_pages.may_make(user)


class FlowTemplateAdmin(NativeModelAdmin):
    """Flows to begin with, and flows as files."""

    model = FlowTemplate
    base_url_path = "sms/flow-templates"
    menu_label = gettext_lazy("Templates")
    menu_icon = "clipboard-list"
    url_helper_class = FlowTemplateURLHelper
    permission_helper_class = FlowTemplatePermissionHelper
    actions = (
        *("index", "choose", "upload", "download"),
        *("save", "use", "take", "delete"),
    )
    index_view_class = template_gallery.IndexView
    choose_view_class = flow_templates.ChooseView
    upload_view_class = flow_templates.UploadView
    download_view_class = flow_templates.DownloadView
    save_view_class = site_templates.SaveView
    use_view_class = site_templates.UseView
    take_view_class = site_templates.TakeView
    delete_view_class = site_templates.DeleteView
    tracks_references = False
