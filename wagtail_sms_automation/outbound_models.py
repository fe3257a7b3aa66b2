"""The rows of what goes out: messages, and the reports of their delivery."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .outbound_querysets import OutboundMessageQuerySet
from .phone_numbers import mask


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
        "InboundMessage",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="outbound_messages",
        verbose_name=_("in answer to"),
    )
    automation = models.ForeignKey(
        "Automation",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("automation"),
    )
    contact = models.ForeignKey(
        "Contact",
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

    objects = OutboundMessageQuerySet.as_manager()

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
