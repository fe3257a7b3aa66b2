"""What can go wrong at the provider, drawn with a seed."""

import random
import threading
from enum import StrEnum


class Fault(StrEnum):
    """How a submission is treated."""

    NONE = "none"
    #: Surely not accepted.
    THROTTLED = "429 with Retry-After"
    UNAVAILABLE = "503"
    RESET_BEFORE = "reset before accepting"
    #: Accepted, but the answer is no answer, or comes late.
    BAD_GATEWAY = "502 after accepting"
    RESET_AFTER = "reset after accepting"
    HANG = "hang after accepting"
    DRIP = "slow drip"


ACCEPTING = (Fault.NONE, Fault.BAD_GATEWAY, Fault.RESET_AFTER, Fault.HANG, Fault.DRIP)
#: What leaves the one who sends in doubt.
AMBIGUOUS = (
    *(Fault.UNAVAILABLE, Fault.RESET_BEFORE),
    *(Fault.BAD_GATEWAY, Fault.RESET_AFTER, Fault.HANG),
)
FAULTS = tuple(fault for fault in Fault if fault is not Fault.NONE)


class Faults:
    """A seeded mix at a given rate; drawn says how often each was."""

    def __init__(self, rate, seed):
        self.rate = rate
        self.drawn = dict.fromkeys(Fault, 0)
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def draw(self):
        """The fate of the next submission."""
        with self._lock:
            is_fault = self._random.random() < self.rate
            fault = self._random.choice(FAULTS) if is_fault else Fault.NONE
            self.drawn[fault] += 1
            return fault

    def refuses_look_up(self):
        """Is the next look-up turned away? As rarely as a submission is with a 503."""
        with self._lock:
            return self._random.random() < self.rate / len(FAULTS)

    @property
    def ambiguous(self):
        """How many submissions were left in doubt."""
        return sum(self.drawn[fault] for fault in AMBIGUOUS)
