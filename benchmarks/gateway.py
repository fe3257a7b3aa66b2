"""A gateway that takes each text at once: what is measured is our part."""

import uuid

from wagtail_sms_automation.gateways.base import Sent, Submission
from wagtail_sms_automation.gateways.messagebird import MessageBirdGateway


class AtOnceGateway(MessageBirdGateway):
    """MessageBird's webhooks; a text is accepted without a word on the network."""

    def send(self, submission: Submission) -> Sent:
        """Keep nothing: the memory of a worker is measured too."""
        return Sent(gateway_id=uuid.uuid4().hex)
