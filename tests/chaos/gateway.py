"""MessageBird, given up sooner: a chaos run meets more hangs than a year does."""

from wagtail_sms_automation.gateways.messagebird import MessageBirdGateway


class ImpatientMessageBird(MessageBirdGateway):
    """MessageBird with short timeouts."""

    timeout = (1.0, 2.0)
