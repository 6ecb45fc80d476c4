"""Lengths of time, and when the clock stood still.

Periods are written as the law and the modeler write them: "5wd", "30d", "2m", "24h", "90s" and ISO 8601 durations.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self
from zoneinfo import ZoneInfo

from engine.errors import EngineError

UNITS = {"wd": "working days", "d": "days", "m": "months", "h": "hours", "s": "seconds"}
SECONDS = {"d": 86_400, "h": 3_600, "s": 1}
LONGEST = {"wd": 10_000, "d": 36_525, "m": 1_200, "h": 876_600, "s": 3_155_760_000}
OWN = re.compile(r"(\d+)(wd|d|m|h|s)", re.ASCII)
ISO = re.compile(
    r"P(?=[\dT])(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.ASCII,
)
LocalStop = tuple[datetime, datetime | None]


class InvalidPeriod(EngineError, ValueError):
    """This is not a length of time; write 5wd (working days), 30d, 2m (months), 24h or an ISO duration such as P30D."""

    code = "invalid-period"


@dataclass(frozen=True)
class Period:
    """A count of one unit; `then` follows it where a duration mixes months with days or hours (P1M10D).

    >>> str(Period(1, "m", Period(10, "d")))
    '1m+10d'
    """

    count: int
    unit: str
    then: Self | None = None

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise InvalidPeriod(f"{self.unit!r} is not a unit of time; known are {', '.join(UNITS)}", given=self.unit)
        if not 0 <= self.count <= LONGEST[self.unit]:
            message = f"{self.count} {UNITS[self.unit]} is out of range (0 to {LONGEST[self.unit]})"
            raise InvalidPeriod(message, given=str(self))
        if self.then and (self.unit != "m" or self.then.unit not in SECONDS):
            message = f"{UNITS[self.unit]} cannot be followed by {UNITS[self.then.unit]} in one period"
            raise InvalidPeriod(message, given=str(self))

    @property
    def is_exact(self) -> bool:
        """Counted from the moment (hours, seconds) instead of in whole days."""
        return self.unit in {"h", "s"} or (self.then is not None and self.then.is_exact)

    def __str__(self) -> str:
        return f"{self.count}{self.unit}" + (f"+{self.then}" if self.then else "")


def parse_period(text: str) -> Period:
    """Read a period.

    >>> parse_period("5wd"), str(parse_period("P2W")), str(parse_period("P1DT12H"))
    (Period(count=5, unit='wd', then=None), '14d', '36h')
    """
    text = text.strip()
    first, plus, rest = text.partition("+")
    if own := OWN.fullmatch(first):
        return Period(int(own[1]), own[2], parse_period(rest) if plus else None)
    found = ISO.fullmatch(text)
    if found is None:
        raise InvalidPeriod(f"{text!r} is not a period; write 5wd, 30d, 2m, 24h or an ISO duration: P30D", given=text)
    count = {name: int(digits or 0) for name, digits in found.groupdict().items()}
    months = count["years"] * 12 + count["months"]
    days = count["weeks"] * 7 + count["days"]
    seconds = count["hours"] * 3_600 + count["minutes"] * 60 + count["seconds"]
    rest_of_it = _shortest(days, seconds, is_timed="T" in text)
    if "Y" not in text and not found["months"]:
        return rest_of_it
    return Period(months, "m", rest_of_it if rest_of_it.count else None)


@dataclass(frozen=True)
class Stop:
    """The clock stood still from `start` until it resumed at `end`, or still does (`end` is None)."""

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"the stop of {self.start} ends before it starts")


def merged(stops: Sequence[Stop], zone: ZoneInfo) -> list[LocalStop]:
    """The stops in local time and in order, overlapping ones joined."""
    joined: list[LocalStop] = []
    for begin, end in sorted(((stop.start, stop.end) for stop in stops), key=lambda stop: stop[0]):
        if joined and (joined[-1][1] is None or begin <= joined[-1][1]):
            begun, ended = joined.pop()
            later = None if ended is None or end is None else max(ended, local(end, zone))
            joined.append((begun, later))
        else:
            joined.append((local(begin, zone), end and local(end, zone)))
    return joined


def month_later(day: date, count: int) -> date:
    """The corresponding day of a later month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment on the office's clock; refuses one without a time zone."""
    if moment.utcoffset() is None:
        raise ValueError("a deadline needs an aware datetime")
    return moment.astimezone(zone)


def _shortest(days: int, seconds: int, *, is_timed: bool) -> Period:
    """Days alone end with the day; with a time of day they run from the moment, 24 hours each."""
    if not is_timed:
        return Period(days, "d")
    seconds += days * SECONDS["d"]
    return Period(seconds, "s") if seconds % SECONDS["h"] else Period(seconds // SECONDS["h"], "h")
