"""What editors may change for the whole site."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from .fields import NamedStreamField


@register_setting(icon="sms-automation", order=600)
class SmsSettings(BaseGenericSetting):
    """What editors may change for the whole site."""

    opening_hours = NamedStreamField(
        "wagtail_sms_automation.admin.blocks.OpeningHoursBlock",
        blank=True,
        verbose_name=_("opening hours"),
        help_text=_("For conditions that ask whether the house is open."),
    )
    opt_out_text = models.TextField(
        _("answer to STOP"),
        blank=True,
        help_text=_("Sent once. Leave empty where your provider answers STOP itself."),
    )
    opt_in_text = models.TextField(_("answer to START"), blank=True)
    help_text = models.TextField(_("answer to HELP"), blank=True)
    replies_per_minute = models.PositiveSmallIntegerField(
        _("automatic replies to one contact in a minute"),
        default=5,
        validators=[MinValueValidator(1)],
    )
    replies_per_hour = models.PositiveSmallIntegerField(
        _("automatic replies to one contact in an hour"),
        default=20,
        validators=[MinValueValidator(1)],
    )
    replies_per_day = models.PositiveSmallIntegerField(
        _("automatic replies to one contact in a day"),
        default=40,
        validators=[MinValueValidator(1)],
    )
    identical_replies = models.PositiveSmallIntegerField(
        _("the same text to one contact in ten minutes"),
        default=3,
        validators=[MinValueValidator(1)],
    )
    pause_hours = models.PositiveSmallIntegerField(
        _("hours of silence after a limit was reached"),
        default=1,
        validators=[MinValueValidator(1)],
    )
    fallback_hours = models.PositiveSmallIntegerField(
        _("hours between two answers to just any text"),
        default=12,
        help_text=_(
            "For automations that ask for no keyword. 0 answers each text again."
        ),
    )
    reads_together_seconds = models.PositiveSmallIntegerField(
        _("seconds within which several texts are read as one"),
        default=0,
        validators=[MaxValueValidator(60)],
        help_text=_("Answers then wait for so long. 0 reads each text by itself."),
    )
    parts_per_day = models.PositiveIntegerField(
        _("parts sent in a day"),
        default=10_000,
        null=True,
        blank=True,
        help_text=_("All texts together. Leave empty for no limit."),
    )
    parts_per_day_of_originator = models.PositiveIntegerField(
        _("parts sent in a day from one of our numbers"),
        null=True,
        blank=True,
        help_text=_("Leave empty for no limit."),
    )
    parts_per_day_of_contact = models.PositiveIntegerField(
        _("parts sent in a day to one contact"),
        default=60,
        null=True,
        blank=True,
        help_text=_("Leave empty for no limit."),
    )
    allowed_countries = models.CharField(
        _("countries that may be texted"),
        max_length=255,
        blank=True,
        help_text=_(
            "Codes such as FR, BE. Empty: the country of our own number, and whoever "
            "texts us."
        ),
    )
    replaces_typography = models.BooleanField(
        _("replace typographic characters"),
        default=True,
        help_text=_("A curly quote or a long dash can triple the price of a text."),
    )

    class Meta:
        verbose_name = _("SMS settings")

    def __str__(self):
        return str(self._meta.verbose_name)
