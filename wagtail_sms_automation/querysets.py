"""Queries, named for what they mean."""

from datetime import timedelta

from django.db import connections, models, router
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone


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
