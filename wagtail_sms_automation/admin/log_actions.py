"""What history says of our own actions."""

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import LogFormatter


class ResumeFormatter(LogFormatter):
    """An automation was resumed."""

    label = _("Resume an automation")
    message = pgettext_lazy("log", "Resumed")

    def format_message(self, log_entry):
        """Add what was overridden, and why."""
        codes = log_entry.data.get("errors")
        if not codes:
            return self.message
        return gettext("Resumed in spite of errors (%(codes)s): %(reason)s") % {
            "codes": ", ".join(codes),
            "reason": log_entry.data.get("reason", ""),
        }


class PauseFormatter(LogFormatter):
    """An automation was paused."""

    label = _("Pause an automation")
    message = pgettext_lazy("log", "Paused")


class SendAgainFormatter(LogFormatter):
    """A message that was not sent is sent again."""

    label = _("Send a message again")
    message = pgettext_lazy("log", "Sent again")


class LeaveFormatter(LogFormatter):
    """A message that was not sent is left so."""

    label = _("Leave a message unsent")
    message = pgettext_lazy("log", "Left unsent")


class TryAgainFormatter(LogFormatter):
    """A parked message is processed once more."""

    label = _("Try a parked message again")
    message = pgettext_lazy("log", "Tried again")


class ClearFlagFormatter(LogFormatter):
    """A contact that a guard had flagged is answered again."""

    label = _("Clear the flag of a contact")
    message = pgettext_lazy("log", "Flag cleared")


class FindingFormatter(LogFormatter):
    """Something was done about what the flow check had found."""

    def format_message(self, log_entry):
        """Name the finding by its code."""
        return str(self.message) % {"code": log_entry.data.get("code", "")}


class RepairFormatter(FindingFormatter):
    """An automation was repaired by one click."""

    label = _("Repair an automation")
    message = _("Repaired as the flow check offered (%(code)s)")


class MarkIntendedFormatter(FindingFormatter):
    """A finding was said to be meant so."""

    label = _("Mark a finding as meant so")
    message = _("A finding of the flow check was marked as meant so (%(code)s)")


class UnmarkIntendedFormatter(FindingFormatter):
    """A finding is a warning again."""

    label = _("Take the mark of a finding back")
    message = _("The mark “meant so” of a finding was taken back (%(code)s)")


def register(actions):
    """Join the registry of log actions."""
    actions.register_action("wagtail_sms_automation.resume")(ResumeFormatter)
    actions.register_action("wagtail_sms_automation.pause")(PauseFormatter)
    actions.register_action("wagtail_sms_automation.send_again")(SendAgainFormatter)
    actions.register_action("wagtail_sms_automation.leave")(LeaveFormatter)
    actions.register_action("wagtail_sms_automation.try_again")(TryAgainFormatter)
    actions.register_action("wagtail_sms_automation.clear_flag")(ClearFlagFormatter)
    actions.register_action("wagtail_sms_automation.repair")(RepairFormatter)
    actions.register_action("wagtail_sms_automation.mark_intended")(
        MarkIntendedFormatter
    )
    actions.register_action("wagtail_sms_automation.unmark_intended")(
        UnmarkIntendedFormatter
    )
