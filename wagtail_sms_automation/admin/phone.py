"""The simulator's phone: a conversation as a form, shown anew after each text.

    phone = Phone(flow=flow)
    {% include "wagtail_sms_automation/admin/simulator/phone.html" with phone=phone %}

shows one on any page that has its media (phone.media) and is not inside a form. What
is typed is posted to phone.url, with scripts by fetch, and answered by the same
template. In the editor, phone.editor is the selector of the form whose fields are
posted along to DraftView; it asks for what they say as soon as it is opened.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from .. import decision_texts, effect_texts, simulation
from ..engine import outcome
from ..engine.conversation import Turn
from ..models import ContactGroup, Flow
from . import phone_choices
from .phone_form import LONGEST_TEXT, PREFIX, ConversationField, PhoneForm, next_moment


#: Wagtail's form of an editor.
EDITOR = "#w-editor-form"
#: Silent automations named under one text, those that all but matched first.
MOST_SILENT = 50
MEDIA = forms.Media(
    css={"all": ["wagtail_sms_automation/css/simulator.css"]},
    js=[
        "wagtail_sms_automation/js/simulator-controller.js",
        "wagtail_sms_automation/js/draft-controller.js",
    ],
)

#: What an effect other than a reply is drawn with.
ICONS = {
    outcome.ForwardSms: "sms-forward",
    outcome.ForwardMail: "mail",
    outcome.JoinGroup: "sms-group-add",
    outcome.LeaveGroup: "sms-group-remove",
    outcome.SetAttribute: "edit",
    outcome.StartOptOut: "sms-opt-out",
    outcome.EndOptOut: "check",
    outcome.KeepSilent: "user",
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that follows from a text: a bubble, or a note beside it."""

    kind: str
    text: str
    about: str = ""
    icon: str = ""


@dataclass(frozen=True, kw_only=True)
class ShownTurn:
    """One text, and what follows from it, in words."""

    body: str
    received_at: datetime
    intent: str
    lines: list[Line]
    fired: list[decision_texts.DecisionText]
    silent: list[decision_texts.DecisionText]
    #: Silent automations that are not named.
    more_silent: int

    @property
    def silent_count(self) -> int:
        """All that stayed silent."""
        return len(self.silent) + self.more_silent


