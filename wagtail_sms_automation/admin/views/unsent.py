"""What was not sent, or may not have been: to send again, or to leave."""

from django.contrib.contenttypes.models import ContentType
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.utils import get_valid_next_url_from_request
from wagtail.models import ModelLogEntry

from ... import outbound
from ...models import Automation, InboundMessage, OutboundMessage, WrongStatus
from ...review_texts import reason_of, why_not
from .. import permissions
from ..columns import WIDE, AddressColumn, ReasonColumn, UserTextTitleColumn
from ..filters import UnsentFilterSet
from . import generic
from .messages import ContactMixin, excerpt, state_of


TITLE = gettext_lazy("Unsent messages")

#: What our log calls a decision.
DECISIONS = ("wagtail_sms_automation.send_again", "wagtail_sms_automation.leave")


class IndexView(ContactMixin, generic.IndexView):
    """What waits for a decision, newest first; what was decided, on request."""

    first_steps = gettext_lazy(
        "Nothing waits for a decision. A text that could not be sent would stand here, "
        "to be sent again or left."
    )
    page_title = TITLE
    filterset_class = UnsentFilterSet
    default_ordering = "-pk"
    bulk_permission = "review"
    alerts = ("circuits", "flagged")

    @cached_property
    def columns(self):
        """What it says, to whom, why it was not sent."""
        return [
            *self.checkbox_columns(),
            self.title_column(
                "body", UserTextTitleColumn, label=_("Message"), accessor=excerpt
            ),
            AddressColumn(
                "recipient", label=_("Recipient"), accessor=self.show_recipient
            ),
            ReasonColumn(
                "state",
                label=pgettext("message", "Status"),
                accessor=lambda message: (
                    state_of(message),
                    reason_of(message),
                    Truncator(message.error).chars(120),
                ),
            ),
            Column("automation", label=_("Automation"), classname=WIDE),
            DateColumn("created_at", label=_("Date"), classname=WIDE),
        ]

    @cached_property
    def no_results_message(self):
        """Say so when all is well."""
        if self.is_searching or self.is_filtering:
            return _("No message is like that.")
        return _("No message waits for a decision.")

    def get_valid_orderings(self):
        """Newest first is the only order a million rows are read in."""
        return ["-pk"]

    def get_base_queryset(self):
        """Return all rows with what the columns show, in one query."""
        queryset = super().get_base_queryset().select_related("automation")
        return queryset.only(
            *("body", "channel", "recipient", "state", "held_by", "review"),
            *("error", "created_at", "automation__name"),
        )

    def filter_queryset(self, queryset):
        """Keep what is still to decide, unless a decision is asked for."""
        filters = self.filters
        if not (filters.is_valid() and filters.form.cleaned_data["review"]):
            queryset = queryset.to_review()
        return super().filter_queryset(queryset)

    def search_condition(self, query):
        """Search texts and, for users who may see them, numbers."""
        return self.body_or_number(query, "recipient")


class ReadView(ContactMixin, generic.InspectView):
    """A page about one message that was not sent."""

    def get_page_subtitle(self):
        """Name the recipient, as this user may see it."""
        return self.show_recipient(self.object)

    def get_breadcrumbs_items(self):
        """Lead back to the list, by its name."""
        items = super().get_breadcrumbs_items()
        for item in items:
            if item["url"] == reverse(self.index_url_name):
                item["label"] = TITLE
        return items

    def get_context_data(self, **kwargs):
        """Add what both pages show."""
        message = self.object
        return super().get_context_data(
            recipient=self.show_recipient(message),
            state_tag=state_of(message),
            reason=reason_of(message),
            send_again_url=self.get_action_url("send_again", message),
            leave_url=self.get_action_url("leave", message),
            **kwargs,
        )


