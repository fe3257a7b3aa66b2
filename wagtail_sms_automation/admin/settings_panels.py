"""The panels of the SMS settings page."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, ObjectList

from .forms import SmsSettingsForm


SMS_SETTINGS_EDIT_HANDLER = ObjectList(
    [
        MultiFieldPanel([FieldPanel("opening_hours")], heading=_("Opening hours")),
        MultiFieldPanel(
            [
                FieldPanel("opt_out_text"),
                FieldPanel("opt_in_text"),
                FieldPanel("help_text"),
            ],
            heading=_("Answers to STOP, START and HELP"),
        ),
        MultiFieldPanel(
            [FieldPanel("reads_together_seconds")], heading=_("Texts that come")
        ),
        MultiFieldPanel(
            [FieldPanel("replaces_typography")], heading=_("Texts that are sent")
        ),
        MultiFieldPanel(
            [
                FieldPanel("replies_per_minute"),
                FieldPanel("replies_per_hour"),
                FieldPanel("replies_per_day"),
                FieldPanel("identical_replies"),
                FieldPanel("pause_hours"),
                FieldPanel("fallback_hours"),
            ],
            heading=_("Loop guard"),
            help_text=_(
                "Two robots must not talk to each other for long. When a contact has "
                "got so many automatic replies, automations fall silent for it."
            ),
        ),
        MultiFieldPanel(
            [
                FieldPanel("parts_per_day"),
                FieldPanel("parts_per_day_of_originator"),
                FieldPanel("parts_per_day_of_contact"),
                FieldPanel("allowed_countries"),
            ],
            heading=_("Daily limits"),
            help_text=_(
                "You pay for each part of a text. What goes beyond a limit, or to "
                "another country, is not sent: you find it under Unsent messages."
            ),
        ),
    ],
    base_form_class=SmsSettingsForm,
)
