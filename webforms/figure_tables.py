"""Rows of the statistics pages: figures compared, as bars, broken down, and as files."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from flask import Response

import engine
from webforms.charts import share
from webforms.database import reading
from webforms.figure_views import Question, change
from webforms.sheets import download
from webforms.words import gettext


def value_of(found: engine.Figures, span: engine.Span, question: Question, each: engine.Indicator) -> Decimal | None:
    """A figure of the office asked for."""
    figure = found.get((span, question.office or "", each.id))
    return figure.value if figure is not None else None


def series_of(
    question: Question, found: engine.Figures, months: Sequence[engine.Span], *wanted: str
) -> list[tuple[str, list[Decimal | None]]]:
    """Indicators month by month, for a chart."""
    known = [question.known.all[each] for each in wanted if each in question.known.all]
    return [(each.name, [value_of(found, span, question, each) for span in months]) for each in known]


def compared(question: Question, wanted: Sequence[str]) -> list[dict[str, Any]]:
    """Figures beside those of the span before and of the year before."""
    spans = [question.span, question.before, question.year_before]
    found = question.figures(*wanted, spans=list(dict.fromkeys(spans))) if wanted else {}
    rows = []
    for each in (question.known.all[name] for name in wanted if name in question.known.all):
        value, before, year = (value_of(found, span, question, each) for span in spans)
        rows.append(
            {
                "each": each,
                "value": value,
                "before": before,
                "year": year,
                "change": change(each, value, before),
                "yearly": change(each, value, year),
            }
        )
    return rows


def heading() -> list[str]:
    """The heading of a table of compared figures."""
    words = ("Section", "Figure", "Unit", "This span", "Span before", "Year before", "Definition")
    return [gettext(word) for word in words]


def table_lines(question: Question, rows: Sequence[dict[str, Any]]) -> Iterator[list[Any]]:
    """Compared figures as rows of a file."""
    for row in rows:
        each = row["each"]
        values = [rounded(each, row[name]) for name in ("value", "before", "year")]
        yield [question.known.sections[each.section], each.name, each.unit, *values, each.definition]


def bars(question: Question, wanted: Sequence[str]) -> list[dict[str, Any]]:
    """Indicators as bars beside each other."""
    rows = compared(question, wanted)
    largest = max((row["value"] or Decimal(0) for row in rows), default=Decimal(0))
    return [{**row, "share": share(row["value"], largest)} for row in rows]


def breakdowns(question: Question, wanted: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The breakdowns of indicators as bars, the largest first."""
    known = [each for name in wanted if (each := question.known.all.get(name)) is not None and each.by]
    found = question.figures(*(each.id for each in known)) if known else {}
    shown = {}
    for each in known:
        figure = found[question.span, question.office or "", each.id]
        parts = sorted(figure.parts.items(), key=lambda part: (-part[1], part[0]))
        labels, largest = labels_of(question, each, list(figure.parts)), max(figure.parts.values(), default=Decimal(0))
        shown[each.id] = {
            "each": each,
            "dimension": question.known.dimensions[each.by].name,
            "total": figure.value,
            "rows": [(value, labels.get(value, value), amount, share(amount, largest)) for value, amount in parts],
        }
    return shown


def labels_of(question: Question, each: engine.Indicator, values: Sequence[str]) -> dict[str, str]:
    """What the values of an indicator's breakdown are called; asked only where they are not declared."""
    declared = question.known.dimensions.get(each.by or each.dimension)
    if declared is not None and all(value in declared.values for value in values):
        return {value: declared.values[value] for value in values}
    return engine.value_labels(reading(), each.by or each.dimension, values)


def rounded(each: engine.Indicator, value: Decimal | None) -> Decimal | None:
    """A figure with its decimals."""
    return None if value is None else round(value, each.decimals)


def file_of(rows: Sequence[Sequence[Any]], question: Question, name: str, title: str, kind: str) -> Response:
    """A file named after what it shows."""
    office = f"-{question.office}" if question.office else ""
    return download(rows, name=f"{name}-{question.first}-{question.last}{office}", title=title, kind=kind)
