"""Flows of 300 steps and of 500, in the shapes that are hard to draw."""

from random import Random

from wagtail_sms_automation.engine.flow_layout import Box, Link


STEPS = 300


def large_flow(shape, seed):
    """Return the boxes and links of a flow of some shape."""
    random = Random(f"{shape.__name__}-{seed}")
    pairs = shape(random)
    count = max(STEPS, *(1 + max(pair) for pair in pairs))
    boxes = [
        Box(id=str(number), width=248, height=random.choice([84, 100, 116, 132]))
        for number in range(count)
    ]
    links = [
        Link(
            source=str(source),
            target=str(target),
            label_width=random.choice([60, 80, 100, 184]),
            label_height=random.choice([26, 44]),
        )
        for source, target in pairs
    ]
    return boxes, links


def fifty_small_flows(random):
    """Fifty flows of six steps that nothing joins."""
    return [pair for first in range(0, STEPS, 6) for pair in _tree(random, first, 6)]


def small_flows_of_anyone(random):
    """The same behind one root: what "anyone texts" looks like on the page of all."""
    flows = range(1, STEPS - 6, 6)
    pairs = [(0, first) for first in flows]
    return pairs + [pair for first in flows for pair in _tree(random, first, 6)]


def one_chain(random):
    """One step after the other."""
    return [(number, number + 1) for number in range(STEPS - 1)]


def hub_of_a_hundred(random):
    """A hub with a hundred children, and twice as many steps below them."""
    pairs = [(0, child) for child in range(1, 101)]
    below = range(101, STEPS)
    return pairs + [(random.randrange(1, 101), number) for number in below]


def back_to_the_menu(random):
    """A tree whose steps nearly all lead back to its root, and on to one end."""
    pairs = [((number - 1) // 3, number) for number in range(1, STEPS - 1)]
    pairs += [(number, 0) for number in range(100, STEPS - 1)]
    return pairs + [(number, STEPS - 1) for number in range(0, STEPS - 1, 3)]


def cycles_and_loops(random):
    """Two links for each step; a fifth leads back, and each tenth step to itself."""
    pairs = [(max(0, one - random.randint(1, 8)), one) for one in range(1, STEPS)]
    pairs += [
        (random.randrange(STEPS), random.randrange(STEPS)) for _ in range(STEPS // 3)
    ]
    for one in random.sample(range(STEPS), STEPS // 5):
        pairs.append((one, max(0, one - random.randint(1, 12))))
    return pairs + [(one, one) for one in random.sample(range(STEPS), STEPS // 10)]


def tangle(random, steps=STEPS):
    """Each step names two others of its flow: kind 2 of large_site.py, as one flow."""
    return [
        (one, other) for one in range(steps) for other in random.sample(range(steps), 2)
    ]


def tangle_of_500(random):
    """The same with the most steps that a flow is shown to bear."""
    return tangle(random, 500)


def anything(random):
    """Parts of many kinds, and lone steps."""
    pairs, first = [], 0
    while first < STEPS - 60:
        size = random.choice([1, 1, 3, 8, 20, 60])
        pairs += _tree(random, first, size)
        steps = range(first, first + size)
        pairs += [
            (random.choice(steps), random.choice(steps)) for _ in range(size // 3)
        ]
        first += size
    return pairs


def _tree(random, first, size):
    return [
        (first + random.randrange(number), first + number) for number in range(1, size)
    ]


SHAPES = [
    fifty_small_flows,
    small_flows_of_anyone,
    one_chain,
    hub_of_a_hundred,
    back_to_the_menu,
    cycles_and_loops,
    tangle,
    anything,
]
