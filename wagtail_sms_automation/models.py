"""The rows.

A Contact writes: an InboundMessage is stored once. Automations of the editor answer
it; each that fires leaves a Match, and what it sends is an OutboundMessage, unique by
its cause; so is each GroupChange. DeliveryReports tell what became of it. An OptOut is
a period in which a contact must not be sent anything promotional. Doorbell, Circuit,
RateBucket, PartsSpent and RulebookRevision are notes between processes.

All are imported from here; *_models.py hold what comes in, what goes out, the settings,
and the notes between processes.
"""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.log_actions import log
from wagtail.models import PreviewableMixin, RevisionMixin

from . import querysets
from .fields import NamedStreamField
from .inbound_models import InboundMessage, Match, MessageType, OptOut
from .outbound_models import DeliveryReport, OutboundMessage
from .phone_numbers import PhoneNumberError, mask, normalise
from .process_models import (
    Circuit,
    Doorbell,
    PartsSpent,
    RateBucket,
    RulebookRevision,
)
from .settings_models import SmsSettings


__all__ = [
    "Automation",
    "AutomationGroup",
    "Circuit",
    "Contact",
    "ContactGroup",
    "DeliveryReport",
    "Doorbell",
    "Flow",
    "FlowTemplate",
    "GroupChange",
    "InboundMessage",
    "IntendedFinding",
    "Match",
    "Membership",
    "MessageType",
    "OptOut",
    "OutboundMessage",
    "PartsSpent",
    "RateBucket",
    "RulebookRevision",
    "SmsSettings",
    "WrongStatus",
]


class WrongStatus(Exception):
    """A transition that the row's status does not allow."""


class Flow(models.Model):
    """A named set of automations that run in unison."""

    name = models.CharField(
        _("name"),
        max_length=255,
        unique=True,
        help_text=_("For example: SMS orders."),
    )
    description = models.TextField(_("description"), blank=True)
    announcement = models.TextField(
        _("announcement"),
        blank=True,
        help_text=_(
            "The text that tells customers of it, on a poster or in a broadcast. For "
            "example: Hungry? Reply ORDER to start."
        ),
    )
    language = models.CharField(
        _("language"), max_length=15, blank=True, editable=False
    )
    #: What flow files call so: [{"text": str, "answers": [str, ...]}, ...].
    conversation = models.JSONField(
        _("sample conversation"), default=list, blank=True, editable=False
    )

    objects = querysets.FlowQuerySet.as_manager()

    class Meta:
        verbose_name = _("flow")
        verbose_name_plural = _("flows")
        ordering = ["name"]

    def __str__(self):
        return self.name


