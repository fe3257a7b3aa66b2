"""Where arrows run, and what stands on what."""


def along(arrow, steps=12):
    """Yield points on the curves of an arrow, its two ends included."""
    yield arrow.points[0]
    for start in range(0, len(arrow.points) - 1, 3):
        curve = arrow.points[start : start + 4]
        for step in range(1, steps + 1):
            t = step / steps
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
            yield tuple(
                sum(
                    weight * point[side]
                    for weight, point in zip(weights, curve, strict=True)
                )
                for side in (0, 1)
            )


def overlap(one, other):
    """True if two places share more than an edge."""
    apart = 1e-6
    return (
        one.x + apart < other.x + other.width
        and other.x + apart < one.x + one.width
        and one.y + apart < other.y + other.height
        and other.y + apart < one.y + one.height
    )
