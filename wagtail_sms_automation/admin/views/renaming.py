"""Renaming: one field, in the list itself or on a page of its own."""

import logging
import re

from django.db import transaction
from django.db.models import F
from django.forms import modelform_factory
from django.http import Http404, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.utils import get_valid_next_url_from_request
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.log_actions import log
from wagtail.models import RevisionMixin

from . import generic


logger = logging.getLogger(__name__)

GONE = gettext_lazy("Not saved: this has been deleted meanwhile. Reload the page.")
NOT_KEPT = gettext_lazy(
    "The history keeps no version with this name, because another part of it, such as "
    "its conditions or actions, cannot be read."
)


class RenameView(
    generic.StylesMixin,
    generic.BridgeMixin,
    PermissionCheckedMixin,
    WagtailAdminTemplateMixin,
    TemplateView,
):
    """The field on a page, for browsers without scripts; scripts are answered in JSON.

    The form carries the name that it was loaded with, in the field "was".
    """

    http_method_names = ["get", "head", "post", "options"]
    permission_required = "change"
    template_name = "wagtail_sms_automation/admin/rename.html"
    #: False where the history could not keep the row as it is now.
    is_kept = True

    def dispatch(self, request, *args, pk, **kwargs):
        """Find the object, for those who may."""
        if self.user_has_permission(self.permission_required):
            self.object = self.model.objects.filter(pk=pk).first()
            if self.object is None:
                return self.be_gone()
            self.was = request.POST.get("was", self.object.name)
        return super().dispatch(request, *args, **kwargs)

    def post(self, request):
        """Store the new name, unless somebody else has renamed it."""
        with transaction.atomic():
            if not self.make_others_wait():
                return self.be_gone()
            self.object.refresh_from_db()
            name = self.object.name
            self.form = self.form_class(request.POST, instance=self.object)
            if as_sent(self.was) != as_sent(name):
                self.form.add_error("name", stale_message(name))
                self.was = name
            elif self.form.is_valid():
                self.save()
        return self.refuse() if self.form.errors else self.succeed()

    def make_others_wait(self):
        """Make other saves of the row wait: a write locks on every database.

        False if the row has been deleted meanwhile.
        """
        return self.model.objects.filter(pk=self.object.pk).update(name=F("name"))

    def save(self):
        """Store the name, and no more, with a revision and in the log as the editor."""
        if not self.form.has_changed():
            return
        names = {field.name for field in self.model._meta.fields}
        self.object.save(update_fields={"name", "updated_at"} & names)
        log(
            self.object,
            "wagtail.edit",
            user=self.request.user,
            revision=self.make_revision(),
            content_changed=True,
        )

    def make_revision(self):
        """Return the revision that the history keeps; None, and that is told, if none.

        It holds the whole row, of which more than the name may be broken.
        """
        if not isinstance(self.object, RevisionMixin):
            return None
        try:
            with transaction.atomic():
                return self.object.save_revision(
                    user=self.request.user, log_action=False, clean=False
                )
        except Exception:
            logger.exception("No revision of %r can be made.", self.object)
            self.is_kept = False
            return None

    def be_gone(self):
        """Say that there is nothing to rename any more."""
        if not self.is_script:
            raise Http404
        return JsonResponse({"errors": [GONE]}, status=404)

    def refuse(self):
        """Say what is wrong with it; what was typed is kept."""
        if self.is_script:
            (errors,) = self.form.errors.values()
            answer = {"errors": list(errors), "was": self.was}
            return JsonResponse(answer, status=422)
        return self.render_to_response(self.get_context_data())

    def succeed(self):
        """Return the name as it is stored, or go back."""
        message = _("Renamed to “%(name)s”.") % {"name": self.object.name}
        if not self.is_kept:
            message = f"{message} {NOT_KEPT}"
        if self.is_script:
            return JsonResponse({"name": self.object.name, "message": message})
        messages.success(self.request, message)
        return redirect(self.back_url)

    @property
    def is_script(self):
        """True where JSON is asked for."""
        return not self.request.accepts("text/html")

    @cached_property
    def back_url(self):
        """Where the user came from, else the list."""
        came_from = get_valid_next_url_from_request(self.request)
        return came_from or reverse(self.index_url_name)

    #: BridgeMixin fills it in.
    index_url_name = None

    @cached_property
    def form_class(self):
        """The one field of the model."""
        return modelform_factory(self.model, fields=["name"])

    @cached_property
    def form(self):
        """The form, as it opens."""
        return self.form_class(instance=self.object)

    def get_page_title(self):
        """Return what is done to what."""
        return _("Rename “%(name)s”") % {"name": self.was}

    def get_breadcrumbs_items(self):
        """Stand below the list."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse(self.index_url_name), "label": self.model_admin.menu_label},
            {"url": "", "label": self.get_page_title()},
        ]

    def get_context_data(self, **kwargs):
        """Add the form."""
        return super().get_context_data(
            form=self.form, was=self.was, back_url=self.back_url, **kwargs
        )


def as_sent(name):
    """Return a name with line ends as forms send them, whatever it was stored with."""
    return "\r\n".join(re.split(r"\r\n|\r|\n", name))


def stale_message(name):
    """Say that somebody was quicker, and what saving again would do."""
    return _(
        "Not saved: somebody has renamed this to “%(name)s” after you opened it. What "
        "you typed is kept here. Save again to replace the newer name."
    ) % {"name": name}
