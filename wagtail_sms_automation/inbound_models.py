"""The rows of what comes in: messages, what they set off, and opt-outs."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .inbound_querysets import InboundMessageQuerySet, OptOutQuerySet
from .phone_numbers import mask


class MessageType(models.TextChoices):
    """How a message came; the engine's words."""

    SMS = "sms", _("SMS")
    MMS = "mms", _("MMS (a text with media)")


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
        "Contact",
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

    objects = InboundMessageQuerySet.as_manager()

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
        "Automation",
        on_delete=models.CASCADE,
        related_name="matches",
        verbose_name=_("automation"),
    )
    contact = models.ForeignKey(
        "Contact",
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


class OptOut(models.Model):
    """A period in which a contact must not be sent anything promotional."""

    class Cause(models.TextChoices):
        """What began it."""

        KEYWORD = "keyword", _("A word such as STOP")
        PHRASE = "phrase", _("A phrase that reads like STOP")
        AUTOMATION = "automation", _("An automation")
        GATEWAY = "gateway", _("The gateway says so")

    contact = models.ForeignKey(
        "Contact",
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

    objects = OptOutQuerySet.as_manager()

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
