"""The restaurant's six flows, as the engine's automations."""

from wagtail_sms_automation.engine.flow_graph import Announcement

from .test_flows import FLOWS, read_automation


def automations_of(flow):
    return tuple(
        read_automation(number, row)
        for number, row in enumerate(flow["automations"], start=1)
    )


def announcements_of(flow):
    if not flow["broadcast"]:
        return ()
    return (Announcement(id="flow-1", name=flow["name"], body=flow["broadcast"]),)


__all__ = ["FLOWS", "announcements_of", "automations_of"]
