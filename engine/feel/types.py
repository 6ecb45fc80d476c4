"""FEEL types: what a value conforms to, and the implicit conversions between them (§10.3.2.9).

A host adds its own (item definitions) as a mapping from type name to Type.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from engine.feel.values import kind

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
NEVER = Type("never")


def simple(name: str) -> Type | None:
    """Look up a built-in type by its FEEL or XML name."""
    found = SIMPLE.get(name)
    return Type(found) if found else None


def conforms(value: Any, wanted: Type, *, constrained: bool = True) -> bool:
    """Whether the value belongs to the type, and if asked to its allowed values; null belongs to every type."""
    if wanted.get is not None:
        return conforms(value, wanted.get(), constrained=constrained)
    if value is None:
        return True
    if wanted.kind != "Any" and kind(value) != wanted.kind:
        return False
    if not all(conforms(part, inner, constrained=constrained) for part, inner in _parts(value, wanted)):
        return False
    return not constrained or wanted.allowed is None or wanted.allowed(value)


def _parts(value: Any, wanted: Type) -> Iterator[tuple[Any, Type]]:
    """Pair what a structured value consists of with the types it must have."""
    if wanted.kind == "list" and wanted.item is not None:
        yield from ((item, wanted.item) for item in value)
    elif wanted.kind == "range" and wanted.item is not None:
        yield from ((end, wanted.item) for end in (value.start, value.end))
    elif wanted.kind == "context":
        yield from ((value[name], field) if name in value else (value, NEVER) for name, field in wanted.fields)
    elif wanted.kind == "function" and wanted.fields and len(value.parameters) != len(wanted.fields) - 1:
        yield value, NEVER


def instance(value: Any, wanted: Type) -> bool:
    """``value instance of type``: allowed values do not count, and null is an instance of nothing but Null."""
    if value is None:
        return (wanted.get() if wanted.get else wanted).kind == "null"
    return conforms(value, wanted, constrained=False)


def coerced(value: Any, wanted: Type) -> tuple[bool, Any]:
    """Convert implicitly (§10.3.2.9.4): a list of one to its item, a date to midnight UTC; else it must conform."""
    if wanted.get is not None:
        return coerced(value, wanted.get())
    if conforms(value, wanted):
        return True, value
    if isinstance(value, list) and len(value) == 1 and conforms(value[0], wanted):
        return True, value[0]
    if wanted.kind == "date and time" and isinstance(value, date) and not isinstance(value, datetime):
        return True, datetime.combine(value, time(), UTC)
    return False, None