class ContactGroup(models.Model):
    """A list of contacts."""

    name = models.CharField(
        _("name"),
        max_length=255,
        unique=True,
        help_text=_("For example: Delivery customers."),
    )
    description = models.TextField(_("description"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = querysets.ContactGroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact group")
        verbose_name_plural = _("contact groups")
        ordering = ["name"]

    def __str__(self):
        return self.name


class Contact(models.Model):
    """A person, known by phone number."""

    phone_number = models.CharField(
        _("phone number"),
        # Room for the spaces that clean() takes out.
        max_length=32,
        unique=True,
        help_text=_("With the country code, for example +33612345678."),
    )
    first_name = models.CharField(_("first name"), max_length=255, blank=True)
    last_name = models.CharField(_("last name"), max_length=255, blank=True)
    language = models.CharField(_("language"), max_length=15, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    groups = models.ManyToManyField(
        ContactGroup,
        through="Membership",
        related_name="contacts",
        verbose_name=_("contact groups"),
    )
    silent_until = models.DateTimeField(
        _("automations silent until"), null=True, blank=True
    )
    is_flagged = models.BooleanField(
        _("flagged"),
        default=False,
        help_text=_("The loop guard has paused the automations for this contact."),
    )
    last_automation = models.ForeignKey(
        "Automation",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("last automation"),
    )
    last_answered_at = models.DateTimeField(
        _("last answered at"), null=True, blank=True
    )
    last_inbound_at = models.DateTimeField(_("last heard"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = querysets.ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(is_flagged=True),
                name="sms_contact_flagged",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(phone_number__startswith="+"),
                name="sms_contact_e164",
            )
        ]

    def __str__(self):
        return f"{self.first_name} {self.last_name}".strip() or mask(self.phone_number)

    def clean(self):
        """Store the number as E.164."""
        try:
            self.phone_number = normalise(self.phone_number, "")
        except PhoneNumberError as error:
            raise ValidationError({"phone_number": str(error)}) from error

    def clear_flag(self, user=None):
        """Let automations answer again after a guard; WrongStatus without a flag."""
        with transaction.atomic():
            flagged = Contact.objects.flagged().filter(pk=self.pk)
            if not flagged.update(is_flagged=False, silent_until=None):
                raise WrongStatus("The contact is not flagged.")
            self.is_flagged, self.silent_until = False, None
            log(self, "wagtail_sms_automation.clear_flag", user=user)


class Membership(models.Model):
    """A contact in a group: since when, and by what."""

    contact = models.ForeignKey(
        Contact,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("contact"),
    )
    group = models.ForeignKey(
        ContactGroup,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("contact group"),
    )
    joined_at = models.DateTimeField(_("joined at"), default=timezone.now)
    automation = models.ForeignKey(
        "Automation",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("joined by automation"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("joined by user"),
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["joined_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "group"], name="sms_membership_unique"
            )
        ]

    def __str__(self):
        return f"{self.contact} / {self.group}"


class GroupChange(models.Model):
    """A contact joined or left a group by machine; the same cause does so once."""

    class Kind(models.TextChoices):
        """Which way."""

        JOINED = "joined", _("Joined")
        LEFT = "left", _("Left")

    cause = models.CharField(_("cause"), max_length=400, unique=True, editable=False)
    kind = models.CharField(_("change"), max_length=6, choices=Kind.choices)
    contact = models.ForeignKey(
        Contact,
        on_delete=models.CASCADE,
        related_name="group_changes",
        verbose_name=_("contact"),
    )
    group = models.ForeignKey(
        ContactGroup,
        on_delete=models.CASCADE,
        related_name="changes",
        verbose_name=_("contact group"),
    )
    automation = models.ForeignKey(
        "Automation",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("automation"),
    )
    changed_at = models.DateTimeField(_("changed at"), default=timezone.now)

    class Meta:
        verbose_name = _("group change")
        verbose_name_plural = _("group changes")
        default_permissions = ("view",)
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["joined", "left"]),
                name="sms_group_change_kind",
            )
        ]

    def __str__(self):
        return f"{self.contact} / {self.group}: {self.get_kind_display()}"


class Automation(PreviewableMixin, RevisionMixin, models.Model):
    """One rule: when the conditions hold, the actions are done."""

    class Status(models.TextChoices):
        """A paused automation never fires."""

        ACTIVE = "active", pgettext_lazy("automation", "Active")
        PAUSED = "paused", pgettext_lazy("automation", "Paused")

    #: What a revision must never bring back.
    NOT_REVERTED = ("status", "resumed_at", "sort_order")

    #: The editor's preview is a phone, whatever screens pages are seen on.
    preview_sizes = [
        {
            "name": "mobile",
            "icon": "mobile-alt",
            "device_width": 375,
            "label": _("What customers get"),
        }
    ]

    name = models.CharField(
        _("name"),
        max_length=255,
        help_text=_("Name its place in the flow, for example: Text orders - stage 1."),
    )
    description = models.TextField(
        _("description"),
        blank=True,
        help_text=_("What this automation does, for you and your colleagues."),
    )
    flow = models.ForeignKey(
        Flow,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="automations",
        verbose_name=_("flow"),
        help_text=_("The automations it runs in unison with."),
    )
    message_type = models.CharField(
        _("message type"),
        max_length=3,
        choices=MessageType.choices,
        default=MessageType.SMS,
    )
    conditions = NamedStreamField(
        "wagtail_sms_automation.admin.blocks.ConditionsBlock",
        blank=True,
        verbose_name=_("conditions"),
        help_text=_("All must hold. Without a content condition, any message does."),
    )
    actions = NamedStreamField(
        "wagtail_sms_automation.admin.blocks.ActionsBlock",
        verbose_name=_("actions"),
        help_text=_("Done in this order."),
    )
    stops_others = models.BooleanField(
        _("stop after this automation"),
        default=False,
        help_text=_("When it fires, the automations below it stay silent."),
    )
    status = models.CharField(
        _("status"),
        max_length=6,
        choices=Status.choices,
        default=Status.PAUSED,
        editable=False,
    )
    resumed_at = models.DateTimeField(
        _("resumed at"), null=True, blank=True, editable=False
    )
    sort_order = models.PositiveIntegerField(_("order"), default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = querysets.AutomationQuerySet.as_manager()

    class Meta:
        verbose_name = _("automation")
        verbose_name_plural = _("automations")
        ordering = ["sort_order", "pk"]
        permissions = [
            ("pause_automation", "Can pause and resume automations"),
            ("override_automation", "Can resume automations in spite of errors"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "paused"]),
                name="sms_automation_status",
            )
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        """Save with its group references; a new automation goes last."""
        with transaction.atomic():
            if self._state.adding and not self.sort_order:
                self.sort_order = Automation.objects.next_sort_order()
            super().save(*args, **kwargs)
            fields = kwargs.get("update_fields")
            if fields is None or not {"conditions", "actions"}.isdisjoint(fields):
                AutomationGroup.objects.rebuild(self)

    def delete(self, *args, **kwargs):
        """Delete it, though workers may be writing rows that refer to it.

        PostgreSQL checks references at the commit, where nobody could try again.
        """
        pk = self.pk
        for attempts_left in reversed(range(20)):
            try:
                with transaction.atomic():
                    deleted = super().delete(*args, **kwargs)
                    if connection.vendor == "postgresql":
                        connection.check_constraints()
                    return deleted
            except IntegrityError:
                if not attempts_left:
                    raise
                # Django took it away; the row is there again.
                self.pk = pk

    def copy(self, **values):
        """Return an unsaved copy with other values, paused, to go last."""
        names = (
            *("name", "description", "flow", "message_type"),
            *("conditions", "actions", "stops_others"),
        )
        return Automation(**{name: getattr(self, name) for name in names} | values)

    def resume(self, user=None):
        """Let it fire on the next matching message; WrongStatus if it does already.

        This is the bare move: resuming.resume() makes the flow check first.
        """
        self._move(self.Status.PAUSED, self.Status.ACTIVE, "resume", user)

    def pause(self, user=None):
        """Keep it from firing; WrongStatus if it is paused already."""
        self._move(self.Status.ACTIVE, self.Status.PAUSED, "pause", user)

    def _move(self, old, new, action, user):
        with transaction.atomic():
            if not Automation.objects.filter(pk=self.pk, status=old).move_to(new):
                raise WrongStatus(f"The automation is not {old.value}.")
            self.status = new
            RulebookRevision.objects.bump()
            log(self, f"wagtail_sms_automation.{action}", user=user)

    def with_content_json(self, content):
        """Build a revision's object; paused or active is never taken from it."""
        automation = super().with_content_json(content)
        for name in self.NOT_REVERTED:
            setattr(automation, name, getattr(self, name))
        return automation


class IntendedFinding(models.Model):
    """A finding of the flow check that somebody said is meant so."""

    key = models.CharField(_("key"), max_length=20, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("user"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("intended finding")
        verbose_name_plural = _("intended findings")
        default_permissions = ()

    def __str__(self):
        return self.key


class FlowTemplate(models.Model):
    """A flow that this site keeps to begin others with, as its file tells it."""

    name = models.CharField(_("name"), max_length=255, unique=True)
    #: A flow file, version and all: reading it tells what is wrong with it.
    document = models.TextField(_("flow file"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("user"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("flow template")
        verbose_name_plural = _("flow templates")
        ordering = ["name"]
        default_permissions = ("add", "delete")

    def __str__(self):
        return self.name

    @property
    def data(self):
        """The flow file, as bytes."""
        return self.document.encode("utf-8", "surrogatepass")


class AutomationGroup(models.Model):
    """The groups an automation names: a named group cannot be deleted."""

    automation = models.ForeignKey(
        Automation,
        on_delete=models.CASCADE,
        related_name="group_references",
        verbose_name=_("automation"),
    )
    group = models.ForeignKey(
        ContactGroup,
        on_delete=models.PROTECT,
        related_name="automation_references",
        verbose_name=_("contact group"),
    )

    objects = querysets.AutomationGroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("group named by an automation")
        verbose_name_plural = _("groups named by automations")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["automation", "group"], name="sms_automation_group_unique"
            )
        ]

    def __str__(self):
        return f"{self.automation} / {self.group}"
