"""The flow check in the editor, and the buttons that mend what it finds."""

from django.http import HttpResponseRedirect
from django.utils.translation import gettext as _
from wagtail.admin import messages

from ... import finding_texts, flow_checks, repairs
from ...engine.flow_check.findings import Level
from ...models import Automation, InboundMessage
from .. import findings, permissions
from . import generic
from .resuming import TOLD


def may_read_use(user) -> bool:
    """True for those who may be told what customers write."""
    return permissions.may_list(user, InboundMessage)


def first_sentences(found) -> list[str]:
    """Return what the first errors and warnings of an editor say, errors first."""
    told = [one for listed in found.by_field.values() for one in listed]
    sentences = [
        one["text"]
        for level in (Level.ERROR, Level.WARNING)
        for one in told
        if one["level"] is level
    ]
    return sentences[:TOLD]


class CheckedFormMixin:
    """An editor that says after "Save and close" what the flow check finds."""

    def post(self, request, *args, **kwargs):
        """Save, and check what is stored: not before everybody can see it."""
        response = super().post(request, *args, **kwargs)
        is_saved = isinstance(response, HttpResponseRedirect)
        if is_saved and self.is_closing:
            self.tell(self.check(self.object))
        return response

    def check(self, automation):
        """Return what the flow check finds about an automation."""
        found = flow_checks.check(findings.checked_with(automation).in_order())
        return findings.EditorFindings(automation, found, self.request.user)

    def tell(self, found):
        """Say how many errors and warnings there are, with the way to them.

        Who may not open the editor, which lists them, is told the first.
        """
        if not found.summary:
            return
        if self.may_edit:
            button = messages.button(self.get_edit_url(), _("Edit"))
            messages.warning(self.request, found.summary, buttons=[button])
        else:
            text = " ".join([found.summary, *first_sentences(found)])
            messages.warning(self.request, text)


class CheckedEditMixin(CheckedFormMixin):
    """An editor that shows them beside the fields whenever it is opened."""

    def get_form(self, form_class=None):
        """Let the form know; what is typed but not saved is not checked."""
        form = super().get_form(form_class)
        if self.request.method != "POST":
            form.findings = self.check(self.object)
        return form

    def get_context_data(self, **kwargs):
        """Add the styles, and where the buttons post to."""
        context = super().get_context_data(**kwargs)
        context["media"] += findings.MEDIA
        context["repair_url"] = self.get_action_url("repair", self.object)
        return context


class RepairView(generic.OperationView):
    """Mend, mark or unmark a finding: "choice" is its key and what to do about it."""

    permission_required = "change"
    #: The page that the button stands on tells what customers write.
    has_use = False

    def perform_operation(self):
        """Do it, and say what was done."""
        key, _slash, name = self.request.POST.get("choice", "").partition("/")
        try:
            self.perform(key, name)
        except repairs.NotThere:
            messages.warning(
                self.request,
                _("Nothing was changed: the flow check does not find this any more."),
            )
        except repairs.NotValid as error:
            url = findings.editor_url(error.automation.pk)
            messages.error(
                self.request,
                _(
                    "Nothing was changed: “%(name)s” could not be saved. Save it in "
                    "the editor to see what is wrong with it."
                )
                % {"name": error.automation.name},
                buttons=[messages.button(url, _("Edit"))],
            )

    def perform(self, key, name):
        """Do what the name says."""
        user = self.request.user
        asked = {"user": user, "with_use": self.has_use and may_read_use(user)}
        if name == findings.TAKE_BACK:
            repairs.take_back(self.get_automations(), key, **asked)
            messages.success(self.request, _("The mark is taken back."))
            return
        repair, automation = repairs.do(self.get_automations(), key, name, **asked)
        if automation is None:
            messages.success(self.request, _("Marked as meant so."))
        else:
            done = {
                "name": automation.name,
                "repair": finding_texts.repair_label(repair),
            }
            messages.success(
                self.request, _("“%(name)s” is changed: %(repair)s.") % done
            )

    def get_automations(self):
        """Return what was checked, and is checked again."""
        return findings.checked_with(self.object)

    def get_success_url(self):
        """Return to the editor."""
        return self.get_action_url("edit", self.object)


class FlowRepairView(RepairView):
    """The same for what the check of a flow finds."""

    permission_required = None
    has_use = True

    @property
    def any_permission_required(self):
        """Whoever sees the flow, if they may change automations as well."""
        return self.listing_permissions

    def user_has_any_permission(self, actions):
        """Ask for the permission on automations, too."""
        may_change = permissions.may(self.request.user, Automation, "change")
        return may_change and super().user_has_any_permission(actions)

    def get_automations(self):
        """Return those of the flow."""
        return self.object.automations.all()

    def get_success_url(self):
        """Return to the findings."""
        return self.get_action_url("inspect", self.object) + "#flow-check"
