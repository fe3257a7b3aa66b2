"""Form fields of what editors write: keywords, numbers, addresses, texts to send."""

from difflib import get_close_matches

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm

from .. import phone_numbers
from ..conf import settings
from ..engine import rendering, segments
from ..engine import text as keyword_text
from ..engine.rules import Rulebook
from .widgets import (
    KeywordsInput,
    NativeDateInput,
    NativeDateTimeInput,
    NativeTimeInput,
    SegmentedTextarea,
    WordsInput,
    replaces_typography,
)


class WordsField(forms.Field):
    """A list of short texts."""

    default_error_messages = {"required": _("Add at least one.")}

    def to_python(self, value):
        """Return the texts without space around them, without empty ones."""
        return [word.strip() for word in value or () if word.strip()]

    def clean(self, value):
        """Clean each text; name every one that is wrong; drop repetitions."""
        words, errors = {}, []
        for word in self.to_python(value):
            try:
                cleaned = self.clean_word(word)
            except ValidationError as error:
                errors.append(error)
            else:
                words.setdefault(self.key(cleaned), cleaned)
        if errors:
            raise ValidationError(errors)
        return super().clean(list(words.values()))

    def clean_word(self, word: str) -> str:
        """Return one text as it is kept; raise ValidationError that names it."""
        return word

    def key(self, word: str) -> str:
        """Return what two equal texts share."""
        return word


class KeywordsField(WordsField):
    """Keywords of a content condition."""

    MAX_LENGTH = 160

    default_error_messages = {"required": _("Add at least one keyword.")}

    def __init__(self, **kwargs):
        super().__init__(widget=KeywordsInput(noun=_("Keywords")), **kwargs)

    def clean_word(self, word):
        """Refuse a keyword that no message can contain."""
        if keyword_text.is_empty(word):
            raise ValidationError(
                _("“%(keyword)s” has no visible character, so no message contains it."),
                code="empty",
                params={"keyword": " ".join(f"U+{ord(char):04X}" for char in word)},
            )
        if len(word) > self.MAX_LENGTH:
            raise ValidationError(
                _(
                    "“%(keyword)s…” is too long: a keyword has at most %(limit)s "
                    "characters."
                ),
                code="max_length",
                params={"keyword": word[:20], "limit": self.MAX_LENGTH},
            )
        return word

    def key(self, word):
        """Return the form in which two keywords match the same messages."""
        return keyword_text.normalise(word)


class PhoneNumbersField(WordsField):
    """Phone numbers, kept as E.164; short codes where they can be meant."""

    default_error_messages = {"required": _("Add at least one number.")}

    def __init__(self, *, takes_short_codes: bool = False, **kwargs):
        self.takes_short_codes = takes_short_codes
        widget = WordsInput(noun=_("Phone numbers"), input_mode="tel")
        super().__init__(widget=widget, **kwargs)

    def clean_word(self, word):
        """Return E.164, reading national numbers in the site's region."""
        is_short = phone_numbers.kind(word) == phone_numbers.Kind.SHORT_CODE
        if self.takes_short_codes and is_short:
            return word
        try:
            return phone_numbers.normalise(word, settings.DEFAULT_REGION)
        except phone_numbers.PhoneNumberError as error:
            raise ValidationError(
                _("%(number)s: %(reason)s"),
                code="phone_number",
                params={"number": word, "reason": error},
            ) from error


class EmailAddressesField(WordsField):
    """E-mail addresses."""

    default_error_messages = {"required": _("Add at least one address.")}

    def __init__(self, **kwargs):
        widget = WordsInput(noun=_("E-mail addresses"), input_mode="email")
        super().__init__(widget=widget, **kwargs)

    def clean_word(self, word):
        """Refuse what is no address."""
        message = _("%(value)s: This is not a valid e-mail address.")
        EmailValidator(message=message)(word)
        return word


class DateField(forms.DateField):
    """A day, in the browser's own field."""

    widget = NativeDateInput

    def __init__(self, **kwargs):
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)


class TimeField(forms.TimeField):
    """A time of day, in the browser's own field."""

    widget = NativeTimeInput

    def __init__(self, **kwargs):
        super().__init__(input_formats=["%H:%M", "%H:%M:%S"], **kwargs)


class DateTimeField(forms.DateTimeField):
    """A moment in the site's time zone, whatever zone the editor's profile names."""

    widget = NativeDateTimeInput

    def __init__(self, **kwargs):
        # ISO 8601, which is what browsers send, is read besides.
        super().__init__(input_formats=["%Y-%m-%d %H:%M"], **kwargs)

    def prepare_value(self, value):
        """Show the site's time."""
        with timezone.override(timezone.get_default_timezone()):
            return super().prepare_value(value)

    def to_python(self, value):
        """Read the site's time."""
        with timezone.override(timezone.get_default_timezone()):
            return super().to_python(value)


