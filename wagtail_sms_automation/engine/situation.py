"""What one message is judged by, gathered in one place."""

from dataclasses import dataclass
from datetime import datetime

from .messages import Contact, InboundMessage
from .rules import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A message, who wrote it, the rules it meets, and the time."""

    message: InboundMessage
    #: None: the originator is no phone number.
    contact: Contact | None
    rulebook: Rulebook
    now: datetime

    @property
    def country(self) -> str:
        """The country whose opt-out words and duties apply."""
        country = self.contact.country if self.contact else ""
        return country or self.rulebook.default_country

    @property
    def is_opted_out(self) -> bool:
        """Was the contact opted out before this message came?"""
        return self.contact is not None and self.contact.is_opted_out

    @property
    def sent_bodies(self) -> tuple[str, ...]:
        """What the message may be quoting."""
        sent_texts = self.contact.sent_texts if self.contact else ()
        return tuple(text.body for text in sent_texts)
