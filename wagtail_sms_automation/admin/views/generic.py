"""Wagtail's own generic views, told by a ModelAdmin where they stand."""

from django.contrib.admin.utils import quote
from django.forms import Media
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django_filters import DateFromToRangeFilter
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic import history, usage
from wagtail.admin.views.generic.base import BaseOperationView
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.widgets.button import Button
from wagtail.permission_policies import ModelPermissionPolicy

from .. import permissions
from ..alerts import alerts_for
from ..columns import PlainCheckboxColumn, RenamableTitleColumn, title_id
from ..filters import DatesWidget
from .saving import SidePanelMixin, StaleCheckMixin


try:
    from wagtail.permissions import register_permission_policy
except ImportError:  # Wagtail 7.4 has no registry of policies.
    register_permission_policy = None

STYLES = Media(css={"all": ["wagtail_sms_automation/css/lists.css"]})
RENAMING = Media(js=["wagtail_sms_automation/js/rename-controller.js"])


class BridgeMixin:
    """A generic view that learns from its ModelAdmin where it stands."""

    model_admin = None

    #: Attribute of the generic view -> the action whose URL name it takes.
    URL_NAMES = {
        "index_url_name": "index",
        "index_results_url_name": "results",
        "add_url_name": "create",
        "edit_url_name": "edit",
        "copy_url_name": "copy",
        "inspect_url_name": "inspect",
        "delete_url_name": "delete",
        "history_url_name": "history",
        "history_results_url_name": "history_results",
        "usage_url_name": "usage",
        "revisions_compare_url_name": "compare",
        "revisions_revert_url_name": "revert",
        "reorder_url_name": "reorder",
        "preview_url_name": "preview",
        "success_url_name": "index",
    }

    def __init__(self, model_admin=None, **kwargs):
        super().__init__(**kwargs)
        self.model_admin = model_admin
        self.model = model_admin.model
        self.header_icon = model_admin.get_menu_icon()
        for attribute, action in self.URL_NAMES.items():
            if hasattr(type(self), attribute) and action in model_admin.actions:
                name = model_admin.url_helper.get_action_url_name(action)
                setattr(self, attribute, name)

    @cached_property
    def permission_policy(self):
        """The policy, said outright: 7.4 lets everybody in where none is given."""
        return ModelPermissionPolicy(self.model)

    @property
    def listing_permissions(self):
        """Any of these opens the list."""
        return permissions.opening(self.model)

    def get_action_url(self, action, instance):
        """Return the URL of an action on one object."""
        return self.model_admin.url_helper.get_action_url(action, quote(instance.pk))


class StylesMixin:
    """A page with our styles."""

    def get_context_data(self, **kwargs):
        """Add our styles."""
        context = super().get_context_data(**kwargs)
        context["media"] = context.get("media", Media()) + STYLES
        return context


class IndexView(StylesMixin, BridgeMixin, generic.IndexView):
    """The list."""

    template_name = "wagtail_sms_automation/admin/index.html"
    results_template_name = "wagtail_sms_automation/admin/index_results.html"
    #: What to do first, said while the list is empty.
    first_steps = ""
    #: Where that begins, one of first_links.
    first_link = None
    paginate_by = 50
    is_searchable = True
    #: Who has it may tick rows for bulk actions.
    bulk_permission = None
    #: Warnings to show above the list, by name.
    alerts = ()

    @property
    def any_permission_required(self):
        """Whatever shows the menu item opens the list."""
        return self.listing_permissions

    @cached_property
    def add_item_label(self):
        """The ModelAdmin's whole phrase: "Add %s" is wrong in most languages."""
        return self.model_admin.add_label

    def search_queryset(self, queryset):
        """Search as search_condition() says, without a search index."""
        if not self.is_searching:
            return queryset
        return queryset.filter(self.search_condition(self.search_query))

    def title_column(self, name, column_class=TitleColumn, **kwargs):
        """Return the column that links to the object and holds its three dots."""
        column_class = self._get_title_column_class(column_class)
        return column_class(
            name, get_url=self.get_object_url, get_title_id=title_id, **kwargs
        )

    @cached_property
    def first_way(self):
        """Where to begin, as the template shows it, for those who may."""
        if self.first_link is None:
            return None
        label, url_name, may = self.first_link
        return may(self.request.user) and {"label": label, "url": reverse(url_name)}

    def name_column(self, **kwargs):
        """Return the title column of objects that can be renamed in the list."""
        return self.title_column(
            "name",
            column_class=RenamableTitleColumn,
            label=_("Name"),
            sort_key="name",
            get_rename_url=self.get_rename_url,
            **kwargs,
        )

    def get_rename_url(self, instance):
        """Return where to rename it, for those who may."""
        if self.user_has_permission("change"):
            return self.get_action_url("rename", instance)
        return None

    def get_object_url(self, instance):
        """Return the editor's URL, else that of the page to read, else None."""
        return self.get_edit_url(instance) or self.get_inspect_url(instance)

    @cached_property
    def can_tick(self):
        """True for users who may use the bulk actions."""
        if self.bulk_permission is None:
            return False
        return self.user_has_permission(self.bulk_permission)

    def checkbox_columns(self):
        """Return the column of tick boxes, for those who may use them."""
        if not self.can_tick:
            return []
        name = self.model._meta.model_name
        return [PlainCheckboxColumn("bulk_actions", obj_type=name)]

    def get_inspect_url(self, instance):
        """Return the URL of the page to read: whoever sees the list sees it."""
        if self.inspect_url_name is None:
            return None
        return self.get_action_url("inspect", instance)

    def get_list_more_buttons(self, instance):
        """Return what the three dots hold."""
        return self.model_admin.get_more_buttons(self, instance)

    def get_context_data(self, **kwargs):
        """Add the warnings, and whether there are bulk actions."""
        context = super().get_context_data(**kwargs)
        context["can_tick"] = self.can_tick
        if "rename" in self.model_admin.actions:
            context["media"] += RENAMING
        if self.alerts and not self.results_only:
            context["alerts"] = alerts_for(self.request.user, self.alerts)
        return context


