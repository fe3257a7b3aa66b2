"""Contact groups."""

from django.db.models import ProtectedError, Q
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from wagtail.admin.ui.tables import DateColumn

from ...models import Automation, Contact
from .. import permissions
from ..columns import CountLinkColumn
from . import generic


class IndexView(generic.IndexView):
    """All groups with their sizes."""

    first_steps = gettext_lazy(
        "First add a group, for example Delivery customers. Then let an automation put "
        "customers in it, with the action “Add to contact group”."
    )
    default_ordering = "name"

    @cached_property
    def columns(self):
        """Name, size, age."""
        return [
            self.title_column("name", label=_("Name"), sort_key="name"),
            CountLinkColumn(
                "size",
                label=_("Contacts"),
                sort_key="size",
                get_url=self.get_contacts_url,
            ),
            DateColumn(
                "created_at",
                label=pgettext("column", "Created"),
                sort_key="created_at",
            ),
        ]

    @cached_property
    def contacts_url(self):
        """The contacts list, for those who may see it."""
        if permissions.may_list(self.request.user, Contact):
            return reverse("sms_contacts_modeladmin_index")
        return None

    def get_contacts_url(self, group):
        """Return the contacts list filtered by a group."""
        query = urlencode({"groups": group.pk})
        return f"{self.contacts_url}?{query}" if self.contacts_url else None

    def get_base_queryset(self):
        """Return all rows with their sizes, in one query."""
        return super().get_base_queryset().with_sizes()

    def search_condition(self, query):
        """Search names."""
        return Q(name__icontains=query)


class DeleteView(generic.DeleteView):
    """A group that automations name is not deleted."""

    template_name = "wagtail_sms_automation/admin/contact_groups/delete.html"

    @cached_property
    def automations(self):
        """The automations that name the group."""
        return Automation.objects.filter(group_references__group=self.object).distinct()

    def form_valid(self, form):
        """Delete it, or show the automations that hold it."""
        if self.automations.exists():
            return self.refuse()
        try:
            return super().form_valid(form)
        except ProtectedError:
            # An automation that names it was saved in this very moment.
            return self.refuse()

    def refuse(self):
        """Show the page again."""
        return self.render_to_response(self.get_context_data(), status=409)

    def get_context_data(self, **kwargs):
        """Add the automations that name it, and its size."""
        context = super().get_context_data(**kwargs)
        context["automations"] = self.automations
        context["is_protected"] = bool(self.automations)
        context["size"] = self.object.memberships.count()
        user = self.request.user
        context["can_edit_automations"] = permissions.may(user, Automation, "change")
        return context
