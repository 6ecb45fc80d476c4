"""Cells of a register as a page shows them: words, or the rows of a list with what is in force and what is not."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import engine

Words = Callable[[engine.Column, Any], str]
PERIOD = ("valid_from", "valid_to")


@dataclass(frozen=True)
class Line:
    """One row of a list inside a cell."""

    words: str
    since: date | None
    until: date | None
    state: str  # in_force | ended | not_yet; empty where it has no period
    marks: Sequence[str]  # choices beside the words, e.g. how sure it is


@dataclass(frozen=True)
class Cell:
    """The words of a field, or its lines."""

    words: str = ""
    lines: Sequence[Line] = ()


def public_columns(register: engine.Register) -> list[engine.Column]:
    """What anybody may see, without the internal columns of lists."""
    return [_without_internal(register.columns[name]) for name in register.public if name in register.columns]


def shown_columns(register: engine.Register) -> list[engine.Column]:
    """What the list shows to people who are signed in."""
    return [register.columns[name] for name in register.listed if name in register.columns]


def _without_internal(column: engine.Column) -> engine.Column:
    inner = {key: each for key, each in column.columns.items() if not each.internal}
    return dataclasses.replace(column, columns=inner)


def cells_of(columns: Sequence[engine.Column], data: Mapping[str, Any], day: date, words: Words) -> dict[str, Cell]:
    """The cells of a row by the key of their column."""
    return {column.key: _cell(column, data.get(column.key), day, words) for column in columns}


def _cell(column: engine.Column, value: Any, day: date, words: Words) -> Cell:
    if column.type != "list":
        return Cell(words(column, value))
    return Cell(lines=[_line(column, row, day, words) for row in value or ()])


def _line(column: engine.Column, row: Mapping[str, Any], day: date, words: Words) -> Line:
    texts = [each for key, each in column.columns.items() if key not in PERIOD]
    told = "".join(words(each, row.get(each.key)) for each in texts if not each.choices)
    marks = [word for each in texts if each.choices and (word := words(each, row.get(each.key)))]
    since, until = (row.get(name) for name in PERIOD)
    state = ""
    if since is not None or until is not None:
        state = "in_force" if engine.in_force(row, day) else "not_yet" if since is not None and day < since else "ended"
    return Line(told, since, until, state, marks)
