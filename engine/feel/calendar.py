"""Built-in functions on dates (§10.3.4.7): the clock is the caller's argument, never the machine's."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from engine.feel.compare import equal
from engine.feel.limits import Run
from engine.feel.registry import builtin
from engine.feel.temporal import format_zone
from engine.feel.values import kind

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@builtin("now()")
def _now(run: Run) -> datetime | None:
    return run.now


@builtin("today()")
def _today(run: Run) -> date | None:
    return run.now.date() if run.now else None


@builtin("day of year(date: date or datetime)")
def _day_of_year(_run: Run, day: date) -> Decimal:
    return Decimal(day.timetuple().tm_yday)


@builtin("day of week(date: date or datetime)")
def _day_of_week(_run: Run, day: date) -> str:
    return _DAYS[day.weekday()]


@builtin("month of year(date: date or datetime)")
def _month_of_year(_run: Run, day: date) -> str:
    return _MONTHS[day.month - 1]


@builtin("week of year(date: date or datetime)")
def _week_of_year(_run: Run, day: date) -> Decimal:
    return Decimal(day.isocalendar().week)


@builtin("is(value1: any, value2: any)")
def _is(run: Run, left: Any, right: Any) -> bool:
    """Whether two values are the same element of the semantic domain: kind, and zone, count (§10.3.4.7)."""
    if kind(left) != kind(right):
        return False
    if isinstance(left, datetime | time):
        return format_zone(left) == format_zone(right) and left.replace(tzinfo=None) == right.replace(tzinfo=None)
    return equal(run, left, right) is True
