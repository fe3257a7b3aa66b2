"""Resume and pause many automations at once."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy
from wagtail.admin.views.bulk_action import BulkAction

from ..models import Automation, WrongStatus
from . import permissions


class MoveBulkAction(BulkAction):
    """Move the ticked automations; those that stand there already stay."""

    models = [Automation]
    template_name = "wagtail_sms_automation/admin/automations/confirm_bulk.html"

    def dispatch(self, request, *args, **kwargs):
        """Refuse users who may pause none: the page names automations."""
        if not permissions.may(request.user, Automation, "pause"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @classmethod
    def get_queryset(cls, model, object_ids):
        """Return the ticked rows; what is no id is left out."""
        ids = [value for value in object_ids if str(value).isdecimal()]
        return model.objects.filter(pk__in=ids).in_order()

    def get_all_objects_in_listing_query(self, parent_id):
        """Return nothing: Wagtail's "select all" knows no filters and no search."""
        return []

    def get_execution_context(self):
        """Say who does it."""
        return {"user": self.request.user}

    @classmethod
    def execute_action(cls, objects, user=None, **kwargs):
        """Move all or none; return how many were moved, how many stood there."""
        moved = 0
        with transaction.atomic():
            for automation in objects:
                try:
                    cls.move(automation, user)
                except WrongStatus:
                    continue
                moved += 1
        return moved, len(objects) - moved

    def get_context_data(self, **kwargs):
        """Add the words of this action."""
        return super().get_context_data(view=self, **kwargs)


class ResumeBulkAction(MoveBulkAction):
    """Let them fire."""

    display_name = pgettext_lazy("automation", "Resume")
    action_type = "resume"
    aria_label = _("Resume the selected automations")
    action_priority = 10
    title = _("Resume automations")
    question = _("From then on these automations answer every matching message:")
    confirm_label = _("Yes, resume")
    cancel_label = _("No, leave them")

    @classmethod
    def move(cls, automation, user):
        """Resume one."""
        automation.resume(user=user)

    def get_success_message(self, num_parent_objects, num_child_objects):
        """Count those that were paused."""
        return ngettext(
            "%(count)d automation resumed.",
            "%(count)d automations resumed.",
            num_parent_objects,
        ) % {"count": num_parent_objects}


class PauseBulkAction(MoveBulkAction):
    """Keep them from firing."""

    display_name = pgettext_lazy("automation", "Pause")
    action_type = "pause"
    aria_label = _("Pause the selected automations")
    action_priority = 20
    title = _("Pause automations")
    question = _("From then on these automations answer nobody:")
    confirm_label = _("Yes, pause")
    cancel_label = _("No, leave them")

    @classmethod
    def move(cls, automation, user):
        """Pause one."""
        automation.pause(user=user)

    def get_success_message(self, num_parent_objects, num_child_objects):
        """Count those that were active."""
        return ngettext(
            "%(count)d automation paused.",
            "%(count)d automations paused.",
            num_parent_objects,
        ) % {"count": num_parent_objects}
