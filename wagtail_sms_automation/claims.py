"""Claims: what may be sent now, taken by one worker under a lease.

Circuit breakers, rates and limits are asked here, in the transaction that claims: what
they forbid is not taken, or held, and uses up no attempt.
"""

import uuid
from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from . import circuits, rates, spending
from .conf import settings as sms_settings
from .engine.guards import SILENT_AFTER_STOP
from .models import OptOut, OutboundMessage, SmsSettings
from .phone_numbers import region_of


State = OutboundMessage.State
HeldBy = OutboundMessage.HeldBy

#: Renewed while a message is being sent; a worker that does not is dead.
LEASE = timedelta(seconds=15)
#: How long a delivery report is awaited before the provider is asked.
FIRST_LOOK_UP = timedelta(seconds=30)


def has_work() -> bool:
    """True when messages are due that a gateway may be tried with."""
    now = timezone.now()
    open_now = [
        gateway
        for gateway, may_be_probed in circuits.open_gateways(now).items()
        if not may_be_probed
    ]
    return OutboundMessage.objects.due(now).not_by(open_now).exists()


def next_due_at() -> datetime | None:
    """When the next message may be sent that may not be sent now."""
    now = timezone.now()
    moments = [
        OutboundMessage.objects.next_due_at(now),
        circuits.next_attempt_at(now),
        *rates.exhausted(sms_settings.RATES, now).values(),
    ]
    return min(filter(None, moments), default=None)


def claim(owner: uuid.UUID, wanted: int) -> list[OutboundMessage]:
    """Take what may be sent now, in order and under a lease; hold what must not be."""
    while True:
        chosen, held = _claim(owner, wanted, timezone.now())
        claimed = [message for message in chosen if message.pk not in held]
        _flag(chosen, held)
        # Where all were held, others may stand behind them.
        if claimed or not chosen:
            return claimed


def _claim(owner, wanted, now):
    """One transaction. Its locks come in one order: circuits, buckets, counters."""
    with transaction.atomic():
        probes, chosen = _choose(owner, wanted, now)
        held = _hold(chosen, now) if chosen else {}
        for gateway, message in probes.items():
            if message.pk in held:
                # It makes no call after all, and gives its turn back.
                circuits.record(gateway, [], now, probe=owner)
        claimed = [message for message in chosen if message.pk not in held]
        if claimed:
            rows = OutboundMessage.objects.filter(pk__in=[row.pk for row in claimed])
            rows.update(
                state=State.SENDING,
                owner=owner,
                leased_until=now + LEASE,
                attempts=F("attempts") + 1,
            )
    for message in claimed:
        message.owner, message.attempts = owner, message.attempts + 1
    return chosen, held


def _flag(chosen, held):
    """Show staff whose limit was reached; contacts are not locked within a claim."""
    spending.flag(
        {
            message.contact_id
            for message in chosen
            if held.get(message.pk) == HeldBy.CONTACT_LIMIT
        }
    )


def _choose(owner, wanted, now):
    """Lock what is due, as far as circuits and rates permit; the probes by gateway."""
    open_circuits = circuits.open_gateways(now)
    due = OutboundMessage.objects.due(now).order_by("priority", "due_at", "pk")
    probes = {}
    for gateway, may_be_probed in open_circuits.items():
        if may_be_probed and len(probes) < wanted:
            for message in _lock(due.by(gateway), 1):
                if circuits.may_call(gateway, now, probe=owner):
                    probes[gateway] = message
    free = due.not_by(open_circuits)
    for gateway, originator in rates.exhausted(sms_settings.RATES, now):
        free = free.exclude(gateway=gateway, originator=originator)
    others = _within_rates(_lock(free, wanted - len(probes)), now)
    return probes, [*probes.values(), *others]


def _lock(due, wanted):
    return list(due.select_for_update(skip_locked=True, of=("self",))[:wanted])


def _within_rates(messages, now):
    """Leave out what would be more than one of our numbers may send."""
    limits = sms_settings.RATES
    limited = defaultdict(list)
    for message in messages:
        if message.channel == OutboundMessage.Channel.SMS and message.gateway in limits:
            limited[message.gateway, message.originator].append(message.pk)
    too_many = set()
    # In one order everywhere: two claims must not wait for one another.
    for (gateway, originator), pks in sorted(limited.items()):
        granted = rates.take(gateway, originator, len(pks), limits[gateway], now)
        too_many.update(pks[granted:])
    return [message for message in messages if message.pk not in too_many]


def _hold(messages, now):
    """Hold what must not be sent any more, and reserve the parts of the rest."""
    site = SmsSettings.objects.defer("opening_hours").first() or SmsSettings()
    held = _opted_out(messages)
    left = [message for message in messages if message.pk not in held]
    held |= spending.holds(left, site, now)
    for reason in set(held.values()):
        pks = [pk for pk, held_by in held.items() if held_by == reason]
        OutboundMessage.objects.filter(pk__in=pks).update(
            state=State.HELD, held_by=reason
        )
    return held


def _opted_out(messages):
    """What must not go to contacts who have opted out since it was queued.

    Broadcasts; and, where nothing may follow a STOP, all but its confirmation: it may
    have come while a gateway that was busy had the message, or behind a START.
    """
    doubtful = [message for message in messages if _must_not_follow_stop(message)]
    if not doubtful:
        return {}
    contacts = [message.contact_id for message in doubtful]
    opted_out = OptOut.objects.open().filter(contact__in=contacts)
    opted_out = set(opted_out.values_list("contact", flat=True))
    return {
        message.pk: HeldBy.OPTED_OUT
        for message in doubtful
        if message.contact_id in opted_out
    }


def _must_not_follow_stop(message):
    if message.contact_id is None:
        return False
    if message.priority == OutboundMessage.Priority.BROADCAST:
        return True
    is_confirmation = ":-:opt_out:" in message.cause
    return not is_confirmation and region_of(message.recipient) in SILENT_AFTER_STOP


def settle_dead_leases() -> int:
    """Mark as unknown what a dead worker may or may not have sent; how many.

    The owner stays: should the worker come back after all, its answer counts.
    """
    dead = OutboundMessage.objects.leases_over(timezone.now())
    # A look takes no lock, and there is hardly ever one.
    if not dead.exists():
        return 0
    return dead.update(
        state=State.UNKNOWN,
        due_at=timezone.now() + FIRST_LOOK_UP,
        error="The worker that sent it did not come back.",
    )
