"""Opening hours as a visitor reads them."""

from collections.abc import Iterable
from typing import Any

from django.utils.dates import WEEKDAYS


def week(opening_hours: Iterable[Any]) -> list[tuple[str, list[tuple[Any, Any]]]]:
    """Return each weekday with its open periods in order; none means closed."""
    periods: dict[int, list[tuple[Any, Any]]] = {day: [] for day in WEEKDAYS}
    for child in opening_hours:
        if child.block_type == "period":
            for day in child.value["days"]:
                periods[int(day)].append(
                    (child.value["opens_at"], child.value["closes_at"])
                )
    return [(str(WEEKDAYS[day]), sorted(found)) for day, found in periods.items()]


def closing_days(opening_hours: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Return the first and the last day of each closure."""
    return [
        (child.value["first_day"], child.value["last_day"] or child.value["first_day"])
        for child in opening_hours
        if child.block_type == "closed"
    ]
