"""The form that keeps a flow as a template of the site."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..flow_files import reading, targets
from ..flow_files.shape import FlowFileError
from ..flow_files.site_templates import MOST_WORDS, SiteTemplate, Word
from ..models import FlowTemplate


#: So many questions are offered at first, and more by so many.
ROWS = 3


class SiteTemplateForm(forms.ModelForm):
    """The template's name, and the words of the flow that it asks for."""

    class Meta:
        model = FlowTemplate
        fields = ("name",)
        labels = {"name": gettext_lazy("Name of the template")}
        error_messages = {
            "name": {
                "unique": gettext_lazy(
                    "A template of this name exists. Choose another name."
                )
            }
        }
        widgets = {"name": forms.TextInput(attrs={"dir": "auto"})}

    def __init__(self, *args, flow_file, **kwargs):
        super().__init__(*args, **kwargs)
        self.flow_file = flow_file
        self.site_targets = targets.of_site()
        #: What is asked for in any case.
        self.staff = self.site_template().asks
        self.rows = self.number_of_rows()
        for number in range(1, self.rows + 1):
            self.add_row(number)

    def number_of_rows(self):
        """Return how many questions are offered: as many as came, and more if asked."""
        asked = 0
        while asked < MOST_WORDS and f"word_{asked + 1}" in self.data:
            asked += 1
        if not asked:
            return ROWS
        return min(asked + ROWS, MOST_WORDS) if "more" in self.data else asked

    def add_row(self, number):
        """Offer one question."""
        attrs = {"dir": "auto"}
        self.fields[f"word_{number}"] = forms.CharField(
            label=_("Words of the flow, %(number)s") % {"number": number},
            required=False,
            strip=True,
            widget=forms.TextInput(attrs=attrs),
        )
        self.fields[f"label_{number}"] = forms.CharField(
            label=_("What they are, %(number)s") % {"number": number},
            required=False,
            max_length=100,
            widget=forms.TextInput(attrs=attrs),
        )

    @property
    def pairs(self):
        """The fields of each question."""
        numbers = range(1, self.rows + 1)
        return [(self[f"word_{number}"], self[f"label_{number}"]) for number in numbers]

    def site_template(self, **chosen):
        """Return the template, with the name and the words that were chosen."""
        return SiteTemplate(self.flow_file, site_targets=self.site_targets, **chosen)

    @property
    def can_have_more(self):
        """True while more questions may be asked."""
        return self.rows < MOST_WORDS

    def clean(self):
        """Look whether the words occur, and whether the file could be used."""
        super().clean()
        words = self.clean_words()
        name = self.cleaned_data.get("name")
        template = self.site_template(name=name, words=list(words.values()))
        for number, word in words.items():
            try:
                template.check(word)
            except ValidationError as error:
                self.add_error(f"word_{number}", error)
            if template.names_staff(word.label):
                self.add_error(f"label_{number}", _("This names the staff."))
        if name and template.names_staff(name):
            self.add_error("name", _("This names the staff."))
        if not self.errors:
            self.clean_document(template)

    def clean_words(self):
        """Return the questions by number, each a word with its label."""
        words = {}
        for number in range(1, self.rows + 1):
            word, label = f"word_{number}", f"label_{number}"
            text, said = self.cleaned_data.get(word), self.cleaned_data.get(label)
            if text and said:
                words[number] = Word(text=text, label=said)
            elif text and label not in self.errors:
                self.add_error(label, _("Say what is asked for."))
            elif said and word not in self.errors:
                self.add_error(word, _("Say which words of the flow this stands for."))
        return words

    def clean_document(self, template):
        """Keep the file, if it is a good one that tells nobody of the staff."""
        if text := template.still_told():
            reason = _(
                "A number or an address of the staff can still be made out in "
                "“%(text)s”. Take it out of the flow, or write it without words "
                "in between."
            )
            raise ValidationError(reason % {"text": Truncator(text).chars(100)})
        document = template.as_text()
        try:
            reading.read(document.encode("utf-8", "surrogatepass"), examples=True)
        except FlowFileError as error:
            raise ValidationError([str(one) for one in error.problems]) from error
        self.instance.document = document

    def add_taken(self):
        """Say that somebody else took the name meanwhile."""
        taken = self.fields["name"].error_messages["unique"]
        self.add_error("name", taken)
