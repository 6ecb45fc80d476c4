"""Counting the house from outside: what was born, what stands still, how many rows there are. For simulations."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from engine.model import Base, Case, Effect, Paper, Subscription, Task, Timer


@dataclass(frozen=True)
class Newborn:
    """A case that was opened."""

    case_id: UUID
    process: str
    office: str
    opened_at: datetime


@dataclass(frozen=True)
class CaseCount:
    """How many cases of one kind an office has."""

    process: str
    office: str
    status: str
    outcome: str | None
    level: str | None
    count: int


def is_running(session: Session, case_id: UUID) -> bool:
    """Whether a case is neither over nor unknown."""
    return session.scalar(select(Case.status).where(Case.id == case_id)) in {"running", "incident"}


def next_timer(session: Session, case_id: UUID) -> datetime | None:
    """The instant of a case's next timer."""
    return session.scalar(select(func.min(Timer.due_at)).where(Timer.case_id == case_id))


def newborn(session: Session, *, since: datetime) -> list[Newborn]:
    """The cases opened at or after an instant, the oldest first."""
    query = select(Case.id, Case.process, Case.office, Case.opened_at).where(Case.opened_at >= since)
    return [Newborn(*row) for row in session.execute(query.order_by(Case.opened_at, Case.number))]


def stuck_cases(session: Session) -> list[str]:
    """Numbers of running cases that nothing can move: no task, no timer, no message awaited, no effect to come."""
    movers = (Task.case_id, Timer.case_id, Subscription.case_id)
    query = select(Case.number).where(Case.status == "running")
    for column in movers:
        query = query.where(~exists().where(column == Case.id))
    query = query.where(~exists().where(Effect.case_id == Case.id, Effect.state == "pending"))
    return list(session.scalars(query.order_by(Case.number)))


def case_counts(session: Session) -> list[CaseCount]:
    """Cases by process, office, status, outcome and level."""
    kinds = (Case.process, Case.office, Case.status, Case.outcome, Case.level)
    return [CaseCount(*row) for row in session.execute(select(*kinds, func.count()).group_by(*kinds))]


def issued_papers(session: Session, kind: str) -> list[UUID]:
    """The issued papers of a kind, the oldest first."""
    return list(session.scalars(select(Paper.id).where(Paper.kind == kind).order_by(Paper.issued_at, Paper.number)))


def table_sizes(session: Session) -> dict[str, int]:
    """Rows of each table, by name."""
    return {
        table.name: session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }
