"""A gateway for tests: keeps what it is given in memory."""

import uuid
from datetime import datetime

from wagtail_sms_automation.gateways.base import (
    DeliveryReport,
    ReportStatus,
    Sent,
    Submission,
)
from wagtail_sms_automation.gateways.sandbox import SandboxGateway


#: Every submission taken, oldest first.
outbox: list[Submission] = []

#: What the next calls of send() raise, one each, before anything is taken again.
failures: list[Exception] = []


class LocMemGateway(SandboxGateway):
    """Takes messages into `outbox`; its webhooks are those of the sandbox."""

    def send(self, submission: Submission) -> Sent:
        """Keep one SMS, or raise the first of `failures`."""
        if failures:
            raise failures.pop(0)
        outbox.append(submission)
        return Sent(gateway_id=uuid.uuid4().hex)

    def look_up(
        self, reference: str, recipient: str, since: datetime, until: datetime
    ) -> DeliveryReport | None:
        """Look in `outbox`, which keeps no moments and no ids."""
        for submission in outbox:
            if (submission.reference, submission.recipient) == (reference, recipient):
                return DeliveryReport(
                    status=ReportStatus.SENT,
                    provider_status=ReportStatus.SENT.value,
                    reference=reference,
                    recipient=recipient,
                )
        return None


def clear() -> None:
    """Empty `outbox` and `failures`."""
    outbox.clear()
    failures.clear()
