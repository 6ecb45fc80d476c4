"""Equality, order and membership (§10.3.2.13, tables 48 to 55). Values that cannot be compared give null."""

import operator
from collections.abc import Callable
from datetime import datetime, time
from functools import cmp_to_key
from typing import Any

from engine.feel.limits import Run
from engine.feel.temporal import offset_of, seconds_of
from engine.feel.values import Range, YearsMonths, kind

ORDERED = {"number", "string", "date", "time", "date and time", "days and time duration", "years and months duration"}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _key(value: Any) -> Any:
    """Make two values of one kind comparable by Python; zoned and local times never are."""
    if isinstance(value, datetime):
        return (value.utcoffset() is None, value)
    if isinstance(value, time):
        offset = offset_of(value)
        seconds = seconds_of(value)
        return (True, seconds) if offset is None else (False, seconds - int(offset.total_seconds()))
    return value.months if isinstance(value, YearsMonths) else value


def equal(run: Run, left: Any, right: Any) -> bool | None:
    """``left = right``: null if both are there but of different kinds."""
    run.spend()
    if left is None or right is None:
        return left is right
    name = kind(left)
    if name != kind(right):
        return None
    same = _SAME.get(name)
    return same(run, left, right) if same else bool(left == right)


def _equal_lists(run: Run, left: list[Any], right: list[Any]) -> bool:
    return len(left) == len(right) and all(equal(run, a, b) is True for a, b in zip(left, right, strict=True))


def _equal_contexts(run: Run, left: dict[str, Any], right: dict[str, Any]) -> bool:
    return left.keys() == right.keys() and all(equal(run, left[key], right[key]) is True for key in left)


def _equal_ranges(run: Run, left: Range, right: Range) -> bool:
    flags = (left.start_included, left.end_included) == (right.start_included, right.end_included)
    return flags and equal(run, left.start, right.start) is True and equal(run, left.end, right.end) is True


def _equal_times(_run: Run, left: Any, right: Any) -> bool:
    first, second = _key(left), _key(right)
    return bool(first[0] == second[0] and first[1] == second[1])


def _identical(_run: Run, left: Any, right: Any) -> bool:
    return left is right


_SAME: dict[str, Callable[[Run, Any, Any], bool]] = {
    "list": _equal_lists,
    "context": _equal_contexts,
    "range": _equal_ranges,
    "time": _equal_times,
    "date and time": _equal_times,
    "function": _identical,
    "foreign": _identical,
}


def ordered(run: Run, sign: str, left: Any, right: Any) -> bool | None:
    """``left < right`` and the like: null unless both have one ordered kind."""
    run.spend()
    name = kind(left)
    if name not in ORDERED or name != kind(right):
        return None
    first, second = _key(left), _key(right)
    if name in {"time", "date and time"}:
        if first[0] != second[0]:
            return None
        first, second = first[1], second[1]
    return ORDER[sign](first, second)


def compared(run: Run, sign: str, left: Any, right: Any) -> bool | None:
    """Any of the six comparison operators."""
    if sign in ORDER:
        return ordered(run, sign, left, right)
    same = equal(run, left, right)
    return same if sign == "=" or same is None else not same


def contains(run: Run, span: Range, value: Any) -> bool | None:
    """Whether the range has the value; null if they cannot be compared."""
    low: bool | None = True
    high: bool | None = True
    if span.start is not None:
        low = ordered(run, ">=" if span.start_included else ">", value, span.start)
    if span.end is not None:
        high = ordered(run, "<=" if span.end_included else "<", value, span.end)
    if low is None or high is None:
        return None
    return None if value is None else low and high


def member(run: Run, value: Any, container: Any) -> bool | None:
    """``value in container``: an element, inside a range, or equal (§10.3.2.13, table 55)."""
    if isinstance(container, Range) and not isinstance(value, Range):
        return contains(run, container, value)
    if isinstance(container, list):
        return equal(run, value, container) is True or any(_fits(run, value, item) for item in container)
    return equal(run, value, container)


def _fits(run: Run, value: Any, item: Any) -> bool:
    if isinstance(item, Range) and not isinstance(value, Range):
        return contains(run, item, value) is True
    return equal(run, value, item) is True


def arranged(run: Run, values: list[Any]) -> list[Any] | None:
    """Sort by natural order; null if two values have none."""

    def order(left: Any, right: Any) -> int:
        below = ordered(run, "<", left, right)
        if below is None:
            raise TypeError
        return -1 if below else 1 if ordered(run, ">", left, right) else 0

    run.room(len(values))
    try:
        return sorted(values, key=cmp_to_key(order))
    except TypeError:
        return None
