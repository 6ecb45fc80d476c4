"""What the calendar asks of the units: filings and reports that are missing, late or under way, unit by unit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.inbox import LIMIT, definition_of_version
from engine.model import CalendarStart, Case, Version
from engine.rows import Page
from engine.steering import scope_of

MISSING, LATE, OPEN = "missing", "late", "open"
STATES = (MISSING, LATE, OPEN)
BACK = timedelta(days=400)  # older periods are history


@dataclass(frozen=True)
class FilingCount:
    """A unit's filings of one kind: never opened, past their limit, and under way in time."""

    process: str
    title: str
    office: str
    office_name: str
    missing: int
    late: int
    open: int


@dataclass(frozen=True)
class FilingRow:
    """One filing of one unit for one period."""

    process: str
    title: str
    office: str
    office_name: str
    period: str
    state: str
    opened_at: datetime
    due_at: datetime | None
    case_id: UUID | None
    number: str


def filing_counts(
    session: Session, actor: Actor, *, now: datetime, office: str | None = None
) -> tuple[FilingCount, ...]:
    """Units with something missing, late or under way, the worst first. Raises NotAllowed."""
    scope = scope_of(session, actor, office)
    titles = _titles(session)
    sums = [func.sum(case((condition, 1), else_=0)) for condition in _conditions(now).values()]
    query = select(CalendarStart.process, CalendarStart.office, *sums)
    rows = session.execute(
        _unfinished(query, now)
        .where(CalendarStart.process.in_(titles), *scope.of(CalendarStart.office))
        .group_by(CalendarStart.process, CalendarStart.office)
    )
    found = [
        FilingCount(
            process,
            titles.get(process, process),
            unit,
            scope.known.office_name(unit),
            missing,
            behind or 0,
            under_way,
        )
        for process, unit, missing, behind, under_way in rows
    ]
    return tuple(sorted(found, key=lambda one: (-one.missing - one.late, one.title, one.office_name)))


def filings(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    state: str | None = None,
    process: str | None = None,
    office: str | None = None,
    after: str | None = None,
    limit: int = LIMIT,
) -> Page[FilingRow]:
    """Filings that are not finished, the oldest first. Raises NotAllowed."""
    scope = scope_of(session, actor, office)
    titles = _titles(session)
    wanted = [process] if process in titles else list(titles)
    query = _unfinished(select(CalendarStart, Case.number, Case.due_at), now)
    query = query.where(CalendarStart.process.in_(wanted), *scope.of(CalendarStart.office))
    if state in STATES:
        query = query.where(_conditions(now)[state])
    at, last = _cursor(after)
    if at is not None:
        further = and_(CalendarStart.due_at == at, CalendarStart.id > last)
        query = query.where(or_(CalendarStart.due_at > at, further))
    found = session.execute(query.order_by(CalendarStart.due_at, CalendarStart.id).limit(limit + 1)).all()
    rows = []
    for row, number, due_at in found[:limit]:
        behind = due_at is not None and due_at <= now
        rows.append(
            FilingRow(
                row.process,
                titles.get(row.process, row.process),
                row.office,
                scope.known.office_name(row.office),
                row.period_name,
                MISSING if row.case_id is None else LATE if behind else OPEN,
                row.due_at,
                due_at,
                row.case_id,
                number or "",
            )
        )
    end = found[limit - 1][0] if len(found) > limit else None
    return Page(tuple(rows), f"{end.due_at.isoformat()}~{end.id}" if end is not None else None)


def _conditions(now: datetime) -> dict[str, ColumnElement[bool]]:
    in_time = or_(Case.due_at.is_(None), Case.due_at > now)
    return {
        MISSING: CalendarStart.case_id.is_(None),
        LATE: and_(CalendarStart.case_id.is_not(None), ~in_time),
        OPEN: and_(CalendarStart.case_id.is_not(None), in_time),
    }


def _unfinished(query: Any, now: datetime) -> Any:
    """Of the periods that have come: those without a case, and those whose case is not closed."""
    query = query.select_from(CalendarStart).outerjoin(Case, Case.id == CalendarStart.case_id)
    running = or_(CalendarStart.case_id.is_(None), Case.closed_at.is_(None))
    return query.where(CalendarStart.due_at > now - BACK, CalendarStart.due_at <= now, running)


def _titles(session: Session) -> dict[str, str]:
    """The processes that the calendar opens."""
    versions = session.execute(select(Version.id, Version.process).where(Version.active)).all()
    definitions = [definition_of_version(session, row.id) for row in versions]
    return {definition.process: definition.title for definition in definitions if definition.calendar}


def _cursor(after: str | None) -> tuple[datetime | None, int]:
    at, _, last = (after or "").partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None, 0
    ok = moment.utcoffset() is not None and last.isascii() and last.isdigit() and len(last) < 10  # noqa: PLR2004 a number
    return (moment, int(last)) if ok else (None, 0)
