"""Every field of a form with its answer, and whether its condition hides it."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import Problem
from engine.feel import FeelError
from engine.forms.fields import INERT, WAS, ZONE, Field, FileSource, OptionSource
from engine.forms.values import Wrong, is_blank, typed, wrong

ROUNDS = 8  # conditions that hide each other settle, or are taken as they are after this many looks


@dataclass
class Row:
    """One row of a list; `kept` are columns of the fact that this form does not ask for."""

    cells: "list[Cell]"
    blank: bool
    kept: Mapping[str, Any]


@dataclass
class Cell:
    """One field with its answer; a group has inner cells, a list has rows."""

    field: Field
    path: str
    value: Any = None
    problem: Problem | None = None
    hidden: bool = False
    inner: "list[Cell]" = dataclasses.field(default_factory=list)
    rows: list[Row] = dataclasses.field(default_factory=list)


@dataclass(frozen=True)
class Sources:
    """Where options and files are looked up."""

    options: OptionSource
    files: FileSource


def laid_out(
    fields: Sequence[Field],
    raw: Mapping[str, Any],
    *,
    facts: Mapping[str, Any],
    options: OptionSource,
    files: FileSource,
    now: datetime | None,
) -> list[Cell]:
    """Every field with its typed answer or its problem, and hidden where its condition says so."""
    cells = _cells(fields, raw, "", facts, Sources(options, files))
    moment = now.astimezone(ZONE) if now else None
    for _ in range(ROUNDS):
        if not _settle(cells, cells, facts, moment):
            break
    return cells


def answers(cells: Sequence[Cell]) -> dict[str, Any]:
    """The typed answers of the visible cells of one level."""
    found: dict[str, Any] = {}
    for cell in cells:
        if cell.hidden or cell.field.kind in INERT:
            continue
        if cell.field.kind == "group":
            found |= answers(cell.inner)
        elif cell.field.kind == "dynamiclist":
            found[cell.field.key] = [{**row.kept, **answers(row.cells)} for row in cell.rows if not row.blank]
        else:
            found[cell.field.key] = cell.value
    return found


def _cells(
    fields: Sequence[Field], raw: Mapping[str, Any], prefix: str, facts: Mapping[str, Any], sources: Sources
) -> list[Cell]:
    cells = []
    for each in fields:
        cell = Cell(each, prefix + (each.key or each.id))
        given = raw.get(each.key)
        if (each.readonly or each.key not in raw) and each.key in facts:
            given = facts[each.key]
        try:
            if each.kind == "group":
                cell.inner = _cells(each.children, raw, prefix, facts, sources)
            elif each.kind == "dynamiclist":
                cell.rows = _rows(each, given, cell.path, facts.get(each.key), sources)
            elif each.readonly:
                cell.value = facts.get(each.key)
            elif each.kind not in INERT:
                cell.value = typed(each, given, sources.options, sources.files)
        except Wrong as found:
            cell.problem = found.problem
        cells.append(cell)
    return cells


def _rows(each: Field, given: Any, path: str, fact: Any, sources: Sources) -> list[Row]:
    before = [row if isinstance(row, Mapping) else {} for row in fact] if isinstance(fact, list | tuple) else []
    is_fixed = each.fixed_rows and bool(before)
    if is_blank(given) and not is_fixed:
        return []
    given = [] if is_blank(given) else given
    if not isinstance(given, list | tuple) or not all(isinstance(row, Mapping) for row in given):
        raise wrong(each, "wrong-type", "this is not a list of rows")
    asked = {column.key for column in _columns(each.children) if not column.readonly}
    follows = each.fixed_rows or given is fact
    rows = []
    for index, row in enumerate(as_they_were(each, given, before) if is_fixed else given):
        was = _place(row.get(WAS), index if follows and WAS not in row else None)
        old = before[was] if was is not None and was < len(before) else {}
        kept = {key: value for key, value in old.items() if key not in asked}
        cells = _cells(each.children, row, f"{path}[{index}].", old, sources)
        rows.append(Row(cells, not kept and _is_blank_row(each.children, row), kept))
    return rows


def as_they_were(
    each: Field, given: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """One answer for each row of the fact, in its order, whatever was sent: rows are neither added nor left out.

    A row says which one it is by its place in the fact, by the key column of the list, or by its own place.
    """
    key = each.row_style.key
    known = {row[key]: place for place, row in enumerate(before) if key and isinstance(row.get(key), str)}
    sent = {}
    for index, row in enumerate(given):
        named = row.get(key) if key else None
        place = known.get(named, -1) if isinstance(named, str) else index
        sent[_place(row.get(WAS), place if WAS not in row else None)] = row
    return [{**sent.get(place, {}), WAS: str(place)} for place in range(len(before))]


def _place(was: Any, otherwise: int | None) -> int | None:
    return int(was) if isinstance(was, str) and was.isascii() and was.isdigit() and len(was) < 6 else otherwise  # noqa: PLR2004 digits


def _columns(fields: Sequence[Field]) -> Iterator[Field]:
    for each in fields:
        if each.kind == "group":
            yield from _columns(each.children)
        elif each.key:
            yield each


def _is_blank_row(fields: Sequence[Field], row: Mapping[str, Any]) -> bool:
    """Nothing was filled in, apart from what the form had filled in itself."""
    for each in _columns(fields):
        given = row.get(each.key)
        if each.kind == "dynamiclist" and isinstance(given, list):
            if not all(isinstance(inner, Mapping) and _is_blank_row(each.children, inner) for inner in given):
                return False
        elif not is_blank(given) and given != each.default and given is not False:
            return False
    return True


def _settle(level: list[Cell], cells: list[Cell], outer: Mapping[str, Any], now: datetime | None) -> bool:
    """Hide and show by the conditions, in order; whether anything changed. A level shares its answers."""
    changed = False
    scope: dict[str, Any] | None = None
    for cell in cells:
        if cell.field.hide is not None:
            scope = {**outer, **answers(level)} if scope is None else scope
            hidden = _holds(cell, scope, now)
            if hidden != cell.hidden:
                cell.hidden, changed, scope = hidden, True, None
        if cell.hidden:
            continue
        if cell.inner and _settle(level, cell.inner, outer, now):
            changed, scope = True, None
        if cell.rows:
            scope = {**outer, **answers(level)} if scope is None else scope
            moved = [_settle(row.cells, row.cells, {**scope, **row.kept}, now) for row in cell.rows]
            if any(moved):
                changed, scope = True, None
    return changed


def _holds(cell: Cell, scope: Mapping[str, Any], now: datetime | None) -> bool:
    """Whether the condition hides the field; one that takes too long to find out hides nothing."""
    try:
        return cell.field.hide is not None and cell.field.hide(scope, now=now) is True
    except FeelError:
        return False