class InspectView(ReadView):
    """One message: why it was not sent, what it answers, who decided what."""

    template_name = "wagtail_sms_automation/admin/unsent/inspect.html"
    page_title = gettext_lazy("Unsent message")

    def get_context_data(self, **kwargs):
        """Add what it belongs to, the delivery reports and the decisions."""
        message = self.object
        return super().get_context_data(
            can_review=self.user_has_permission("review"),
            contact=message.contact and self.show_name(message.contact),
            contact_url=self.contact_url,
            inbound_url=self.inbound_url,
            automation_url=self.automation_url,
            reports=message.delivery_reports.all(),
            decisions=decisions_about(message),
            original=self.link_to(original_of(message)),
            copy=self.link_to(copy_of(message)),
            **kwargs,
        )

    @cached_property
    def contact_url(self):
        """The contact's page, for users who may see it."""
        if not (self.object.contact_id and self.can_see_contacts):
            return None
        return reverse("sms_contacts_modeladmin_inspect", args=[self.object.contact_id])

    @cached_property
    def inbound_url(self):
        """The page of the message it answers, for users who may see it."""
        may_read = permissions.may_list(self.request.user, InboundMessage)
        if not (self.object.inbound_id and may_read):
            return None
        return reverse("sms_messages_modeladmin_inspect", args=[self.object.inbound_id])

    @cached_property
    def automation_url(self):
        """The automation's editor, for users who may change it."""
        may_edit = permissions.may(self.request.user, Automation, "change")
        if not (self.object.automation_id and may_edit):
            return None
        pk = self.object.automation_id
        return reverse("sms_automations_modeladmin_edit", args=[pk])

    def link_to(self, message):
        """Return (state, when, URL) of another outbound message, or None."""
        if message is None:
            return None
        url = self.get_action_url("inspect", message)
        return state_of(message), message.created_at, url


def decisions_about(message):
    """Return the log entries of what people decided, newest first."""
    return ModelLogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(OutboundMessage),
        object_id=str(message.pk),
        action__in=DECISIONS,
    ).select_related("user")


def original_of(message):
    """Return the message that this one was copied from, or None."""
    kind, _colon, pk = message.cause.partition(":")
    if kind != "again" or not pk.isdecimal():
        return None
    return OutboundMessage.objects.filter(pk=pk).first()


def copy_of(message):
    """Return the message that was sent in its place, or None."""
    return OutboundMessage.objects.filter(cause=f"again:{message.pk}").first()


class ConfirmView(ReadView):
    """The question before a customer may get the same text twice."""

    template_name = "wagtail_sms_automation/admin/unsent/confirm.html"
    page_title = gettext_lazy("Send again?")
    permission_required = "review"

    def get_context_data(self, **kwargs):
        """Add where to go afterwards."""
        next_url = get_valid_next_url_from_request(self.request)
        return super().get_context_data(
            next_url=next_url or reverse(self.index_url_name),
            refusal="" if self.object.can_be_sent_again else why_not(self.object),
            **kwargs,
        )


class DecideView(generic.OperationView):
    """Decide about one message; the second who decides is told so."""

    permission_required = "review"

    def perform_operation(self):
        """Decide, or say why that is not possible."""
        try:
            self.decide()
        except WrongStatus:
            self.object.refresh_from_db()
            messages.error(self.request, why_not(self.object))
        else:
            messages.success(self.request, self.decided)


class SendAgainView(DecideView):
    """Send it again; where it may have been sent, only after a question."""

    decided = gettext_lazy("The message is sent once more, in a moment.")

    def post(self, request, *args, **kwargs):
        """Ask first where the customer may get the text twice."""
        is_unknown = self.object.state == OutboundMessage.State.UNKNOWN
        is_asked = "confirmed" in request.POST or not self.object.can_be_sent_again
        if is_unknown and not is_asked:
            query = urlencode({"next": self.next_url}) if self.next_url else ""
            return redirect(f"{self.get_action_url('confirm', self.object)}?{query}")
        return super().post(request, *args, **kwargs)

    def decide(self):
        """Send it again."""
        outbound.send_again(self.object, user=self.request.user)


class LeaveView(DecideView):
    """Take it off the list without sending it."""

    decided = gettext_lazy("The message is left as it is.")

    def decide(self):
        """Leave it."""
        outbound.leave(self.object, user=self.request.user)
