"""How long a body takes to match against 10, 1,000 and 100,000 keywords.

Run it with ``python benchmarks/matching.py``.
"""

import random
import sys
import timeit
from pathlib import Path


sys.path.insert(0, str(Path(__file__).parent.parent))

from wagtail_sms_automation.engine import text
from wagtail_sms_automation.engine.matching import Index
from wagtail_sms_automation.engine.rules import Content


SIZES = (10, 1_000, 100_000)
LIMIT_RATIO = 3
LIMIT_MICROSECONDS = 100
BODIES = 200
ROUNDS = 30


def main() -> None:
    random.seed(1)
    keywords = _words("ABCDEFGHIJKLMNOPQRSTUV", SIZES[-1])
    failed = False
    for whole_words in (True, False):
        print("whole words" if whole_words else "anywhere in the text")
        baseline = 0.0
        for size in SIZES:
            bodies = [_body(keywords[:size]) for _ in range(BODIES)]
            taken = _microseconds(_index(keywords[:size], whole_words), bodies)
            baseline = baseline or taken
            ratio = taken / baseline
            print(f"{size:>9,} keywords {taken:7.1f} microseconds {ratio:5.2f} x")
            failed |= ratio > LIMIT_RATIO or taken > LIMIT_MICROSECONDS
    sys.exit(failed)


def _words(letters: str, count: int) -> list[str]:
    return ["".join(random.choices(letters, k=6)) for _ in range(count)]


def _body(keywords: list[str]) -> str:
    """160 characters with two keywords among words that are none."""
    words = random.choices(keywords, k=2) + _words("abcdefghijklmnopqrstuv", 21)
    random.shuffle(words)
    return " ".join(words)


def _index(words: list[str], whole_words: bool) -> Index:
    """Ten keywords a condition, 15 % of them phrases."""
    keywords = [
        f"{word} {random.choice(words)}" if random.random() < 0.15 else word
        for word in words
    ]
    return Index(
        (
            start,
            Content(
                keywords=tuple(keywords[start : start + 10]), whole_words=whole_words
            ),
        )
        for start in range(0, len(keywords), 10)
    )


def _microseconds(index: Index, bodies: list[str]) -> float:
    """Reading and searching one body: the best of some rounds."""

    def search() -> None:
        for body in bodies:
            index.search(text.read(body))

    return min(timeit.repeat(search, number=1, repeat=ROUNDS)) / len(bodies) * 1e6


if __name__ == "__main__":
    main()
