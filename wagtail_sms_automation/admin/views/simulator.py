"""The simulator: a phone to try automations on, and the last messages once more."""

from functools import partial

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from ... import decision_texts, effect_texts, replay, rulebook, simulation
from ...models import Automation, Contact, Flow
from ...phone_numbers import mask, mask_in
from .. import draft_form, permissions, phone_choices, phone_start, simulator_menu
from ..phone import EDITOR, MEDIA, Phone, lines_of
from ..phone_form import is_key
from . import flow_templates
from .generic import STYLES


TEMPLATES = "wagtail_sms_automation/admin/simulator"


def row_or_404(model: type[Model], pk):
    """Return a row by a key that anybody may have typed; None without one."""
    if pk in (None, ""):
        return None
    if not is_key(str(pk)):
        raise Http404
    return get_object_or_404(model, pk=pk)


class SimulatorPageMixin(WagtailAdminTemplateMixin):
    """A page of the simulator."""

    header_icon = simulator_menu.ICON

    def get_context_data(self, **kwargs):
        """Add the styles."""
        media = kwargs["phone"].media if "phone" in kwargs else MEDIA
        return super().get_context_data(media=STYLES + media, **kwargs)


class SimulatorView(SimulatorPageMixin, TemplateView):
    """The phone on a page of its own; ?flow= chooses, ?text= is there to be sent.

    ?said= was said already, in a situation as phone_start reads it.
    """

    template_name = f"{TEMPLATES}/index.html"
    page_title = gettext_lazy("Simulator")
    http_method_names = ["get", "post", "head", "options"]

    def dispatch(self, request, *args, **kwargs):
        """Let in whoever may see the automations."""
        if not simulator_menu.may_simulate(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self):
        """End in the title."""
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get(self, request, *args, **kwargs):
        """Begin a conversation."""
        flow = row_or_404(Flow, request.GET.get("flow"))
        options = {"user": request.user, "is_own_page": True}
        if phone := phone_start.phone_of(request.GET, **options):
            return self.show(phone)
        text = request.GET.get("text", "")
        return self.show(Phone(flow=flow, text=text, **options))

    def post(self, request, *args, **kwargs):
        """Go on with one; scripts get the phone alone."""
        is_alone = is_by_script(request)
        is_own_page = not is_alone or request.POST.get("phone-page") == "own"
        phone = Phone(request.POST, user=request.user, is_own_page=is_own_page)
        return show_phone(request, phone) if is_alone else self.show(phone)

    def show(self, phone):
        """Show the page."""
        replay_url = None
        if simulator_menu.may_replay(self.request.user):
            replay_url = reverse("sms_simulator_replay")
            if phone.flow:
                replay_url += f"?flow={phone.flow.pk}"
        return self.render_to_response(
            self.get_context_data(
                phone=phone,
                replay_url=replay_url,
                is_empty=not Automation.objects.exists(),
                may_make=flow_templates.may_make(self.request.user),
            )
        )


def is_by_script(request):
    """True for what fetch() asks."""
    return request.headers.get("X-Requested-With") == "XMLHttpRequest"


def show_phone(request, phone):
    """Answer with the phone and nothing around it."""
    return render(request, f"{TEMPLATES}/phone.html", {"phone": phone})


class DraftMixin:
    """Reads the editor's unsaved form: the same fields as Save posts."""

    def dispatch(self, request, *args, **kwargs):
        """Let in whoever may save the form."""
        needed = "change" if "pk" in kwargs else "add"
        if not permissions.may(request.user, Automation, needed):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def read(self):
        """Return (the draft or None, errors in words)."""
        request, pk = self.request, self.kwargs.get("pk")
        automation = row_or_404(Automation, pk)
        return draft_form.read(request.POST, request.FILES, request.user, automation)


class DraftView(DraftMixin, View):
    """What the customer would get, were the editor's form saved and active."""

    http_method_names = ["post", "options"]

    def post(self, request, *args, **kwargs):
        """Answer with the phone, or with what is wrong in the form."""
        draft, errors = self.read()
        phone = Phone(
            request.POST,
            user=request.user,
            drafts=[draft] if draft else [],
            edited=self.kwargs.get("pk"),
            errors=errors,
            url=request.path,
            editor=EDITOR,
        )
        return show_phone(request, phone)


