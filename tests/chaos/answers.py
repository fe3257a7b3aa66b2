"""What a provider may do with a message instead of taking it, and meanwhile."""

from dataclasses import dataclass

from tests.chaos.simulated import Killed
from wagtail_sms_automation.gateways import base, locmem
from wagtail_sms_automation.models import OutboundMessage


@dataclass
class Fault(Exception):
    """One call: whether the message is taken, and what is raised instead of saying so.

    in_doubt: who called cannot know whether it was taken. meanwhile: what happens
    before the answer comes, a "STOP" of the recipient or a "report" of the delivery.
    """

    error: BaseException | None = None
    takes: bool = False
    in_doubt: bool = False
    meanwhile: str = ""


FINE = Fault(takes=True)
FAULTS = {
    "fine": FINE,
    "rejected": Fault(base.Rejected("No.", code="9")),
    "account at fault": Fault(base.NotSent("No balance.", is_account_fault=True)),
    "throttled": Fault(base.Throttled("Later.", retry_after=40)),
    "throttled, no time given": Fault(base.Throttled("Later.")),
    "taken, and STOP": Fault(takes=True, meanwhile="STOP"),
    "throttled, and STOP": Fault(base.Throttled("Later."), meanwhile="STOP"),
    "not sent": Fault(base.NotSent("Connection refused.")),
    "unknown": Fault(base.Unknown("Read timeout."), in_doubt=True),
    "unknown, but taken": Fault(base.Unknown("Reset."), takes=True, in_doubt=True),
    "odd": Fault(KeyError("items"), in_doubt=True),
    "odd, but taken": Fault(ValueError("line"), takes=True, in_doubt=True),
    "killed": Fault(Killed(), in_doubt=True),
    "killed, but taken": Fault(Killed(), takes=True, in_doubt=True),
    "reported first": Fault(takes=True, meanwhile="report"),
    "reported, then unknown": Fault(
        base.Unknown("Read timeout."), takes=True, in_doubt=True, meanwhile="report"
    ),
}


class Provider(locmem.LocMemGateway):
    """Does what the next of locmem.failures, a Fault, says; then takes all."""

    #: The machine that is told of each call.
    machine = None

    def send(self, submission):
        """Take one SMS or not, and say so or not."""
        row = OutboundMessage.objects.get(reference=submission.reference)
        fault = locmem.failures.pop(0) if locmem.failures else FINE
        self.machine.handed_over(row, submission, fault)
        if fault.takes:
            locmem.outbox.append(submission)
        if fault.meanwhile:
            self.machine.meanwhile(fault.meanwhile, submission)
        if fault.error:
            raise fault.error
        return base.Sent(gateway_id=f"taken-{row.pk}")
