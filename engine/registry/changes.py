"""What changed between two lists of rows, in words: for expressions, pages and exports."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from engine.registry.columns import Column
from engine.registry.declaration import Register

Names = Callable[[str, str], str]  # register or "office", and a key -> its name
TICK = "✓"
ARROW = " → "
NOTHING = "—"
SEPARATOR = "、"


def in_words(column: Column, value: Any, names: Names) -> str:
    """A value as people read it: choices by their labels, keys by their names, rows of a list one after another."""
    if value is None or value is False or value in ("", []):
        return ""
    if column.type == "list":
        return "；".join(
            " ".join(filter(None, (in_words(c, row.get(c.key), names) for c in column.columns.values())))
            for row in value
        )
    if isinstance(value, (list, tuple)):
        return SEPARATOR.join(_one(column, each, names) for each in value)
    return _one(column, value, names)


def _one(column: Column, value: Any, names: Names) -> str:
    if value is True:
        return TICK
    if column.choices:
        return column.choices.get(str(value), str(value))
    if column.type in {"reference", "references"}:
        return names(column.register, str(value))
    if column.type in {"office", "offices"}:
        return names("office", str(value))
    return value.isoformat() if isinstance(value, date) else str(value)


def compared(register: Register, before: Iterable[Any], after: Iterable[Any], names: Names) -> list[dict[str, Any]]:
    """What becomes of each row: `change` (add, change, remove), `key`, `name`, and `what` differs in words.

    Rows are contexts with their key; a row of `after` without a key, or with one that was not there, is new. Columns
    that a list does not carry at all are not compared.
    """
    old = {str(row.get(register.key)): row for row in before if isinstance(row, Mapping)}
    new = [row for row in after if isinstance(row, Mapping)]
    found = []
    for row in new:
        was = old.get(str(row.get(register.key) or ""))
        if was is None:
            found.append(_told(register, "add", row, _content(register, row, names)))
        elif words := _differences(register, was, row, names):
            found.append(_told(register, "change", row, words))
    kept = {str(row.get(register.key)) for row in new}
    found += [
        _told(register, "remove", row, _content(register, row, names)) for key, row in old.items() if key not in kept
    ]
    return found


def _told(register: Register, change: str, row: Mapping[str, Any], what: str) -> dict[str, Any]:
    return {"change": change, "key": row.get(register.key), "name": row.get(register.label), "what": what}


def _content(register: Register, row: Mapping[str, Any], names: Names) -> str:
    words = ((column.label, in_words(column, row.get(key), names)) for key, column in register.columns.items())
    return "；".join(f"{label}：{text}" for label, text in words if text)


def _differences(register: Register, was: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> str:
    told = []
    for key, column in register.columns.items():
        if key not in was or key not in row:
            continue
        old, new = (in_words(column, each.get(key), names) for each in (was, row))
        if old != new:
            told.append(f"{column.label}：{old or NOTHING}{ARROW}{new or NOTHING}")
    return "；".join(told)
