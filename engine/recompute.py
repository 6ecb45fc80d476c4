"""A new calendar moves dates that were projected: open deadlines are computed again, case by case."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import store
from engine.authority import Actor
from engine.clocks import RUNNING, STOPPED
from engine.model import Case, Deadline


@dataclass(frozen=True)
class Recomputed:
    """A deadline whose date moved, or became certain."""

    case_id: UUID
    number: str
    label: str
    before: date | None
    after: date | None
    projected: bool


@dataclass(frozen=True)
class Projected:
    """An open deadline whose day is not final, because a year it falls into has no official calendar yet."""

    case_id: UUID
    number: str
    label: str
    last_day: date | None


def projected_deadlines(session: Session) -> list[Projected]:
    """Every open deadline that is only projected, the nearest first: what the next import will settle."""
    query = (
        select(Case.id, Case.number, Deadline.label, Deadline.last_day)
        .join(Case, Deadline.case_id == Case.id)
        .where(Deadline.projected, Deadline.status == RUNNING)
        .order_by(Deadline.last_day, Case.number)
    )
    return [Projected(*row) for row in session.execute(query)]


def recompute_deadlines(session: Session, case_id: UUID, *, actor: Actor, now: datetime) -> list[Recomputed]:
    """Compute the open deadlines of a case with the present calendar; one audit event for every date that changed.

    Timers, reminders and the dates of tasks move along. Raises NotFound, CaseChanged.
    """
    loaded = store.load(session, case_id, actor=actor, now=now)
    clocks = loaded.turn.clocks
    version = clocks.calendar.version
    moved = loaded.turn.apply_calendar()
    if not moved:
        same = (Deadline.case_id == case_id, Deadline.status.in_((RUNNING, STOPPED)))
        session.execute(update(Deadline).where(*same).values(calendar_version=version))
        return []
    dates = {clock.id: clock.last_day for clock in clocks.before.values()}
    store.save(session, loaded, "calendar_applied", {"calendar": version}, actor=actor, now=now)
    return [
        Recomputed(case_id, loaded.case.number, clock.label, dates[clock.id], clock.last_day, clock.projected)
        for clock in moved
    ]