class ReplayView(SimulatorPageMixin, TemplateView):
    """The last messages, by the active automations and by a flow's with the paused."""

    template_name = f"{TEMPLATES}/replay.html"
    page_title = gettext_lazy("Replay")
    http_method_names = ["get", "head", "options"]

    def dispatch(self, request, *args, **kwargs):
        """Let in whoever may see automations and messages."""
        if not simulator_menu.may_replay(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self):
        """Stand below the simulator."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("sms_simulator"), "label": _("Simulator")},
            {"url": "", "label": self.page_title},
        ]

    def get(self, request, *args, **kwargs):
        """Compare with a flow, once one is chosen."""
        return self.show(flow=self.flow)

    @cached_property
    def flow(self):
        """The flow whose paused automations are tried."""
        return row_or_404(Flow, self.request.GET.get("flow"))

    def show(self, flow=None, draft=None, errors=()):
        """Show the messages whose answers would change."""
        context = {"flow": flow, "draft": draft, "errors": errors}
        if flow or draft:
            rules = simulation.rules_of(flow, [draft] if draft else [])
            result = replay.replay(rulebook.current(), rules)
            context["looked_at"] = result.looked_at
            context["changes"] = self.in_words(result.changes)
        if not draft and not errors:
            context["flows"] = self.get_flows()
            context["may_list_flows"] = permissions.may_list(self.request.user, Flow)
        return self.render_to_response(self.get_context_data(**context))

    def get_flows(self):
        """Return the flows to choose from: all, for whoever may list them."""
        keys = phone_choices.flows_for(self.request.user, self.flow, None)
        return Flow.objects.all() if keys is None else Flow.objects.filter(pk__in=keys)

    def in_words(self, changes):
        """Return what the page shows of each change."""
        outcomes = [one for change in changes for one in (change.before, change.after)]
        groups = effect_texts.group_names(outcomes)
        return [
            {
                "body": change.body,
                "originator": mask(change.message.originator),
                "received_at": change.message.received_at,
                "url": reverse(
                    "sms_messages_modeladmin_inspect", args=[change.message.pk]
                ),
                "intent": decision_texts.INTENTS.get(change.before.intent, ""),
                "before": self.answers(change.before, groups, change.message),
                "after": self.answers(change.after, groups, change.message),
            }
            for change in changes
        ]

    def answers(self, outcome, groups, message):
        """Return the lines that one rulebook answers a message with."""
        names = {one.automation: one.name for one in outcome.decisions}
        hide = partial(self.hide_numbers, message)
        return list(lines_of(outcome, groups, names, hide))

    @cached_property
    def can_see_contacts(self):
        """True for users to whom the contacts list is open."""
        return permissions.may_list(self.request.user, Contact)

    def hide_numbers(self, message, text):
        """Mask who wrote a message, for users who may not see contacts."""
        if self.can_see_contacts:
            return text
        numbers = {message.originator}
        if message.contact:
            numbers.add(message.contact.phone_number)
        for number in numbers:
            text = mask_in(text, number)
        return text


class DraftReplayView(DraftMixin, ReplayView):
    """The last messages, by the active automations and with the form in its place."""

    http_method_names = ["post", "options"]

    def dispatch(self, request, *args, **kwargs):
        """Ask for both permissions: the form's, and to see messages."""
        if not simulator_menu.may_replay(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        """Compare, or say what is wrong in the form."""
        draft, errors = self.read()
        return self.show(draft=draft, errors=errors)


urlpatterns = [
    path("sms/simulator/", SimulatorView.as_view(), name="sms_simulator"),
    path("sms/simulator/draft/", DraftView.as_view(), name="sms_simulator_draft"),
    path(
        "sms/simulator/draft/<int:pk>/",
        DraftView.as_view(),
        name="sms_simulator_draft",
    ),
    path("sms/simulator/replay/", ReplayView.as_view(), name="sms_simulator_replay"),
    path(
        "sms/simulator/replay/draft/",
        DraftReplayView.as_view(),
        name="sms_simulator_replay_draft",
    ),
    path(
        "sms/simulator/replay/draft/<int:pk>/",
        DraftReplayView.as_view(),
        name="sms_simulator_replay_draft",
    ),
]
