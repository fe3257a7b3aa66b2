"""The content condition: keywords, and how a body is held against them."""

from dataclasses import dataclass
from enum import StrEnum


class Operator(StrEnum):
    """How a body is held against the keywords of a content condition."""

    ANY = "any"
    ALL = "all"
    NONE = "none"
    BEGINS = "begins"
    EXACT = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The body contains, begins with or is one of the keywords."""

    keywords: tuple[str, ...]
    operator: Operator = Operator.ANY
    match_case: bool = True
    match_accents: bool = True
    #: False: the keyword may stand inside a longer word (operators any, all, none).
    whole_words: bool = True

    def __hash__(self) -> int:
        # There may be very many keywords, and the index looks conditions up often.
        return hash((self.operator, len(self.keywords), self.keywords[:8]))
