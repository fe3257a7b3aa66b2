"""The rows.

A Contact writes: an InboundMessage is stored once. Automations of the editor answer
it; each that fires leaves a Match, and what it sends is an OutboundMessage, unique by
its cause; so is each GroupChange. DeliveryReports tell what became of it. An OptOut is
a period in which a contact must not be sent anything promotional. Doorbell, Circuit,
RateBucket, PartsSpent and RulebookRevision are notes between processes.
"""

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting
from wagtail.log_actions import log
from wagtail.models import PreviewableMixin, RevisionMixin

from . import querysets
from .fields import NamedStreamField
from .phone_numbers import PhoneNumberError, mask, normalise


class WrongStatus(Exception):
    """A transition that the row's status does not allow."""


class MessageType(models.TextChoices):
    """How a message came; the engine's words."""

    SMS = "sms", _("SMS")
    MMS = "mms", _("MMS (a text with media)")


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
        """Let it fire on the next matching message; WrongStatus if it does already."""
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


class InboundMessage(models.Model):
    """A message as it came; stored once for one gateway id."""

    class State(models.TextChoices):
        """Where its handling stands."""

        PENDING = "pending", pgettext_lazy("inbound message", "Pending")
        PROCESSED = "processed", pgettext_lazy("inbound message", "Processed")
        #: Handling failed several times; it stands aside with its traceback.
        PARKED = "parked", pgettext_lazy("inbound message", "Parked")

    gateway = models.CharField(_("gateway"), max_length=50)
    gateway_id = models.CharField(_("gateway id"), max_length=128)
    contact = models.ForeignKey(
        Contact,
        null=True,
        on_delete=models.CASCADE,
        related_name="inbound_messages",
        verbose_name=_("contact"),
        help_text=_("Empty until the message is processed, and for short codes."),
    )
    message_type = models.CharField(
        _("message type"), max_length=3, choices=MessageType.choices
    )
    body = models.TextField(_("body"), blank=True)
    originator = models.CharField(_("originator"), max_length=50)
    recipient = models.CharField(_("recipient"), max_length=50, blank=True)
    media_urls = models.JSONField(_("media"), default=list, blank=True)
    received_at = models.DateTimeField(_("received at"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=9, choices=State.choices, default=State.PENDING
    )
    #: The contact was opted out when it came, before what it says itself.
    was_opted_out = models.BooleanField(_("was opted out"), default=False)
    intent = models.CharField(_("read as"), max_length=20, blank=True)
    decisions = models.JSONField(_("decisions"), default=list, blank=True)
    payload = models.JSONField(_("payload"), default=dict, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    #: Later than now only after a failure.
    due_at = models.DateTimeField(_("due at"), default=timezone.now)
    error = models.TextField(_("error"), blank=True)
    processed_at = models.DateTimeField(_("processed at"), null=True, blank=True)
    read_with = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="read_before",
        verbose_name=_("read together with"),
        help_text=_("The later message under which the answers stand."),
    )

    objects = querysets.InboundMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("retry_inboundmessage", "Can try parked messages again")]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state="pending"),
                name="sms_inbound_pending",
            ),
            models.Index(
                fields=["originator", "id"],
                condition=models.Q(state="pending"),
                name="sms_inbound_lane",
            ),
            models.Index(fields=["contact", "-id"], name="sms_inbound_contact"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "gateway_id"], name="sms_inbound_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "processed", "parked"]),
                name="sms_inbound_state",
            ),
        ]

    def __str__(self):
        received_at = timezone.localtime(self.received_at)
        return f"{mask(self.originator)} · {received_at:%Y-%m-%d %H:%M}"


