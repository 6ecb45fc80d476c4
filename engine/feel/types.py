"""FEEL types: what a value conforms to, and the implicit conversions between them (§10.3.2.9).

A host adds its own (item definitions) as a mapping from type name to Type.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from engine.feel.values import Function, Range, kind

SIMPLE = {
    "Any": "Any",
    "Null": "null",
    "boolean": "boolean",
    "number": "number",
    "string": "string",
    "date": "date",
    "time": "time",
    "date and time": "date and time",
    "days and time duration": "days and time duration",
    "day and time duration": "days and time duration",
    "dayTimeDuration": "days and time duration",
    "years and months duration": "years and months duration",
    "year and month duration": "years and months duration",
    "yearMonthDuration": "years and months duration",
    "dateTime": "date and time",
    "list": "list",
    "context": "context",
    "range": "range",
    "function": "function",
}


@dataclass(frozen=True, slots=True)
class Type:
    """A type; ``allowed`` is the constraint of an item definition, ``get`` a type that is defined elsewhere."""

    kind: str
    item: "Type | None" = None
    fields: tuple[tuple[str, "Type"], ...] = ()
    allowed: Callable[[Any], bool] | None = None
    get: "Callable[[], Type] | None" = None


ANY = Type("Any")


def simple(name: str) -> Type | None:
    """Look up a built-in type by its FEEL or XML name."""
    found = SIMPLE.get(name)
    return Type(found) if found else None


def conforms(value: Any, wanted: Type) -> bool:
    """Whether the value belongs to the type; null belongs to every type but satisfies no constraint."""
    if wanted.get is not None:
        return conforms(value, wanted.get())
    if value is None:
        return True
    if wanted.kind != "Any" and kind(value) != wanted.kind:
        return False
    parts = _PARTS.get(wanted.kind)
    if parts is not None and not parts(value, wanted):
        return False
    return wanted.allowed is None or wanted.allowed(value)


def _list_parts(value: list[Any], wanted: Type) -> bool:
    return wanted.item is None or all(conforms(item, wanted.item) for item in value)


def _context_parts(value: dict[str, Any], wanted: Type) -> bool:
    return all(name in value and conforms(value[name], field) for name, field in wanted.fields)


def _range_parts(value: Range, wanted: Type) -> bool:
    return wanted.item is None or all(conforms(end, wanted.item) for end in (value.start, value.end))


def _function_parts(value: Function, wanted: Type) -> bool:
    return not wanted.fields or len(value.parameters) == len(wanted.fields) - 1


_PARTS: dict[str, Callable[[Any, Type], bool]] = {
    "list": _list_parts,
    "context": _context_parts,
    "range": _range_parts,
    "function": _function_parts,
}


def instance(value: Any, wanted: Type) -> bool:
    """``value instance of type``: null is an instance of nothing but Null."""
    if value is None:
        return (wanted.get() if wanted.get else wanted).kind == "null"
    return conforms(value, wanted)


def coerced(value: Any, wanted: Type) -> tuple[bool, Any]:
    """Convert implicitly (§10.3.2.9.4): a list of one to its item, a date to midnight UTC; else it must conform."""
    if wanted.get is not None:
        return coerced(value, wanted.get())
    if conforms(value, wanted):
        return True, value
    if isinstance(value, list) and len(value) == 1 and wanted.kind != "list":
        return coerced(value[0], wanted)
    if wanted.kind == "date and time" and isinstance(value, date) and not isinstance(value, datetime):
        return True, datetime.combine(value, time(), UTC)
    return False, None
