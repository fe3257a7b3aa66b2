"""Queries of what comes in."""

from django.db import models
from django.db.models import F, Max, Min, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from .querysets import next_due_at
from .statements import insert_once


#: For so many times the pause that ends a text, several are waited for together.
MOST_PAUSES = 3


class InboundMessageQuerySet(models.QuerySet):
    """Inbound messages."""

    #: What every message begins with, by field, beside its state.
    BEGINS_WITH = {
        "decisions": "'[]'",
        "attempts": "0",
        "error": "''",
        "processed_at": "NULL",
        "read_with": "NULL",
    }

    def store_once(self, message):
        """Store a new message; False where its gateway id is stored already.

        One statement, which needs no transaction: a webhook does little else, and
        save() would take as long as all the rest of it.
        """
        state = self.model.State.PENDING
        return insert_once(message, {**self.BEGINS_WITH, "state": f"'{state}'"})

    def pending(self):
        """Messages that wait to be processed."""
        return self.filter(state=self.model.State.PENDING)

    def in_order(self):
        """In the order received."""
        return self.order_by("pk")

    def due_originators(self, now, together, limit):
        """The originators with something due, the longest waiting first.

        together is for how long (a timedelta) an originator must have been quiet: its
        texts are read as one. Whose message was put off waits with all of them.
        """
        put_off = self._put_off(now, together).values("originator")
        due = self.exclude(originator__in=put_off).order_by()
        lanes = due.values("originator").annotate(first=Min("pk")).order_by("first")
        return list(lanes.values_list("originator", flat=True)[:limit])

    def first_of_each(self, most):
        """At most so many of each originator, in the order received."""
        place = Window(
            RowNumber(), partition_by=[F("originator")], order_by=F("pk").asc()
        )
        return self.annotate(place=place).filter(place__lte=most).order_by("pk")

    def _put_off(self, now, together):
        later = Q(due_at__gt=now)
        if not together:
            return self.filter(later)
        # Who never pauses is answered all the same.
        patient = self.filter(received_at__lte=now - MOST_PAUSES * together)
        recent = Q(received_at__gt=now - together)
        recent &= ~Q(originator__in=patient.values("originator"))
        return self.filter(later | recent)

    def next_due_at(self, now, together):
        """When the next of these is due; what is so already is somebody else's."""
        moments = [next_due_at(self, now)]
        if together:
            last = self.aggregate(at=Max("received_at"))["at"]
            moments.append(last and last + together)
        return min(filter(None, moments), default=None)


class OptOutQuerySet(models.QuerySet):
    """Opt-out periods."""

    def open(self):
        """Periods that have not ended."""
        return self.filter(ended_at=None)

    def start(self, contact, cause, *, started_by=None, needs_review=False, now=None):
        """Open a period; an open one stays, confirmed if a word such as STOP came."""
        if not needs_review:
            self.open().filter(contact=contact).update(needs_review=False)
        self.bulk_create(
            [
                self.model(
                    contact=contact,
                    cause=cause,
                    started_by=started_by,
                    needs_review=needs_review,
                    started_at=now or timezone.now(),
                )
            ],
            ignore_conflicts=True,
        )

    def end(self, contact, *, ended_by=None, now=None):
        """Close the open period, if there is one."""
        self.open().filter(contact=contact).update(
            ended_at=now or timezone.now(), ended_by=ended_by
        )