class Match(models.Model):
    """One automation set off by one message, by one keyword."""

    inbound = models.ForeignKey(
        InboundMessage,
        on_delete=models.CASCADE,
        related_name="matches",
        verbose_name=_("message"),
    )
    automation = models.ForeignKey(
        Automation,
        on_delete=models.CASCADE,
        related_name="matches",
        verbose_name=_("automation"),
    )
    contact = models.ForeignKey(
        Contact,
        null=True,
        on_delete=models.CASCADE,
        related_name="matches",
        verbose_name=_("contact"),
    )
    keyword = models.CharField(_("keyword"), max_length=255, blank=True)
    matched_at = models.DateTimeField(_("matched at"), default=timezone.now)

    class Meta:
        verbose_name = _("match")
        verbose_name_plural = _("matches")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["inbound", "automation"], name="sms_match_unique"
            )
        ]
        indexes = [
            models.Index(
                fields=["contact", "automation", "-matched_at"],
                name="sms_match_contact",
            ),
            models.Index(
                fields=["automation", "-matched_at"], name="sms_match_automation"
            ),
        ]

    def __str__(self):
        return f"{self.automation} / {self.keyword}"


class OutboundMessage(models.Model):
    """The outbox: an SMS or an e-mail, with what became of it."""

    class Channel(models.TextChoices):
        """What it goes by."""

        SMS = "sms", _("SMS")
        EMAIL = "email", _("E-mail")

    class State(models.TextChoices):
        """Where it stands; a state only moves forward."""

        QUEUED = "queued", pgettext_lazy("outbound message", "Queued")
        #: Held out of sending by a guard; held_by says which.
        HELD = "held", pgettext_lazy("outbound message", "Held")
        #: With a worker, under a lease.
        SENDING = "sending", pgettext_lazy("outbound message", "Sending")
        #: The gateway's answer was lost: only its delivery report settles it.
        UNKNOWN = "unknown", pgettext_lazy("outbound message", "Unknown")
        SENT = "sent", pgettext_lazy("outbound message", "Sent")
        FAILED = "failed", pgettext_lazy("outbound message", "Failed")
        EXPIRED = "expired", pgettext_lazy("outbound message", "Expired")
        DELIVERED = "delivered", pgettext_lazy("outbound message", "Delivered")

    class HeldBy(models.TextChoices):
        """Why a guard holds it; the first ones are the engine's (outcome.Held)."""

        OPTED_OUT = "opted_out", _("The contact has opted out.")
        UNANSWERABLE = "unanswerable", _("A short code or a name cannot be answered.")
        OWN_NUMBER = "own_number", _("The number is one of ours.")
        FORWARD_NUMBER = "forward_number", _("The number is a staff phone.")
        LOOP = "loop", _("Too many automatic texts in a short time.")
        EMPTY = "empty", _("The text is empty.")
        PLACEHOLDER = "placeholder", _("The text names an unknown placeholder.")
        TOO_LONG = "too_long", _("The text has more parts than the gateway takes.")
        FALLBACK = "fallback", _("It was sent to this contact a short time ago.")
        #: These are set when it is about to be sent, not by the engine.
        COUNTRY = "country", _("Texts to this country are not allowed.")
        CONTACT_LIMIT = "contact_limit", _("The contact’s daily limit is reached.")
        ORIGINATOR_LIMIT = "originator_limit", _("Our number’s daily limit is reached.")
        SITE_LIMIT = "site_limit", _("The daily limit of all texts is reached.")

    class Priority(models.IntegerChoices):
        """What goes first where only so many may be sent in a second."""

        REPLY = 0, _("Reply")
        BROADCAST = 10, _("Broadcast")

    class Review(models.TextChoices):
        """What a person decided about a message that was not sent, or may not be."""

        SENT_AGAIN = "sent_again", pgettext_lazy("unsent message", "Sent again")
        LEFT = "left", pgettext_lazy("unsent message", "Left")

    #: Where a person must say what becomes of it.
    TROUBLED = (State.UNKNOWN, State.FAILED, State.EXPIRED, State.HELD)
    #: A person may let these go after all; for all other reasons nothing can be sent.
    RELEASABLE = (
        HeldBy.LOOP,
        HeldBy.FALLBACK,
        HeldBy.COUNTRY,
        HeldBy.CONTACT_LIMIT,
        HeldBy.ORIGINATOR_LIMIT,
        HeldBy.SITE_LIMIT,
    )

    channel = models.CharField(
        _("channel"), max_length=5, choices=Channel.choices, default=Channel.SMS
    )
    reference = models.UUIDField(
        _("reference"), default=uuid.uuid4, unique=True, editable=False
    )
    #: What asked for it: the same cause is never stored twice.
    cause = models.CharField(_("cause"), max_length=400, unique=True, editable=False)
    inbound = models.ForeignKey(
        InboundMessage,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="outbound_messages",
        verbose_name=_("in answer to"),
    )
    automation = models.ForeignKey(
        Automation,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("automation"),
    )
    contact = models.ForeignKey(
        Contact,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="outbound_messages",
        verbose_name=_("contact"),
        help_text=_("Empty for what is forwarded to staff."),
    )
    gateway = models.CharField(_("gateway"), max_length=50, blank=True)
    gateway_id = models.CharField(_("gateway id"), max_length=128, blank=True)
    originator = models.CharField(_("originator"), max_length=50, blank=True)
    recipient = models.CharField(_("recipient"), max_length=320)
    subject = models.CharField(_("subject"), max_length=255, blank=True)
    body = models.TextField(_("body"))
    parts = models.PositiveSmallIntegerField(_("parts"), default=0)
    state = models.CharField(
        _("state"), max_length=9, choices=State.choices, default=State.QUEUED
    )
    held_by = models.CharField(
        _("held because"), max_length=20, choices=HeldBy.choices, blank=True
    )
    review = models.CharField(
        _("review"), max_length=10, choices=Review.choices, blank=True
    )
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, default=Priority.REPLY
    )
    error = models.TextField(_("error"), blank=True)
    error_code = models.CharField(_("error code"), max_length=20, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    #: Queued: when to send it. Unknown: when to look it up at the provider.
    due_at = models.DateTimeField(_("due at"), default=timezone.now)
    expires_at = models.DateTimeField(_("give up at"), null=True, blank=True)
    #: Whose claim it is, so that a late worker cannot record over a newer one.
    owner = models.UUIDField(_("owner"), null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(
        _("leased until"), null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    objects = querysets.OutboundMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("outbound message")
        verbose_name_plural = _("outbound messages")
        ordering = ["pk"]
        default_permissions = ("view",)
        permissions = [
            ("review_outboundmessage", "Can send again, or leave, what was not sent")
        ]
        indexes = [
            models.Index(
                fields=["priority", "due_at", "id"],
                condition=models.Q(state="queued"),
                name="sms_outbound_due",
            ),
            models.Index(
                fields=["leased_until"],
                condition=models.Q(state="sending"),
                name="sms_outbound_leased",
            ),
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="unknown"),
                name="sms_outbound_unknown",
            ),
            models.Index(
                fields=["-id"],
                condition=models.Q(
                    state__in=["unknown", "failed", "expired", "held"], review=""
                ),
                name="sms_outbound_to_review",
            ),
            # Not a partial one: SQLite would not use it for what is asked by IN.
            models.Index(
                fields=["recipient", "state", "id"], name="sms_outbound_recipient"
            ),
            models.Index(
                fields=["contact", "-created_at"], name="sms_outbound_contact"
            ),
            models.Index(fields=["gateway", "gateway_id"], name="sms_outbound_gateway"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        "queued",
                        "held",
                        "sending",
                        "unknown",
                        "sent",
                        "failed",
                        "expired",
                        "delivered",
                    ]
                ),
                name="sms_outbound_state",
            ),
            models.CheckConstraint(
                condition=models.Q(channel__in=["sms", "email"]),
                name="sms_outbound_channel",
            ),
        ]

    def __str__(self):
        created_at = timezone.localtime(self.created_at)
        return f"{mask(self.recipient)} · {created_at:%Y-%m-%d %H:%M}"

    @property
    def can_be_reviewed(self):
        """True while a person must say what becomes of it."""
        return self.state in self.TROUBLED and not self.review

    @property
    def can_be_sent_again(self):
        """True where sending it again may help; to a person who opted out, never."""
        is_possible = self.state != self.State.HELD or self.held_by in self.RELEASABLE
        return self.can_be_reviewed and is_possible


