"""Our drawings beside those of graphlay: the same boxes, gaps and yardstick.

graphlay draws in two styles. Its orthogonal lines are the like of ours: each arrow goes
down between the cards, and around them. Its diagonal lines are shorter, and now and
then run through a card (11 of them in the tuned flows), which ours may not.

Three times sixty flows, our crossings to those of its orthogonal lines, and how long
our arrows are beside its orthogonal and its diagonal ones (`pytest -s` prints them):
  tuned   the layout was tuned on them             273 to 259   0.885   1.058
  fresh   of the same mix, but other numbers       193 to 192   0.844   1.015
  other   trees, hubs, conversations and tangles   202 to  95   0.992   1.147
The fresh ones are to show that the tuned ones do not flatter. The other mix is beyond
1.1 times the crossings, for the sake of width. 20 of its 60 have a row of more cards
than we set side by side, and we fold it: 100 crossings to 0, for arrows that lead back
cross those to the second row. The 40 that are not folded have 102 to 95.
"""

import sys
from functools import cache

import pytest

from wagtail_sms_automation.engine.flow_layout import lay_out, layers

from .random_flows import other_flow, random_flow
from .yardstick import (
    crossings,
    length,
    our_arrows,
    their_arrows,
    their_width,
)


FLOWS = 60
#: How much more than graphlay's we may have.
ALLOWED = 1.1
STYLES = ["orthogonal", "diagonal"]


def flows(make, first=0):
    """Sixty flows; a loop is left out, every engine draws it in a way of its own."""
    return [
        (boxes, [link for link in links if link.source != link.target])
        for boxes, links in map(make, range(first, first + FLOWS))
    ]


@cache
def tuned():
    return flows(random_flow)


@cache
def fresh():
    return flows(random_flow, 1000)


@cache
def other(is_folded):
    """The flows of another mix that have a row too long to read, or the others."""
    return [flow for flow in flows(other_flow, 1000) if folded(*flow) == is_folded]


def folded(boxes, links):
    """True for what would be drawn otherwise if rows had no limit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers, "WIDEST", len(boxes))
        unlimited = lay_out(boxes, links)
    return unlimited != lay_out(boxes, links)


def measured(made, draw):
    """The crossings and the length of all arrows."""
    drawn = [draw(*flow) for flow in made]
    return sum(map(crossings, drawn)), sum(map(length, drawn))


def compared(name, made, style):
    """Return our crossings, theirs, and how much longer our arrows are."""
    ours = measured(made, our_arrows)
    theirs = measured(made, lambda *flow: their_arrows(*flow, style))
    longer = ours[1] / theirs[1]
    sys.stdout.write(
        f"\n{len(made)} {name} flows, {style}: {ours[0]} crossings to {theirs[0]},"
        f" {longer:.3f} times the length\n"
    )
    return ours[0], theirs[0], longer


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("make", [tuned, fresh], ids=["tuned", "fresh"])
def test_crossings_and_lengths_are_near_those_of_graphlay(make, style):
    ours, theirs, longer = compared(make.__name__, make(), style)
    assert ours <= ALLOWED * theirs
    assert longer <= ALLOWED


@pytest.mark.parametrize(("style", "allowed"), [("orthogonal", 1.1), ("diagonal", 1.2)])
def test_so_they_are_on_another_mix_as_far_as_it_is_not_folded(style, allowed):
    made = other(is_folded=False)
    assert len(made) > FLOWS / 2
    ours, theirs, longer = compared("other, not folded", made, style)
    assert ours <= ALLOWED * theirs
    assert longer <= allowed


@pytest.mark.parametrize(("style", "allowed"), [("orthogonal", 1.1), ("diagonal", 1.2)])
def test_what_is_folded_has_a_crossing_for_each_seventh_arrow(style, allowed):
    """There is no line of graphlay's to stay near: in rows of any length none cross."""
    made = other(is_folded=True)
    ours, _, longer = compared("other, folded", made, style)
    assert ours <= sum(len(links) for _, links in made) / 7
    assert longer <= allowed


def test_what_is_folded_is_less_wide():
    made = other(is_folded=True)
    ours = [lay_out(*flow).width for flow in made]
    theirs = [their_width(*flow) for flow in made]
    sys.stdout.write(f"\n{max(ours):.0f} pixels at most, graphlay {max(theirs):.0f}\n")
    assert max(ours) <= 2800
    assert sum(ours) <= 0.6 * sum(theirs)
