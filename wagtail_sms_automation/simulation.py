"""The simulator: what automations would do; nothing is sent, nothing is written.

A conversation is kept by nobody: it is held anew, from its first text, each time.
"""

from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from . import rulebook
from .engine import conversation, messages, rules
from .models import Automation, Flow
from .statements import storable


#: A number that Ofcom keeps for drama: no contact and no staff phone has it.
STRANGER = "+447700900123"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text of the imagined customer."""

    body: str
    received_at: datetime


def stranger(
    *, groups: Collection[int] = (), language: str = "", is_opted_out: bool = False
) -> messages.Contact:
    """Make a contact whom nobody knows but for this; the site's country is theirs."""
    return messages.Contact(
        phone_number=STRANGER,
        groups=frozenset(groups),
        language=language,
        is_opted_out=is_opted_out,
    )


def rules_of(
    flow: Flow | None = None, drafts: Sequence[Automation] = ()
) -> rules.Rulebook:
    """Compile the live set, with all steps of a flow, and drafts, as if active.

    A draft takes the place of the row it was made from; one without a row goes last,
    under a number below zero.
    """
    if flow is None and not drafts:
        return rulebook.current()
    listed = Q(status=Automation.Status.ACTIVE)
    if flow is not None:
        listed |= Q(flow=flow)
    edited = {draft.pk: draft for draft in drafts if draft.pk}
    listed |= Q(pk__in=edited)
    rows = [
        edited.get(row.pk, row) for row in Automation.objects.filter(listed).in_order()
    ]
    new = [copy(draft) for draft in drafts if not draft.pk]
    for number, draft in enumerate(new, start=1):
        draft.pk = -number
    return rulebook.compile_rulebook([*rows, *new])


def simulate(
    texts: Iterable[Text],
    contact: messages.Contact,
    rules: rules.Rulebook,
    *,
    recipient: str,
) -> list[conversation.Turn]:
    """Hold a conversation; each text is handled by itself, as soon as it comes."""
    inbound = (
        messages.InboundMessage(
            body=storable(text.body),
            originator=contact.phone_number,
            recipient=recipient,
            received_at=text.received_at,
        )
        for text in texts
    )
    return list(conversation.hold(inbound, contact, rules))
