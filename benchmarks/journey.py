"""From stored to handed over, beside one no-op django-q2 task a message.

A cluster with the Q_CLUSTER of the example site on the ORM broker, and a gateway that
takes a text at once. First how fast a backlog is worked off, then how long a message
takes at 5 a second. BENCH_SHORT=1 measures less.
"""

import os
import sys
from collections.abc import Iterator

from . import databases
from .report import Limit, Measurement, percentile, show


IS_SHORT = os.environ.get("BENCH_SHORT") == "1"
MESSAGES = 600 if IS_SHORT else 3_000
ROUNDS = 1 if IS_SHORT else 3
SECONDS = 5 if IS_SHORT else 20

FASTER = Limit(more_than=1)
AT_MOST = Limit(at_most=2_000, is_of_ratio=False)


def main() -> None:
    """Measure on both databases; exit with 1 if a limit does not hold."""
    measurements = []
    for vendor in databases.VENDORS:
        measurements += databases.measure(vendor, "journey.measure", vendor)
    sys.exit(not show("From stored to handed over", measurements))


def measure(vendor: str) -> list[Measurement]:
    """Measure on the database of this process."""
    from . import drain, latency, restaurant

    restaurant.open()
    throughput = drain.measure(MESSAGES, ROUNDS)
    return [
        _throughput(vendor, *throughput),
        *_latencies(vendor, *latency.measure(SECONDS)),
    ]


def _throughput(vendor: str, ours: float, peer: float) -> Measurement:
    return Measurement(
        what=f"worked off, {vendor}",
        ours=ours,
        unit="/s",
        peer=peer,
        peer_name="no-op tasks",
        limit=FASTER,
    )


def _latencies(
    vendor: str, ours: list[float], peer: list[float]
) -> Iterator[Measurement]:
    for percent in (50, 95, 99):
        yield Measurement(
            what=f"p{percent} at 5/s, {vendor}",
            ours=percentile(ours, percent),
            unit="ms",
            peer=percentile(peer, percent),
            peer_name="a no-op task",
            limit=AT_MOST if percent == 95 else None,
        )


if __name__ == "__main__":
    main()