class DeliveryReport(models.Model):
    """A report as the gateway sent it."""

    outbound = models.ForeignKey(
        OutboundMessage,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="delivery_reports",
        verbose_name=_("outbound message"),
    )
    gateway = models.CharField(_("gateway"), max_length=50)
    gateway_id = models.CharField(_("gateway id"), max_length=128, blank=True)
    reference = models.CharField(_("reference"), max_length=128, blank=True)
    recipient = models.CharField(_("recipient"), max_length=50, blank=True)
    status = models.CharField(_("status"), max_length=20)
    error_code = models.CharField(_("error code"), max_length=20, blank=True)
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    reported_at = models.DateTimeField(_("reported at"), null=True, blank=True)
    received_at = models.DateTimeField(_("received at"), default=timezone.now)
    payload = models.JSONField(_("payload"), default=dict, blank=True)

    class Meta:
        verbose_name = _("delivery report")
        verbose_name_plural = _("delivery reports")
        ordering = ["pk"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["received_at"], name="sms_report_received")]

    def __str__(self):
        return f"{self.status} {self.reference}"


class OptOut(models.Model):
    """A period in which a contact must not be sent anything promotional."""

    class Cause(models.TextChoices):
        """What began it."""

        KEYWORD = "keyword", _("A word such as STOP")
        PHRASE = "phrase", _("A phrase that reads like STOP")
        AUTOMATION = "automation", _("An automation")
        GATEWAY = "gateway", _("The gateway says so")

    contact = models.ForeignKey(
        Contact,
        on_delete=models.CASCADE,
        related_name="opt_outs",
        verbose_name=_("contact"),
    )
    cause = models.CharField(_("cause"), max_length=10, choices=Cause.choices)
    needs_review = models.BooleanField(
        _("needs review"),
        default=False,
        help_text=_("A person must say whether the contact meant to opt out."),
    )
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    started_by = models.ForeignKey(
        InboundMessage,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("started by message"),
    )
    ended_by = models.ForeignKey(
        InboundMessage,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("ended by message"),
    )

    objects = querysets.OptOutQuerySet.as_manager()

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        ordering = ["pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["contact"],
                condition=models.Q(ended_at=None),
                name="sms_opt_out_one_open",
            )
        ]

    def __str__(self):
        return f"{self.contact} {self.started_at:%Y-%m-%d}"


