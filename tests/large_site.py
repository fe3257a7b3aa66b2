"""A site with 300 automations, in flows of all shapes."""

from random import Random

from wagtail_sms_automation.models import Automation

from .factories import AutomationFactory, FlowFactory, reply


SIZES = (60, 45, 40, 30, 25, 20, *[8] * 6, *[4] * 5)


def fill():
    """Make the automations: a hub, a chain, a tangle, small flows and lone ones."""
    random = Random(3)
    number = 0
    for place, size in enumerate(SIZES):
        flow = FlowFactory(
            name=f"Flow {place}",
            announcement=f"Hungry? Reply {word(number)}." if place % 3 == 0 else "",
        )
        steps = range(number, number + size)
        for step in steps:
            add(step, flow, targets(place % 4, step, steps, random))
        number += size
    while number < 300:
        add(number, None, [])
        number += 1
    assert Automation.objects.count() == 300


def word(number):
    """A keyword of five letters."""
    letters = []
    for _ in range(4):
        number, letter = divmod(number, 20)
        letters.append("BCDFGHJKLMNPQRSTVWXZ"[letter])
    return "W" + "".join(letters)


def targets(kind, step, steps, random):
    """The steps that a step of a hub, a tree, a tangle or a chain invites to."""
    if kind == 0:
        if step == steps[0]:
            return steps[1:]
        return [steps[0]] if step % 3 == 0 else []
    if kind == 1:
        first = steps[0] + 3 * (step - steps[0]) + 1
        return [one for one in range(first, first + 3) if one in steps]
    if kind == 2:
        return random.sample(steps, 2)
    return [one for one in (step + 1,) if one in steps]


def add(number, flow, invited):
    """Make one automation, whose texts ask for the words of others."""
    words = [word(one) for one in invited]
    texts = [words[first : first + 30] for first in range(0, len(words), 30)]
    AutomationFactory(
        name=f"Step {number}",
        flow=flow,
        keywords=(word(number),),
        actions=[
            reply("".join(f"Reply {one}. " for one in some) or "Thank you, see you.")
            for some in texts or [[]]
        ],
    )
