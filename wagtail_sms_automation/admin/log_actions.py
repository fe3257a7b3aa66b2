"""What history says of our own actions."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.log_actions import LogFormatter


class ResumeFormatter(LogFormatter):
    """An automation was resumed."""

    label = _("Resume an automation")
    message = pgettext_lazy("log", "Resumed")


class PauseFormatter(LogFormatter):
    """An automation was paused."""

    label = _("Pause an automation")
    message = pgettext_lazy("log", "Paused")


def register(actions):
    """Join the registry of log actions."""
    actions.register_action("wagtail_sms_automation.resume")(ResumeFormatter)
    actions.register_action("wagtail_sms_automation.pause")(PauseFormatter)
