"""The rows that are notes between processes; no editor sees them."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .process_querysets import DoorbellQuerySet, RulebookRevisionQuerySet


class Doorbell(models.Model):
    """Whether a wake-up of one kind waits in the queue already."""

    kind = models.CharField(_("kind"), max_length=20, unique=True)
    is_armed = models.BooleanField(_("armed"), default=False)
    armed_at = models.DateTimeField(_("armed at"), null=True, blank=True)
    #: Wake-ups rung since a worker last answered.
    rings = models.PositiveSmallIntegerField(_("rings"), default=0)

    objects = DoorbellQuerySet.as_manager()

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

    objects = RulebookRevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("rulebook revision")
        verbose_name_plural = _("rulebook revisions")
        default_permissions = ()

    def __str__(self):
        return str(self.number)
