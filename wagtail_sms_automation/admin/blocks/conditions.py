"""The conditions of an automation: all must hold."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail import blocks

from ..choosers import AutomationChooserBlock, ContactGroupChooserBlock
from .fields import (
    MOST_HOURS,
    DateTimeBlock,
    KeywordsBlock,
    PhoneNumbersBlock,
    new_block,
    refuse,
)


class ContentBlock(blocks.StructBlock):
    """What the body must contain."""

    operator = blocks.ChoiceBlock(
        choices=[
            ("any", _("contains any of")),
            ("all", _("contains all of")),
            ("none", _("contains none of")),
            ("begins", _("begins with")),
            ("exact", _("is exactly")),
        ],
        default="any",
        label=_("The message"),
        help_text=_("For example: contains any of ORDER, Order, order."),
    )
    keywords = KeywordsBlock(
        label=_("Keywords"),
        help_text=_(
            "Words or short phrases, in the case customers write them. "
            "For example: ORDER, Order, order. Capitals keep a keyword apart from "
            "ordinary words: YES rather than yes. Leave digits out where customers "
            "order by number: 1 would also be found in FOOD 1."
        ),
    )
    ignore_case = blocks.BooleanBlock(
        required=False,
        label=_("Ignore case"),
        help_text=_("For example, ORDER also finds order and Order."),
    )
    ignore_accents = blocks.BooleanBlock(
        required=False,
        label=_("Ignore accents"),
        help_text=_("For example, “livre” also finds “livré”."),
    )
    anywhere = blocks.BooleanBlock(
        required=False,
        label=_("Anywhere in the text"),
        help_text=_(
            "Also inside longer words. For example, “pick” is found in “pickup”."
        ),
    )

    class Meta:
        icon = "sms-keyword"
        label_format = "{operator} {keywords}"


class ReceivingNumberBlock(blocks.StructBlock):
    """Which of our numbers it came to."""

    numbers = PhoneNumbersBlock(
        label=_("Numbers"),
        help_text=_("Your own numbers or short codes. For example: +33 9 39 00 00 01."),
        field_options={"takes_short_codes": True},
    )

    class Meta:
        icon = "mobile-alt"
        label_format = "{numbers}"


class ReceivedBetweenBlock(blocks.StructBlock):
    """When it came."""

    starts_at = DateTimeBlock(
        required=False,
        label=pgettext_lazy("window", "From"),
        help_text=_(
            "For example: 14 July at 18:00. Empty: without beginning. In the site’s "
            "time zone."
        ),
    )
    ends_at = DateTimeBlock(
        required=False,
        label=pgettext_lazy("window", "Until"),
        help_text=_(
            "For example: 15 July at 02:00. Empty: without end. In the site’s time "
            "zone."
        ),
    )

    def clean(self, value):
        """Refuse a window without ends, and one that ends before it starts."""
        value = super().clean(value)
        starts_at, ends_at = value["starts_at"], value["ends_at"]
        if not starts_at and not ends_at:
            refuse("starts_at", _("Enter a start, an end, or both."))
        if starts_at and ends_at and ends_at <= starts_at:
            refuse("ends_at", _("The end must be after the start."))
        return value

    class Meta:
        icon = "calendar-alt"
        label_format = "{starts_at} – {ends_at}"


class OpenBlock(blocks.StructBlock):
    """Inside or outside opening hours."""

    when = blocks.ChoiceBlock(
        choices=[
            ("open", pgettext_lazy("opening hours", "inside opening hours")),
            ("closed", pgettext_lazy("opening hours", "outside opening hours")),
        ],
        default="open",
        label=_("The message comes"),
        help_text=_(
            "For example: outside opening hours, to say when you open. The hours are "
            "set in Settings > SMS settings."
        ),
    )

    class Meta:
        icon = "time"
        label_format = "{when}"


class GroupsBlock(blocks.StructBlock):
    """Some contact groups."""

    groups = blocks.ListBlock(
        ContactGroupChooserBlock(label=_("Contact group")),
        min_num=1,
        label=_("Contact groups"),
        help_text=_("Any of these. For example: Delivery customers."),
    )

    class Meta:
        icon = "group"


class FollowsBlock(blocks.StructBlock):
    """After which automations it answers."""

    automations = blocks.ListBlock(
        AutomationChooserBlock(label=_("Automation")),
        min_num=1,
        label=_("Automations"),
        help_text=_(
            "The contact was last answered by one of these. For example: Text orders - "
            "stage 1."
        ),
    )
    within_hours = blocks.IntegerBlock(
        min_value=1,
        max_value=MOST_HOURS,
        default=24,
        label=_("Within hours"),
        help_text=_("For example 24: answers of yesterday count, older ones do not."),
    )

    class Meta:
        icon = "sms-follows"


class FrequencyBlock(blocks.StructBlock):
    """How often it fires for one contact."""

    limit = blocks.ChoiceBlock(
        choices=[
            ("once", _("once per contact")),
            ("hours", _("at most once in some hours")),
        ],
        default="once",
        label=_("It fires"),
        help_text=_("For example, once per contact: a welcome."),
    )
    hours = blocks.IntegerBlock(
        required=False,
        min_value=1,
        max_value=MOST_HOURS,
        label=_("Hours"),
        help_text=_("For “at most once in some hours”. For example: 24."),
    )

    def clean(self, value):
        """Ask for the hours where they count."""
        value = super().clean(value)
        if value["limit"] == "hours" and value["hours"] is None:
            refuse("hours", _("Enter a number of hours."))
        return value

    class Meta:
        icon = "rotate"
        label_format = "{limit} {hours}"


def initial_conditions():
    """Return the stream of a new automation: without keywords it answers every text."""
    return [new_block("content", keywords=[])]


class ConditionsBlock(blocks.StreamBlock):
    """All conditions."""

    content = ContentBlock(label=_("Content"))
    receiving_number = ReceivingNumberBlock(label=_("Receiving number"))
    received_between = ReceivedBetweenBlock(label=_("Received between"))
    opening_hours = OpenBlock(label=_("Opening hours"))
    in_group = GroupsBlock(label=_("In a contact group"))
    not_in_group = GroupsBlock(
        label=_("Not in a contact group"), icon="sms-group-remove"
    )
    follows = FollowsBlock(label=_("Follows"))
    frequency = FrequencyBlock(label=_("Frequency"))
