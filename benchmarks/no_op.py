"""What the peers of our tasks do."""

from datetime import datetime

from django.utils import timezone

from .models import NoOpRun


def nothing():
    """Be called."""


def note(queued_at: str):
    """Note when this ran: one insert, where ours does a dozen queries."""
    NoOpRun.objects.create(
        queued_at=datetime.fromisoformat(queued_at), ran_at=timezone.now()
    )
