"""The questions about figures: what they are, which cases are behind them, whether they agree with each other."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from heapq import merge
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Select, literal, select, tuple_
from sqlalchemy.orm import Session

from engine.authority import Actor, sees_all
from engine.caselist import case_row
from engine.counting import HUNDREDTHS, Counted
from engine.directory import Directory, directory
from engine.errors import NotFound
from engine.inbox import LIMIT
from engine.indicators import Indicator, Indicators
from engine.model import EVERYWHERE, Case, Entry, Occurrence
from engine.rows import CaseRow, Page
from engine.sums import Figure, Figures, Span, context_of, figures_of, holds

Found = Select[date, date, UUID]  # end, day, case


@dataclass(frozen=True)
class FigureCase:
    """A case behind a number: the day that counts, and what it adds where something is added up."""

    row: CaseRow
    day: date
    amount: Decimal | None


@dataclass(frozen=True)
class CheckRow:
    """A sentence about figures: whether it is true of them; None where something it reads is missing."""

    check: str
    says: str
    holds: bool | None
    blocks: bool


def indicators(session: Session) -> Indicators:
    """Every declared indicator, dimension, check and report."""
    return directory(session).indicators


def own_offices(session: Session, actor: Actor, office: str | None = None) -> tuple[str, ...]:
    """The offices whose figures are added up for this person: one, all of theirs, or `*`. Raises NotFound."""
    return _offices(directory(session), actor, office)


def _offices(known: Directory, actor: Actor, office: str | None) -> tuple[str, ...]:
    if office is not None:
        if office not in known.offices or not (sees_all(actor, known.roles) or office in actor.offices):
            raise NotFound
        return (office,)
    return (EVERYWHERE,) if sees_all(actor, known.roles) else tuple(sorted(actor.offices))


def figures(
    session: Session,
    actor: Actor,
    *,
    periods: Sequence[tuple[str, str]],
    offices: Sequence[str | None] = (None,),
    indicators: Sequence[str] | None = None,
) -> Figures:
    """Figures by (span, office, indicator); `periods` are first and last reporting months.

    An office of None (under the empty name) is everything the person may see. Raises NotFound for an office that is
    not theirs.
    """
    known = directory(session)
    declared = known.indicators
    wanted = (
        [each.id for each in declared.shown] if indicators is None else [i for i in indicators if i in declared.all]
    )
    places = {office or "": _offices(known, actor, office) for office in offices}
    return figures_of(session, declared, wanted, [Span(*period) for period in periods], places)


def figure_cases(
    session: Session,
    actor: Actor,
    indicator: str,
    *,
    period: tuple[str, str],
    now: datetime,
    office: str | None = None,
    value: str | None = None,
    after: str | None = None,
    limit: int = LIMIT,
) -> Page[FigureCase]:
    """The cases behind an indicator, the latest first; with `value` those of one line of its breakdown.

    Raises NotFound for what is not counted (a formula has terms instead) and for offices of others.
    """
    known = directory(session)
    each = known.indicators.all.get(indicator)
    if each is None or not each.count:
        raise NotFound
    span, found = Span(*period), []
    for place in own_offices(session, actor, office):
        query = _behind(each, span, known, None if place == EVERYWHERE else place, value)
        found.append(session.execute(_since(query, each, after).limit(limit + 1)).all())
    rows = list(islice(merge(*found, key=partial(_place, each), reverse=True), limit + 1))
    following = "~".join(map(str, _place(each, rows[limit - 1]))) if len(rows) > limit else None
    cases = {row.case_id: row for row in rows[:limit]}
    loaded = {case.id: case for case in session.scalars(select(Case).where(Case.id.in_(list(cases))))}
    return Page(tuple(_shown(session, known, each, loaded[k], row.day, now) for k, row in cases.items()), following)


def _behind(each: Indicator, span: Span, known: Directory, office: str | None, value: str | None) -> Found:
    """The occurrences an indicator counts, as a range of one index."""
    dimension, wanted = (each.by, value) if each.by and value is not None else each.where
    query = select(Occurrence.ended, Occurrence.day, Occurrence.case_id).where(
        Occurrence.kind == each.count, Occurrence.dimension == dimension, Occurrence.value == wanted
    )
    if office is not None:
        query = query.where(Occurrence.office == office)
    first, last = known.months.first(span.first), known.months.last(span.last)
    if not each.is_stock:
        return query.where(Occurrence.day.between(first, last))
    if each.at == "opening":
        return query.where(Occurrence.day < first, Occurrence.ended >= first)
    return query.where(Occurrence.day <= last, Occurrence.ended > last)


def _place(each: Indicator, row: Any) -> tuple[Any, ...]:
    """Where a case stands in the list: by its day; of what was there at a time, what has not ended yet comes first."""
    place = (row.day.isoformat(), row.case_id.hex)
    return (row.ended.isoformat(), *place) if each.is_stock else place


def _since(query: Found, each: Indicator, after: str | None) -> Found:
    """The list from a place on; a place that is none is the beginning."""
    columns = [Occurrence.ended, Occurrence.day, Occurrence.case_id][0 if each.is_stock else 1 :]
    *days, case = (after or "").split("~")
    try:
        place = [*map(date.fromisoformat, days), UUID(case)]
    except ValueError:
        place = []
    if len(place) == len(columns):
        query = query.where(tuple_(*columns) < tuple_(*map(literal, place)))
    return query.order_by(*(column.desc() for column in columns))


def _shown(session: Session, known: Directory, each: Indicator, case: Case, day: date, now: datetime) -> FigureCase:
    happening = Counted.read(case.counted).happenings.get(each.count)
    total = happening.sums.get(each.sum, 0) if each.sum and happening is not None else None
    amount = None if total is None else Decimal(total) / HUNDREDTHS
    return FigureCase(case_row(session, known, case, now), day, amount)


def value_labels(session: Session, dimension: str, values: Collection[str]) -> dict[str, str]:
    """What the values of a dimension are called: declared words, offices, or rows of a register as last published."""
    known = directory(session)
    declared = known.indicators.dimensions.get(dimension)
    if declared is None:
        return {}
    found = {value: declared.values[value] for value in values if value in declared.values}
    if declared.is_office:
        found |= {value: known.office_name(value) for value in values if value not in found}
    register = known.registers.get(declared.register)
    if register is not None:
        query = select(Entry.key, Entry.data).where(Entry.register == register.id, Entry.key.in_(sorted(values)))
        for key, data in session.execute(query.order_by(Entry.key, Entry.valid_from)):
            found[key] = str(data.get(register.label, key))
    return found


def cross_checks(
    session: Session,
    actor: Actor,
    *,
    period: tuple[str, str],
    office: str | None = None,
    reported: Mapping[str, Decimal] | None = None,
    previous: Mapping[str, Decimal] | None = None,
) -> list[CheckRow]:
    """The sentences about the figures of a span: of the system's own, or of those `reported` where given.

    `previous` are the figures reported for the span before. Raises NotFound for an office of others.
    """
    known = directory(session).indicators
    span, place = Span(*period), own_offices(session, actor, office)
    found = figures_of(session, known, list(known.all), [span], {"": place})
    return checked(known, {key: found[span, "", key] for key in known.all}, reported, previous)


def checked(
    known: Indicators,
    system: Mapping[str, Figure],
    reported: Mapping[str, Decimal] | None,
    previous: Mapping[str, Decimal] | None,
) -> list[CheckRow]:
    """Every check against these figures."""
    own = context_of(system)
    context: dict[str, Any] = {**own, **(reported or {}), "system": own, "previous": dict(previous or {})}
    return [CheckRow(c.id, c.says, holds(c, context), c.blocks) for c in known.checks.values()]
