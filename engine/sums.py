"""Figures out of the sums: what the indicators are for offices and spans of reporting months.

A fixed number of statements whatever is asked; each is a range of the index of `tally`, which grows with months,
offices and dimension values, never with cases.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.counting import HUNDREDTHS
from engine.feel import FeelError
from engine.indicators import PARTS, Check, Indicator, Indicators
from engine.model import EVERYWHERE, Entry, Tally
from engine.months import moved

Amounts = dict[tuple[str, ...], int]  # kind, office, dimension, value, measure -> total
Places = Mapping[str, Sequence[str]]  # a name -> the offices (or `*`) added up under it


class Span(NamedTuple):
    """Reporting months from the first to the last, both included."""

    first: str
    last: str


@dataclass(frozen=True)
class Figure:
    """An indicator's value; None where there is nothing to divide by, or where somebody must type it."""

    value: Decimal | None
    parts: Mapping[str, Decimal] = field(default_factory=dict)  # dimension value -> figure


Figures = Mapping[tuple[Span, str, str], Figure]  # span, place, indicator


def figures_of(
    session: Session, known: Indicators, wanted: Sequence[str], spans: Sequence[Span], places: Places
) -> dict[tuple[Span, str, str], Figure]:
    """The wanted indicators for every span and place."""
    needed = known.needed(wanted)
    counted = [each for each in needed if each.count]
    offices = sorted({office for members in places.values() for office in members})
    flows = dict(_flows(session, counted, spans, offices))
    for span in spans:
        for each in needed:
            if each.register:
                flows[span] |= _listed(session, each, known.months.last(span.last))
    stocks = _stocks(session, counted, spans, offices, flows)
    found: dict[tuple[Span, str, str], Figure] = {}
    for span in spans:
        for place, members in places.items():
            figures: dict[str, Figure] = {}
            for each in needed:
                figures[each.id] = _figure(each, figures, flows[span], stocks[span], members, known, span)
            found |= {(span, place, each): figures[each] for each in wanted if each in figures}
    return found


def _listed(session: Session, each: Indicator, day: date) -> Amounts:
    """How many rows of a register there are on a day, by office and of all of them."""
    query = select(Entry.office, func.count()).where(
        Entry.register == each.register, Entry.valid_to > day, Entry.valid_from <= day,
        *(Entry.data[name].as_string() == value for name, value in each.having.items()),
    )  # fmt: skip
    found = {office: int(number) for office, number in session.execute(query.group_by(Entry.office))}
    found[EVERYWHERE] = sum(found.values())
    return {(each.id, office, "", "", ""): number for office, number in found.items()}


def _flows(
    session: Session, counted: Sequence[Indicator], spans: Sequence[Span], offices: Sequence[str]
) -> Iterator[tuple[Span, Amounts]]:
    """What happened in each span: one statement for a row of single months, else one a span."""
    kinds = {each.count for each in counted} | {each.less for each in counted if each.less}
    dimensions = {""} | {each.dimension for each in counted} | {each.by for each in counted}
    columns = (Tally.kind, Tally.office, Tally.dimension, Tally.value, Tally.measure)
    query = select(*columns, func.sum(Tally.total)).where(
        Tally.kind.in_(sorted(kinds)), Tally.office.in_(offices), Tally.dimension.in_(sorted(dimensions))
    )
    if all(span.first == span.last for span in spans) and spans:
        months = [span.first for span in spans]
        monthly = query.add_columns(Tally.period).where(Tally.period.between(min(months), max(months)))
        found: dict[str, Amounts] = {month: {} for month in months}
        for *cell, total, period in session.execute(monthly.group_by(*columns, Tally.period)):
            found.get(period, {})[tuple(cell)] = int(total)
        yield from ((span, found[span.first]) for span in spans)
        return
    for span in spans:
        within = query.where(Tally.period.between(span.first, span.last)).group_by(*columns)
        yield span, {tuple(cell): int(total) for *cell, total in session.execute(within)}


