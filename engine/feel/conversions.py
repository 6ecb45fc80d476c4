"""Built-in conversions: ``string``, ``number``, ``date``, ``time``, ``duration``, ``range`` (§10.3.4.1)."""

import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from engine.feel import nodes
from engine.feel.arithmetic import negative
from engine.feel.compare import ORDERED, ordered
from engine.feel.cursor import indexed
from engine.feel.errors import FeelError
from engine.feel.grammar import Grammar
from engine.feel.limits import Run
from engine.feel.registry import builtin
from engine.feel.temporal import (
    format_datetime,
    format_months,
    format_span,
    format_time,
    parse_date,
    parse_datetime,
    parse_duration,
    parse_time,
)
from engine.feel.values import Function, Range, YearsMonths, kind, number

_NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_LONGEST_NUMBER = 6200
_WRITERS: dict[str, Any] = {
    "boolean": lambda value: "true" if value else "false",
    "date": lambda value: value.isoformat(),
    "time": format_time,
    "date and time": format_datetime,
    "days and time duration": format_span,
    "years and months duration": format_months,
    "function": lambda value: f"function {value.name}",
    "null": lambda _value: "null",
    "foreign": str,
}


def format_number(value: Decimal) -> str:
    """Write all digits, no exponent and no trailing zeros."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def written(run: Run, value: Any, *, nested: bool = False) -> str:
    """Write a value the way FEEL writes it (table 66)."""
    run.spend()
    if isinstance(value, str):
        return run.text('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if nested else value)
    if isinstance(value, Decimal):
        return run.text(format_number(value))
    if isinstance(value, list):
        return run.text("[" + ", ".join(written(run, item, nested=True) for item in value) + "]")
    if isinstance(value, dict):
        parts = (f"{_key(key)}: {written(run, item, nested=True)}" for key, item in value.items())
        return run.text("{" + ", ".join(parts) + "}")
    if isinstance(value, Range):
        ends = [written(run, end, nested=True) if end is not None else "" for end in (value.start, value.end)]
        return run.text(f"{'[' if value.start_included else '('}{'..'.join(ends)}{']' if value.end_included else ')'}")
    text = str(_WRITERS[kind(value)](value))
    return run.text(f'@"{text}"' if nested and kind(value) in ORDERED else text)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[\w ]+", key) else f'"{key}"'


@builtin("string(from: any)")
def _string(run: Run, value: Any) -> str | None:
    return None if value is None else written(run, value)


@builtin("number(from: number)")
def _number(_run: Run, value: Decimal) -> Decimal:
    return value


@builtin("number(from: string, grouping separator?: string or null, decimal separator?: string or null)")
def _number_from(_run: Run, text: str, grouping: str | None = None, point: str | None = None) -> Decimal | None:
    if grouping not in {None, " ", ",", "."} or point not in {None, ".", ","} or (grouping and grouping == point):
        return None
    if len(text) > _LONGEST_NUMBER:
        return None
    if grouping:
        text = text.replace(grouping, "")
    if point:
        text = text.replace(point, ".")
    return number(text) if _NUMBER.fullmatch(text) else None


@builtin("date(from: string)")
def _date(_run: Run, text: str) -> date | None:
    return parse_date(text)


@builtin("date(from: date or datetime)")
def _date_of(_run: Run, value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


@builtin("date(year: number, month: number, day: number)")
def _date_from(_run: Run, year: Decimal, month: Decimal, day: Decimal) -> date | None:
    return date(int(year), int(month), int(day))


@builtin("time(from: string)")
def _time(_run: Run, text: str) -> time | None:
    return parse_time(text)


@builtin("time(from: time or date or datetime)")
def _time_of(_run: Run, value: Any) -> time | None:
    if isinstance(value, datetime):
        return value.timetz()
    return value if isinstance(value, time) else parse_time("00:00:00Z")


@builtin("time(hour: number, minute: number, second: number, offset?: span or null)")
def _time_from(_run: Run, hour: Decimal, minute: Decimal, second: Decimal, offset: timedelta | None = None) -> time:
    whole = second.to_integral_value(ROUND_FLOOR)
    zone = None if offset is None else timezone(offset)
    return time(int(hour), int(minute), int(whole), int((second - whole) * 1_000_000), tzinfo=zone)


@builtin("date and time(from: string)")
def _datetime(_run: Run, text: str) -> datetime | None:
    return parse_datetime(text)


@builtin("date and time(from: datetime)")
def _datetime_of(_run: Run, value: datetime) -> datetime:
    return value


@builtin("date and time(date: date or datetime, time: time)")
def _datetime_from(_run: Run, day: date, moment: time) -> datetime:
    return datetime.combine(day, moment)


@builtin("duration(from: string)")
def _duration(_run: Run, text: str) -> timedelta | YearsMonths | None:
    return parse_duration(text)


@builtin("duration(from: span or months)")
def _duration_of(_run: Run, value: Any) -> Any:
    return value


@builtin("years and months duration(from: date or datetime, to: date or datetime)")
def _months_between(_run: Run, first: date, last: date) -> YearsMonths:
    """Count whole months; an unfinished one does not count."""
    start, end = (value.date() if isinstance(value, datetime) else value for value in (first, last))
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        months -= 1
    elif months < 0 and end.day > start.day:
        months += 1
    return YearsMonths(months)


@builtin("range(from: string)")
def _range(run: Run, text: str) -> Range | None:
    """Read a range whose two endpoints are literals of one kind, in order."""
    run.text(text)
    functions = {name: Function(name, ("from",), _unused) for name in _LITERAL_FUNCTIONS}
    try:
        node = Grammar(text, indexed(functions), functions, (), {}).whole()
    except FeelError:
        return None
    if not isinstance(node, nodes.Span) or node.start is None or node.end is None:
        return None
    start, end = _endpoint(run, node.start), _endpoint(run, node.end)
    if ordered(run, "<=", start, end) is not True:
        return None
    return Range(start, end, node.start_included, node.end_included)


_LITERAL_FUNCTIONS: dict[str, Any] = {
    "date": parse_date,
    "time": parse_time,
    "date and time": parse_datetime,
    "duration": parse_duration,
}


def _unused(_run: Run, _values: Any) -> None:
    """Stand in for a function that is only parsed."""


def _endpoint(run: Run, node: nodes.Node) -> Any:
    run.spend()
    if isinstance(node, nodes.Literal):
        return node.value
    if isinstance(node, nodes.Negation) and isinstance(node.operand, nodes.Literal):
        return negative(node.operand.value)
    if isinstance(node, nodes.Call) and isinstance(node.function, nodes.Name) and len(node.arguments) == 1:
        argument = node.arguments[0]
        if isinstance(argument, nodes.Literal) and isinstance(argument.value, str):
            return _LITERAL_FUNCTIONS[node.function.name](argument.value)
    return None
