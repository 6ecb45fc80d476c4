"""The values of FEEL and their Python mapping (DMN 1.5 §10.3.2.3, table 41).

number is Decimal (34 digits), string str, boolean bool, null None, date/time/date and time the classes of
``datetime`` (zones through ``timezone`` or ``zoneinfo``), days and time duration timedelta, list list and context
dict; what Python lacks is here: years and months durations, ranges and functions.
"""

import decimal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.feel.limits import Run

_MOST_BITS = 20_500
NUMBERS = decimal.Context(
    prec=34,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
"""Decimal128 arithmetic, as §10.3.2.3.1 asks; an overflow is an error, hence null."""


@dataclass(frozen=True, slots=True)
class YearsMonths:
    """A years and months duration, e.g. ``P1Y2M`` is ``YearsMonths(14)``."""

    months: int


@dataclass(frozen=True, slots=True)
class Range:
    """Everything between two endpoints (§10.3.2.7); an open end is None."""

    start: Any
    end: Any
    start_included: bool = True
    end_included: bool = True


@dataclass(frozen=True, eq=False)
class Function:
    """A function as a value: a lambda, a built-in, a business knowledge model or a function of the host."""

    name: str
    parameters: tuple[str, ...]
    apply: Callable[[Run, Sequence[Any]], Any] = field(repr=False)
    apply_named: Callable[[Run, Mapping[str, Any]], Any] | None = field(default=None, repr=False)
    refuses: Callable[[int, Sequence[str] | None], str] | None = field(default=None, repr=False)
    """Says at compile time why so many arguments, or arguments of these names, cannot be right."""


_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    Decimal: "number",
    str: "string",
    date: "date",
    time: "time",
    datetime: "date and time",
    timedelta: "days and time duration",
    YearsMonths: "years and months duration",
    list: "list",
    dict: "context",
    Range: "range",
    Function: "function",
}


def kind(value: Any) -> str:
    """Name the FEEL type of a value; a foreign object is only ever equal to itself."""
    found = _KINDS.get(type(value))
    if found is not None:
        return found
    for base in (datetime, date, str, time, timedelta, list, dict):  # subclasses; datetime before date
        if isinstance(value, base):
            return _KINDS[base]
    return "foreign"


def number(value: float | str | Decimal) -> Decimal | None:
    """Make a FEEL number; null if it is no finite number of 34 digits."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return None
    try:
        made = NUMBERS.create_decimal(repr(value) if isinstance(value, float) else value)
    except decimal.DecimalException:
        return None
    return made if made.is_finite() else None


def from_python(value: Any) -> Any:
    """Turn what a host hands over (JSON types, ints, floats, tuples) into FEEL values."""
    if value is None or isinstance(value, bool | str | YearsMonths | Range | Function):
        return value
    if isinstance(value, int | float | Decimal):
        return number(value)
    if isinstance(value, Mapping):
        return {str(key): from_python(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [from_python(item) for item in value]
    return value


def as_list(value: Any) -> list[Any]:
    """Implicit conversion to a list (§10.3.2.9.4): a single value is a list of one."""
    return value if isinstance(value, list) else [value]