def _stocks(
    session: Session,
    counted: Sequence[Indicator],
    spans: Sequence[Span],
    offices: Sequence[str],
    flows: Mapping[Span, Amounts],
) -> dict[Span, tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]]:
    """For each span the totals of all time, before it and through it: (kind, office) -> number."""
    kinds = sorted({kind for each in counted if each.is_stock for kind in (each.count, each.less)})
    if not kinds:
        return {span: ({}, {}) for span in spans}
    found, before, reached = {}, dict[tuple[str, str], int](), ""
    for span in sorted(spans):
        if span.first != reached:
            query = select(Tally.kind, Tally.office, func.sum(Tally.total)).where(
                Tally.kind.in_(kinds), Tally.office.in_(offices), Tally.dimension == "", Tally.value == "",
                Tally.measure == "", Tally.period < span.first,
            )  # fmt: skip
            before = {(k, o): int(n) for k, o, n in session.execute(query.group_by(Tally.kind, Tally.office))}
        through = dict(before)
        for (kind, office, dimension, _, measure), total in flows[span].items():
            if kind in kinds and not dimension and not measure:
                through[kind, office] = through.get((kind, office), 0) + total
        found[span] = (before, through)
        before, reached = through, moved(span.last, 1)
    return found


def _figure(
    each: Indicator,
    figures: Mapping[str, Figure],
    flow: Amounts,
    stock: tuple[Mapping[tuple[str, str], int], Mapping[tuple[str, str], int]],
    members: Sequence[str],
    known: Indicators,
    span: Span,
) -> Figure:
    if each.typed:
        return Figure(None)
    if each.formula is not None:
        office = members[0] if len(members) == 1 and members[0] != EVERYWHERE else None
        context = context_of(figures) | {"office": office, **edges(known, span)}
        return Figure(rounded(evaluated(each.formula, context), each))
    if each.is_stock:
        totals = stock[each.at == "closing"]
        number = sum(totals.get((each.count, o), 0) - totals.get((each.less, o), 0) for o in members)
        return Figure(Decimal(number))
    total = sum(flow.get((each.count or each.id, office, *each.where, each.sum), 0) for office in members)
    parts: dict[str, int] = {}
    if each.by:
        for (kind, office, dimension, value, measure), amount in flow.items():
            if kind == each.count and dimension == each.by and measure == each.sum and office in members:
                parts[value] = parts.get(value, 0) + amount
    return Figure(
        _scaled(each, total), {value: _scaled(each, amount) for value, amount in sorted(parts.items()) if amount}
    )


def _scaled(each: Indicator, total: int) -> Decimal:
    value = Decimal(total) / HUNDREDTHS if each.sum else Decimal(total)
    return value / each.divide if each.divide != 1 else value


def rounded(value: Any, each: Indicator) -> Decimal | None:
    """A value to the indicator's decimals; None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    return Decimal(value).quantize(Decimal(1).scaleb(-each.decimals), ROUND_HALF_UP)


def context_of(figures: Mapping[str, Figure]) -> dict[str, Any]:
    """Figures as formulas read them."""
    found: dict[str, Any] = {key: figure.value for key, figure in figures.items()}
    return found | {f"{key}{PARTS}": list(figure.parts.values()) for key, figure in figures.items()}


def edges(known: Indicators, span: Span) -> dict[str, date]:
    """The first and the last day of a span, as formulas read them."""
    return {"first_day": known.months.first(span.first), "last_day": known.months.last(span.last)}


def evaluated(formula: Callable[..., Any], context: Mapping[str, Any]) -> Any:
    """What a formula gives; None where it costs too much."""
    try:
        return formula(context)
    except FeelError:
        return None


def holds(check: Check, context: Mapping[str, Any]) -> bool | None:
    """Whether a sentence is true of these values; None where something it reads is missing."""
    value = evaluated(check.holds, context)
    return value if isinstance(value, bool) else None
