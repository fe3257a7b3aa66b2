"""Contacts, to read."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from wagtail.admin import messages
from wagtail.admin.ui.tables import DateColumn
from wagtail.permission_policies import ModelPermissionPolicy

from ...models import ContactGroup, InboundMessage, OutboundMessage, WrongStatus
from .. import first_links
from ..columns import WIDE, AddressColumn, NamesColumn, StatusesColumn
from ..filters import ContactFilterSet, begins_with
from . import generic


class IndexView(generic.IndexView):
    """All contacts, newest first."""

    first_steps = gettext_lazy(
        "Nobody has texted yet. Whoever texts one of your numbers becomes a contact, "
        "and stands here."
    )
    first_link = first_links.SIMULATOR
    filterset_class = ContactFilterSet
    default_ordering = "-pk"

    @cached_property
    def columns(self):
        """Who it is, the groups, whether opted out, when last heard."""
        return [
            self.title_column("contact", label=_("Contact"), accessor=title_of),
            AddressColumn(
                "phone_number", label=_("Phone number"), sort_key="phone_number"
            ),
            NamesColumn(
                "groups",
                label=_("Contact groups"),
                accessor=lambda contact: [group.name for group in contact.listed],
                classname=WIDE,
            ),
            StatusesColumn("status", label=_("Status"), accessor=self.tags_of),
            DateColumn(
                "last_inbound_at",
                label=_("Last heard"),
                sort_key="last_inbound_at",
                classname=WIDE,
            ),
        ]

    @staticmethod
    def tags_of(contact):
        """Return the tags of a contact's status now."""
        return tags_of(contact, timezone.now())

    def get_valid_orderings(self):
        """Allow the order of arrival."""
        return [*super().get_valid_orderings(), "-pk"]

    def get_base_queryset(self):
        """Return all rows with what the columns show, in two queries."""
        groups = Prefetch("groups", ContactGroup.objects.order_by("name"), "listed")
        return super().get_base_queryset().with_is_opted_out().prefetch_related(groups)

    def search_condition(self, query):
        """Search how numbers and names begin: a hundred thousand rows, one index."""
        return begins_with(query)


class Status(NamedTuple):
    """The tag of a contact that automations do not answer."""

    label: str
    modifier: str
    #: When they answer again; None where no moment is set.
    until: datetime | None = None


def status_of(contact, now):
    """Return why automations do not answer a contact at a moment, or None.

    The flag stays until a person clears it: alone it says nothing of now.
    """
    if contact.is_opted_out:
        return Status(_("Opted out"), "is-negative")
    until = contact.silent_until
    if until is None or until <= now:
        return None
    if contact.is_flagged:
        return Status(pgettext("contact", "Loop stopped"), "is-warning", until)
    return Status(pgettext("contact", "Handed to a person"), "is-warning", until)


def tags_of(contact, now):
    """Return the tag of the status, if there is one, and that of the flag."""
    status = status_of(contact, now)
    tags = [status] if status else []
    if contact.is_flagged:
        tags.append(Status(pgettext("contact", "Flagged"), "is-warning"))
    return tags


def title_of(contact):
    """Return the name, else the number, for users who may see contacts."""
    return f"{contact.first_name} {contact.last_name}".strip() or contact.phone_number


class InspectView(generic.InspectView):
    """One contact: details, groups, opt-outs and the latest messages."""

    template_name = "wagtail_sms_automation/admin/contacts/inspect.html"
    page_title = gettext_lazy("Contact")
    LATEST = 20

    def get_page_subtitle(self):
        """Name the contact."""
        return title_of(self.object)

    def get_context_data(self, **kwargs):
        """Add the tables."""
        contact = self.object
        context = super().get_context_data(**kwargs)
        context["memberships"] = contact.memberships.select_related(
            "group", "automation", "user"
        )
        context["opt_outs"] = contact.opt_outs.order_by("-pk")
        contact.is_opted_out = contact.opt_outs.open().exists()
        context["is_answered"] = status_of(contact, timezone.now()) is None
        context["tags"] = tags_of(contact, timezone.now())
        if contact.is_flagged and self.user_has_permission("change"):
            context["clear_flag_url"] = self.get_action_url("clear_flag", contact)
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


class ClearFlagView(generic.OperationView):
    """Let automations answer a flagged contact again."""

    permission_required = "change"

    def perform_operation(self):
        """Clear the flag; say so if it was cleared already."""
        name = {"name": title_of(self.object)}
        try:
            self.object.clear_flag(user=self.request.user)
        except WrongStatus:
            messages.warning(self.request, _("%(name)s was not flagged.") % name)
        else:
            messages.success(
                self.request,
                _("%(name)s is no longer flagged: automations may answer again.")
                % name,
            )
