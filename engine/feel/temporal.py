"""Dates, times and durations: reading and writing them as §10.3.2.3.4 to §10.3.2.3.8 prescribe.

Python's range applies: years 1 to 9999 and microseconds. A literal outside that range is not a value.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.feel.values import YearsMonths

_DATE = re.compile(r"(-?)([1-9]\d{4,8}|\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?(Z|[+-]\d\d:\d\d(?::\d\d)?|@[\w+\-/]+)?", re.ASCII)
_MONTHS = re.compile(r"(-?)P(?=\d)(?:(\d{1,12})Y)?(?:(\d{1,12})M)?", re.ASCII)
_SECONDS = re.compile(
    r"(-?)P(?=[\dT])(?:(\d{1,12})D)?(?:T(?=\d)(?:(\d{1,12})H)?(?:(\d{1,12})M)?(?:(\d{1,12}(?:\.\d{0,30})?)S)?)?",
    re.ASCII,
)
_FARTHEST_OFFSET = timedelta(hours=18)
_MICROSECOND = timedelta(microseconds=1)


def parse_date(text: str) -> date | None:
    """Read ``2026-01-31``."""
    found = _DATE.fullmatch(text)
    if found is None or found[1]:
        return None
    try:
        return date(int(found[2]), int(found[3]), int(found[4]))
    except ValueError:
        return None


def parse_time(text: str) -> time | None:
    """Read ``10:30:00``, with an offset (``+08:00``, ``Z``) or a zone (``@Asia/Shanghai``); 24:00:00 is midnight."""
    found = _clock(text)
    return found[1] if found else None


def _clock(text: str) -> tuple[int, time] | None:
    """Read a time of day and how many days it is past: 24:00:00 is the next day's midnight."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        zone = _zone(found[5]) if found[5] else None
        microsecond = int((found[4] or "0")[:6].ljust(6, "0"))
        hour, minute, second = (int(found[group]) for group in (1, 2, 3))
        days = int((hour, minute, second, int(found[4] or 0)) == (24, 0, 0, 0))
        return days, time(0 if days else hour, minute, second, microsecond, tzinfo=zone)
    except ValueError:
        return None


def parse_datetime(text: str) -> datetime | None:
    """Read ``2026-01-31T10:30:00``; a bare date is midnight."""
    day_text, _, time_text = text.partition("T")
    day = parse_date(day_text)
    clock = _clock(time_text) if "T" in text else (0, time())
    if day is None or clock is None:
        return None
    try:
        return datetime.combine(day, clock[1]) + timedelta(days=clock[0])
    except OverflowError:
        return None


def _zone(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    if text.startswith("@"):
        try:
            return ZoneInfo(text[1:])
        except (OSError, LookupError) as error:
            raise ValueError(text) from error
    hours, minutes, *seconds = (int(part) for part in text[1:].split(":"))
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)
    if offset > _FARTHEST_OFFSET:
        raise ValueError(text)
    return timezone(-offset if text[0] == "-" else offset)


def parse_duration(text: str) -> timedelta | YearsMonths | None:
    """Read ``P1Y2M`` or ``P1DT2H3M4.5S``; the two kinds never mix."""
    months = _MONTHS.fullmatch(text)
    if months is not None:
        count = int(months[2] or 0) * 12 + int(months[3] or 0)
        return YearsMonths(-count if months[1] else count)
    found = _SECONDS.fullmatch(text)
    if found is None:
        return None
    days, hours, minutes = (int(found[group] or 0) for group in (2, 3, 4))
    try:
        span = timedelta(days=days, hours=hours, minutes=minutes)
        span += timedelta(microseconds=int(Decimal(found[5] or 0) * 1_000_000))
    except OverflowError:
        return None
    return -span if found[1] else span


_READERS: tuple[Callable[[str], Any], ...] = (parse_date, parse_datetime, parse_time, parse_duration)


def parse_temporal(text: str) -> date | time | datetime | timedelta | YearsMonths | None:
    """Read whatever follows ``@`` in an at-literal."""
    return next((value for read in _READERS if (value := read(text)) is not None), None)


def offset_of(value: datetime | time) -> timedelta | None:
    """Return the offset from UTC; a time of day in a named zone takes that zone's offset of 1970-01-01."""
    if isinstance(value, time) and value.tzinfo is not None and value.utcoffset() is None:
        return datetime.combine(date(1970, 1, 1), value).utcoffset()
    return value.utcoffset()


def seconds_of(value: time) -> Decimal:
    """Count the seconds since midnight."""
    return Decimal(value.hour * 3600 + value.minute * 60 + value.second) + Decimal(value.microsecond) / 1_000_000


def format_zone(value: datetime | time) -> str:
    """Write ``Z``, ``+08:00``, ``@Asia/Shanghai`` or nothing."""
    if value.tzinfo is None:
        return ""
    if isinstance(value.tzinfo, ZoneInfo):
        return f"@{value.tzinfo.key}"
    offset = offset_of(value) or timedelta()
    if not offset:
        return "Z"
    seconds = abs(int(offset.total_seconds()))
    tail = f":{seconds % 60:02}" if seconds % 60 else ""
    return f"{'-' if offset < timedelta() else '+'}{seconds // 3600:02}:{seconds // 60 % 60:02}{tail}"


def format_time(value: datetime | time) -> str:
    """Write a time of day."""
    fraction = f".{value.microsecond:06}".rstrip("0") if value.microsecond else ""
    return f"{value.hour:02}:{value.minute:02}:{value.second:02}{fraction}{format_zone(value)}"


def format_datetime(value: datetime) -> str:
    """Write a date and time."""
    return f"{value.date().isoformat()}T{format_time(value)}"


def format_months(value: YearsMonths) -> str:
    """Write ``P1Y2M``."""
    years, months = divmod(abs(value.months), 12)
    body = (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")
    return f"{'-' if value.months < 0 else ''}P{body}"


def format_span(value: timedelta) -> str:
    """Write ``P1DT2H3M4.5S``."""
    rest, microseconds = divmod(abs(value) // _MICROSECOND, 1_000_000)
    minutes, seconds = divmod(rest, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    fraction = f".{microseconds:06}".rstrip("0") if microseconds else ""
    clock = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
    clock += f"{seconds}{fraction}S" if seconds or fraction else ""
    body = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return f"{'-' if value < timedelta() else ''}P{body or 'T0S'}"
