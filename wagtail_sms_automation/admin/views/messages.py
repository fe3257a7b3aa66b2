"""Messages, to read: what came, what was answered, and why."""

from django.db.models import Prefetch, Q
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.permission_policies import ModelPermissionPolicy

from ... import decision_texts
from ...models import Automation, Contact, InboundMessage, Match, OutboundMessage
from ...phone_numbers import mask
from ..columns import WIDE, NamesColumn, StatusColumn, UserTextTitleColumn
from ..filters import ContactMessageFilterSet, MessageFilterSet, number_prefixes
from . import generic


STATE_MODIFIERS = {
    InboundMessage.State.PENDING: "is-neutral",
    InboundMessage.State.PROCESSED: "is-positive",
    InboundMessage.State.PARKED: "is-negative",
    OutboundMessage.State.QUEUED: "is-neutral",
    OutboundMessage.State.SENDING: "is-neutral",
    OutboundMessage.State.HELD: "is-warning",
    OutboundMessage.State.UNKNOWN: "is-warning",
    OutboundMessage.State.SENT: "is-positive",
    OutboundMessage.State.DELIVERED: "is-positive",
    OutboundMessage.State.FAILED: "is-negative",
    OutboundMessage.State.EXPIRED: "is-negative",
}


def state_of(message):
    """Return the tag of a message's state."""
    return message.get_state_display(), STATE_MODIFIERS.get(message.state, "")


def excerpt(message):
    """Return the start of a body; a message may be all media."""
    return Truncator(message.body).chars(80) or _("(no text)")


class ContactMixin:
    """What a user may know of the contacts."""

    @cached_property
    def can_see_contacts(self):
        """True for users to whom the contacts list is open."""
        policy = ModelPermissionPolicy(Contact)
        permissions = ("add", "change", "delete", "view")
        return policy.user_has_any_permission(self.request.user, permissions)

    def show_number(self, number):
        """Return a number, masked for users who may not see contacts."""
        return number if self.can_see_contacts else mask(number)


class IndexView(ContactMixin, generic.IndexView):
    """All inbound messages, newest first."""

    default_ordering = "-pk"

    @property
    def filterset_class(self):
        """Without the contact for users who may not see contacts."""
        return ContactMessageFilterSet if self.can_see_contacts else MessageFilterSet

    @cached_property
    def columns(self):
        """What came, from whom, what it set off."""
        return [
            self.title_column(
                "body", UserTextTitleColumn, label=_("Message"), accessor=excerpt
            ),
            Column("contact", label=_("Contact")),
            NamesColumn(
                "fired",
                label=_("Automations fired"),
                accessor=lambda message: [
                    match.automation.name for match in message.listed
                ],
                classname=WIDE,
            ),
            StatusColumn(
                "state", label=pgettext("message", "Status"), accessor=state_of
            ),
            DateColumn("received_at", label=pgettext("column", "Received")),
        ]

    def get_valid_orderings(self):
        """Newest first is the only order a million rows are read in."""
        return ["-pk"]

    def get_base_queryset(self):
        """Return all rows with what the columns show, in two queries."""
        matches = Match.objects.select_related("automation").order_by("pk")
        matches = matches.only("inbound_id", "automation__name")
        return (
            super()
            .get_base_queryset()
            .select_related("contact")
            .defer("payload", "decisions", "error", "media_urls")
            .prefetch_related(Prefetch("matches", matches, "listed"))
        )

    def search_queryset(self, queryset):
        """Search bodies and, for users who may see them, numbers."""
        if not self.is_searching:
            return queryset
        condition = Q(body__icontains=self.search_query)
        if self.can_see_contacts:
            for prefix in number_prefixes(self.search_query):
                condition |= Q(originator__startswith=prefix)
        return queryset.filter(condition)


class InspectView(ContactMixin, generic.InspectView):
    """One message: its answers, and why each automation did or did not fire."""

    template_name = "wagtail_sms_automation/admin/messages/inspect.html"
    page_title = gettext_lazy("Message")

    def get_page_subtitle(self):
        """Name the contact: the number may not be for these eyes."""
        return str(self.object.contact or mask(self.object.originator))

    def get_context_data(self, **kwargs):
        """Add the body with its keywords marked, the answers and the decisions."""
        message = self.object
        context = super().get_context_data(**kwargs)
        context["originator"] = self.show_number(message.originator)
        context["contact_url"] = self.contact_url
        context["intent"] = decision_texts.INTENTS.get(message.intent, "")
        context["parts"] = decision_texts.mark(message.body, message.decisions)
        context["decisions"] = self.decisions()
        context["answers"] = self.answers()
        context["state_tag"] = state_of(message)
        return context

    @cached_property
    def contact_url(self):
        """The contact's page, for users who may see it."""
        if not (self.object.contact_id and self.can_see_contacts):
            return None
        return reverse("sms_contacts_modeladmin_inspect", args=[self.object.contact_id])

    def decisions(self):
        """Return (decision in words, URL of the automation's editor or None)."""
        texts = decision_texts.explain(self.object.decisions)
        policy = ModelPermissionPolicy(Automation)
        if not policy.user_has_permission(self.request.user, "change"):
            return [(text, None) for text in texts]
        existing = Automation.objects.in_bulk([text.automation for text in texts])
        return [
            (
                text,
                reverse("sms_automations_modeladmin_edit", args=[text.automation])
                if text.automation in existing
                else None,
            )
            for text in texts
        ]

    def answers(self):
        """Return the outbound messages with what the page shows of them."""
        answers = self.object.outbound_messages.order_by("pk").select_related(
            "automation"
        )
        return [
            {
                "message": answer,
                "recipient": self.show_recipient(answer),
                "state": state_of(answer),
                "reports": answer.delivery_reports.all(),
            }
            for answer in answers.prefetch_related("delivery_reports")
        ]

    def show_recipient(self, answer):
        """Return where an answer went; a number is masked as the contact's is."""
        if answer.channel == OutboundMessage.Channel.EMAIL:
            return answer.recipient
        return self.show_number(answer.recipient)
