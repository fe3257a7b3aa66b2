"""Form widgets: a plain textarea without JavaScript, chips or a counter with it."""

import json

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.admin.widgets import AdminAutoHeightTextInput, BaseChooser

from ..engine import segments
from ..models import SmsSettings


STATIC = "wagtail_sms_automation"

#: More parts than any provider sends are not counted out.
MAX_COUNTED_PARTS = 30


def replaces_typography() -> bool:
    """Say whether curly quotes and the like are sent as plain characters."""
    return (SmsSettings.objects.first() or SmsSettings()).replaces_typography


def _join(*names: str | None) -> str:
    return " ".join(name for name in names if name)


def _editor_media(*scripts: str) -> forms.Media:
    return forms.Media(
        js=[f"{STATIC}/js/{script}" for script in scripts],
        css={"all": [f"{STATIC}/css/editor.css"]},
    )


class QuietChooser(BaseChooser):
    """A chooser that a strict Content-Security-Policy lets start."""

    @property
    def media(self):
        """Wagtail's chooser, then what starts it."""
        return super().media + _editor_media("chooser-controller.js")

    def render(self, name, value, attrs=None, renderer=None):
        """Render the chooser with a controller in place of Wagtail's inline script."""
        value_data = self.get_value_data(value)
        options = self.get_js_init_options(attrs["id"], name, value_data)
        attrs = {
            **attrs,
            "data-controller": "sms-chooser",
            "data-sms-chooser-options-value": json.dumps(options),
        }
        return self.render_html(name, value_data, attrs)


class NativeMixin:
    """A browser's own field: Wagtail's pickers read anything as a date, as now."""

    native_type: str
    native_format: str

    def __init__(self):
        attrs = {"type": self.native_type, "data-controller": "sms-date-time"}
        super().__init__(attrs, format=self.native_format)

    @property
    def media(self):
        """What keeps a half-typed value from being sent as empty."""
        return _editor_media("date-time-controller.js")


class NativeDateInput(NativeMixin, forms.DateInput):
    """A day."""

    native_type = "date"
    native_format = "%Y-%m-%d"


class NativeTimeInput(NativeMixin, forms.TimeInput):
    """A time of day."""

    native_type = "time"
    native_format = "%H:%M"


class NativeDateTimeInput(NativeMixin, forms.DateTimeInput):
    """A moment, to the minute."""

    native_type = "datetime-local"
    native_format = "%Y-%m-%dT%H:%M"


class WordsInput(forms.Textarea):
    """Several short texts, one per line; with JavaScript, a chip for each."""

    def __init__(self, attrs=None, *, noun: str | Promise, input_mode: str = "text"):
        self.noun = noun
        self.input_mode = input_mode
        super().__init__({"rows": 3, "dir": "auto", **(attrs or {})})

    @property
    def media(self):
        """The controller and its style; a property, or collectstatic would be asked."""
        return _editor_media("words-controller.js")

    def build_attrs(self, base_attrs, extra_attrs=None):
        """Hand the controller its settings and its strings in the editor's language."""
        attrs = super().build_attrs(base_attrs, extra_attrs)
        attrs["data-controller"] = _join(attrs.get("data-controller"), "sms-words")
        attrs["data-sms-words-input-mode-value"] = self.input_mode
        attrs["data-sms-words-strings-value"] = json.dumps(self.strings())
        return attrs

    def strings(self) -> dict[str, str]:
        """Return what the controller says."""
        return {
            "list": str(self.noun),
            "hint": _("Press Enter or type a comma to add."),
            "remove": _("Remove %(word)s"),
            "added": _("%(word)s was added."),
            "removed": _("%(word)s was removed."),
            "repeated": _("%(word)s is in the list already."),
        }

    def format_value(self, value):
        """Write one text per line."""
        return value if isinstance(value, str) else "\n".join(value or ())

    def value_from_datadict(self, data, files, name):
        """Read one text per line."""
        written = super().value_from_datadict(data, files, name) or ""
        return [line.strip() for line in written.splitlines() if line.strip()]


class KeywordsInput(WordsInput):
    """Keywords, with a button that adds the case variants of all of them."""

    def build_attrs(self, base_attrs, extra_attrs=None):
        """Turn the case variants on."""
        attrs = super().build_attrs(base_attrs, extra_attrs)
        attrs["data-sms-words-variants-value"] = "true"
        return attrs

    def strings(self):
        """Add what the button says."""
        return super().strings() | {
            "variants": _("Add case variants"),
            "variantsHelp": _("ORDER, Order and order, for every keyword."),
            "variantsAdded": _("Added: %(words)s."),
            "variantsComplete": _("All case variants are in the list already."),
        }


class SegmentedTextarea(AdminAutoHeightTextInput):
    """A text that is sent by SMS; with JavaScript, its segments are counted live."""

    def __init__(self, attrs=None, *, warn_over: int = 2, max_parts: int = 9):
        self.warn_over = warn_over
        self.max_parts = max_parts
        super().__init__({"rows": 3, "dir": "auto", **(attrs or {})})

    @property
    def media(self):
        """The controller and its style; a property, or collectstatic would be asked."""
        return super().media + _editor_media("segments-controller.js")

    def build_attrs(self, base_attrs, extra_attrs=None):
        """Hand the controller its settings and its strings in the editor's language."""
        attrs = super().build_attrs(base_attrs, extra_attrs)
        attrs["data-controller"] = _join(attrs.get("data-controller"), "sms-segments")
        attrs["data-action"] = _join(
            attrs.get("data-action"), "input->sms-segments#update"
        )
        attrs["data-sms-segments-warn-over-value"] = str(self.warn_over)
        attrs["data-sms-segments-max-value"] = str(self.max_parts)
        is_plain = replaces_typography()
        attrs["data-sms-segments-plain-value"] = "true" if is_plain else "false"
        attrs["data-sms-segments-strings-value"] = json.dumps(self.strings())
        return attrs

    def strings(self) -> dict[str, object]:
        """Return what the controller says; plurals by count, whatever the language."""
        return {
            "encodings": {
                segments.GSM7: _("GSM-7"),
                segments.UCS2: _("UCS-2 (special characters)"),
            },
            "used": _("%(units)s of %(limit)s characters"),
            "perPart": _("%(size)s per part"),
            "left": _("%(left)s left"),
            "parts": [
                ngettext("%(count)s part", "%(count)s parts", count) % {"count": count}
                for count in range(MAX_COUNTED_PARTS + 1)
            ],
            "costly": _("These characters make the parts shorter: %(characters)s"),
            "more": _("Other such characters: %(count)s"),
            "noReplacement": _("No plain character can stand for it."),
            "saving": _("%(after)s instead of %(before)s"),
            "noSaving": _("Saves no part by itself."),
            "dearer": _("Takes %(after)s instead of %(before)s by itself."),
            "replace": _("Replace"),
            "replaceWith": _("Replace %(character)s with %(replacement)s"),
            "replaceAll": _("Replace all"),
            "leftOut": _("Characters that cannot be seen are left out."),
            "replaced": _("Sent as plain characters: %(characters)s"),
            "placeholders": _("Placeholders are counted as typed."),
            "long": _("This is long: you pay %(parts)s for each recipient."),
            "tooLong": _("This is too long: at most %(parts)s can be sent."),
            "space": _("no-break space"),
        }
