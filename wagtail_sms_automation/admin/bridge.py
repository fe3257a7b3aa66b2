"""ModelAdmin as the shell, Wagtail's own generic views as the view classes.

A NativeModelAdmin names its actions; each is a view class <action>_view_class, made
with the ModelAdmin it belongs to. From that, a view takes its model, its permission
policy and the URL names of the other actions.
"""

from django.urls import re_path
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.models import ReferenceIndex
from wagtail_modeladmin.helpers import AdminURLHelper, PermissionHelper
from wagtail_modeladmin.options import ModelAdmin

from . import permissions
from .views import generic


#: What posts: its label, its icon and its place.
POST_BUTTONS = {
    "send_again": (_("Send again"), "rotate", 10),
    "leave": (pgettext_lazy("unsent message", "Leave"), "check", 20),
    "try_again": (_("Try again"), "rotate", 10),
    "clear_flag": (_("Clear the flag"), "check", 10),
    "resume_all": (_("Resume all"), "sms-play", 20),
    "pause_all": (_("Pause all"), "sms-pause", 21),
    "duplicate": (_("Duplicate flow"), "copy", 30),
}

#: What leads to a page of its own: its label, its icon and its place.
BUTTONS = {
    "edit": (_("Edit"), "edit", 10),
    "copy": (_("Duplicate"), "copy", 30),
    "svg": (_("Download as SVG"), "download", 35),
    "history": (_("History"), "history", 40),
    "delete": (_("Delete"), "bin", 50),
}


#: A revision's key, or Wagtail's words for one.
REVISION = r"live|earliest|latest|\d+"


class URLHelper(AdminURLHelper):
    """URLs of more actions than ModelAdmin's own; the object's key is named pk."""

    WITHOUT_OBJECT = (
        *("index", "results", "create", "preview_create"),
        *("loose", "everything"),
    )
    MORE_GROUPS = {
        "compare": rf"(?P<revision_id_a>{REVISION})/(?P<revision_id_b>{REVISION})/",
        "revert": r"(?P<revision_id>\d+)/",
    }

    def get_action_url_pattern(self, action):
        """Return the regular expression of an action's URL."""
        if action in self.WITHOUT_OBJECT:
            return self._get_action_url_pattern(action)
        more = self.MORE_GROUPS.get(action, "")
        return rf"^{self.base_url_path}/{action}/(?P<pk>\d+)/{more}$"


class PolicyPermissionHelper(PermissionHelper):
    """Shows a menu item to exactly those whom its list lets in."""

    def user_can_list(self, user):
        """True with any permission that opens the list."""
        return permissions.may_list(user, self.model)


class NativeModelAdmin(ModelAdmin):
    """A ModelAdmin whose views are Wagtail's own."""

    url_helper_class = URLHelper
    permission_helper_class = PolicyPermissionHelper
    index_view_class = generic.IndexView
    create_view_class = generic.CreateView
    copy_view_class = generic.CopyView
    edit_view_class = generic.EditView
    delete_view_class = generic.DeleteView
    history_view_class = generic.HistoryView
    usage_view_class = generic.UsageView
    compare_view_class = generic.CompareView
    revert_view_class = generic.RevertView
    inspect_view_class = generic.InspectView

    #: What can be done here; each has a view class and a URL.
    actions = ("index", "results")
    #: Whole phrases, for languages with genders.
    add_label = ""
    new_title = ""
    #: References are looked up on every save: not for rows that webhooks write.
    tracks_references = True

    def get_view(self, action):
        """Return the view of an action."""
        base = action.removesuffix("_results")
        base = "index" if base == "results" else base
        view_class = getattr(self, f"{base}_view_class")
        kwargs = {"model_admin": self}
        if action.endswith("results"):
            kwargs["results_only"] = True
        return view_class.as_view(**kwargs)

    def get_admin_urls_for_registration(self):
        """Return one URL an action."""
        return tuple(
            re_path(
                self.url_helper.get_action_url_pattern(action),
                self.get_view(action),
                name=self.url_helper.get_action_url_name(action),
            )
            for action in self.actions
        )

    @cached_property
    def bound_edit_handler(self):
        """The panels, bound to the model."""
        return self.get_edit_handler().bind_to_model(self.model)

    def get_more_buttons(self, view, instance):
        """Return what the three dots beside an object hold."""
        return []

    def button(self, view, instance, action):
        """Return a button that leads to an action's page."""
        label, icon, priority = BUTTONS[action]
        return generic.ActionButton(
            action,
            str(label),
            url=view.get_action_url(action, instance),
            icon_name=icon,
            priority=priority,
        )

    def post_button(self, view, instance, action):
        """Return a button that does an action at once."""
        label, icon, priority = POST_BUTTONS[action]
        return generic.PostButton(
            action,
            str(label),
            post_url=view.get_action_url(action, instance),
            icon_name=icon,
            priority=priority,
        )

    def register_indexing(self):
        """Join the reference index."""
        if self.tracks_references:
            ReferenceIndex.register_model(self.model)

    def register_admin_url_finders(self):
        """Let logs and usage pages link to the editor, where there is one."""
        if "edit" in self.actions:
            super().register_admin_url_finders()


def register_policies(models):
    """Tell Wagtail 8 and later the permission policy of our models."""
    for model in models:
        if generic.register_permission_policy:
            generic.register_permission_policy(model)