class Doorbell(models.Model):
    """Whether a wake-up of one kind waits in the queue already."""

    kind = models.CharField(_("kind"), max_length=20, unique=True)
    is_armed = models.BooleanField(_("armed"), default=False)
    armed_at = models.DateTimeField(_("armed at"), null=True, blank=True)
    #: Wake-ups rung since a worker last answered.
    rings = models.PositiveSmallIntegerField(_("rings"), default=0)

    objects = querysets.DoorbellQuerySet.as_manager()

    class Meta:
        verbose_name = _("doorbell")
        verbose_name_plural = _("doorbells")
        default_permissions = ()

    def __str__(self):
        return self.kind


class Circuit(models.Model):
    """Whether a gateway (or the mail server) may be called now; one row each."""

    gateway = models.CharField(_("gateway"), max_length=50, unique=True)
    #: The latest calls, oldest first, True for a hard failure; at most WINDOW.
    failures = models.JSONField(_("failures"), default=list, blank=True)
    open_until = models.DateTimeField(_("open until"), null=True, blank=True)
    #: The one message that tries whether the gateway works again.
    probe = models.UUIDField(_("probe"), null=True, blank=True, editable=False)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("circuit breaker")
        verbose_name_plural = _("circuit breakers")
        default_permissions = ()

    def __str__(self):
        return self.gateway


class RateBucket(models.Model):
    """How many texts one of our numbers may send now, over all workers."""

    gateway = models.CharField(_("gateway"), max_length=50)
    originator = models.CharField(_("originator"), max_length=50)
    tokens = models.FloatField(_("tokens"), default=0)
    filled_at = models.DateTimeField(_("filled at"), default=timezone.now)

    class Meta:
        verbose_name = _("rate bucket")
        verbose_name_plural = _("rate buckets")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "originator"], name="sms_rate_bucket_unique"
            )
        ]

    def __str__(self):
        return f"{self.gateway} / {self.originator}"


