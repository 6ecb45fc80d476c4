"""Arithmetic on numbers, strings, dates, times and durations (§10.3.2.13, tables 56 to 62).

One table says what ``kind operator kind`` does; whatever is not in it is null.
"""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from engine.feel.limits import Run
from engine.feel.temporal import offset_of, seconds_of
from engine.feel.values import NUMBERS, YearsMonths, kind

NUMBER, STRING, DATE, TIME, MOMENT = "number", "string", "date", "time", "date and time"
SPAN, MONTHS = "days and time duration", "years and months duration"
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_POWER_STEPS = 20


def arithmetic(run: Run, sign: str, left: Any, right: Any) -> Any:
    """Apply ``+ - * / **``."""
    run.spend()
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        return run.text(left + right)
    if sign == "**":
        run.spend(_POWER_STEPS)
    operation = _TABLE.get((sign, kind(left), kind(right)))
    if operation is None:
        return None
    try:
        return operation(left, right)
    except (ArithmeticError, ValueError, OverflowError):
        return None


def negative(value: Any) -> Any:
    """Apply the unary minus."""
    if isinstance(value, Decimal):
        return NUMBERS.minus(value)
    if isinstance(value, timedelta):
        return -value
    return YearsMonths(-value.months) if isinstance(value, YearsMonths) else None


def scale(span: timedelta, factor: Decimal) -> timedelta:
    """Multiply a duration, to the microsecond."""
    return timedelta(microseconds=int(NUMBERS.multiply(Decimal(span // _MICROSECOND), factor)))


def total_seconds(span: timedelta) -> Decimal:
    """Return the exact length of a duration in seconds."""
    return NUMBERS.divide(Decimal(span // _MICROSECOND), Decimal(1_000_000))


def add_months(day: date, months: int) -> date:
    """Move by whole months; a day the target month does not have becomes its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1] if 1 <= year <= 9999 else 0  # noqa: PLR2004 Python's years
    return day.replace(year=year, month=month + 1, day=min(day.day, last))


def add_span(moment: datetime, span: timedelta) -> datetime:
    """Move by elapsed time: across a change of offset the instant counts, not the clock on the wall."""
    if moment.tzinfo is None:
        return moment + span
    return (moment.astimezone(UTC) + span).astimezone(moment.tzinfo)


def _date_plus_span(day: date, span: timedelta) -> date:
    return (datetime.combine(day, time()) + span).date()


def _time_plus_span(moment: time, span: timedelta) -> time:
    microseconds = (int(seconds_of(moment) * 1_000_000) + span // _MICROSECOND) % (_DAY // _MICROSECOND)
    return (datetime(1, 1, 1) + timedelta(microseconds=microseconds)).time().replace(tzinfo=moment.tzinfo)  # noqa: DTZ001 a local clock


def _between_times(left: time, right: time) -> timedelta | None:
    first, second = offset_of(left), offset_of(right)
    if (first is None) != (second is None):
        return None
    shift = timedelta() if first is None or second is None else second - first
    return timedelta(microseconds=int((seconds_of(left) - seconds_of(right)) * 1_000_000)) + shift


def _between(left: date, right: date) -> timedelta | None:
    """Elapsed time; a date counts as midnight UTC, so it has no distance from a local time (table 57)."""
    if not isinstance(left, datetime) and not isinstance(right, datetime):
        return left - right
    first, second = (v if isinstance(v, datetime) else datetime.combine(v, time(), UTC) for v in (left, right))
    if (first.utcoffset() is None) != (second.utcoffset() is None):
        return None
    if first.tzinfo is not None and second.tzinfo is not None:
        first, second = first.astimezone(UTC), second.astimezone(UTC)
    return first - second


def _whole(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_DOWN))


def _months_times(months: YearsMonths, factor: Decimal) -> YearsMonths:
    return YearsMonths(_whole(NUMBERS.multiply(Decimal(months.months), factor)))


_TABLE: dict[tuple[str, str, str], Callable[[Any, Any], Any]] = {
    ("+", NUMBER, NUMBER): NUMBERS.add,
    ("-", NUMBER, NUMBER): NUMBERS.subtract,
    ("*", NUMBER, NUMBER): NUMBERS.multiply,
    ("/", NUMBER, NUMBER): NUMBERS.divide,
    ("**", NUMBER, NUMBER): lambda a, b: NUMBERS.power(a, b) if a or b else Decimal(1),
    ("+", MOMENT, SPAN): add_span,
    ("+", SPAN, MOMENT): lambda a, b: add_span(b, a),
    ("-", MOMENT, SPAN): lambda a, b: add_span(a, -b),
    ("+", DATE, SPAN): _date_plus_span,
    ("+", SPAN, DATE): lambda a, b: _date_plus_span(b, a),
    ("-", DATE, SPAN): lambda a, b: _date_plus_span(a, -b),
    ("+", TIME, SPAN): _time_plus_span,
    ("+", SPAN, TIME): lambda a, b: _time_plus_span(b, a),
    ("-", TIME, SPAN): lambda a, b: _time_plus_span(a, -b),
    ("-", TIME, TIME): _between_times,
    ("+", SPAN, SPAN): lambda a, b: a + b,
    ("-", SPAN, SPAN): lambda a, b: a - b,
    ("*", SPAN, NUMBER): scale,
    ("*", NUMBER, SPAN): lambda a, b: scale(b, a),
    ("/", SPAN, NUMBER): lambda a, b: scale(a, NUMBERS.divide(Decimal(1), b)) if b % 1 else a / int(b),
    ("/", SPAN, SPAN): lambda a, b: NUMBERS.divide(total_seconds(a), total_seconds(b)),
    ("+", MONTHS, MONTHS): lambda a, b: YearsMonths(a.months + b.months),
    ("-", MONTHS, MONTHS): lambda a, b: YearsMonths(a.months - b.months),
    ("*", MONTHS, NUMBER): _months_times,
    ("*", NUMBER, MONTHS): lambda a, b: _months_times(b, a),
    ("/", MONTHS, NUMBER): lambda a, b: YearsMonths(_whole(NUMBERS.divide(Decimal(a.months), b))),
    ("/", MONTHS, MONTHS): lambda a, b: NUMBERS.divide(Decimal(a.months), Decimal(b.months)),
}
for _day in (DATE, MOMENT):
    _TABLE["+", _day, MONTHS] = lambda a, b: add_months(a, b.months)
    _TABLE["+", MONTHS, _day] = lambda a, b: add_months(b, a.months)
    _TABLE["-", _day, MONTHS] = lambda a, b: add_months(a, -b.months)
    for _other in (DATE, MOMENT):
        _TABLE["-", _day, _other] = _between
