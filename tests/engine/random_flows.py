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


def other_flow(seed):
    """Return a flow of another mix: trees, hubs, conversations and tangles."""
    random = Random(f"fresh-{seed}")
    count = random.randint(4, 50)
    pairs = random.choice([_tree, _hub, _conversation, _tangle])(random, count)
    boxes = [
        Box(id=str(number), width=248, height=random.randrange(70, 180, 10))
        for number in range(count)
    ]
    links = [
        Link(
            source=str(source),
            target=str(target),
            label_width=random.randint(50, 180),
            label_height=random.choice([26, 44]),
        )
        for source, target in pairs
    ]
    return boxes, links


def _tree(random, count):
    return [(random.randrange(number), number) for number in range(1, count)]


def _hub(random, count):
    """A menu that most steps hang on, and that many lead back to."""
    pairs = [
        (0 if random.random() < 0.6 else random.randrange(number), number)
        for number in range(1, count)
    ]
    back = random.sample(range(1, count), count // 4)
    return pairs + [(number, 0) for number in back]


def _conversation(random, count):
    """Long lines of steps with ways to skip some, and to begin again."""
    pairs = [(number - 1, number) for number in range(1, count) if number % 12]
    for _ in range(count // 3):
        first = random.randrange(count)
        pairs.append((first, min(count - 1, first + random.randint(2, 5))))
    return pairs + [(random.randrange(count), 0) for _ in range(count // 10)]


def _tangle(random, count):
    """Anything leads anywhere."""
    return [
        (random.randrange(count), random.randrange(count))
        for _ in range(round(count * 1.3))
    ]
