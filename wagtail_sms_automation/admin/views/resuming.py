"""What stops a Resume: the page of errors, and going on in spite of them."""

from django import forms
from django.core.exceptions import ValidationError
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin import messages

from ... import finding_texts, flow_checks, repairs, resuming
from ...models import Automation, Flow
from .. import findings, permissions
from .generic import STYLES


#: Groups know it by the name that is stored.
OVERRIDE = dict(Automation._meta.permissions)["override_automation"]
#: So many findings are told in a message.
TOLD = 3


class ReasonForm(forms.Form):
    """Why the errors do not matter."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "It is kept in the history of each automation. For example: the answer to "
            "this keyword follows tomorrow."
        ),
    )
    #: The keys of the findings on the page.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_reason(self):
        """Refuse what says nothing: dots, or characters that nobody sees."""
        reason = self.cleaned_data["reason"]
        if not any(character.isalnum() for character in reason):
            raise ValidationError(_("Write in words why this does not matter."))
        return reason


class ResumingMixin:
    """A view that resumes automations, or shows the errors that stop it.

    It comes before views that post; get_success_url() is where the user goes back to.
    """

    resumed = None

    def dispatch(self, request, *args, **kwargs):
        """Show the errors instead of an answer, or tell the warnings beside it."""
        try:
            response = super().dispatch(request, *args, **kwargs)
        except resuming.FlowCheckFailed as failure:
            return self.show(failure)
        if self.resumed and self.resumed.warnings:
            self.tell_warnings()
        return response

    def resume(self, automations):
        """Resume those of a queryset, all or none."""
        self.resumed = resuming.resume(
            automations, user=self.request.user, override=self.get_override()
        )
        return self.resumed

    @cached_property
    def may_override(self):
        """True for users who may resume in spite of errors."""
        return permissions.may(self.request.user, Automation, "override")

    @cached_property
    def reason_form(self):
        """The form of the reason, filled in where it was sent."""
        is_sent = "reason" in self.request.POST
        form = ReasonForm(self.request.POST if is_sent else None)
        if form.errors:
            # It stands below everything else.
            form.fields["reason"].widget.attrs["autofocus"] = True
        return form

    def get_override(self):
        """Return what the user overrides; None without the permission or a reason."""
        form = self.reason_form
        if not (self.may_override and form.is_bound and form.is_valid()):
            return None
        seen = frozenset(form.cleaned_data["seen"].split())
        return resuming.Override(reason=form.cleaned_data["reason"], seen=seen)

    def show(self, failure):
        """Return the page: what is wrong, and what can be done."""
        template = "wagtail_sms_automation/admin/resume_stopped.html"
        return TemplateResponse(self.request, template, self.context_of(failure))

    def context_of(self, failure):
        """Return what the page shows."""
        asked, errors = failure.automations, failure.errors
        unreadable = failure.unreadable
        ids = {pk for error in errors for pk in error.automations}
        ids.update(one.pk for one in unreadable)
        found = flow_checks.by_automation(errors, asked)
        clean = [one for one in asked if not found[one.pk] and one not in unreadable]
        return {
            "page_title": _("Not resumed"),
            "header_icon": "warning",
            "media": STYLES + findings.MEDIA,
            "asked": asked,
            "faulty": [automation for automation in asked if automation.pk in ids],
            "clean_count": len(clean),
            "unreadable": self.with_editors(unreadable),
            "findings": self.shown(errors),
            "seen": " ".join(error.key for error in errors),
            "has_changed": self.get_override() is not None,
            "form": self.reason_form if self.may_override else None,
            "permission": OVERRIDE,
            "action_url": self.request.get_full_path(),
            "next_url": self.next_url,
            "return_url": self.get_success_url(),
        }

    def with_editors(self, automations):
        """Return (name, the editor's URL or None) of each."""
        may_edit = permissions.may(self.request.user, Automation, "change")
        return [
            (one.name, findings.editor_url(one.pk) if may_edit else None)
            for one in automations
        ]

    def shown(self, errors):
        """Return the errors as the page shows them."""
        rows = repairs.rows_of(errors)
        return findings.shown(
            errors, self.request.user, rows, can_try=False, can_mend=False
        )

    def tell_warnings(self):
        """Say how many there are and what the first are; lead to the flows.

        The page of a flow checks all its steps as if they were active: it may find
        other warnings, or none.
        """
        warnings = self.resumed.warnings
        text = ngettext(
            "The flow check gives %(count)d warning.",
            "The flow check gives %(count)d warnings.",
            len(warnings),
        ) % {"count": len(warnings)}
        names = dict(Automation.objects.values_list("pk", "name"))
        sentences = (finding_texts.explain(one, names) for one in warnings[:TOLD])
        text = " ".join([text, *sentences])
        messages.warning(self.request, text, buttons=self.ways_to_flows())

    def ways_to_flows(self):
        """Return a button for each flow with a warning, for those who may see it."""
        if not permissions.may_list(self.request.user, Flow):
            return []
        moved = self.resumed.moved
        found = flow_checks.by_automation(self.resumed.warnings, moved)
        ids = {automation.flow_id for automation in moved if found[automation.pk]}
        return [
            messages.button(
                f"{reverse('sms_flows_modeladmin_inspect', args=[flow.pk])}#flow-check",
                _("See “%(name)s”") % {"name": flow.name},
            )
            for flow in Flow.objects.filter(pk__in=ids).order_by("name")
        ]
