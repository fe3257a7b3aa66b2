"""Our drawings beside those of graphlay: the same boxes, gaps and yardstick.

graphlay draws in two styles. Its orthogonal lines are the like of ours: each arrow goes
down between the cards, and around them. Its diagonal lines are shorter, and now and
then run through a card (11 of them in the first 60 flows), which ours may not.
"""

import sys
from functools import cache

import pytest

from .random_flows import fresh_flow, random_flow
from .yardstick import crossings, length, our_arrows, their_arrows


FLOWS = 60
#: How much more than graphlay's we may have.
ALLOWED = 1.1


@cache
def flows(source):
    """Sixty flows; a loop is left out, every engine draws it in a way of its own."""
    return [
        (boxes, [link for link in links if link.source != link.target])
        for boxes, links in map(source, range(FLOWS))
    ]


def measured(source, draw):
    """The crossings and the length of all arrows."""
    drawn = [draw(*flow) for flow in flows(source)]
    return sum(map(crossings, drawn)), sum(map(length, drawn))


@cache
def ours(source):
    return measured(source, our_arrows)


@pytest.mark.parametrize("style", ["orthogonal", "diagonal"])
@pytest.mark.parametrize("source", [random_flow, fresh_flow])
def test_crossings_and_lengths_are_near_those_of_graphlay(source, style):
    theirs = measured(source, lambda *flow: their_arrows(*flow, style))
    more = [own / other for own, other in zip(ours(source), theirs, strict=True)]
    sys.stdout.write(
        f"\n{source.__name__}, {style}: {more[0]:.3f} times the crossings"
        f" ({ours(source)[0]} to {theirs[0]}), {more[1]:.3f} times the length\n"
    )
    assert more[0] <= ALLOWED
    assert more[1] <= ALLOWED
