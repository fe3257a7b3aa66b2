"""Blocks of one field: lists of texts, and texts to send."""

from uuid import uuid4

from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.html import escape
from wagtail import blocks
from wagtail.admin.widgets import AdminAutoHeightTextInput
from wagtail.blocks.struct_block import StructBlockValidationError

from ..forms import (
    DateField,
    DateTimeField,
    EmailAddressesField,
    KeywordsField,
    PhoneNumbersField,
    SmsTextField,
    TemplateField,
    TimeField,
    WordsField,
)


#: A year: more is no waiting time.
MOST_HOURS = 24 * 366


class WordsBlock(blocks.FieldBlock):
    """Several short texts, kept as a list."""

    field_class = WordsField

    def __init__(self, required=True, help_text=None, field_options=None, **kwargs):
        self.field = self.field_class(
            required=required, help_text=help_text, **(field_options or {})
        )
        super().__init__(**kwargs)

    def normalize(self, value):
        """Return a list, whatever was stored or given as default."""
        return [value] if isinstance(value, str) else list(value or ())

    def get_searchable_content(self, value):
        """Return each text."""
        return list(value)

    def render_basic(self, value, context=None):
        """Return the texts on one line, for revisions and comparisons."""
        return escape(", ".join(value or ()))

    class Meta:
        icon = "list-ul"
        default = ()


class KeywordsBlock(WordsBlock):
    """Keywords, in any case."""

    field_class = KeywordsField


class PhoneNumbersBlock(WordsBlock):
    """Phone numbers as E.164."""

    field_class = PhoneNumbersField


class EmailAddressesBlock(WordsBlock):
    """E-mail addresses."""

    field_class = EmailAddressesField


class DateBlock(blocks.DateBlock):
    """A day, in the browser's own field."""

    @cached_property
    def field(self):
        """The form field."""
        return DateField(**self.field_options)


class TimeBlock(blocks.TimeBlock):
    """A time of day, in the browser's own field."""

    @cached_property
    def field(self):
        """The form field."""
        return TimeField(**self.field_options)


class DateTimeBlock(blocks.DateTimeBlock):
    """A moment in the site's time zone, in the browser's own field."""

    @cached_property
    def field(self):
        """The form field."""
        return DateTimeField(**self.field_options)


class TemplateBlock(blocks.TextBlock):
    """A text with placeholders."""

    @cached_property
    def field(self):
        """The form field, which checks the placeholders."""
        widget = AdminAutoHeightTextInput(attrs={"rows": self.rows, "dir": "auto"})
        return TemplateField(widget=widget, **self.field_options)


class SmsTextBlock(blocks.TextBlock):
    """A text that is sent by SMS, with its segments counted."""

    @cached_property
    def field(self):
        """The form field, which checks the placeholders and counts the parts."""
        return SmsTextField(**self.field_options)


def new_block(block_type, **value):
    """Return one block of a raw stream; without ids, two would share an HTML id."""
    return {"type": block_type, "value": value, "id": str(uuid4())}


def refuse(name, message):
    """Raise a ValidationError that is shown at one field of a StructBlock."""
    raise StructBlockValidationError(block_errors={name: ValidationError(message)})
