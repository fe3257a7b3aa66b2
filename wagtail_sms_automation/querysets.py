"""Queries, named for what they mean."""

from datetime import timedelta

from django.db import connections, models, router, transaction
from django.db.models import (
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone

from .statements import insert_once, storable


#: The mail server, beside the aliases of the gateways: a name that none can have.
EMAIL = "(e-mail)"

#: For so many times the pause that ends a text, several are waited for together.
MOST_PAUSES = 3


class ContactQuerySet(models.QuerySet):
    """Contacts."""

    def flagged(self):
        """Contacts that a guard has flagged, and nobody has cleared since."""
        return self.filter(is_flagged=True)

    def opted_out(self):
        """Contacts in an opt-out period now."""
        return self.filter(Exists(self._open_opt_outs()))

    def with_is_opted_out(self):
        """Annotate is_opted_out."""
        return self.annotate(is_opted_out=Exists(self._open_opt_outs()))

    def _open_opt_outs(self):
        opt_outs = self.model._meta.get_field("opt_outs").related_model
        return opt_outs.objects.open().filter(contact=OuterRef("pk"))

    def claim(self, phone_numbers, limit):
        """Lock the contacts of these E.164 numbers, made if they are new.

        Whom another worker has locked is passed by.
        """
        claimed = self._lock(phone_numbers, limit)
        missing = set(phone_numbers) - {contact.phone_number for contact in claimed}
        if missing and len(claimed) < limit:
            self.bulk_create(
                [self.model(phone_number=number) for number in sorted(missing)],
                ignore_conflicts=True,
            )
            claimed += self._lock(missing, limit - len(claimed))
        return claimed

    def _lock(self, phone_numbers, limit):
        lock = self.select_for_update(skip_locked=True, no_key=True, of=("self",))
        return list(lock.filter(phone_number__in=phone_numbers).order_by()[:limit])

    def obtain(self, phone_number):
        """Return the contact of an E.164 number, made if it is new.

        Two webhooks may ask at once: the unique number decides, nobody looks first.
        """
        self.bulk_create([self.model(phone_number=phone_number)], ignore_conflicts=True)
        return self.get(phone_number=phone_number)


class ContactGroupQuerySet(models.QuerySet):
    """Contact groups."""

    def with_sizes(self):
        """Annotate size, the number of members."""
        return self.annotate(size=Count("memberships"))


class FlowQuerySet(models.QuerySet):
    """Flows."""

    def with_automations(self):
        """Annotate automation_count, active_count, paused_count, last_matched_at."""
        related = self.model._meta.get_field("automations").related_model
        last = (
            related.objects.filter(flow=OuterRef("pk"))
            .with_last_match()
            .order_by()
            .values("flow")
            .annotate(last=Max("last_matched_at"))
            .values("last")
        )
        status = related.Status
        return self.annotate(
            automation_count=Count("automations"),
            active_count=Count(
                "automations", filter=Q(automations__status=status.ACTIVE)
            ),
            paused_count=Count(
                "automations", filter=Q(automations__status=status.PAUSED)
            ),
            last_matched_at=Subquery(last),
        )


class AutomationQuerySet(models.QuerySet):
    """Automations."""

    def active(self):
        """Automations that fire."""
        return self.filter(status=self.model.Status.ACTIVE)

    def in_order(self):
        """In the order in which they fire."""
        return self.order_by("sort_order", "pk")

    def next_sort_order(self):
        """Return the place after the last one."""
        return (self.aggregate(last=Max("sort_order"))["last"] or 0) + 1

    def number(self):
        """Give each a place of its own, in the order in which they fire."""
        for place, automation in enumerate(self.in_order(), start=1):
            if automation.sort_order != place:
                self.filter(pk=automation.pk).update(sort_order=place)

    def with_matches_since(self, since):
        """Annotate match_count, counted since a moment, and last_matched_at.

        A join would read every match there ever was; these ask the index, row by row.
        """
        recent = self._matches().filter(matched_at__gte=since).values("automation")
        count = Subquery(recent.annotate(count=Count("pk")).values("count"))
        return self.with_last_match().annotate(match_count=Coalesce(count, 0))

    def move_to(self, status):
        """Set the status, and when they were resumed; return how many rows it was."""
        moment = {}
        if status == self.model.Status.ACTIVE:
            moment["resumed_at"] = timezone.now()
        return self.update(status=status, **moment)

    def lock(self):
        """Lock these, in the order that everybody keeps; the rulebook comes last."""
        if connections[router.db_for_write(self.model)].features.has_select_for_update:
            locked = self.select_for_update(no_key=True).order_by("pk")
            list(locked.values_list("pk", flat=True))
        else:
            # One lock for all, which the first write takes.
            self.filter(pk=0).update(sort_order=0)

    def with_last_match(self):
        """Annotate last_matched_at."""
        last = self._matches().order_by("-matched_at").values("matched_at")[:1]
        return self.annotate(last_matched_at=Subquery(last))

    def _matches(self):
        match = self.model._meta.get_field("matches").related_model
        return match.objects.filter(automation=OuterRef("pk")).order_by()


class AutomationGroupQuerySet(models.QuerySet):
    """Which automation names which group."""

    def rebuild(self, automation):
        """Write the references of one automation anew."""
        named = automation_groups(automation)
        self.filter(automation=automation).exclude(group__in=named).delete()
        self.bulk_create(
            [self.model(automation=automation, group=group) for group in named],
            ignore_conflicts=True,
        )


def automation_groups(automation):
    """Return the set of contact groups that conditions and actions name."""
    groups = set()
    for child in automation.conditions:
        if child.block_type in ("in_group", "not_in_group"):
            groups.update(child.value["groups"])
    for child in automation.actions:
        if child.block_type in ("add_to_group", "remove_from_group"):
            groups.add(child.value["group"])
    return {group for group in groups if group is not None}


def next_due_at(queryset, now):
    """Return the earliest due_at to come, with a second's grace, or None."""
    coming = queryset.filter(due_at__gt=now - timedelta(seconds=1))
    return coming.aggregate(at=Min("due_at"))["at"]


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


class OutboundMessageQuerySet(models.QuerySet):
    """Outbound messages."""

    def due(self, now):
        """What may be sent now: queued, its time come, first of its recipient.

        A broadcast that waits does not hold up a reply to the same recipient.
        """
        state = self.model.State
        in_time = Q(expires_at=None) | Q(expires_at__gt=now)
        before = Q(state=state.SENDING) | Q(
            in_time, state=state.QUEUED, priority__lte=OuterRef("priority")
        )
        # As a sum, or SQLite reads all earlier rows instead of this recipient's; and
        # the states are said once more, for the index.
        earlier = self.model.objects.annotate(place=F("pk") + 0).filter(
            before,
            recipient=OuterRef("recipient"),
            place__lt=OuterRef("pk"),
            state__in=[state.QUEUED, state.SENDING],
        )
        return self.filter(
            in_time, ~Exists(earlier), state=state.QUEUED, due_at__lte=now
        )

    def by(self, gateway):
        """What goes out by one gateway; "email" is the mail server."""
        if gateway == EMAIL:
            return self.filter(channel=self.model.Channel.EMAIL)
        return self.filter(channel=self.model.Channel.SMS, gateway=gateway)

    def not_by(self, gateways):
        """What goes out by none of these gateways."""
        channel = self.model.Channel
        closed = Q(channel=channel.SMS, gateway__in=set(gateways))
        if EMAIL in gateways:
            closed |= Q(channel=channel.EMAIL)
        return self.exclude(closed) if gateways else self

    def record_sent(self, answers, now):
        """Record (message, gateway id) of what its owner handed over.

        A report may have come before the answer and moved the state further.
        """
        if not answers:
            return
        state, meta = self.model.State, self.model._meta
        in_doubt = f"state IN ('{state.SENDING}', '{state.UNKNOWN}')"
        moment, owner = meta.get_field("sent_at"), meta.get_field("owner")
        connection = connections[router.db_for_write(self.model)]
        sent_at = moment.get_db_prep_save(now, connection)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {meta.db_table} SET gateway_id = %s, sent_at = %s, "  # noqa: S608 - names of our own table and states
                f"error = CASE WHEN {in_doubt} THEN '' ELSE error END, "
                f"state = CASE WHEN {in_doubt} THEN '{state.SENT}' ELSE state END, "
                "owner = NULL, leased_until = NULL WHERE id = %s AND owner = %s",
                [
                    [
                        storable(gateway_id, 128),
                        sent_at,
                        message.pk,
                        owner.get_db_prep_save(message.owner, connection),
                    ]
                    for message, gateway_id in answers
                ],
            )

    def to_look_up(self, now, since):
        """What is in doubt and may be asked for now."""
        return self.filter(
            state=self.model.State.UNKNOWN,
            channel=self.model.Channel.SMS,
            due_at__lte=now,
            created_at__gte=since,
        )

    def next_due_at(self, now):
        """When the next queued message is due; what is so already waits in line."""
        return next_due_at(self.filter(state=self.model.State.QUEUED), now)

    def to_review(self):
        """What was not sent, or may not have been, and nobody has looked at."""
        return self.filter(state__in=self.model.TROUBLED, review="")

    def leases_over(self, now):
        """What a dead worker left in the middle of sending."""
        return self.filter(state=self.model.State.SENDING, leased_until__lt=now)

    def sent_to_since(self, contacts, since):
        """The texts that contacts were sent, or will be, newest first."""
        return self._texts(since).filter(contact__in=contacts).order_by("-pk")

    def forwarded_for(self, contacts, since):
        """The texts staff were sent because these contacts wrote."""
        return self._texts(since).filter(inbound__contact__in=contacts, contact=None)

    def _texts(self, since):
        state = self.model.State
        texts = self.filter(channel=self.model.Channel.SMS, created_at__gte=since)
        return texts.exclude(state__in=[state.HELD, state.FAILED])


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
