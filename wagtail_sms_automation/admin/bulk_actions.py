"""What is done to many rows at once: resume and pause, send again and leave."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy
from wagtail.admin import messages
from wagtail.admin.views.bulk_action import BulkAction

from .. import flows, inbound, outbound
from ..models import Automation, InboundMessage, OutboundMessage, WrongStatus
from ..review_texts import reason_of
from . import permissions
from .views.messages import ContactMixin, excerpt
from .views.resuming import ResumingMixin


class MoveBulkAction(BulkAction):
    """Move the ticked rows; those that stand there already stay."""

    models = [Automation]
    permission = "pause"
    icon = "sms-automation"
    nothing_ticked = _("No automation is ticked.")
    #: What to mind before confirming.
    warning = ""
    template_name = "wagtail_sms_automation/admin/confirm_bulk.html"

    def dispatch(self, request, *args, **kwargs):
        """Refuse users who may move none: the page names them."""
        if not permissions.may(request.user, self.model, self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @classmethod
    def get_queryset(cls, model, object_ids):
        """Return the ticked rows; what is no id is left out."""
        pk = model._meta.pk
        ids = [value for value in object_ids if is_id(value)]
        return model.objects.filter(pk__in=[pk.to_python(value) for value in ids])

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
            for row in objects:
                try:
                    cls.move(row, user)
                except WrongStatus:
                    continue
                moved += 1
        return moved, len(objects) - moved

    def get_context_data(self, **kwargs):
        """Add the words of this action."""
        return super().get_context_data(view=self, **kwargs)


def is_id(value):
    """True for digits that a database takes for a key."""
    return str(value).isdecimal() and len(str(value)) <= 18


class ResumeBulkAction(ResumingMixin, MoveBulkAction):
    """Let them fire; one with errors keeps all of them paused."""

    display_name = pgettext_lazy("automation", "Resume")
    action_type = "resume"
    aria_label = _("Resume the selected automations")
    action_priority = 10
    title = _("Resume automations")
    question = _("From then on these automations answer every matching message:")
    confirm_label = _("Yes, resume")
    cancel_label = _("No, leave them")

    def get_execution_context(self):
        """Say what resumes them: who does it, and what is overridden."""
        return {"resume": self.resume}

    @classmethod
    def execute_action(cls, objects, resume, **kwargs):
        """Resume all or none; return how many were moved, how many stood there."""
        ids = [automation.pk for automation in objects]
        resumed = resume(Automation.objects.filter(pk__in=ids))
        return len(resumed.moved), resumed.stayed

    def get_success_url(self):
        """Return to where the user came from."""
        return self.next_url

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
    def execute_action(cls, objects, user=None, **kwargs):
        """Pause all or none; return how many were moved, how many stood there."""
        ids = [automation.pk for automation in objects]
        moved = flows.pause_all(Automation.objects.filter(pk__in=ids), user)
        return moved, len(objects) - moved

    def get_success_message(self, num_parent_objects, num_child_objects):
        """Count those that were active."""
        return ngettext(
            "%(count)d automation paused.",
            "%(count)d automations paused.",
            num_parent_objects,
        ) % {"count": num_parent_objects}


class MessageBulkAction(ContactMixin, MoveBulkAction):
    """Move the ticked messages that can be moved; name the others beside them."""

    nothing_ticked = _("No message is ticked that this can be done to.")
    cancel_label = _("No, change nothing")

    def object_context(self, message):
        """Return the message as this user may see it."""
        return {"item": excerpt(message), "beside": self.beside(message)}

    def get_context_data(self, **kwargs):
        """Show those that are left out in the same way."""
        context = super().get_context_data(**kwargs)
        left_out = context["items_with_no_access"]
        context["left_out"] = [self.object_context(message) for message in left_out]
        return context

    def count(self, moved, stayed):
        """Tell how many were left out; return how many were not."""
        if stayed:
            text = ngettext(
                "%(count)d message was left out: somebody else was quicker.",
                "%(count)d messages were left out: somebody else was quicker.",
                stayed,
            )
            messages.warning(self.request, text % {"count": stayed})
        return {"count": moved}


class SendAgainBulkAction(MessageBulkAction):
    """Send again what was not sent."""

    models = [OutboundMessage]
    permission = "review"
    icon = "warning"
    display_name = _("Send again")
    action_type = "send_again"
    aria_label = _("Send the selected messages again")
    action_priority = 10
    title = _("Send messages again")
    question = _("These messages are sent once more:")
    confirm_label = _("Yes, send again")

    def check_perm(self, message):
        """True where sending it again may help."""
        return message.can_be_sent_again

    def beside(self, message):
        """Return to whom, and why it was not sent."""
        return f"{self.show_recipient(message)} · {reason_of(message)}"

    def get_context_data(self, **kwargs):
        """Warn of texts that customers may get twice."""
        context = super().get_context_data(**kwargs)
        unknown = OutboundMessage.State.UNKNOWN
        objects, _others = self.get_actionable_objects()
        count = sum(message.state == unknown for message in objects)
        if count:
            self.warning = ngettext(
                "The provider’s answer to %(count)d of them was lost: the customer "
                "may get the same text twice.",
                "The provider’s answer to %(count)d of them was lost: the customers "
                "may get the same text twice.",
                count,
            ) % {"count": count}
        return context

    @classmethod
    def move(cls, message, user):
        """Send one again."""
        outbound.send_again(message, user=user)

    def get_success_message(self, num_parent_objects, num_child_objects):
        """Count those that are sent."""
        return ngettext(
            "%(count)d message is sent once more.",
            "%(count)d messages are sent once more.",
            num_parent_objects,
        ) % self.count(num_parent_objects, num_child_objects)


class LeaveBulkAction(MessageBulkAction):
    """Take off the list what need not be sent."""

    models = [OutboundMessage]
    permission = "review"
    icon = "warning"
    display_name = pgettext_lazy("unsent message", "Leave")
    action_type = "leave"
    aria_label = _("Leave the selected messages unsent")
    action_priority = 20
    title = _("Leave messages unsent")
    question = _("These messages are left as they are, and leave the list:")
    confirm_label = _("Yes, leave them")

    def check_perm(self, message):
        """True while there is something to decide."""
        return message.can_be_reviewed

    def beside(self, message):
        """Return to whom, and why it was not sent."""
        return f"{self.show_recipient(message)} · {reason_of(message)}"

    @classmethod
    def move(cls, message, user):
        """Leave one."""
        outbound.leave(message, user=user)

    def get_success_message(self, num_parent_objects, num_child_objects):
        """Count those that are left."""
        return ngettext(
            "%(count)d message is left as it is.",
            "%(count)d messages are left as they are.",
            num_parent_objects,
        ) % self.count(num_parent_objects, num_child_objects)


class TryAgainBulkAction(MessageBulkAction):
    """Try parked messages again."""

    models = [InboundMessage]
    permission = "retry"
    icon = "sms-message"
    display_name = _("Try again")
    action_type = "try_again"
    aria_label = _("Try the selected messages again")
    action_priority = 10
    title = _("Try messages again")
    question = _("These messages are handled once more:")
    confirm_label = _("Yes, try again")

    def check_perm(self, message):
        """True for a parked message."""
        return message.state == InboundMessage.State.PARKED

    def beside(self, message):
        """Return from whom, and where it stands."""
        return f"{self.show_contact(message)} · {message.get_state_display()}"

    @classmethod
    def get_queryset(cls, model, object_ids):
        """Return the ticked rows, without what only a page about one shows."""
        queryset = super().get_queryset(model, object_ids)
        return queryset.select_related("contact").defer("payload", "decisions", "error")

    @classmethod
    def move(cls, message, user):
        """Try one again."""
        inbound.try_again(message, user=user)

    def get_success_message(self, num_parent_objects, num_child_objects):
        """Count those that are tried."""
        return ngettext(
            "%(count)d message is handled once more.",
            "%(count)d messages are handled once more.",
            num_parent_objects,
        ) % self.count(num_parent_objects, num_child_objects)


#: Every bulk action of ours.
BULK_ACTIONS = (
    ResumeBulkAction,
    PauseBulkAction,
    SendAgainBulkAction,
    LeaveBulkAction,
    TryAgainBulkAction,
)
