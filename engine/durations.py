"""How long things take: distributions of past stays by buckets, their quartiles, and what they say about the future.

Nothing here knows a database. A distribution is a mapping of bucket -> number of stays; a bucket is an hour up to one
day, a day up to sixty days, then thirty days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from engine.model.stays import DAY, DAYS, HOUR, HOURS, INTERRUPTED, MONTH

Buckets = Mapping[int, int]
_DAYS_FROM = HOURS - 1
_MONTHS_FROM = HOURS - 1 + DAYS - DAYS * DAY // MONTH


def bucket_of(seconds: float) -> int:
    """The bucket of a length."""
    if seconds < DAY:
        return int(seconds // HOUR)
    if seconds < DAYS * DAY:
        return _DAYS_FROM + int(seconds // DAY)
    return _MONTHS_FROM + int(seconds // MONTH)


def span_of(bucket: int) -> tuple[int, int]:
    """From and up to which length, in seconds, a bucket goes."""
    if bucket < HOURS:
        return bucket * HOUR, (bucket + 1) * HOUR
    if bucket < HOURS - 1 + DAYS:
        return (bucket - _DAYS_FROM) * DAY, (bucket - _DAYS_FROM + 1) * DAY
    return (bucket - _MONTHS_FROM) * MONTH, (bucket - _MONTHS_FROM + 1) * MONTH


def quantile(buckets: Buckets, share: float) -> timedelta | None:
    """The length that this share of the stays did not exceed; evenly spread within a bucket. None without any."""
    ordered = sorted((bucket, count) for bucket, count in buckets.items() if bucket != INTERRUPTED and count > 0)
    wanted = share * sum(count for _, count in ordered)
    for bucket, count in ordered:
        if wanted <= count:
            low, high = span_of(bucket)
            return timedelta(seconds=round(low + (high - low) * wanted / count))
        wanted -= count
    return None


def share_beyond(buckets: Buckets, length: timedelta) -> float:
    """How many of the stays (0 to 1) were longer than this."""
    total = longer = 0.0
    for bucket, count in buckets.items():
        if bucket == INTERRUPTED:
            continue
        low, high = span_of(bucket)
        total += count
        longer += count * min(1.0, max(0.0, (high - length.total_seconds()) / (high - low)))
    return longer / total if total else 0.0


@dataclass(frozen=True)
class Typical:
    """What past stays say: how many there were, a quarter, half and three quarters of them were at most so long."""

    stays: int
    low: timedelta
    median: timedelta
    high: timedelta


def typical(buckets: Buckets) -> Typical | None:
    """The quartiles; None without any completed stay."""
    low, median, high = (quantile(buckets, share) for share in (0.25, 0.5, 0.75))
    if low is None or median is None or high is None:
        return None
    return Typical(sum(count for bucket, count in buckets.items() if bucket != INTERRUPTED), low, median, high)
