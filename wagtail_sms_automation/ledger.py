"""What a batch of messages writes: collected while they are answered, written at once.

Row by row, the statements would cost more than all the answering.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .models import (
    Contact,
    ContactGroup,
    GroupChange,
    InboundMessage,
    Match,
    Membership,
    OptOut,
    OutboundMessage,
)
from .statements import insert_each, update_each


logger = logging.getLogger(__name__)

#: What handling a message changes of its row, and of its contact's.
MESSAGE_FIELDS = (
    *("state", "contact", "was_opted_out", "intent", "decisions", "processed_at"),
    *("read_with", "attempts", "error", "due_at"),
)
CONTACT_FIELDS = (
    *("attributes", "silent_until", "is_flagged", "last_automation"),
    *("last_answered_at", "last_inbound_at"),
)


@dataclass(slots=True)
class Entry:
    """What one message writes; dropped whole if handling it fails."""

    message: InboundMessage
    #: None where the originator is no phone number.
    contact: Contact | None
    outbound: list[OutboundMessage] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    group_changes: list[GroupChange] = field(default_factory=list)
    opts_out: bool = False
    #: Fields of the contact with their new values.
    changes: dict[str, Any] = field(default_factory=dict)

    def of_contact(self, name: str) -> Any:
        """The contact's value as it stands after the effects so far."""
        return self.changes.get(name, getattr(self.contact, name))

    def change_contact(self) -> None:
        """Let the contact's next message find it as this one leaves it."""
        for name, value in self.changes.items():
            setattr(self.contact, name, value)


def write(entries: Sequence[Entry], messages: Iterable[InboundMessage]) -> bool:
    """Write all entries and the messages' own rows; True if something is to be sent."""
    _write_contacts(entries)
    update_each(list(messages), MESSAGE_FIELDS)
    insert_each([row for entry in entries for row in entry.matches])
    _write_group_changes([row for entry in entries for row in entry.group_changes])
    for entry in entries:
        if entry.opts_out:
            OptOut.objects.start(
                entry.contact, OptOut.Cause.AUTOMATION, started_by=entry.message
            )
    outbound = [row for entry in entries for row in entry.outbound]
    # The same cause is written once.
    insert_each(outbound, once=True)
    return any(row.state == OutboundMessage.State.QUEUED for row in outbound)


def _write_contacts(entries):
    contacts = {entry.contact.pk: entry.contact for entry in entries if entry.contact}
    update_each(list(contacts.values()), CONTACT_FIELDS)


def _write_group_changes(changes):
    """Apply what was not applied before, in order; what is left counts."""
    if not changes:
        return
    causes = [change.cause for change in changes]
    done = GroupChange.objects.filter(cause__in=causes)
    done = set(done.values_list("cause", flat=True))
    groups = ContactGroup.objects.filter(pk__in={row.group_id for row in changes})
    existing = set(groups.values_list("pk", flat=True))
    for gone in {row.group_id for row in changes} - existing:
        logger.error("Contact group %s is gone.", gone)
    changes = [
        row for row in changes if row.cause not in done and row.group_id in existing
    ]
    GroupChange.objects.bulk_create(changes)
    last = {(row.contact_id, row.group_id): row for row in changes}
    joined, left = [], []
    for row in last.values():
        (joined if row.kind == GroupChange.Kind.JOINED else left).append(row)
    Membership.objects.bulk_create(
        [
            Membership(
                contact_id=row.contact_id,
                group_id=row.group_id,
                automation_id=row.automation_id,
            )
            for row in joined
        ],
        ignore_conflicts=True,
    )
    for row in left:
        Membership.objects.filter(
            contact_id=row.contact_id, group_id=row.group_id
        ).delete()
