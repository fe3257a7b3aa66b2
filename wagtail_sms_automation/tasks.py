"""What django-q2 runs: wake-ups that drain the tables, and the sweep."""

from . import claims, look_ups, outbound, processing, sending, task_queue


def process():
    """Answer the inbound messages that wait."""
    task_queue.drain(
        "process",
        processing.process_batch,
        next_due_at=processing.next_due_at,
        full=processing.BATCH,
    )


def send():
    """Send the outbound messages that are due."""
    task_queue.drain(
        "send",
        sending.deliver_batch,
        next_due_at=claims.next_due_at,
        full=sending.SLOTS,
    )


def look_up():
    """Ask the providers what became of the messages in doubt."""
    task_queue.drain(
        "look_up",
        look_ups.look_up_batch,
        next_due_at=look_ups.next_look_up_at,
        full=look_ups.BATCH,
    )


def sweep():
    """Find what a crash or a lost wake-up left behind."""
    claims.settle_dead_leases()
    outbound.give_up_old()
    task_queue.ring_again()
    for kind, has_work in (
        ("process", processing.has_work),
        ("send", claims.has_work),
        ("look_up", look_ups.has_work),
    ):
        if has_work():
            task_queue.wake(kind)
