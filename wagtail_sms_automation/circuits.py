"""Circuit breakers: a gateway that fails again and again is left alone for a while.

Closed, messages go out. Open, none does, so none uses up an attempt. When the time is
over, one claim of messages, the probe, tries one: if it is answered the circuit
closes, else it stays open once more. All calls belong in the caller's transaction.
"""

import logging
import re
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Min

from .gateways.base import GatewayError, NotSent, Sent, Unknown
from .gateways.fields import clean
from .models import Circuit


logger = logging.getLogger(__name__)

Answer = Sent | GatewayError

#: How many of the latest calls are looked at.
WINDOW = 20
#: So many hard failures one after the other open the circuit.
IN_A_ROW = 5
OPEN_FOR = timedelta(seconds=30)
#: A person must add balance or mend a key first; nothing is gained by asking often.
OPEN_FOR_ACCOUNT = timedelta(minutes=5)
#: Longer than any call takes. A probe that has not been recorded by then is dead.
PROBE_WITHIN = timedelta(seconds=60)

#: What may be a phone number in a provider's words.
NUMBER = re.compile(r"\+?[0-9](?:[ .-]?[0-9]){6,}")


def open_gateways(now: datetime) -> dict[str, bool]:
    """The gateways whose circuit is open, and whether a probe may be tried now.

    A gateway that is not named may be called. One query, whatever their number; always
    in the same order, so that two workers who become probes do not block each other.
    """
    circuits = Circuit.objects.exclude(open_until=None).order_by("gateway")
    return {
        gateway: open_until <= now
        for gateway, open_until in circuits.values_list("gateway", "open_until")
    }


def may_call(gateway: str, now: datetime, *, probe: uuid.UUID | None) -> bool:
    """May one message be handed to a gateway now?

    While the circuit is open, none may; then the first who asks, as the probe. probe is
    the id of the caller's claim, to be given to record() too; who has none is never the
    probe.
    """
    mine = Circuit.objects.filter(gateway=gateway)
    open_until = mine.values_list("open_until", flat=True).first()
    if open_until is None:
        return True
    if open_until > now or probe is None:
        return False
    # Whoever else wants to waits for this row, and then finds another time in it.
    untaken = mine.filter(open_until=open_until)
    return bool(untaken.update(probe=probe, open_until=now + PROBE_WITHIN))


def record(
    gateway: str,
    answers: Sequence[Answer],
    now: datetime,
    *,
    probe: uuid.UUID | None = None,
) -> None:
    """Take note of what came of some calls, in order; probe as for may_call().

    A probe that made no call after all gives its turn back with no answers. While the
    circuit is open, calls begun before it opened say nothing new.
    """
    if not is_news(gateway, answers):
        return
    circuit = _locked(gateway)
    if circuit.open_until is None:
        _watch(circuit, answers, now)
    else:
        _settle(circuit, answers, now, is_probe=_holds(circuit, probe))
    circuit.save()


def is_news(gateway: str, answers: Sequence[Answer]) -> bool:
    """False where record() would write nothing, as mostly; it takes no lock."""
    return any(map(_is_hard_failure, answers)) or _is_troubled(gateway)


def next_attempt_at(now: datetime) -> datetime | None:
    """When an open circuit may be tried again; one that may be already, may be now."""
    later = Circuit.objects.filter(open_until__gt=now)
    return later.aggregate(at=Min("open_until"))["at"]


def _is_hard_failure(answer: Answer) -> bool:
    """True where nothing says that the provider lives; a refusal says so."""
    return isinstance(answer, NotSent | Unknown) or _is_account_fault(answer)


def _is_account_fault(answer: Answer) -> bool:
    return isinstance(answer, GatewayError) and answer.is_account_fault


def _is_troubled(gateway: str) -> bool:
    """True unless the circuit is closed and its window holds no failure."""
    circuit = Circuit.objects.filter(gateway=gateway).first()
    return circuit is not None and (
        circuit.open_until is not None or any(circuit.failures)
    )


def _locked(gateway: str) -> Circuit:
    rows = Circuit.objects.select_for_update().filter(gateway=gateway)
    if (circuit := rows.first()) is None:
        Circuit.objects.bulk_create([Circuit(gateway=gateway)], ignore_conflicts=True)
        circuit = rows.get()
    return circuit


def _holds(circuit: Circuit, probe: uuid.UUID | None) -> bool:
    return probe is not None and circuit.probe == probe


def _watch(circuit: Circuit, answers: Sequence[Answer], now: datetime) -> None:
    """Put the answers in the window, until they open the circuit."""
    for answer in answers:
        is_failure = _is_hard_failure(answer)
        circuit.failures = [*circuit.failures, is_failure][-WINDOW:]
        if is_failure and (_is_account_fault(answer) or _is_too_much(circuit.failures)):
            _open(circuit, answer, now)
            return
    if not any(circuit.failures):
        circuit.failures = []


def _is_too_much(failures: list[bool]) -> bool:
    latest = failures[-IN_A_ROW:]
    if len(latest) == IN_A_ROW and all(latest):
        return True
    return len(failures) == WINDOW and sum(failures) > WINDOW / 2


def _settle(
    circuit: Circuit, answers: Sequence[Answer], now: datetime, *, is_probe: bool
) -> None:
    """Go by the probe's answer; of the others, only an account fault counts."""
    faults = [answer for answer in answers if _is_account_fault(answer)]
    failures = [answer for answer in answers if _is_hard_failure(answer)]
    if faults:
        _open(circuit, faults[-1], now, probe=None if is_probe else circuit.probe)
    elif is_probe and failures:
        _open(circuit, failures[-1], now)
    elif is_probe and answers:
        _close(circuit)
    elif is_probe:
        circuit.open_until, circuit.probe = now, None


def _open(
    circuit: Circuit, answer: Answer, now: datetime, probe: uuid.UUID | None = None
) -> None:
    length = OPEN_FOR_ACCOUNT if _is_account_fault(answer) else OPEN_FOR
    circuit.open_until = now + length
    circuit.probe = probe
    circuit.reason = NUMBER.sub("•••", clean(str(answer)))[:500]
    logger.warning("%s is left alone until %s.", circuit.gateway, circuit.open_until)


def _close(circuit: Circuit) -> None:
    circuit.failures, circuit.open_until = [], None
    circuit.probe, circuit.reason = None, ""
    logger.info("%s works again.", circuit.gateway)
