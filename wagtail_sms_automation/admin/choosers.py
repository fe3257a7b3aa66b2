"""Choosers of contact groups, flows and automations, each behind its permission."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.choosers import BaseFilterForm
from wagtail.admin.views.generic import chooser
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.blocks import ChooserBlock
from wagtail.coreutils import resolve_model_string
from wagtail.permission_policies import ModelPermissionPolicy

from . import permissions
from .widgets import QuietChooser


#: Any of these lets a user see the names of a model's rows.
SEEING = (*permissions.LISTING, "pause")


class GuardMixin:
    """A chooser view that answers only users who may see the model."""

    def get_permission_policy(self):
        """Say who may do what, on every supported Wagtail alike."""
        return ModelPermissionPolicy(resolve_model_string(self.model))

    def dispatch(self, request, *args, **kwargs):
        """Refuse users without any permission on the model."""
        model = resolve_model_string(self.model)
        if not permissions.may(request.user, model, *SEEING):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class CreationFormMixin:
    """A chooser view with a form that makes a row."""

    def get_creation_form_kwargs(self):
        """Give the fields ids of their own: the page below has an id_name, too."""
        return super().get_creation_form_kwargs() | {"auto_id": "id_chooser_%s"}


class NameFilterForm(BaseFilterForm):
    """Search by a part of the name; these models have no search index."""

    q = forms.CharField(
        label=_("Search term"),
        widget=forms.TextInput(attrs={"placeholder": _("Search")}),
        required=False,
    )

    def filter(self, objects):
        """Keep what has the search term in its name."""
        objects = super().filter(objects)
        self.search_query = self.cleaned_data.get("q")
        self.is_searching = bool(self.search_query)
        if self.is_searching:
            objects = objects.filter(name__icontains=self.search_query)
        return objects


class ChooseView(CreationFormMixin, GuardMixin, chooser.ChooseView):
    """The whole modal."""

    filter_form_class = NameFilterForm


class ChooseResultsView(CreationFormMixin, GuardMixin, chooser.ChooseResultsView):
    """Its listing, after a search or on another page."""

    filter_form_class = NameFilterForm


class ChosenView(GuardMixin, chooser.ChosenView):
    """The row that was chosen."""


class ChosenMultipleView(GuardMixin, chooser.ChosenMultipleView):
    """The rows that were chosen."""


class CreateView(CreationFormMixin, GuardMixin, chooser.CreateView):
    """The row that is made in the modal."""


class RequiredChooserBlock(ChooserBlock):
    """A chooser block that says what to do when the chosen row is gone."""

    @cached_property
    def field(self):
        """The form field; a deleted row comes back from the form as no choice."""
        field = super().field
        field.error_messages["required"] = _(
            "Nothing is chosen, or what was chosen has been deleted. Choose one."
        )
        return field


class GuardedChooserViewSet(ChooserViewSet):
    """A chooser that shows nothing to users who may not see the model."""

    register_widget = False
    choose_view_class = ChooseView
    choose_results_view_class = ChooseResultsView
    chosen_view_class = ChosenView
    chosen_multiple_view_class = ChosenMultipleView
    create_view_class = CreateView
    base_block_class = RequiredChooserBlock
    base_widget_class = QuietChooser


class ContactGroupChooserViewSet(GuardedChooserViewSet):
    """Choose a contact group, or make one."""

    model = "wagtail_sms_automation.ContactGroup"
    icon = "group"
    choose_one_text = _("Choose a contact group")
    choose_another_text = _("Choose another contact group")
    edit_item_text = _("Edit this contact group")
    creation_tab_label = _("New contact group")
    form_fields = ["name", "description"]


class AutomationChooserViewSet(GuardedChooserViewSet):
    """Choose an automation."""

    model = "wagtail_sms_automation.Automation"
    icon = "sms-automation"
    choose_one_text = _("Choose an automation")
    choose_another_text = _("Choose another automation")
    edit_item_text = _("Edit this automation")


class FlowChooserViewSet(GuardedChooserViewSet):
    """Choose a flow, or make one."""

    model = "wagtail_sms_automation.Flow"
    icon = "sms-flow"
    choose_one_text = _("Choose a flow")
    choose_another_text = _("Choose another flow")
    edit_item_text = _("Edit this flow")
    creation_tab_label = _("New flow")
    form_fields = ["name", "description"]
    register_widget = True


contact_group_chooser = ContactGroupChooserViewSet("sms_contact_group_chooser")
automation_chooser = AutomationChooserViewSet("sms_automation_chooser")
flow_chooser = FlowChooserViewSet("sms_flow_chooser")

#: What wagtail_hooks registers.
viewsets = [contact_group_chooser, automation_chooser, flow_chooser]

ContactGroupChooserBlock = contact_group_chooser.get_block_class(
    name="ContactGroupChooserBlock",
    module_path="wagtail_sms_automation.admin.choosers",
)
AutomationChooserBlock = automation_chooser.get_block_class(
    name="AutomationChooserBlock",
    module_path="wagtail_sms_automation.admin.choosers",
)
