"""Queries of what goes out."""

from django.db import connections, models, router, transaction
from django.db.models import Exists, F, OuterRef, Q

from .querysets import next_due_at
from .statements import storable


#: The mail server, beside the aliases of the gateways: a name that none can have.
EMAIL = "(e-mail)"


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
