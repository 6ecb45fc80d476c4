"""Raw answers to typed answers. What is hidden, read-only or not asked is dropped; every problem is reported."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.errors import InvalidAnswers, Problem
from engine.forms.cross import disagreements
from engine.forms.fields import INERT, FileSource, OptionSource, no_files, no_options
from engine.forms.form import Form
from engine.forms.layout import Cell, answers, laid_out
from engine.forms.limits import problem_of
from engine.forms.values import wrong


def check(
    form: Form,
    raw: Mapping[str, Any],
    *,
    facts: Mapping[str, Any] | None = None,
    options: OptionSource = no_options,
    files: FileSource = no_files,
    now: datetime | None = None,
) -> dict[str, Any]:
    """The typed answers; a visible field without an answer is None, False or [].

    A key that is missing in `raw` keeps its fact: pages send an empty value for what was cleared. Raises
    InvalidAnswers with a problem per path.
    """
    facts = facts or {}
    cells = laid_out(form.fields, raw, facts=facts, options=options, files=files, now=now)
    problems: dict[str, Problem] = {}
    clean = dict(_collected(cells, {**facts, **answers(cells)}, problems, now))
    problems = problems or disagreements(form.checks, cells, facts, now)  # only what can be read can disagree
    if problems:
        raise InvalidAnswers(problems)
    return clean


def visible(
    form: Form,
    values: Mapping[str, Any],
    *,
    facts: Mapping[str, Any] | None = None,
    options: OptionSource = no_options,
    files: FileSource = no_files,
    now: datetime | None = None,
) -> set[str]:
    """The paths of the fields to show; what has no key goes by its id."""
    cells = laid_out(form.fields, values, facts=facts or {}, options=options, files=files, now=now)
    return {cell.path for cell in _shown_cells(cells)}


def as_typed(
    form: Form, raw: Mapping[str, Any], *, facts: Mapping[str, Any], options: OptionSource, now: datetime | None
) -> dict[str, Any]:
    """What was typed so far, as far as it can be read; nothing is required, no limit is looked at, files are left."""
    cells = laid_out(form.fields, raw, facts=facts, options=options, files=no_files, now=now)
    return {key: value for key, value in answers(cells).items() if key in raw}


def _shown_cells(cells: Sequence[Cell]) -> Iterator[Cell]:
    for cell in cells:
        if cell.hidden:
            continue
        yield cell
        yield from _shown_cells(cell.inner)
        for row in cell.rows:
            yield from _shown_cells(row.cells)


def _collected(
    cells: Sequence[Cell], scope: Mapping[str, Any], problems: dict[str, Problem], now: datetime | None
) -> Iterator[tuple[str, Any]]:
    """The clean answers of one level; problems are noted by path."""
    for cell in cells:
        if cell.hidden or cell.field.readonly or cell.field.kind in INERT:
            continue
        if cell.field.kind == "group":
            yield from _collected(cell.inner, scope, problems, now)
        elif cell.field.kind == "dynamiclist":
            yield cell.field.key, _list(cell, scope, problems, now)
        else:
            found = cell.problem or problem_of(cell.field, cell.value, scope, now)
            if found is not None:
                problems[cell.path] = found
            yield cell.field.key, cell.value


def _list(
    cell: Cell, scope: Mapping[str, Any], problems: dict[str, Problem], now: datetime | None
) -> list[dict[str, Any]]:
    """The rows that were filled in; empty ones count only where the form needs more rows."""
    rules = cell.field.rules
    least = max(rules.min_items, 1 if rules.required else 0)
    missing = max(0, least - sum(not row.blank for row in cell.rows))
    clean = []
    filled = 0
    for row in cell.rows:
        if row.blank:
            if not missing:
                continue
            missing -= 1
        known = len(problems)
        inner = {**scope, **row.kept, **answers(row.cells)}
        clean.append({**row.kept, **dict(_collected(row.cells, inner, problems, now))})
        filled += not row.blank or len(problems) > known
    found = cell.problem
    if found is None and filled < least:
        found = wrong(cell.field, "too-few-rows", f"at least {least} rows", limit=least).problem
    if found is None and len(clean) > rules.max_items:
        found = wrong(cell.field, "too-many-rows", f"at most {rules.max_items} rows", limit=rules.max_items).problem
    if found is not None:
        problems[cell.path] = found
    return clean
