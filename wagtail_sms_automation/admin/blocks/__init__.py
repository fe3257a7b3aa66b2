"""The StreamField blocks of an automation and of the opening hours.

The names of blocks and fields are what rulebook.py reads: keep them stable.
"""

from .actions import ActionsBlock, initial_actions
from .conditions import ConditionsBlock, initial_conditions
from .opening_hours import OpeningHoursBlock


__all__ = [
    "ActionsBlock",
    "ConditionsBlock",
    "OpeningHoursBlock",
    "initial_actions",
    "initial_conditions",
]
