"""The figures of a report as rows: for forms to fill in, for papers, and again with what somebody reported instead."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from engine.indicators import Dimension, Indicator, Indicators
from engine.model import EVERYWHERE
from engine.sums import Figure, Span, context_of, edges, evaluated, figures_of, rounded

Label = Callable[[Dimension, str], str]
OTHER = "other"  # the line of a breakdown for what none of its values is


def report_rows(
    session: Session,
    known: Indicators,
    label: Label,
    report: str,
    office: str | None,
    first_day: date,
    last_day: date,
    reported: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]] | None:
    """The rows of a report as FEEL contexts; None for an unknown report or a range that is not of whole months.

    With `reported` values by the rows' names, these take the place of what was counted, and formulas follow from them.
    """
    kind, whole = known.reports.get(report), known.months.whole(first_day, last_day)
    if kind is None or whole is None:
        return None
    span, place = Span(*whole), office or EVERYWHERE
    needed = known.needed(kind.indicators)
    found = figures_of(session, known, [each.id for each in needed], [span], {place: [place]})
    figures = {each.id: found[span, place, each.id] for each in needed}
    if reported is not None:
        figures = as_reported(needed, figures, reported, {"office": office, **edges(known, span)})
    shown = [known.all[name] for name in kind.indicators]
    return [row for each in shown for row in _rows(each, figures[each.id], known, label)]


def as_reported(
    needed: Sequence[Indicator], counted: Mapping[str, Figure], reported: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Figure]:
    """The figures with the reported values in place of the counted ones; formulas are computed of them.

    Parts are reported under the name of their row, `<indicator>.<value>`.
    """
    found: dict[str, Figure] = {}
    for each in needed:
        if each.formula is not None:
            found[each.id] = Figure(rounded(evaluated(each.formula, {**context_of(found), **given}), each))
            continue
        figure = counted[each.id]
        told = {key.partition(".")[2]: value for key, value in reported.items() if key.startswith(f"{each.id}.")}
        parts = {value: amount for value, amount in told.items() if isinstance(amount, Decimal)}
        own = reported.get(each.id)
        value = own if isinstance(own, Decimal) else figure.value
        found[each.id] = replace(figure, value=value, parts={**figure.parts, **parts})
    return found


def _rows(each: Indicator, figure: Figure, known: Indicators, label: Label) -> Iterator[dict[str, Any]]:
    """The row of an indicator and one for each part of its breakdown."""
    about = {
        "section": known.sections.get(each.section, ""),
        "unit": each.unit,
        "typed": each.typed,
        "formula": each.formula is not None,
    }
    own = {"indicator": each.id, "of": None, "name": each.name, "definition": each.definition}
    yield {**about, **own, "value": rounded(figure.value, each)}
    if not each.by:
        return
    dimension = known.dimensions[each.by]
    parts = dict(figure.parts)
    if OTHER in dimension.values:  # what is not listed yet may still have to be reported
        parts.setdefault(OTHER, Decimal(0))
    for value, amount in parts.items():
        words = dimension.values.get(value) or label(dimension, value)
        part = {"indicator": f"{each.id}.{value}", "of": each.id, "name": words, "definition": f"{each.name}，分列"}
        yield {**about, **part, "value": rounded(amount, each)}