class PartsSpent(models.Model):
    """Parts reserved on one day: by one of our numbers, or (empty) by all."""

    day = models.DateField(_("day"))
    originator = models.CharField(_("originator"), max_length=50, blank=True)
    parts = models.PositiveIntegerField(_("parts"), default=0)

    class Meta:
        verbose_name = _("parts spent")
        verbose_name_plural = _("parts spent")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["day", "originator"], name="sms_parts_spent_unique"
            )
        ]

    def __str__(self):
        return f"{self.day} {self.originator}: {self.parts}"


class RulebookRevision(models.Model):
    """Counts up whenever what the rulebook is made of changes."""

    number = models.PositiveBigIntegerField(_("number"), default=0)

    objects = querysets.RulebookRevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("rulebook revision")
        verbose_name_plural = _("rulebook revisions")
        default_permissions = ()

    def __str__(self):
        return str(self.number)


@register_setting(icon="sms-automation", order=600)
class SmsSettings(BaseGenericSetting):
    """What editors may change for the whole site."""

    opening_hours = NamedStreamField(
        "wagtail_sms_automation.admin.blocks.OpeningHoursBlock",
        blank=True,
        verbose_name=_("opening hours"),
        help_text=_("For conditions that ask whether the house is open."),
    )
    opt_out_text = models.TextField(
        _("answer to STOP"),
        blank=True,
        help_text=_("Sent once. Leave empty where your provider answers STOP itself."),
    )
    opt_in_text = models.TextField(_("answer to START"), blank=True)
    help_text = models.TextField(_("answer to HELP"), blank=True)
    replies_per_minute = models.PositiveSmallIntegerField(
        _("automatic replies to one contact in a minute"),
        default=5,
        validators=[MinValueValidator(1)],
    )
    replies_per_hour = models.PositiveSmallIntegerField(
        _("automatic replies to one contact in an hour"),
        default=20,
        validators=[MinValueValidator(1)],
    )
    replies_per_day = models.PositiveSmallIntegerField(
        _("automatic replies to one contact in a day"),
        default=40,
        validators=[MinValueValidator(1)],
    )
    identical_replies = models.PositiveSmallIntegerField(
        _("the same text to one contact in ten minutes"),
        default=3,
        validators=[MinValueValidator(1)],
    )
    pause_hours = models.PositiveSmallIntegerField(
        _("hours of silence after a limit was reached"),
        default=1,
        validators=[MinValueValidator(1)],
    )
    fallback_hours = models.PositiveSmallIntegerField(
        _("hours between two answers to just any text"),
        default=12,
        help_text=_(
            "For automations that ask for no keyword. 0 answers each text again."
        ),
    )
    reads_together_seconds = models.PositiveSmallIntegerField(
        _("seconds within which several texts are read as one"),
        default=0,
        validators=[MaxValueValidator(60)],
        help_text=_("Answers then wait for so long. 0 reads each text by itself."),
    )
    parts_per_day = models.PositiveIntegerField(
        _("parts sent in a day"),
        default=10_000,
        null=True,
        blank=True,
        help_text=_("All texts together. Leave empty for no limit."),
    )
    parts_per_day_of_originator = models.PositiveIntegerField(
        _("parts sent in a day from one of our numbers"),
        null=True,
        blank=True,
        help_text=_("Leave empty for no limit."),
    )
    parts_per_day_of_contact = models.PositiveIntegerField(
        _("parts sent in a day to one contact"),
        default=60,
        null=True,
        blank=True,
        help_text=_("Leave empty for no limit."),
    )
    allowed_countries = models.CharField(
        _("countries that may be texted"),
        max_length=255,
        blank=True,
        help_text=_(
            "Codes such as FR, BE. Empty: the country of our own number, and whoever "
            "texts us."
        ),
    )
    replaces_typography = models.BooleanField(
        _("replace typographic characters"),
        default=True,
        help_text=_("A curly quote or a long dash can triple the price of a text."),
    )

    class Meta:
        verbose_name = _("SMS settings")

    def __str__(self):
        return str(self._meta.verbose_name)
