"""Messages, to read: what came, what was answered, and why."""

from django.db.models import Exists, OuterRef, Prefetch, Q
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from wagtail.admin import messages
from wagtail.admin.ui.tables import DateColumn
from wagtail.permission_policies import ModelPermissionPolicy

from ... import decision_texts, inbound
from ...engine import matching, text
from ...engine.content import Content, Operator
from ...models import (
    Automation,
    Contact,
    InboundMessage,
    Match,
    OutboundMessage,
    WrongStatus,
)
from ...phone_numbers import mask
from ...review_texts import reason_of
from .. import first_links, permissions
from ..columns import (
    WIDE,
    AddressColumn,
    NamesColumn,
    StatusesColumn,
    UserTextTitleColumn,
)
from ..filters import ContactMessageFilterSet, MessageFilterSet, number_prefixes
from . import generic
from .contacts import title_of


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


def tags_of(message):
    """Return the tag of its state, and a warning when an answer was not sent."""
    tags = [state_of(message)]
    if message.has_troubled_answers:
        tags.append((_("Check the answers"), "is-warning"))
    return tags


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

    def body_or_number(self, query, field):
        """Return what a query finds: bodies, and numbers for who may see them."""
        condition = Q(body__icontains=query)
        if self.can_see_contacts:
            for prefix in number_prefixes(query):
                condition |= Q(**{f"{field}__startswith": prefix})
        return condition

    def show_number(self, number):
        """Return a number, masked for users who may not see contacts."""
        return number if self.can_see_contacts else mask(number)

    def show_contact(self, message):
        """Return the name, else the number as this user may see it."""
        if message.contact is None:
            return self.show_number(message.originator)
        return self.show_name(message.contact)

    def show_name(self, contact):
        """Return a contact's name, else the number as this user may see it."""
        return title_of(contact) if self.can_see_contacts else str(contact)

    def show_recipient(self, answer):
        """Return where an answer goes; a number is masked as the contact's is."""
        if answer.channel == OutboundMessage.Channel.EMAIL:
            return answer.recipient
        return self.show_number(answer.recipient)


