"""What was not sent, in words: why, and why nothing more can be done about it."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .models import OutboundMessage


#: What a state says of itself where no guard and no machine says more.
REASONS = {
    OutboundMessage.State.UNKNOWN: gettext_lazy(
        "The provider’s answer was lost: it may have been sent."
    ),
    OutboundMessage.State.FAILED: gettext_lazy(
        "It was refused, or could not be delivered."
    ),
    OutboundMessage.State.EXPIRED: gettext_lazy("It could not be sent in time."),
}


def reason_of(message: OutboundMessage) -> str:
    """Return why a message was not sent; nothing for one on its way."""
    if message.state == OutboundMessage.State.HELD:
        return message.get_held_by_display()
    return str(REASONS.get(message.state, ""))


def why_not(message: OutboundMessage) -> str:
    """Return why nobody can decide to send a message again, or decide any more."""
    if message.review == OutboundMessage.Review.SENT_AGAIN:
        return _("Somebody has sent this message again already.")
    if message.review == OutboundMessage.Review.LEFT:
        return _("Somebody has decided already to leave this message.")
    if not message.can_be_reviewed:
        return _("There is nothing to decide any more: the message is “%(state)s”.") % {
            "state": message.get_state_display()
        }
    if not message.can_be_sent_again:
        return _("This message cannot be sent again: %(reason)s") % {
            "reason": message.get_held_by_display()
        }
    return _("Something has changed meanwhile: please look at the message again.")
