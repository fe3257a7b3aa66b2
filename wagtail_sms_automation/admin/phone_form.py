"""What is typed into the phone: the texts so far, the next one, and who texts when."""

import json
from datetime import UTC, datetime

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import simulation
from ..engine.conversation import PAUSE
from ..models import ContactGroup, Flow
from .forms import DateTimeField


#: Prefix of the fields: the editor's own must not meet them.
PREFIX = "phone"
#: A longer conversation must be begun anew.
MOST_TEXTS = 100
#: Characters of one text; a provider joins about 1,400.
LONGEST_TEXT = 2000
#: Between these, no reckoning leaves the calendar.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class ConversationField(forms.Field):
    """The texts so far, as the page carries them: JSON [[body, moment], ...]."""

    widget = forms.HiddenInput
    default_error_messages = {
        "unreadable": gettext_lazy(
            "The conversation could not be read, and begins anew."
        ),
        "too_long": gettext_lazy(
            "A conversation has at most %(limit)s texts. Start again."
        ),
    }

    def to_python(self, value) -> list[simulation.Text]:
        """Read the texts, refusing whatever this page has not written."""
        if not value:
            return []
        try:
            texts = [self.text(body, at) for body, at in json.loads(value)]
        except (TypeError, ValueError, RecursionError) as error:
            raise self.error("unreadable") from error
        moments = [text.received_at for text in texts]
        if moments != sorted(set(moments)):
            raise self.error("unreadable")
        if len(texts) > MOST_TEXTS:
            raise self.error("too_long")
        return texts

    def text(self, body, at):
        """Return one text; ValueError or TypeError if it is none."""
        received_at = parse_datetime(at)
        is_moment = received_at is not None and timezone.is_aware(received_at)
        is_body = isinstance(body, str) and len(body) <= LONGEST_TEXT
        if not is_moment or not is_body or not EARLIEST <= received_at <= LATEST:
            raise ValueError("This is no text of a conversation.")
        return simulation.Text(body=body, received_at=received_at)

    def error(self, code):
        """Return one of the errors."""
        params = {"limit": MOST_TEXTS}
        return ValidationError(self.error_messages[code], code=code, params=params)

    @staticmethod
    def as_json(texts) -> str:
        """Write the texts as the page carries them."""
        return json.dumps([[text.body, text.received_at.isoformat()] for text in texts])


class GroupsField(forms.ModelMultipleChoiceField):
    """The groups; a key that no database knows is refused, not looked up."""

    def clean(self, value):
        """Refuse what is no key by name."""
        for pk in value or ():
            if not is_key(str(pk)):
                code = "invalid_pk_value"
                text = self.error_messages[code]
                raise ValidationError(text, code=code, params={"pk": pk})
        return super().clean(value)


class PhoneForm(forms.Form):
    """One more text, the texts so far, and how the conversation began."""

    text = forms.CharField(
        label=gettext_lazy("Your text"),
        required=False,
        strip=False,
        max_length=LONGEST_TEXT,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    texts = ConversationField(required=False)
    flow = forms.ModelChoiceField(
        Flow.objects.all(),
        label=gettext_lazy("Automations"),
        required=False,
        empty_label=gettext_lazy("The active ones"),
        help_text=gettext_lazy(
            "With a flow, its paused automations answer too, as if they were active."
        ),
    )
    clock = DateTimeField(
        label=gettext_lazy("The next text comes at"),
        required=False,
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
        help_text=gettext_lazy("Moves on by a minute with each text."),
    )
    recipient = forms.ChoiceField(
        label=gettext_lazy("Receiving number"),
        required=False,
        widget=forms.Select(attrs={"dir": "ltr"}),
    )
    groups = GroupsField(
        ContactGroup.objects.all(),
        label=gettext_lazy("In these groups at first"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    language = forms.CharField(
        label=gettext_lazy("Language"),
        required=False,
        max_length=15,
        help_text=gettext_lazy("As the contact has it, for example fr."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 6}),
    )
    is_opted_out = forms.BooleanField(
        label=gettext_lazy("Opted out at first"), required=False
    )

    def __init__(self, *args, numbers, flows=None, groups=None, **kwargs):
        """Offer these flows and groups, by their keys; None offers all."""
        super().__init__(*args, prefix=PREFIX, **kwargs)
        self.fields["recipient"].choices = [(one, one) for one in numbers]
        for name, keys in (("flow", flows), ("groups", groups)):
            if keys is not None:
                field = self.fields[name]
                field.queryset = field.queryset.filter(pk__in=keys)

    def clean(self):
        """Add the new text to the conversation, at its moment."""
        cleaned = super().clean()
        texts = cleaned.setdefault("texts", [])
        moment = cleaned.get("clock") or next_moment(texts)
        body = cleaned.get("text") or ""
        if not body.strip() or self.errors:
            return cleaned
        if texts and moment <= texts[-1].received_at:
            error = _(
                "The clock only goes forward: the last text came at this time, or "
                "later. Start again to go back."
            )
            self.add_error("clock", error)
        elif len(texts) >= MOST_TEXTS:
            self.add_error("text", self.fields["texts"].error("too_long"))
        else:
            texts.append(simulation.Text(body=body, received_at=moment))
        return cleaned


def is_key(text: str) -> bool:
    """True for what may be a row's key: no database knows longer ones."""
    return text.isascii() and text.isdecimal() and len(text) <= 18


def next_moment(texts):
    """Return when the next text comes: a while after the last one."""
    if texts:
        return texts[-1].received_at + PAUSE
    return timezone.now().replace(second=0, microsecond=0)