class IndexView(ContactMixin, generic.IndexView):
    """All inbound messages, newest first."""

    first_steps = gettext_lazy(
        "No text has come in yet. First resume an automation, then text its keyword to "
        "your number from a phone."
    )
    first_link = first_links.SIMULATOR
    default_ordering = "-pk"
    bulk_permission = "retry"
    alerts = ("circuits", "unsent")

    @property
    def filterset_class(self):
        """Without the contact for users who may not see contacts."""
        return ContactMessageFilterSet if self.can_see_contacts else MessageFilterSet

    @cached_property
    def columns(self):
        """What came, from whom, what it set off."""
        return [
            *self.checkbox_columns(),
            self.title_column(
                "body", UserTextTitleColumn, label=_("Message"), accessor=excerpt
            ),
            AddressColumn("contact", label=_("Contact"), accessor=self.show_contact),
            NamesColumn(
                "fired",
                label=_("Automations fired"),
                accessor=lambda message: [
                    match.automation.name for match in message.listed
                ],
                classname=WIDE,
            ),
            StatusesColumn(
                "state", label=pgettext("message", "Status"), accessor=tags_of
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
        to_review = OutboundMessage.objects.to_review()
        troubled = Exists(to_review.filter(inbound=OuterRef("pk")))
        return (
            super()
            .get_base_queryset()
            .annotate(has_troubled_answers=troubled)
            .select_related("contact")
            .defer("payload", "decisions", "error", "media_urls")
            .prefetch_related(Prefetch("matches", matches, "listed"))
        )

    def search_condition(self, query):
        """Search bodies and, for users who may see them, numbers."""
        return self.body_or_number(query, "originator")


class InspectView(ContactMixin, generic.InspectView):
    """One message: its answers, and why each automation did or did not fire."""

    template_name = "wagtail_sms_automation/admin/messages/inspect.html"
    page_title = gettext_lazy("Message")

    def get_page_subtitle(self):
        """Name the contact: the number may not be for these eyes."""
        return self.show_contact(self.object)

    def get_context_data(self, **kwargs):
        """Add the body with its keywords marked, the answers and the decisions."""
        message = self.object
        context = super().get_context_data(**kwargs)
        context["contact"] = self.show_contact(message)
        context["originator"] = self.show_number(message.originator)
        context["contact_url"] = self.contact_url
        context["intent"] = decision_texts.INTENTS.get(message.intent, "")
        context["parts"] = decision_texts.mark(message.body, message.decisions)
        context["decisions"] = self.decisions()
        context["paused"] = [
            (automation.name, self.editor_url(automation.pk))
            for automation in paused_listeners(message)
        ]
        context["answers"] = self.answers()
        context["state_tag"] = state_of(message)
        if message.state == InboundMessage.State.PARKED:
            context.update(self.parked_context())
        if message.read_with_id:
            context["read_with"] = self.beside([message.read_with])[0]
        context["read_before"] = self.beside(
            message.read_before.order_by("pk").only("body", "received_at", "read_with")
        )
        return context

    def parked_context(self):
        """Return what those who may try it again see: the traceback, a button."""
        if not self.user_has_permission("retry"):
            return {}
        return {
            "traceback": self.object.error,
            "try_again_url": self.get_action_url("try_again", self.object),
        }

    def beside(self, others):
        """Return (text, when, URL) of messages that were read together with it."""
        return [
            (excerpt(one), one.received_at, self.get_action_url("inspect", one))
            for one in others
        ]

    @cached_property
    def contact_url(self):
        """The contact's page, for users who may see it."""
        if not (self.object.contact_id and self.can_see_contacts):
            return None
        return reverse("sms_contacts_modeladmin_inspect", args=[self.object.contact_id])

    def decisions(self):
        """Return (decision in words, URL of the automation's editor or None)."""
        texts = decision_texts.explain(self.object.decisions)
        numbers = [text.automation for text in texts]
        existing = set(
            Automation.objects.filter(pk__in=numbers).values_list("pk", flat=True)
        )
        return [
            (
                text,
                self.editor_url(text.automation)
                if text.automation in existing
                else None,
            )
            for text in texts
        ]

    def editor_url(self, automation):
        """Return the URL of an automation's editor; None who may not change it."""
        if not self.can_change_automations:
            return None
        return reverse("sms_automations_modeladmin_edit", args=[automation])

    @cached_property
    def can_change_automations(self):
        """True for users to whom the editor is open."""
        policy = ModelPermissionPolicy(Automation)
        return policy.user_has_permission(self.request.user, "change")

    def answers(self):
        """Return the outbound messages with what the page shows of them."""
        answers = self.object.outbound_messages.order_by("pk").select_related(
            "automation"
        )
        may_open = permissions.may_list(self.request.user, OutboundMessage)
        return [
            {
                "message": answer,
                "url": unsent_url(answer) if may_open else None,
                "recipient": self.show_recipient(answer),
                "state": state_of(answer),
                "reason": reason_of(answer),
                "reports": answer.delivery_reports.all(),
            }
            for answer in answers.prefetch_related("delivery_reports")
        ]


def unsent_url(answer):
    """Return the URL of the page about a message that was not sent, else None."""
    if answer.state not in OutboundMessage.TROUBLED:
        return None
    return reverse("sms_unsent_modeladmin_inspect", args=[answer.pk])


class TryAgainView(generic.OperationView):
    """Let a parked message be handled after all."""

    permission_required = "retry"

    def perform_operation(self):
        """Try again; say so if somebody did already."""
        try:
            inbound.try_again(self.object, user=self.request.user)
        except WrongStatus:
            messages.warning(
                self.request,
                _("This message does not stand aside: it is handled already."),
            )
        else:
            messages.success(
                self.request, _("The message is handled once more, in a moment.")
            )


def paused_listeners(message):
    """Return the automations paused now whose keywords the message has."""
    if not message.body:
        return []
    paused = Automation.objects.filter(
        status=Automation.Status.PAUSED, message_type=message.message_type
    ).in_order()
    contents = [
        (automation, contents_of(automation))
        for automation in paused.only("name", "conditions")
    ]
    index = matching.Index(
        (automation.pk, content) for automation, asked in contents for content in asked
    )
    findings = index.search(text.read(message.body))
    return [
        automation
        for automation, asked in contents
        if any(content.operator != Operator.NONE for content in asked)
        and all(matching.check(content, findings).holds for content in asked)
    ]


def contents_of(automation):
    """Return the content conditions, read raw: block values would fetch rows."""
    return [
        Content(
            keywords=tuple(value.get("keywords") or ()),
            operator=Operator(value.get("operator") or Operator.ANY),
            match_case=not value.get("ignore_case"),
            match_accents=not value.get("ignore_accents"),
            whole_words=not value.get("anywhere"),
        )
        for value in (
            child["value"]
            for child in automation.conditions.raw_data
            if child["type"] == "content"
        )
    ]
