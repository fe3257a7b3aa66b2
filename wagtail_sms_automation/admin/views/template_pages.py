"""What the pages of templates and files share: who may enter, and the way back."""

from django.core.exceptions import PermissionDenied
from django.forms import Media
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from ...models import Automation, Flow, FlowTemplate
from .. import permissions
from . import generic


STYLES = Media(
    css={
        "all": [
            "wagtail_sms_automation/css/flow-templates.css",
            "wagtail_sms_automation/css/flow.css",
        ]
    },
    js=["wagtail_sms_automation/js/flow-controller.js"],
)


def may_make(user):
    """True if the user may make flows and automations."""
    return all(permissions.may(user, model, "add") for model in (Flow, Automation))


def may_save(user):
    """True if the user may read all that a flow's file tells."""
    may_read = permissions.may(user, Automation, "add", "change")
    return may_read and permissions.may_list(user, Flow)


def may_keep(user):
    """True if the user may keep a flow, which they can read, as a template."""
    may_add = permissions.may(user, FlowTemplate, "add")
    return may_add and may_make(user) and may_save(user)


class TemplatesMixin(generic.StylesMixin, generic.BridgeMixin):
    """What these pages share."""

    def dispatch(self, request, *args, **kwargs):
        """Let those in who may make flows."""
        if not self.may_enter(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def may_enter(self, user):
        """True if the page is for this user."""
        return may_make(user)

    def url_of(self, action, *args):
        """Return the URL of one of these pages."""
        name = self.model_admin.url_helper.get_action_url_name(action)
        return reverse(name, args=args)


class PageMixin(TemplatesMixin, WagtailAdminTemplateMixin):
    """A page among these, beneath the gallery."""

    _show_breadcrumbs = True

    def get_breadcrumbs_items(self):
        """Lead back to the gallery."""
        gallery = {"url": self.url_of("index"), "label": _("Templates")}
        title = {"url": "", "label": self.get_page_title()}
        return [*self.breadcrumbs_items, gallery, title]

    def get_context_data(self, **kwargs):
        """Add our styles."""
        context = super().get_context_data(**kwargs)
        context["media"] += STYLES
        return context


def file_response(name, content):
    """Send a flow file, called as the flow is."""
    file_name = f"{slugify(name, allow_unicode=True) or 'flow'}.json"
    headers = {"Content-Disposition": content_disposition_header(True, file_name)}
    return HttpResponse(content, content_type="application/json", headers=headers)
