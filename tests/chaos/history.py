"""The checker: what customers sent, what the provider accepted, what the tables say.

It knows nothing of how the site works, only what must have come of each text.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from .faults import AMBIGUOUS
from .rules import expected_sends, joins_club


#: States in which the site says that the provider has it.
HANDED_OVER = ("sent", "delivered")
#: States in which the site says that it was not, or may not have been, sent.
FLAGGED = ("unknown", "failed", "expired", "held")
SETTLED_SHARE = 0.99
#: What the site says of a message that the provider never took.
NOT_KNOWN = "does not know this message"

INBOUND = """SELECT gateway_id, originator, body, state
    FROM wagtail_sms_automation_inboundmessage ORDER BY id"""
OUTBOUND = """SELECT reference, recipient, body, state, error, held_by
    FROM wagtail_sms_automation_outboundmessage ORDER BY id"""
MEMBERS = """SELECT phone_number FROM wagtail_sms_automation_contact c
    JOIN wagtail_sms_automation_membership m ON m.contact_id = c.id"""


@dataclass(frozen=True)
class InboundRow:
    """One inbound message, as stored."""

    gateway_id: str
    originator: str
    body: str
    state: str


@dataclass(frozen=True)
class OutboundRow:
    """One outbound message, as stored."""

    reference: str
    recipient: str
    body: str
    state: str
    error: str = ""
    held_by: str = ""

    @property
    def send(self):
        """What was to be sent to whom."""
        return self.recipient, self.body


@dataclass
class History:
    """All that happened."""

    texts: list
    accepted: list
    inbound: list
    outbound: list
    members: list = field(default_factory=list)
    wake_ups: int = 0


def read(site, provider, texts):
    """Read the history of these texts; all that is traced to others is left out."""
    bodies = {text.body for text in texts}
    inbound = [InboundRow(*row) for row in site.database.rows(INBOUND)]
    outbound = [
        OutboundRow(str(row[0]).replace("-", ""), *row[1:])
        for row in site.database.rows(OUTBOUND)
    ]
    return History(
        texts=list(texts),
        accepted=[sent for sent in list(provider.accepted) if _cause(sent) in bodies],
        inbound=[row for row in inbound if row.body in bodies],
        outbound=[row for row in outbound if _cause(row) in bodies],
        members=[number for (number,) in site.database.rows(MEMBERS)],
        wake_ups=site.wake_ups(),
    )


def faults_of(history):
    """Everything that must not be, in words; an empty list is what we promise."""
    return [
        *_lost_or_doubled_texts(history),
        *_lost_or_doubled_sends(history),
        *_sends_without_cause(history),
        *_out_of_order(history),
        *_not_flagged(history),
        *_not_joined(history),
    ]


def unsettled_of(history):
    """What stays in doubt, whether the provider has it or not: at most 1 in 100."""
    unknown = {row.reference for row in history.outbound if row.state == "unknown"}
    ambiguous = {_reference(s) for s in history.accepted if s.fault in AMBIGUOUS}
    doubtful = ambiguous | unknown
    if len(doubtful) - len(unknown) >= SETTLED_SHARE * len(doubtful):
        return []
    return [f"unsettled: {len(unknown)} of {len(doubtful)} sends in doubt"]


def left_over(history):
    """What still waits: nothing must, once all is quiet."""
    counts = {**waiting(history), "wake-ups": history.wake_ups}
    return [f"left over: {count} {what}" for what, count in counts.items() if count]


def waiting(history):
    """How many messages still wait to be answered or sent, by what they are."""
    inbound = Counter(row.state for row in history.inbound)
    outbound = Counter(row.state for row in history.outbound)
    counts = {
        "pending inbound messages": inbound["pending"],
        "queued outbound messages": outbound["queued"],
        "outbound messages being sent": outbound["sending"],
    }
    return {what: count for what, count in counts.items() if count}


def _lost_or_doubled_texts(history):
    rows = defaultdict(list)
    for row in history.inbound:
        rows[row.originator, row.body].append(row)
    for text in history.texts:
        stored = rows[text.originator, text.body]
        if len(stored) > 1:
            yield f"doubled text: {text.body} is stored {len(stored)} times"
        elif text.is_acknowledged and not stored:
            yield f"lost text: {text.body} was acknowledged and is not stored"
        elif stored and stored[0].state != "processed":
            yield f"lost text: {text.body} is {stored[0].state}"


def _lost_or_doubled_sends(history):
    rows, accepted = _by_send(history.outbound), _by_send(history.accepted)
    for send in _expected(history):
        stored, taken = rows[send], accepted[send]
        if len(stored) > 1:
            yield f"doubled send: {len(stored)} rows of {send}"
        if len(taken) > 1:
            yield f"doubled send: the provider has {len(taken)} of {send}"
        if not stored:
            yield f"lost send: no row of {send}"
        elif not taken and stored[0].state not in FLAGGED:
            yield f"lost send: {send} is {stored[0].state}, and was never accepted"


def _sends_without_cause(history):
    expected = set(_expected(history))
    for what, sends in (("row", history.outbound), ("submission", history.accepted)):
        for send in _by_send(sends).keys() - expected:
            yield f"without a cause: a {what} of {send}"


def _out_of_order(history):
    """The first accepted submissions of each contact to each recipient."""
    places = {}
    for text in history.texts:
        for action, send in enumerate(expected_sends(text.originator, text.body)):
            places[send] = text.originator, (text.number, action)
    last = {}
    for sent in history.accepted:
        originator, place = places.get(_send(sent), (None, None))
        lane = originator, sent.recipient
        if place is not None and place < last.get(lane, place):
            yield f"out of order: {_send(sent)}"
        elif place is not None:
            last[lane] = place


def _not_flagged(history):
    """What is in doubt must say so, and say why."""
    accepted = {_reference(sent) for sent in history.accepted}
    for row in history.outbound:
        if row.reference in accepted and row.state == "queued":
            yield f"not flagged: {row.send} was accepted and would be sent again"
        if row.reference in accepted and NOT_KNOWN in row.error:
            yield f"not flagged: {row.send} was accepted and is said not to be known"
        if row.state == "held" and not row.held_by:
            yield f"not flagged: {row.send} is held and does not say why"
        if row.state in ("unknown", "failed", "expired") and not row.error:
            yield f"not flagged: {row.send} is {row.state} and does not say why"


def _not_joined(history):
    members = Counter(history.members)
    for text in history.texts:
        times = members[text.originator]
        if text.is_acknowledged and joins_club(text.body) and times != 1:
            yield f"lost group change: {text.body} joined {times} times"


def _expected(history):
    """What must come of the texts that are stored or were acknowledged."""
    stored = {(row.originator, row.body) for row in history.inbound}
    for text in history.texts:
        if text.is_acknowledged or (text.originator, text.body) in stored:
            yield from expected_sends(text.originator, text.body)


def _by_send(items):
    found = defaultdict(list)
    for item in items:
        found[_send(item)].append(item)
    return found


def _send(item):
    return item.recipient, item.body


def _cause(item):
    return item.body.partition(": ")[2]


def _reference(submission):
    return submission.reference.replace("-", "")
