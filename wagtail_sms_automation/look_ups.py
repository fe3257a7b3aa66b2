"""Look-ups: what is in doubt and no report settles is asked for at the provider."""

import logging
import time
from datetime import datetime, timedelta

from django.utils import timezone

from . import circuits, gateways, outbound
from .gateways.base import GatewayError
from .models import OutboundMessage
from .querysets import next_due_at


logger = logging.getLogger(__name__)

State = OutboundMessage.State

#: Messages asked for in one go.
BATCH = 10
#: Seconds after which no further one is: a provider may take its time to answer.
BATCH_FOR = 10.0
#: A provider that does not know a message so long after the call never took it.
NOT_KNOWN_AFTER = timedelta(minutes=10)
#: What is still in doubt then is left to people.
GIVEN_UP_AFTER = timedelta(hours=48)
#: The shortest wait between two questions for one message; it doubles.
SHORTEST_WAIT = timedelta(seconds=30)


def has_work() -> bool:
    """True when a provider can be asked."""
    return _due(timezone.now()).exists()


def next_look_up_at() -> datetime | None:
    """When the next message may be asked for."""
    in_doubt = OutboundMessage.objects.filter(state=State.UNKNOWN)
    return next_due_at(in_doubt, timezone.now())


def look_up_batch() -> int:
    """Ask for some messages; how many were asked for."""
    asked, stop_at = 0, time.monotonic() + BATCH_FOR
    for message in _due(timezone.now()).order_by("due_at")[:BATCH]:
        if time.monotonic() > stop_at:
            break
        asked += _look_up(message)
    return asked


def _due(now):
    in_doubt = OutboundMessage.objects.to_look_up(now, now - GIVEN_UP_AFTER)
    # A provider in trouble is not asked either.
    return in_doubt.not_by(circuits.open_gateways(now))


def _look_up(message):
    """Ask for one message, unless another worker does; was it asked for?"""
    now = timezone.now()
    # The lease says about when the message was handed over.
    age = now - (message.leased_until or message.created_at)
    mine = OutboundMessage.objects.filter(pk=message.pk, due_at=message.due_at)
    if not mine.update(due_at=now + max(age, SHORTEST_WAIT)):
        return False
    try:
        _settle(message, _ask(message), age, now)
    except (GatewayError, gateways.UnknownGateway) as error:
        logger.warning("%s could not be looked up: %s", message.reference, error)
    except Exception:
        # A fault about one message keeps no other one in doubt.
        logger.exception("%s could not be looked up.", message.reference)
    return True


def _ask(message):
    gateway = gateways.get_gateway(message.gateway or "default")
    since = message.created_at - timedelta(minutes=5)
    # Nothing is handed over later; a list is read no further than it must be.
    until = message.leased_until or message.expires_at or timezone.now()
    return gateway.look_up(str(message.reference), message.recipient, since, until)


def _settle(message, report, age, now):
    if report is not None:
        outbound.record_report(message.gateway, report)
    elif age > NOT_KNOWN_AFTER:
        _settle_as_not_known(message, now)


def _settle_as_not_known(message, now):
    """It never arrived; whether it is sent again, a person decides."""
    in_doubt = OutboundMessage.objects.filter(pk=message.pk, state=State.UNKNOWN)
    in_doubt.update(
        state=State.FAILED,
        settled_at=now,
        error="The provider does not know this message.",
        error_code=outbound.NOT_KNOWN,
    )