class Phone:
    """What phone.html shows.

    data are posted fields; drafts are unsaved automations, as if active; edited is the
    key of the row that the editor shows, if it has one; errors say why there is nothing
    to try.
    """

    def __init__(
        self,
        data=None,
        *,
        user,
        flow: Flow | None = None,
        text: str = "",
        drafts=(),
        edited: int | None = None,
        errors=(),
        url: str = "",
        editor: str = "",
        is_own_page: bool = False,
    ):
        self.user = user
        self.edited = edited
        self.errors = list(errors)
        self.url = url or reverse("sms_simulator")
        self.editor = editor
        self.is_own_page = is_own_page
        self.flow = flow if data is None else _chosen_flow(data)
        # The editor's is asked anew when it is opened: its page need not wait.
        is_unopened = bool(editor) and data is None
        self.rules = simulation.rules_of(None if is_unopened else self.flow, drafts)
        if data is None:
            numbers = sorted(self.rules.own_numbers)
            self.form = self._new_form(
                initial={
                    "flow": self.flow,
                    "text": text[:LONGEST_TEXT],
                    "clock": next_moment([]),
                    "recipient": numbers[0] if numbers else "",
                },
            )
            self.texts = []
        else:
            self._read(data)
        if not is_own_page and not editor:
            self.form.fields["flow"].widget = forms.HiddenInput()

    def _read(self, data):
        """Take what was posted, and put what is next in the fields."""
        data = data.copy()
        typed, chip = (data.get(f"{PREFIX}-{name}", "") for name in ("text", "chip"))
        is_other_button = any(f"{PREFIX}-{name}" in data for name in ("apply", "again"))
        # Nothing can answer it yet, or nobody has sent it.
        is_unsent = bool(self.errors) or is_other_button
        data[f"{PREFIX}-text"] = "" if is_unsent else chip or typed
        self.form = form = self._new_form(data)
        form.is_valid()
        self.texts = form.cleaned_data.get("texts", [])
        if f"{PREFIX}-again" in data:
            began_at = self.texts[0].received_at if self.texts else next_moment([])
            self.texts = []
            self._fill(began_at)
        elif "clock" not in form.errors:
            has_new = bool(form.cleaned_data.get("text", "").strip())
            clock = form.cleaned_data.get("clock")
            is_next = has_new or clock is None
            self._fill(next_moment(self.texts) if is_next else clock)
        else:
            self._fill(None)
        # What was not sent stays where it was typed.
        if self.errors or form.errors:
            form.data[f"{PREFIX}-text"] = typed or chip
        else:
            form.data[f"{PREFIX}-text"] = typed if chip or is_other_button else ""

    def _new_form(self, data=None, **options):
        """Return the form, which names what this user may know."""
        edited = self.edited
        return PhoneForm(
            data,
            numbers=sorted(self.rules.own_numbers),
            flows=phone_choices.flows_for(self.user, self.flow, edited),
            groups=phone_choices.groups_for(self.user, self.flow, edited, self.rules),
            **options,
        )

    def _fill(self, clock):
        form = self.form
        form.data[f"{PREFIX}-texts"] = ConversationField.as_json(self.texts)
        if clock is not None:
            form.data[f"{PREFIX}-clock"] = form.fields["clock"].prepare_value(clock)

    @property
    def media(self) -> forms.Media:
        """What the page must load."""
        return MEDIA + self.form.media

    @property
    def is_kept(self) -> bool:
        """True if the page goes on showing the turns it has."""
        return bool(self.errors and self.texts)

    @cached_property
    def turns(self) -> list[ShownTurn]:
        """The same in words."""
        groups = effect_texts.group_names(turn.outcome for turn in self.conversation)
        return [self._show(turn, groups) for turn in self.conversation]

    @cached_property
    def conversation(self) -> list[Turn]:
        """What follows from each text, by the engine."""
        if not self.texts or self.errors:
            return []
        chosen = self.form.cleaned_data
        contact = simulation.stranger(
            groups=[group.pk for group in chosen.get("groups") or ()],
            language=chosen.get("language") or "",
            is_opted_out=chosen.get("is_opted_out") or False,
        )
        return simulation.simulate(
            self.texts, contact, self.rules, recipient=self.recipient
        )

    @property
    def recipient(self) -> str:
        """The number that is texted."""
        numbers = sorted(self.rules.own_numbers)
        chosen = self.form.cleaned_data.get("recipient") if self.form.is_bound else ""
        return chosen or (numbers[0] if numbers else "")

    @cached_property
    def chips(self) -> list[str]:
        """Keywords to text by one click."""
        return phone_choices.keywords_of(self.rules, self.flow, self.edited)

    @cached_property
    def standing(self) -> list[tuple[str, str]]:
        """What is known of the contact after the last text: (label, value)."""
        if not self.conversation:
            return []
        contact = self.conversation[-1].contact
        names = ContactGroup.objects.filter(pk__in=contact.groups)
        rows = [
            (_("Contact groups"), ", ".join(names.values_list("name", flat=True))),
            *((name, value) for name, value in contact.attributes.items()),
        ]
        if contact.is_opted_out:
            rows.append((_("Opt-out"), _("The contact is opted out.")))
        return [(label, value) for label, value in rows if value]

    def _show(self, turn: Turn, groups: Mapping[int, str]) -> ShownTurn:
        of_text = turn.outcome
        silent = [one for one in of_text.decisions if not one.fired]
        silent.sort(key=lambda one: one.near_miss is None)
        names = {one.automation: one.name for one in of_text.fired}
        return ShownTurn(
            body=turn.message.body,
            received_at=turn.message.received_at,
            intent=str(decision_texts.INTENTS.get(of_text.intent, "")),
            lines=list(lines_of(of_text, groups, names)),
            fired=_explain(of_text.fired),
            silent=_explain(silent[:MOST_SILENT]),
            more_silent=max(0, len(silent) - MOST_SILENT),
        )


def _explain(decisions: Iterable[outcome.Decision]):
    return decision_texts.explain([one.as_json() for one in decisions])


def _chosen_flow(data) -> Flow | None:
    """The flow that was posted; one that is no flow is the form's to refuse."""
    try:
        return PhoneForm.base_fields["flow"].clean(data.get(f"{PREFIX}-flow"))
    except ValidationError:
        return None


def lines_of(
    of_text: outcome.Outcome,
    groups: Mapping[int, str],
    names: Mapping[int, str],
    hide: Callable[[str], str] = str,
) -> Iterator[Line]:
    """Yield what follows from one text, in order; staff's numbers are masked.

    hide takes from each text what the user may not see.
    """
    for effect in of_text.effects:
        if isinstance(effect, outcome.SendSms):
            about = [effect_texts.cost_of(effect), names.get(effect.automation, "")]
            yield Line(
                kind="held" if effect.held else "reply",
                text=hide(effect.body),
                about=" · ".join(filter(None, about)),
            )
        else:
            yield Line(
                kind="event",
                text=hide(effect_texts.describe(effect, groups)),
                icon=ICONS[type(effect)],
            )
