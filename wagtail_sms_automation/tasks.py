"""What django-q2 runs: three wake-ups that drain the tables."""

from . import outbound, processing, task_queue


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
        outbound.deliver_batch,
        next_due_at=outbound.next_due_at,
        full=outbound.BATCH,
    )


def sweep():
    """Find what a crash or a lost wake-up left behind."""
    outbound.settle_dead_leases()
    task_queue.ring_again()
    if processing.has_work():
        task_queue.wake("process")
    if outbound.has_work():
        task_queue.wake("send")
