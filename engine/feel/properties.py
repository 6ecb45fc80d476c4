"""``value.name``: entries of contexts, parts of dates and durations, and both over lists (table 65)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.feel.limits import Run
from engine.feel.temporal import offset_of
from engine.feel.values import YearsMonths, kind

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def _years(value: YearsMonths) -> Decimal:
    return Decimal(abs(value.months) // 12).copy_sign(Decimal(value.months))


def _count(value: timedelta, unit: timedelta) -> Decimal:
    """Count whole units, with the sign of the duration."""
    sign = -1 if value < timedelta() else 1
    return Decimal(sign * (abs(value) // unit))


_DATE: dict[str, Callable[[Any], Any]] = {
    "year": lambda value: Decimal(value.year),
    "month": lambda value: Decimal(value.month),
    "day": lambda value: Decimal(value.day),
    "weekday": lambda value: Decimal(value.isoweekday()),
}
_TIME: dict[str, Callable[[Any], Any]] = {
    "hour": lambda value: Decimal(value.hour),
    "minute": lambda value: Decimal(value.minute),
    "second": lambda value: Decimal(value.second) + Decimal(value.microsecond) / 1_000_000,
    "time offset": offset_of,
    "timezone": lambda value: value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None,
}
_PROPERTIES: dict[str, dict[str, Callable[[Any], Any]]] = {
    "date": _DATE,
    "time": _TIME,
    "date and time": {**_DATE, **_TIME},
    "years and months duration": {
        "years": _years,
        "months": lambda value: Decimal(value.months) - 12 * _years(value),
    },
    "days and time duration": {
        "days": lambda value: _count(value, _DAY),
        "hours": lambda value: _count(value, _HOUR) % 24,
        "minutes": lambda value: _count(value, _MINUTE) % 60,
        "seconds": lambda value: _count(value, _SECOND) % 60,
    },
    "range": {
        "start": lambda value: value.start,
        "end": lambda value: value.end,
        "start included": lambda value: value.start_included,
        "end included": lambda value: value.end_included,
    },
}


def path(run: Run, value: Any, name: str) -> Any:
    """Read one step of a path; a list is read item by item."""
    run.spend()
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, list):
        run.room(len(value))
        return [path(run, item, name) for item in value]
    read = _PROPERTIES.get(kind(value), {}).get(name)
    return read(value) if read else None
