"""The StreamField blocks of an automation and of the opening hours.

The names of blocks and fields are what rulebook.py reads: keep them stable.
"""

from .actions import ActionsBlock
from .conditions import ConditionsBlock
from .opening_hours import OpeningHoursBlock


__all__ = ["ActionsBlock", "ConditionsBlock", "OpeningHoursBlock"]
