"""Tables of the benchmarks' own: what the peers write."""

from django.db import models


class PlainMessage(models.Model):
    """About as wide as an inbound message, with no index but its key."""

    gateway = models.CharField(max_length=50)
    gateway_id = models.CharField(max_length=128)
    originator = models.CharField(max_length=50)
    recipient = models.CharField(max_length=50)
    body = models.TextField()
    payload = models.JSONField()
    received_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return self.gateway_id


class NoOpRun(models.Model):
    """When a no-op task was queued, and when it ran."""

    queued_at = models.DateTimeField()
    ran_at = models.DateTimeField()

    def __str__(self):
        return f"{self.queued_at:%H:%M:%S}"
