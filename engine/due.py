"""What the clock asks: which cases, reminders and effects are due. Each question reads one index, whatever waits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Date, Executable, bindparam, exists, func, select
from sqlalchemy.orm import Session

from engine.deadlines import OFFICE
from engine.model import Anchor, CalendarStart, Deadline, Effect, Instant, Publication, Task, Timer

BATCH = 200


def _due_kinds() -> Executable:
    """Made once: building it costs more than carrying it out."""
    now, today = bindparam("now", type_=Instant), bindparam("today", type_=Date)
    published, start, effect = (each.__table__.c for each in (Publication, CalendarStart, Effect))
    timer, deadline, task = (each.__table__.c for each in (Timer, Deadline, Task))
    known = {
        "publication": (published.state == "approved", published.effective_on <= today),
        "start": (start.next_at.is_not(None), start.next_at <= now),
        "timer": (timer.due_at <= now,),
        "reminder": (deadline.remind_at.is_not(None), deadline.remind_at <= now),
        "overdue": (task.tell_at.is_not(None), task.tell_at <= now),
        "effect": (effect.state == "pending", effect.next_at <= now, effect.kind != "mail"),
    }
    return select(*(exists().where(*terms).label(kind) for kind, terms in known.items()))


def _next_due() -> Executable:
    after = bindparam("after", type_=Instant)
    columns = (Timer.__table__.c.due_at, Deadline.__table__.c.remind_at, Task.__table__.c.tell_at)
    return select(*(select(func.min(each)).where(each > after).scalar_subquery() for each in columns))


DUE_KINDS, NEXT_DUE = _due_kinds(), _next_due()


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
    row = session.connection().execute(DUE_KINDS, {"now": now, "today": now.astimezone(OFFICE).date()}).one()
    return frozenset(kind for kind, is_due in row._asdict().items() if is_due)


def next_due(session: Session, *, after: datetime) -> datetime | None:
    """The next instant at which the clock has something to do; for clocks that jump."""
    moments = session.connection().execute(NEXT_DUE, {"after": after}).one()
    return min((moment for moment in moments if moment is not None), default=None)


def is_anchor_due(session: Session, *, now: datetime) -> bool:
    """Whether today's anchor of the audit trail is missing."""
    return session.get(Anchor, now.astimezone(OFFICE).date()) is None
