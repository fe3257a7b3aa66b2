"""Filters of our lists, and how a search reads a phone number."""

import re
from datetime import timedelta

import django_filters
import phonenumbers
from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters.widgets import SuffixedMultiWidget
from wagtail.admin.filters import WagtailFilterSet

from .. import conf, phone_numbers
from ..models import (
    Automation,
    Contact,
    ContactGroup,
    InboundMessage,
    Match,
    OutboundMessage,
)


class DatesWidget(SuffixedMultiWidget):
    """Two of the browser's own date fields: Wagtail's need inline scripts."""

    template_name = "wagtailadmin/widgets/range_input.html"
    suffixes = ["from", "to"]

    def __init__(self, attrs=None):
        labels = (pgettext_lazy("period", "From"), pgettext_lazy("period", "Until"))
        super().__init__(
            [
                forms.DateInput(
                    format="%Y-%m-%d", attrs={"type": "date", "aria-label": label}
                )
                for label in labels
            ],
            attrs,
        )

    def decompress(self, value):
        """Return both ends."""
        return [value.start, value.stop] if value else [None, None]


#: What "fired" counts in the list of automations.
RECENT = timedelta(days=30)


class AutomationFilterSet(WagtailFilterSet):
    """Filters of the automations."""

    fired = django_filters.ChoiceFilter(
        label=_("Fired in 30 days"),
        choices=[
            ("yes", pgettext_lazy("fired", "Yes")),
            ("no", pgettext_lazy("fired", "No")),
        ],
        method="filter_fired",
    )
    last_matched_at = django_filters.DateFromToRangeFilter(
        label=_("Last fired"), widget=DatesWidget
    )

    class Meta:
        model = Automation
        fields = ["status", "flow", "message_type"]

    def filter_fired(self, queryset, name, value):
        """Keep those that fired of late, or the others."""
        recent = Match.objects.filter(
            automation=OuterRef("pk"), matched_at__gte=timezone.now() - RECENT
        )
        fired = Exists(recent.order_by())
        return queryset.filter(fired if value == "yes" else ~fired)


class ContactFilterSet(WagtailFilterSet):
    """Filters of the contacts."""

    groups = django_filters.ModelChoiceFilter(
        label=_("Contact group"), queryset=ContactGroup.objects.all()
    )
    opted_out = django_filters.ChoiceFilter(
        label=pgettext_lazy("filter", "Opted out"),
        choices=[("yes", _("Opted out")), ("no", _("Not opted out"))],
        method="filter_opted_out",
    )

    flagged = django_filters.ChoiceFilter(
        label=pgettext_lazy("filter", "Flagged"),
        choices=[
            ("yes", pgettext_lazy("contact", "Flagged")),
            ("no", _("Not flagged")),
        ],
        method="filter_flagged",
    )

    class Meta:
        model = Contact
        fields = []

    def filter_flagged(self, queryset, name, value):
        """Keep those that a guard has flagged, or the others."""
        return queryset.filter(is_flagged=value == "yes")

    def filter_opted_out(self, queryset, name, value):
        """Keep those in an opt-out period, or the others."""
        return queryset.filter(is_opted_out=value == "yes")


class MessageFilterSet(WagtailFilterSet):
    """Filters of the messages."""

    received_at = django_filters.DateFromToRangeFilter(
        label=pgettext_lazy("filter", "Received"), widget=DatesWidget
    )

    class Meta:
        model = InboundMessage
        fields = ["state", "message_type"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.filters["state"].label = pgettext_lazy("message", "Status")


class UnsentFilterSet(WagtailFilterSet):
    """Filters of what was not sent; without a decision named, all still to decide."""

    review = django_filters.ChoiceFilter(
        label=_("Decision"),
        empty_label=_("Still to decide"),
        choices=OutboundMessage.Review.choices,
    )
    state = django_filters.ChoiceFilter(
        label=pgettext_lazy("message", "Status"),
        choices=[(state.value, state.label) for state in OutboundMessage.TROUBLED],
    )
    held_by = django_filters.ChoiceFilter(
        label=_("Held because"), choices=OutboundMessage.HeldBy.choices
    )
    created_at = django_filters.DateFromToRangeFilter(
        label=_("Date"), widget=DatesWidget
    )

    class Meta:
        model = OutboundMessage
        fields = ["review", "state", "held_by", "channel", "created_at"]


class ContactMessageFilterSet(MessageFilterSet):
    """Filters of the messages, for users who may see contacts."""

    contact = django_filters.CharFilter(
        label=_("Contact"),
        method="filter_contact",
        widget=forms.TextInput(attrs={"placeholder": _("Number or name")}),
    )

    def filter_contact(self, queryset, name, value):
        """Keep the messages of contacts whose number or name begins so."""
        return queryset.filter(
            contact__in=Contact.objects.filter(begins_with(value)).order_by()
        )


def begins_with(text):
    """Return a condition on contacts: number or name begins with the text.

    Nothing but the start is looked at: an index can answer that.
    """
    condition = Q(first_name__istartswith=text) | Q(last_name__istartswith=text)
    first, _space, last = text.partition(" ")
    if last:
        condition |= Q(first_name__iexact=first, last_name__istartswith=last)
    for prefix in number_prefixes(text):
        condition |= Q(phone_number__startswith=prefix)
    return condition


def number_prefixes(text):
    """Return how the start of a phone number may stand in E.164."""
    digits = phone_numbers.SEPARATORS.sub("", text)
    if not re.fullmatch(r"\+?[0-9]+", digits):
        return []
    if digits.startswith("+"):
        return [digits]
    if digits.startswith("00"):
        return [f"+{digits[2:]}"]
    prefixes = [f"+{digits}"]
    code = phonenumbers.country_code_for_region(conf.settings.DEFAULT_REGION)
    if code and digits.startswith("0"):
        prefixes.append(f"+{code}{digits[1:]}")
    return prefixes
