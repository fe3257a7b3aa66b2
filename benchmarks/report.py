"""Measurements beside their peers and limits, as a table in Markdown."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A bound, of the ratio to the peer unless it is in the unit measured."""

    at_least: float | None = None
    more_than: float | None = None
    at_most: float | None = None
    is_of_ratio: bool = True

    def holds(self, value: float) -> bool:
        """True if the value keeps to every bound given; not a number never does."""
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.more_than is None or value > self.more_than)
            and (self.at_most is None or value <= self.at_most)
        )

    def __str__(self) -> str:
        bounds = (
            ("at least", self.at_least),
            ("more than", self.more_than),
            ("at most", self.at_most),
        )
        words = [f"{word} {bound:g}" for word, bound in bounds if bound is not None]
        return " and ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One figure of ours, beside the peer measured in the same run."""

    what: str
    ours: float
    unit: str
    peer: float | None = None
    peer_name: str = ""
    limit: Limit | None = None

    @property
    def ratio(self) -> float | None:
        """Ours to the peer's."""
        return self.ours / self.peer if self.peer else None

    @property
    def holds(self) -> bool:
        """False if a limit is not kept, or cannot be told to be."""
        if self.limit is None:
            return True
        value = self.ratio if self.limit.is_of_ratio else self.ours
        return value is not None and self.limit.holds(value)


HEAD = """\
| measured | ours | peer | ratio | limit | |
|---|---|---|---|---|---|"""


def show(title: str, measurements: Iterable[Measurement]) -> bool:
    """Print the table; True if every limit holds."""
    measurements = list(measurements)
    print(f"## {title}\n\n{HEAD}")
    for measurement in measurements:
        print(_row(measurement))
    print(flush=True)
    return all(measurement.holds for measurement in measurements)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _row(measurement: Measurement) -> str:
    unit, limit = measurement.unit, measurement.limit
    peer = ratio = ""
    if measurement.peer is not None:
        peer = f"{_number(measurement.peer)} {unit} ({measurement.peer_name})"
    if measurement.ratio is not None:
        ratio = f"{measurement.ratio:.2f}"
    bound = f"{limit} {'x' if limit.is_of_ratio else unit}" if limit else ""
    verdict = "" if limit is None else "pass" if measurement.holds else "FAIL"
    cells = [measurement.what, f"{_number(measurement.ours)} {unit}", peer, ratio]
    return f"| {' | '.join([*cells, bound, verdict])} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"