class FormMixin(StylesMixin, BridgeMixin):
    """What create and edit share: panels, no autosave, Save beside Save and close.

    Autosave would write half a sentence into the row that customers are answered by.
    """

    template_name = "wagtail_sms_automation/admin/form.html"

    def setup(self, request, *args, **kwargs):
        """Keep autosave off."""
        super().setup(request, *args, **kwargs)
        self.autosave_enabled = False

    def get_panel(self):
        """Return the panels of the ModelAdmin."""
        return self.model_admin.bound_edit_handler

    def get_editing_sessions(self):
        """Return the notice of other editors; 7.4 knows it for snippets only."""
        return super().get_editing_sessions() if register_permission_policy else None

    @cached_property
    def may_edit(self):
        """True for users who may open what they have saved: some may only add."""
        return self.user_has_permission("change")

    @property
    def is_closing(self):
        """True if the user is to leave the editor."""
        return "save-and-close" in self.request.POST or not self.may_edit

    def get_success_url(self):
        """Stay in the editor, unless asked to close it."""
        if self.is_closing:
            return reverse(self.index_url_name)
        return self.get_edit_url()

    def get_success_buttons(self):
        """Offer Edit only where the editor has been left, to those who may."""
        if self.is_closing and self.may_edit:
            return super().get_success_buttons()
        return []


class CreateView(
    FormMixin, generic.CreateEditViewOptionalFeaturesMixin, generic.CreateView
):
    """The empty form."""

    view_name = "create"
    submit_button_label = _("Save")
    submit_button_active_label = _("Saving…")

    def get_page_title(self):
        """Return the ModelAdmin's whole phrase."""
        return self.model_admin.new_title

    def get_page_subtitle(self):
        """Return nothing: the title says it all."""
        return ""

    def get_breadcrumbs_items(self):
        """End in the title."""
        items = super().get_breadcrumbs_items()
        return [*items[:-1], {"url": "", "label": self.get_page_title()}]


class CopyView(generic.CopyViewMixin, CreateView):
    """The form of a new object, filled in from an old one."""

    def get_initial_form_instance(self):
        """Return a copy that cannot be saved over the original."""
        return self.model_admin.copy_of(self.get_object())


class EditView(
    StaleCheckMixin,
    SidePanelMixin,
    FormMixin,
    generic.CreateEditViewOptionalFeaturesMixin,
    generic.EditView,
):
    """The form."""

    view_name = "edit"

    @cached_property
    def header_more_buttons(self):
        """The same words as in the list."""
        buttons = self.model_admin.get_more_buttons(self, self.object)
        return [button for button in buttons if button.action in self.HEADER_ACTIONS]

    HEADER_ACTIONS = ("resume", "pause", "copy", "delete")


class RevertView(generic.RevisionsRevertMixin, EditView):
    """The form, filled in from a revision."""

    view_name = "revisions_revert"


class DeleteView(BridgeMixin, generic.DeleteView):
    """The question before deleting."""


class HistoryFilterSet(history.HistoryFilterSet):
    """Wagtail's filters, with dates that need no inline scripts."""

    timestamp = DateFromToRangeFilter(label=_("Date"), widget=DatesWidget)


class HistoryView(BridgeMixin, history.HistoryView):
    """Who did what, when."""

    filterset_class = HistoryFilterSet

    @property
    def any_permission_required(self):
        """Whoever sees the list sees the history."""
        return self.listing_permissions

    def setup(self, request, *args, **kwargs):
        """Leave out the ways to what the user may not change."""
        super().setup(request, *args, **kwargs)
        if not self.user_has_permission("change"):
            self.edit_url_name = None
            self.revisions_revert_url_name = None
            self.revisions_compare_url_name = None

    @cached_property
    def header_buttons(self):
        """Edit, for those who may."""
        return super().header_buttons if self.edit_url_name else []


class CompareView(BridgeMixin, PermissionCheckedMixin, generic.RevisionsCompareView):
    """Two revisions side by side."""

    permission_required = "change"

    def get_edit_handler(self):
        """Return the panels of the ModelAdmin."""
        return self.model_admin.bound_edit_handler


class UsageView(BridgeMixin, usage.UsageView):
    """What refers to the object."""


class InspectView(StylesMixin, BridgeMixin, generic.InspectView):
    """A page to read."""

    @property
    def any_permission_required(self):
        """Whoever sees the list sees the page."""
        return self.listing_permissions

    def get_fields_context(self):
        """Return nothing: our templates name what they show."""
        return []


class OperationView(BridgeMixin, PermissionCheckedMixin, BaseOperationView):
    """A POST that does one thing to one object and goes back."""

    http_method_names = ["post", "options"]

    def get_success_url(self):
        """Return to where the user came from, else to the list."""
        return self.next_url or reverse(self.success_url_name)


class ActionButton(Button):
    """A button that knows its action."""

    def __init__(self, action, label, **kwargs):
        super().__init__(label, **kwargs)
        self.action = action


class PostButton(ActionButton):
    """A button that posts: a form inside a dropdown would not be styled."""

    def __init__(self, action, label, *, post_url, **kwargs):
        attrs = {
            "data-controller": "w-action",
            "data-action": "w-action#post",
            "data-w-action-url-value": post_url,
        }
        super().__init__(action, label, attrs=attrs, **kwargs)
