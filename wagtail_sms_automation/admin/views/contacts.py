"""Contacts, to read."""

from django.db.models import Prefetch
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.permission_policies import ModelPermissionPolicy

from ...models import ContactGroup, InboundMessage, OutboundMessage
from ..columns import WIDE, NamesColumn, StatusColumn
from ..filters import ContactFilterSet, begins_with
from . import generic


class IndexView(generic.IndexView):
    """All contacts, newest first."""

    filterset_class = ContactFilterSet
    default_ordering = "-pk"

    @cached_property
    def columns(self):
        """Who it is, the groups, whether opted out, when last heard."""
        return [
            self.title_column("contact", label=_("Contact"), accessor=str),
            Column("phone_number", label=_("Phone number"), sort_key="phone_number"),
            NamesColumn(
                "groups",
                label=_("Contact groups"),
                accessor=lambda contact: [group.name for group in contact.listed],
                classname=WIDE,
            ),
            StatusColumn("status", label=_("Status"), accessor=status_of),
            DateColumn(
                "last_inbound_at",
                label=_("Last heard"),
                sort_key="last_inbound_at",
                classname=WIDE,
            ),
        ]

    def get_valid_orderings(self):
        """Allow the order of arrival."""
        return [*super().get_valid_orderings(), "-pk"]

    def get_base_queryset(self):
        """Return all rows with what the columns show, in two queries."""
        groups = Prefetch("groups", ContactGroup.objects.order_by("name"), "listed")
        return super().get_base_queryset().with_is_opted_out().prefetch_related(groups)

    def search_queryset(self, queryset):
        """Search how numbers and names begin: a hundred thousand rows, one index."""
        if not self.is_searching:
            return queryset
        return queryset.filter(begins_with(self.search_query))


def status_of(contact):
    """Return the tag of a contact automations do not answer, or None."""
    if contact.is_opted_out:
        return _("Opted out"), "is-negative"
    if contact.is_flagged:
        return pgettext("contact", "Loop stopped"), "is-warning"
    return None


class InspectView(generic.InspectView):
    """One contact: details, groups, opt-outs and the latest messages."""

    template_name = "wagtail_sms_automation/admin/contacts/inspect.html"
    page_title = gettext_lazy("Contact")
    LATEST = 20

    def get_context_data(self, **kwargs):
        """Add the tables."""
        contact = self.object
        context = super().get_context_data(**kwargs)
        context["memberships"] = contact.memberships.select_related(
            "group", "automation", "user"
        )
        context["opt_outs"] = contact.opt_outs.order_by("-pk")
        context["is_opted_out"] = contact.opt_outs.open().exists()
        context["can_see_messages"] = self.can_see_messages
        if self.can_see_messages:
            context["conversation"] = self.latest_messages()
        return context

    @cached_property
    def can_see_messages(self):
        """True for users who may read the messages."""
        policy = ModelPermissionPolicy(InboundMessage)
        return policy.user_has_permission(self.request.user, "view")

    def latest_messages(self):
        """Return the newest messages, both ways, oldest first."""
        inbound = InboundMessage.objects.filter(contact=self.object)
        inbound = inbound.order_by("-pk").defer("payload", "decisions", "error")
        outbound = OutboundMessage.objects.filter(
            contact=self.object, channel=OutboundMessage.Channel.SMS
        ).order_by("-created_at", "-pk")
        entries = [
            {"at": message.received_at, "inbound": message}
            for message in inbound[: self.LATEST]
        ] + [
            {"at": message.created_at, "outbound": message}
            for message in outbound[: self.LATEST]
        ]
        return sorted(entries, key=lambda entry: entry["at"])[-self.LATEST :]
