"""What saving an object looks out for: what others saved, and what the panel says."""

from django.db import transaction
from django.db.models import F
from django.http import Http404
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.ui.side_panels import StatusSidePanel
from wagtail.log_actions import registry as log_registry


class StaleCheckMixin:
    """Refuses to save over what was saved since the form was loaded.

    The form carries the log entry of the save it was loaded from. A refused form
    carries the newer one: saving again replaces it knowingly.
    """

    #: Name of the hidden field.
    FIELD = "loaded_save"

    def latest_save(self):
        """Return the newest log entry of a change, or None."""
        row = self.model(pk=self.object_pk)
        logs = log_registry.get_logs_for_instance(row).select_related("user")
        return logs.filter(content_changed=True).first()

    def get_object(self, queryset=None):
        """Look at the log before the row: what is saved in between counts as newer."""
        self.loaded_save = self.request.POST.get(self.FIELD)
        if self.request.method != "POST":
            self.loaded_save = self.stamp(self.latest_save())
        return super().get_object(queryset)

    def stamp(self, entry):
        """Return what the hidden field says of a log entry."""
        return str(entry.pk) if entry else ""

    def form_valid(self, form):
        """Save it, unless somebody else has."""
        with transaction.atomic():
            self.make_others_wait()
            entry = self.latest_save()
            if self.is_stale(entry):
                self.loaded_save = self.stamp(entry)
                self.produced_error_code = "invalid_revision"
                self.produced_error_message = self.get_stale_message(entry)
                return self.form_invalid(form)
            self.keep_moves(form.instance)
            return super().form_valid(form)

    def make_others_wait(self):
        """Make other saves of the row wait.

        A write locks on SQLite, too, where SELECT FOR UPDATE does not.
        """
        row = self.model.objects.filter(pk=self.object_pk)
        if not row.update(name=F("name")):
            raise Http404

    def keep_moves(self, instance):
        """Read again what others change without the form: saving writes it, too."""
        if names := getattr(self.model, "NOT_REVERTED", ()):
            instance.refresh_from_db(fields=names)

    def is_stale(self, entry):
        """True if the form was loaded before this change; a script may leave it out."""
        has_stamp = self.FIELD in self.request.POST
        return has_stamp and self.loaded_save != self.stamp(entry)

    def get_stale_message(self, entry):
        """Say who has saved it, when, and what saving again would do."""
        if entry is None:
            return _(
                "Not saved: this was changed after you opened it. What you typed is "
                "kept here. Save again to replace the newer version."
            )
        saved_at = timezone.localtime(entry.timestamp)
        return _(
            "Not saved: %(user)s saved a newer version on %(date)s at %(time)s, after "
            "you opened this one. What you typed is kept here. Save again to replace "
            "the newer version."
        ) % {
            "user": entry.user_display_name,
            "date": date_format(saved_at, "DATE_FORMAT"),
            "time": date_format(saved_at, "TIME_FORMAT"),
        }

    def get_context_data(self, **kwargs):
        """Add what the hidden field carries."""
        return super().get_context_data(loaded_save=self.loaded_save, **kwargs)


class SavedSidePanel(StatusSidePanel):
    """Status, history and usage; Wagtail's own calls a paused automation live."""

    WAGTAILS = "wagtailadmin/shared/side_panels/includes/status/workflow.html"
    OURS = "wagtail_sms_automation/admin/saved_status.html"

    def get_status_templates(self, context):
        """Put our status in the place of Wagtail's."""
        return [
            self.OURS if template == self.WAGTAILS else template
            for template in super().get_status_templates(context)
        ]


class SidePanelMixin:
    """An editor whose side panel tells the status in our words."""

    def get_side_panels(self):
        """Return the one panel."""
        panel = SavedSidePanel(
            self.object,
            self.request,
            usage_url=self.get_usage_url(),
            history_url=self.get_history_url(),
            last_updated_info=self.get_last_updated_info(),
        )
        return MediaContainer([panel])
