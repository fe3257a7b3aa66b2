"""Webhook requests a second beside a bare Django view that does one insert.

The same server (gunicorn, two sync workers), the same middleware, requests of 1,000
contacts signed beforehand. First as fast as they go, with no cluster; then 20 a second
with one. BENCH_SHORT=1 measures less.
"""

import math
import os
import sys
from statistics import median

from . import databases, load, processes
from .report import Limit, Measurement, percentile, show
from .requests import signed_requests
from .site import CONTACTS


IS_SHORT = os.environ.get("BENCH_SHORT") == "1"
ROUNDS = 4 if IS_SHORT else 14
ROUND_SECONDS = 0.5 if IS_SHORT else 0.75
#: More than any machine here answers in a round.
REQUESTS = 800 if IS_SHORT else 1_250
PACED_RATE = 20
PACED_SECONDS = 5 if IS_SHORT else 15

OURS, PLAIN, ROW = "/sms/default/inbound/", "/bare/plain/", "/bare/row/"

AT_LEAST = Limit(at_least=0.8)
AT_MOST = Limit(at_most=50, is_of_ratio=False)


def main() -> None:
    """Measure on both databases; exit with 1 if a limit does not hold."""
    measurements = []
    for vendor in databases.VENDORS:
        measured = databases.measure(vendor, "webhook.measure", vendor)
        measurements += measured
    sys.exit(not show("Webhook", measurements))


def measure(vendor: str) -> list[Measurement]:
    """Measure on the database of this process."""
    from . import restaurant

    restaurant.open()
    with processes.web_server() as port, load.generator(port) as generator:
        speeds = _speeds(generator)
        restaurant.forget_backlog()
        with processes.cluster():
            restaurant.wait_for_cluster()
            ours = _p95(generator, OURS)
        bare = _p95(generator, PLAIN)
    return [
        Measurement(
            what=f"accepted, {vendor}",
            ours=speeds[OURS],
            unit="requests/s",
            peer=speeds[PLAIN],
            peer_name="bare view, one insert",
            limit=AT_LEAST,
        ),
        Measurement(
            what=f"accepted, {vendor}",
            ours=speeds[OURS],
            unit="requests/s",
            peer=speeds[ROW],
            peer_name="bare view, the row itself",
        ),
        Measurement(
            what=f"p95 at {PACED_RATE}/s, {vendor}",
            ours=ours,
            unit="ms",
            peer=bare,
            peer_name="bare view, no cluster",
            limit=AT_MOST,
        ),
    ]


def _speeds(generator: load.Generator) -> dict[str, float]:
    """The median speed of each view, taken in turns: whatever else runs hits all."""
    speeds: dict[str, list[float]] = {OURS: [], PLAIN: [], ROW: []}
    for path in speeds:
        # Each contact has written before.
        generator.per_second(signed_requests(path, CONTACTS), math.inf)
    for _number in range(ROUNDS):
        for path, measured in speeds.items():
            requests = signed_requests(path, REQUESTS)
            measured.append(generator.per_second(requests, ROUND_SECONDS))
    return {path: median(measured) for path, measured in speeds.items()}


def _p95(generator: load.Generator, path: str) -> float:
    """Milliseconds, at a pace."""
    requests = signed_requests(path, PACED_RATE * PACED_SECONDS)
    return percentile(generator.latencies(requests, PACED_RATE), 95) * 1000


if __name__ == "__main__":
    main()
