"""The memory of one worker over 50,000 messages: flat within 10 %.

One process does what a worker does, batch after batch. Its resident memory after a
tenth of them is the peer of that at the end. BENCH_SHORT=1, or a number of messages as
the argument, takes fewer.
"""

import os
import sys
from pathlib import Path

from . import databases
from .report import Limit, Measurement, show


IS_SHORT = os.environ.get("BENCH_SHORT") == "1"
MESSAGES = 2_000 if IS_SHORT else 50_000
BATCH = 500

FLAT = Limit(at_most=1.1)


def main() -> None:
    """Measure on SQLite; exit with 1 if the limit does not hold."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    ours, peer = databases.measure(databases.SQLITE, "memory.measure", count)
    measurement = Measurement(
        what=f"resident after {count:,} messages",
        ours=ours,
        unit="MiB",
        peer=peer,
        peer_name=f"after {count // 10:,}",
        limit=FLAT,
    )
    sys.exit(not show("Memory of a worker", [measurement]))


def measure(count: int) -> tuple[float, float]:
    """MiB at the end, and after the first tenth."""
    from . import restaurant

    restaurant.open()
    _work_off(count // 10)
    warm = _resident()
    _work_off(count - count // 10)
    return _resident(), warm


def _work_off(count: int) -> None:
    from wagtail_sms_automation import tasks
    from wagtail_sms_automation.models import InboundMessage

    from .backlog import replies, store, unsent

    wanted = replies().count() + count
    for start in range(0, count, BATCH):
        store(min(BATCH, count - start))
        while InboundMessage.objects.pending().exists():
            tasks.process()
        while unsent().exists():
            tasks.send()
    if replies().count() != wanted:
        raise RuntimeError("Not every message has one reply that was sent.")


def _resident() -> float:
    """MiB of this process, as Linux tells them."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("This system does not tell the memory of a process.")


if __name__ == "__main__":
    main()
