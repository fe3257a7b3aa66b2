"""Where registries, signals and the schedule are joined."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SmsAutomationConfig(AppConfig):
    """The app."""

    name = "wagtail_sms_automation"
    label = "wagtail_sms_automation"
    verbose_name = _("SMS automation")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        """Bind the checks, the signal receivers, the sweep and its schedule."""
        from . import checks, signals, task_queue, tasks

        checks.register()
        signals.connect()
        post_migrate.connect(task_queue.install_schedule, sender=self)
        task_queue.sweep_in_workers(
            tasks.sweep, [tasks.process, tasks.send, tasks.look_up]
        )
