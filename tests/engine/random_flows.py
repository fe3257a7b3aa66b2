"""Flows to lay out: mostly forward, with short cuts, ways back and loose ends."""

from random import Random

from wagtail_sms_automation.engine.flow_layout import Box, Link


def random_flow(seed, steps=None):
    """Return the boxes and links of a flow of 4 to 50 steps, or as many as told."""
    random = Random(seed)
    count = steps or random.randint(4, 50)
    boxes = [
        Box(id=str(number), width=240, height=random.choice([84, 100, 116, 132]))
        for number in range(count)
    ]
    pairs = [
        (max(0, number - random.randint(1, 6)), number)
        for number in range(1, count)
        if random.random() < 0.93
    ]
    for _ in range(int(count * random.choice([0.1, 0.2, 0.4, 0.6]))):
        ends = random.randrange(count), random.randrange(count)
        pairs.append(tuple(sorted(ends)) if random.random() < 0.8 else ends)
    links = [
        Link(
            source=str(source),
            target=str(target),
            label_width=random.choice([60, 80, 100]),
            label_height=26,
        )
        for source, target in pairs
    ]
    return boxes, links