#: The placeholders that editors are told of.
SHOWN_PLACEHOLDERS = (
    *(name for name in rendering.PLACEHOLDERS if name != "contact.phone"),
    "contact.attributes.NAME",
)

#: What a mistyped placeholder is compared with: whole names and their last parts.
NEARBY = {
    name.rpartition(".")[2].lower(): name for name in reversed(SHOWN_PLACEHOLDERS)
} | {name.lower(): name for name in SHOWN_PLACEHOLDERS}


def nearest_placeholder(wrong: str) -> str | None:
    """Return the placeholder that was probably meant, its default text kept."""
    name, bar, fallback = wrong.strip("{} ").partition("|")
    near = get_close_matches(name.strip().lower(), NEARBY, n=1, cutoff=0.82)
    return f"{{{{ {NEARBY[near[0]]}{bar}{fallback} }}}}" if near else None


class TemplateField(forms.CharField):
    """A text with placeholders."""

    default_error_messages = {
        "required": _("Write the text that is sent."),
        "mistyped": _("Unknown placeholder %(wrong)s. Did you mean %(nearest)s?"),
        "incomplete": _("Incomplete placeholder %(wrong)s. Did you mean %(nearest)s?"),
        "placeholder": _(
            "Unknown or incomplete placeholder: %(wrong)s. You can use: %(known)s."
        ),
    }

    def to_python(self, value):
        """Return the text as it would be sent, but for its placeholders."""
        return segments.clean(super().to_python(value) or "").strip()

    def validate(self, value):
        """Refuse placeholders that nothing would fill."""
        super().validate(value)
        if wrong := rendering.check(value):
            raise ValidationError(list(self.placeholder_errors(wrong)))

    def placeholder_errors(self, wrong):
        """Return an error for each with a near name, and one for all others."""
        nearest = {name: nearest_placeholder(name) for name in wrong}
        for name, meant in nearest.items():
            if meant:
                code = "mistyped" if name.endswith("}}") else "incomplete"
                params = {"wrong": name, "nearest": meant}
                yield self.placeholder_error(code, params)
        if unknown := [name for name, meant in nearest.items() if not meant]:
            known = ", ".join(f"{{{{ {name} }}}}" for name in SHOWN_PLACEHOLDERS)
            params = {"wrong": ", ".join(unknown), "known": known}
            yield self.placeholder_error("placeholder", params)

    def placeholder_error(self, code, params):
        """Return one of the errors."""
        return ValidationError(self.error_messages[code], code=code, params=params)


def validate_parts(body: str) -> None:
    """Refuse a text of more parts than a provider sends."""
    sent = segments.replace_typography(body) if replaces_typography() else body
    parts = segments.count(sent).parts
    most = Rulebook.max_parts
    if parts > most:
        raise ValidationError(
            ngettext_lazy(
                "This text takes %(parts)s SMS part; at most %(most)s can be sent.",
                "This text takes %(parts)s SMS parts; at most %(most)s can be sent.",
                "parts",
            ),
            code="parts",
            params={"parts": parts, "most": most},
        )


class SmsTextField(TemplateField):
    """A text that is sent by SMS."""

    default_validators = [validate_parts]

    def __init__(self, **kwargs):
        widget = SegmentedTextarea(max_parts=Rulebook.max_parts)
        super().__init__(widget=widget, **kwargs)


class SmsSettingsForm(WagtailAdminModelForm):
    """The site's settings, their texts counted and checked like an automation's."""

    TEXTS = ("opt_out_text", "opt_in_text", "help_text")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in self.TEXTS:
            if name in self.fields:
                self.fields[name].widget = SegmentedTextarea()

    def clean_allowed_countries(self):
        """Return the codes as they are kept: FR, BE."""
        text = self.cleaned_data["allowed_countries"]
        try:
            codes = phone_numbers.country_codes(text)
        except ValueError as error:
            raise ValidationError(str(error), code="country") from error
        kept = ", ".join(codes)
        # The separators may have been shorter.
        self.instance._meta.get_field("allowed_countries").run_validators(kept)
        return kept

    def clean(self):
        """Check each text, and show what is wrong at its field."""
        cleaned_data = super().clean()
        for name in self.TEXTS:
            try:
                text = SmsTextField(required=False).clean(cleaned_data.get(name, ""))
            except ValidationError as error:
                self.add_error(name, error)
            else:
                cleaned_data[name] = text
        return cleaned_data
