"""What the clock asks: which cases, reminders and effects are due. Each question reads one index, whatever waits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.deadlines import OFFICE
from engine.model import Anchor, Deadline, Effect, Task, Timer

BATCH = 200


def due_cases(session: Session, *, now: datetime, limit: int = BATCH) -> list[UUID]:
    """Cases with a timer due at or before now, the most overdue first."""
    rows = session.scalars(select(Timer.case_id).where(Timer.due_at <= now).order_by(Timer.due_at).limit(limit))
    return list(dict.fromkeys(rows))


def due_reminders(session: Session, *, now: datetime, limit: int = BATCH) -> list[UUID]:
    """Deadlines whose reminder is due."""
    query = select(Deadline.id).where(Deadline.remind_at.is_not(None), Deadline.remind_at <= now)
    return list(session.scalars(query.order_by(Deadline.remind_at).limit(limit)))


def due_overdue(session: Session, *, now: datetime, limit: int = BATCH) -> list[UUID]:
    """Tasks whose date has passed and of which nobody has been told yet."""
    query = select(Task.id).where(Task.tell_at.is_not(None), Task.tell_at <= now)
    return list(session.scalars(query.order_by(Task.tell_at).limit(limit)))


def due_effects(session: Session, *, now: datetime, limit: int = BATCH) -> list[int]:
    """Effects to be carried out now; letters are sent by those who have a mail server."""
    query = select(Effect.id).where(Effect.state == "pending", Effect.next_at <= now, Effect.kind != "mail")
    return list(session.scalars(query.order_by(Effect.next_at, Effect.id).limit(limit)))


def next_due(session: Session, *, after: datetime) -> datetime | None:
    """The next instant at which the clock has something to do; for clocks that jump."""
    candidates = [
        session.scalar(select(Timer.due_at).where(Timer.due_at > after).order_by(Timer.due_at).limit(1)),
        session.scalar(
            select(Deadline.remind_at).where(Deadline.remind_at > after).order_by(Deadline.remind_at).limit(1)
        ),
        session.scalar(select(Task.tell_at).where(Task.tell_at > after).order_by(Task.tell_at).limit(1)),
    ]
    return min((moment for moment in candidates if moment is not None), default=None)


def is_anchor_due(session: Session, *, now: datetime) -> bool:
    """Whether today's anchor of the audit trail is missing."""
    return session.get(Anchor, now.astimezone(OFFICE).date()) is None
