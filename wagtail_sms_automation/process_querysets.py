"""Queries of the notes between processes."""

from django.db import connections, models, router
from django.db.models import F
from django.utils import timezone


class DoorbellQuerySet(models.QuerySet):
    """Doorbells, one row a kind."""

    def arm(self, kind, now=None):
        """Arm a bell; True for the one caller who must ring it."""
        is_armed = self._is_armed(kind)
        if is_armed:
            return False
        if is_armed is None:
            self.bulk_create([self.model(kind=kind)], ignore_conflicts=True)
        disarmed = self.filter(kind=kind, is_armed=False)
        now = now or timezone.now()
        return bool(disarmed.update(is_armed=True, armed_at=now, rings=1))

    def _is_armed(self, kind):
        """Most callers find it so, each webhook asks: a read, in the fewest steps."""
        connection = connections[router.db_for_write(self.model)]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT is_armed FROM {self.model._meta.db_table} WHERE kind = %s",  # noqa: S608 - the name of our own table
                [kind],
            )
            row = cursor.fetchone()
        return row and bool(row[0])

    def disarm(self, kind):
        """Let the next piece of work ring again."""
        self.filter(kind=kind).update(is_armed=False, rings=0)

    def unanswered(self, since, most=None):
        """Bells rung last before a moment; of those, the ones rung less than most."""
        bells = self.filter(is_armed=True, armed_at__lt=since)
        return bells if most is None else bells.filter(rings__lt=most)

    def ring_once_more(self, kind, now):
        """Count one more ring; True for the one caller who must ring."""
        bell = self.filter(kind=kind, is_armed=True)
        armed_at = bell.values_list("armed_at", flat=True).first()
        return bool(
            bell.filter(armed_at=armed_at).update(armed_at=now, rings=F("rings") + 1)
        )


class RulebookRevisionQuerySet(models.QuerySet):
    """The revision counter, one row."""

    def current(self):
        """Return the number as it is now."""
        return self.values_list("number", flat=True).filter(pk=1).first() or 0

    def bump(self):
        """Count up, in the transaction that changes the rules."""
        if not self.filter(pk=1).update(number=F("number") + 1):
            self.bulk_create([self.model(pk=1)], ignore_conflicts=True)
            self.filter(pk=1).update(number=F("number") + 1)
