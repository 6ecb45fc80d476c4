"""What the clock asks: which cases, reminders and effects are due. Each question reads one index, whatever waits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from engine.deadlines import OFFICE
from engine.model import Anchor, CalendarStart, Deadline, Effect, Publication, Task, Timer

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


def due_kinds(session: Session, *, now: datetime) -> frozenset[str]:
    """What there is to do at all: "publication", "start", "timer", "reminder", "overdue", "effect". One statement."""
    today = now.astimezone(OFFICE).date()
    known = {
        "publication": (Publication.state == "approved", Publication.effective_on <= today),
        "start": (CalendarStart.next_at.is_not(None), CalendarStart.next_at <= now),
        "timer": (Timer.due_at <= now,),
        "reminder": (Deadline.remind_at.is_not(None), Deadline.remind_at <= now),
        "overdue": (Task.tell_at.is_not(None), Task.tell_at <= now),
        "effect": (Effect.state == "pending", Effect.next_at <= now, Effect.kind != "mail"),
    }
    row = session.execute(select(*(exists().where(*terms).label(kind) for kind, terms in known.items()))).one()
    return frozenset(kind for kind in known if getattr(row, kind))


def next_due(session: Session, *, after: datetime) -> datetime | None:
    """The next instant at which the clock has something to do; for clocks that jump."""
    columns = (Timer.due_at, Deadline.remind_at, Task.tell_at)
    moments = session.execute(
        select(*(select(func.min(each)).where(each > after).scalar_subquery() for each in columns))
    )
    return min((moment for moment in moments.one() if moment is not None), default=None)


def is_anchor_due(session: Session, *, now: datetime) -> bool:
    """Whether today's anchor of the audit trail is missing."""
    return session.get(Anchor, now.astimezone(OFFICE).date()) is None
