"""Forms that make a flow: what a template asks for, and a file of one's own."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import (
    gettext_lazy,
)

from ..flow_files import asked_values, importing, reading
from ..flow_files.shape import MOST_BYTES, FlowFileError
from ..models import ContactGroup, Flow
from . import permissions


class AskedField(forms.CharField):
    """One value that a template asks for."""

    def __init__(self, asked):
        self.asked = asked
        modes = {"phone": "tel", "email": "email"}
        attrs = {"dir": "auto"}
        if asked.kind in modes:
            attrs = {"dir": "ltr", "inputmode": modes[asked.kind]}
        super().__init__(
            label=asked.label,
            initial=asked.default,
            help_text=_("For example: %(example)s") % {"example": asked.example},
            widget=forms.TextInput(attrs=attrs),
        )

    def clean(self, value):
        """Return the value as it is put in."""
        return asked_values.clean(self.asked, value or "")


class FillInForm(forms.Form):
    """The flow's name, and what its file asks for."""

    name = forms.CharField(
        label=gettext_lazy("Name of the flow"),
        max_length=Flow._meta.get_field("name").max_length,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )

    def __init__(self, *args, document, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.document = document
        self.user = user
        self.file = reading.read(document, examples=True)
        self.fields["name"].initial = self.file.name
        for asked in self.file.asks:
            self.fields[f"value_{asked.key}"] = AskedField(asked)

    def clean(self):
        """Read the file with the values in it, and look whether it can be made."""
        super().clean()
        if self.errors:
            return
        values = {
            asked.key: self.cleaned_data[f"value_{asked.key}"]
            for asked in self.file.asks
        }
        name = self.cleaned_data["name"]
        try:
            self.file = reading.read(self.document, values, name=name)
        except FlowFileError as error:
            raise ValidationError([str(one) for one in error.problems]) from error
        flow = Flow.objects.filter(name=name).first()
        if flow and not importing.is_same(flow, self.file):
            text = _("A flow of this name exists, and it differs. Choose another name.")
            self.add_error("name", text)
        self.refuse_groups()

    def refuse_groups(self):
        """Let nobody make contact groups by a flow who may not make them otherwise."""
        if permissions.may(self.user, ContactGroup, "add"):
            return
        if missing := importing.missing_groups(self.file):
            text = _("You may not add contact groups, and these are missing: %(names)s")
            self.add_error(None, text % {"names": ", ".join(missing)})


class UploadForm(forms.Form):
    """A flow file."""

    file = forms.FileField(
        label=gettext_lazy("Flow file"),
        help_text=gettext_lazy("A file that was saved here or on another site."),
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )

    def clean_file(self):
        """Return what the file holds; no more of it is read than may be."""
        data = self.cleaned_data["file"].read(MOST_BYTES + 1)
        try:
            reading.read(data, examples=True)
        except FlowFileError as error:
            raise ValidationError([str(one) for one in error.problems]) from error
        return data
