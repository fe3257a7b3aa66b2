"""Keep flows under test: what customers text, and what they must get.

from wagtail_sms_automation.testing import assert_conversation

def test_orders(db):
    assert_conversation("SMS orders", [
        ("ORDER", ["...MENU..."]),
        ("Thanks!", []),
    ])
"""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from .flow_files import playing, reading, shape
from .models import Flow


def assert_conversation(
    flow: str | os.PathLike[str] | Flow,
    conversation: Iterable[tuple[str, Iterable[str]]],
    *,
    now: datetime | None = None,
) -> None:
    """Fail unless a flow gives these replies to these texts, in this order.

    flow is a flow of the database, its name, or the path of a flow file (what ends
    in ".json"), whose examples stand for the values it asks for. In a reply, "..."
    stands for anything; no replies mean silence. Paused steps answer as if active,
    automations of other flows are not asked, nothing is sent or stored. Flows that
    look at the clock are asked as of now (aware).
    """
    __tracebackhide__ = True
    exchanges = [
        shape.Exchange(text=text, answers=_replies(replies))
        for text, replies in conversation
    ]
    turns = playing.play(_found(flow), exchanges, now=now)
    if difference := playing.difference(turns):
        raise AssertionError(f"\n{difference}")


def _replies(replies: Iterable[str]) -> tuple[str, ...]:
    # A text alone would be taken for replies of one letter each.
    return (replies,) if isinstance(replies, str) else tuple(replies)


def _found(flow: str | os.PathLike[str] | Flow) -> Flow | shape.FlowFile:
    if isinstance(flow, Flow):
        return flow
    if isinstance(flow, os.PathLike) or flow.endswith(".json"):
        return reading.read(Path(flow).read_bytes(), examples=True)
    found = Flow.objects.filter(name=flow).first()
    if found is None:
        names = ", ".join(Flow.objects.values_list("name", flat=True)) or "none"
        raise AssertionError(f"There is no flow named {flow!r}; there are: {names}.")
    return found
