"""Renaming: one field, in the list itself or on a page of its own."""

from django.db import transaction
from django.db.models import F
from django.forms import modelform_factory
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.utils import get_valid_next_url_from_request
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.log_actions import log
from wagtail.models import RevisionMixin

from . import generic


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

    def dispatch(self, request, *args, pk, **kwargs):
        """Find the object, for those who may."""
        if self.user_has_permission(self.permission_required):
            self.object = get_object_or_404(self.model, pk=pk)
            self.was = request.POST.get("was", self.object.name)
        return super().dispatch(request, *args, **kwargs)

    def post(self, request):
        """Store the new name, unless somebody else has renamed it."""
        with transaction.atomic():
            self.make_others_wait()
            self.object.refresh_from_db()
            name = self.object.name
            self.form = self.form_class(request.POST, instance=self.object)
            if self.was != name:
                self.form.add_error("name", stale_message(name))
                self.was = name
            elif self.form.is_valid():
                self.save()
        return self.refuse() if self.form.errors else self.succeed()

    def make_others_wait(self):
        """Make other saves of the row wait: a write locks on every database."""
        self.model.objects.filter(pk=self.object.pk).update(name=F("name"))

    def save(self):
        """Store it as the editor does: with a revision, and in the log."""
        if not self.form.has_changed():
            return
        self.form.save()
        revision = None
        if isinstance(self.object, RevisionMixin):
            revision = self.object.save_revision(
                user=self.request.user, log_action=False
            )
        log(
            self.object,
            "wagtail.edit",
            user=self.request.user,
            revision=revision,
            content_changed=True,
        )

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


def stale_message(name):
    """Say that somebody was quicker, and what saving again would do."""
    return _(
        "Not saved: somebody has renamed this to “%(name)s” after you opened it. What "
        "you typed is kept here. Save again to replace the newer name."
    ) % {"name": name}
