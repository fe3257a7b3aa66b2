"""The rows of a benchmark: twenty automations, and limits out of the way."""

import time
import uuid

from django.utils import timezone
from django_q.tasks import async_task

from wagtail_sms_automation.models import (
    Automation,
    InboundMessage,
    RulebookRevision,
    SmsSettings,
)

from .models import NoOpRun
from .site import KEYWORDS


#: Seconds for a cluster to start.
PATIENCE = 60


def open() -> None:
    """Make the automations, active, and lift what would hold their replies."""
    SmsSettings.objects.create(
        replies_per_minute=30_000,
        replies_per_hour=30_000,
        replies_per_day=30_000,
        identical_replies=30_000,
        parts_per_day=None,
        parts_per_day_of_contact=None,
    )
    for keyword in KEYWORDS:
        Automation.objects.create(
            name=keyword,
            status=Automation.Status.ACTIVE,
            conditions=[_block("content", **_content(keyword))],
            actions=[_block("reply", body=f"Thank you, {keyword} it is.")],
        )
    RulebookRevision.objects.bump()


def forget_backlog() -> None:
    """Take what waits as answered."""
    state = InboundMessage.State
    InboundMessage.objects.pending().update(state=state.PROCESSED)


def wait_for_cluster(workers: int = 2) -> None:
    """Return once tasks are run, by a worker that has made its connection."""
    before = NoOpRun.objects.count()
    for _number in range(workers):
        async_task("benchmarks.no_op.note", timezone.now().isoformat())
    deadline = time.monotonic() + PATIENCE
    while NoOpRun.objects.count() < before + workers:
        if time.monotonic() > deadline:
            raise RuntimeError("The cluster does not run.")
        time.sleep(0.1)


def _block(block_type, **value):
    return {"type": block_type, "value": value, "id": str(uuid.uuid4())}


def _content(keyword):
    return {
        "operator": "any",
        "keywords": [keyword],
        "ignore_case": False,
        "ignore_accents": False,
        "anywhere": False,
    }
