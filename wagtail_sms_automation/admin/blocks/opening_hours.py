"""The opening hours of the house."""

from datetime import timedelta

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail import blocks

from .fields import DateBlock, TimeBlock, refuse


LONGEST_CLOSURE = timedelta(days=366)


class PeriodBlock(blocks.StructBlock):
    """One open period of some weekdays."""

    days = blocks.MultipleChoiceBlock(
        choices=[(str(number), name) for number, name in WEEKDAYS.items()],
        widget=forms.CheckboxSelectMultiple,
        label=_("Days"),
    )
    opens_at = TimeBlock(label=_("Opens at"), help_text=_("For example: 18:30."))
    closes_at = TimeBlock(
        label=_("Closes at"),
        help_text=_("For example: 23:00. Earlier than the opening: the next day."),
    )

    def clean(self, value):
        """Refuse a period without length."""
        value = super().clean(value)
        if value["opens_at"] == value["closes_at"]:
            refuse("closes_at", _("Closing and opening time must differ."))
        return value

    class Meta:
        icon = "time"
        label_format = "{days} {opens_at}–{closes_at}"


class ClosedBlock(blocks.StructBlock):
    """Days on which the house is closed."""

    first_day = DateBlock(label=_("First day"), help_text=_("For example: 2026-12-24."))
    last_day = DateBlock(
        required=False,
        label=_("Last day"),
        help_text=_("For example: 2026-12-26. Empty: one day only."),
    )

    def clean(self, value):
        """Refuse a last day before the first, and one that is a slip of the year."""
        value = super().clean(value)
        first_day = value["first_day"]
        last_day = value["last_day"] or first_day
        if last_day < first_day:
            refuse("last_day", _("The last day must not be before the first."))
        if last_day - first_day > LONGEST_CLOSURE:
            refuse("last_day", _("A closure lasts at most a year."))
        return value

    class Meta:
        icon = "calendar-alt"
        label_format = "{first_day} – {last_day}"


class OpeningHoursBlock(blocks.StreamBlock):
    """Weekly hours and closing days."""

    period = PeriodBlock(label=_("Open period"))
    closed = ClosedBlock(label=pgettext_lazy("opening hours", "Closed"))
