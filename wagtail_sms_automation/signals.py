"""Signal receivers: a change of what the rulebook is made of counts its revision up."""

from django.db.models.signals import post_delete, post_save


def connect():
    """Bind every receiver."""
    from .models import Automation, ContactGroup, SmsSettings

    for model in (Automation, SmsSettings):
        post_save.connect(bump_rulebook, sender=model, dispatch_uid="sms_rulebook")
    for model in (Automation, ContactGroup, SmsSettings):
        post_delete.connect(bump_rulebook, sender=model, dispatch_uid="sms_rulebook")


def bump_rulebook(**kwargs):
    """Make every process compile the rulebook anew before its next message."""
    from .models import RulebookRevision

    RulebookRevision.objects.bump()
