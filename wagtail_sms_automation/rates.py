"""Token buckets: how many texts one of our numbers may send in a second.

One row for each pair of gateway and originator, so all workers share it. A gateway
without MESSAGES_PER_SECOND has none, and is not asked here.
"""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from .models import RateBucket


#: What sums of fractions lose.
NEARLY = 1e-6
#: A bucket filled later than this from now was filled by a clock that was wrong.
SKEW = timedelta(seconds=10)
#: The longest wait that is named, however low the rate.
LONGEST_WAIT = timedelta(days=1)


def take(
    gateway: str, originator: str, wanted: int, per_second: float, now: datetime
) -> int:
    """Take up to wanted tokens, in the caller's transaction; return how many."""
    if wanted < 1:
        return 0
    bucket = _locked(gateway, originator, per_second, now)
    tokens = _tokens(bucket, per_second, now)
    granted = min(wanted, math.floor(tokens + NEARLY))
    if granted:
        bucket.tokens = max(0.0, tokens - granted)
        bucket.filled_at = _moment(bucket, now)
        bucket.save(update_fields=["tokens", "filled_at"])
    return granted


def exhausted(
    limits: Mapping[str, float], now: datetime
) -> dict[tuple[str, str], datetime]:
    """The (gateway, originator) pairs with no token left, and when there is one.

    limits are the texts a second, by gateway; without any nothing is asked.
    """
    if not limits:
        return {}
    buckets = RateBucket.objects.filter(gateway__in=limits)
    return {
        (bucket.gateway, bucket.originator): at
        for bucket in buckets
        if (at := _next_token_at(bucket, limits[bucket.gateway], now)) > now
    }


def _next_token_at(bucket: RateBucket, per_second: float, now: datetime) -> datetime:
    missing = 1 - _tokens(bucket, per_second, now)
    if missing <= NEARLY:
        return now
    seconds = min(missing / per_second, LONGEST_WAIT.total_seconds())
    wait = timedelta(microseconds=math.ceil(seconds * 1_000_000))
    return _moment(bucket, now) + wait


def _locked(
    gateway: str, originator: str, per_second: float, now: datetime
) -> RateBucket:
    names = {"gateway": gateway, "originator": originator}
    rows = RateBucket.objects.select_for_update().filter(**names)
    if (bucket := rows.first()) is None:
        full = RateBucket(**names, tokens=_burst(per_second), filled_at=now)
        RateBucket.objects.bulk_create([full], ignore_conflicts=True)
        bucket = rows.get()
    return bucket


def _burst(per_second: float) -> float:
    """What a bucket holds: one second's worth, and never less than one text."""
    return max(1.0, per_second)


def _tokens(bucket: RateBucket, per_second: float, now: datetime) -> float:
    seconds = max(0.0, (now - bucket.filled_at).total_seconds())
    return min(_burst(per_second), bucket.tokens + seconds * per_second)


def _moment(bucket: RateBucket, now: datetime) -> datetime:
    """Now; but a clock that is a little late does not pour the same second twice."""
    is_wrong = bucket.filled_at > now + SKEW
    return now if is_wrong else max(now, bucket.filled_at)
