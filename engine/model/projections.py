"""What follows from the state of a case and is found by index: tasks, deadlines, timers, subscriptions, effects."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import DDL, ForeignKey, Index, event, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base


class Task(Base):
    """A form somebody must fill in now: a projection of `Case.state`. Finished tasks live on in the events."""

    __tablename__ = "task"
    id: Mapped[UUID] = mapped_column(primary_key=True)  # SpiffWorkflow's id, kept over migration
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    element: Mapped[str]
    name: Mapped[str]
    role: Mapped[str | None]
    office: Mapped[str]
    pool: Mapped[str | None]  # "<office>/<role>" while unclaimed: one index range per pool, no sort
    assignee: Mapped[int | None]
    local: Mapped[dict[str, Any]]  # multi-instance item and index
    deadline: Mapped[str | None]  # name of the deadline row that decides `due_at`
    due_at: Mapped[datetime | None]
    sort_at: Mapped[datetime]  # due_at, or FAR
    tell_at: Mapped[datetime | None]  # when to tell that it is overdue: due_at, until that has been done
    priority: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    urged_at: Mapped[datetime | None]  # when a supervisor last urged whoever has it, and who that was
    urged_by: Mapped[str | None]
    __table_args__ = (
        Index("ix_task_assignee_sort", "assignee", "sort_at", "id"),
        Index("ix_task_pool_sort", "pool", "sort_at", "id"),
        Index("ix_task_office_sort", "office", "sort_at", "id", "assignee"),
        Index("ix_task_sort", "sort_at", "id"),
        Index(
            "ix_task_tell",
            "tell_at",
            sqlite_where=text("tell_at IS NOT NULL"),
            postgresql_where=text("tell_at IS NOT NULL"),
        ),
    )


class Deadline(Base):
    """A time limit of a case: the only source of timers, inbox order, reminders and the page "why this date"."""

    __tablename__ = "deadline"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    task_id: Mapped[UUID]  # the SpiffWorkflow task (timer event or activity) that carries it
    name: Mapped[str]
    label: Mapped[str]
    element: Mapped[str]
    basis: Mapped[str]
    source_status: Mapped[str]  # confirmed | unconfirmed: shown wherever the date is shown
    period: Mapped[str]  # "5wd", "30d", ... or "date"
    start_at: Mapped[datetime]
    stops: Mapped[list[Any]]  # [[from, to | null], ...] ISO instants
    extensions: Mapped[list[Any]]  # [["30d", reason], ...]
    last_day: Mapped[date | None]
    due_at: Mapped[datetime | None]  # null while the clock is stopped
    projected: Mapped[bool]
    calendar_version: Mapped[str]
    status: Mapped[str]  # running | stopped | met | expired | cancelled
    remind: Mapped[list[Any]]  # ["3wd", "1wd"] not yet sent
    remind_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_deadline_case", "case_id"),
        Index(
            "ix_deadline_remind",
            "remind_at",
            sqlite_where=text("remind_at IS NOT NULL"),
            postgresql_where=text("remind_at IS NOT NULL"),
        ),
        Index("ix_deadline_projected", "projected", sqlite_where=text("projected"), postgresql_where=text("projected")),
    )


class Timer(Base):
    """An instant at which a case must be looked at: a projection of `Case.state`."""

    __tablename__ = "timer"
    id: Mapped[UUID] = mapped_column(primary_key=True)  # the waiting SpiffWorkflow task
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    element: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)


class Subscription(Base):
    """A message or signal a case waits for: a projection of `Case.state`."""

    __tablename__ = "subscription"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    element: Mapped[str]
    kind: Mapped[str]  # message | signal
    name: Mapped[str]
    __table_args__ = (Index("ix_subscription_name", "name", "kind"),)


class Effect(Base):
    """Something that leaves the case: written with the state, carried out after commit, retried, idempotent by key."""

    __tablename__ = "effect"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"), index=True)
    kind: Mapped[str]  # message | signal | start | notify | a service topic
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="pending")  # pending | done | dead
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    __table_args__ = (
        Index(
            "ix_effect_next",
            "next_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(  # messages that nobody waits for yet: whoever begins to wait wakes them
            "ix_effect_message",
            "next_at",
            sqlite_where=text("state = 'pending' AND kind = 'message'"),
            postgresql_where=text("state = 'pending' AND kind = 'message'"),
        ),
    )


# Whoever begins to wait for a message makes those due that lay there, in the same statement. (SQLite's dialect.)
WAKE = """CREATE TRIGGER subscription_wakes AFTER INSERT ON subscription WHEN NEW.kind = 'message'
BEGIN UPDATE effect SET next_at = created_at WHERE state = 'pending' AND kind = 'message' AND attempts = 0
AND next_at > created_at
AND EXISTS (SELECT 1 FROM json_each(payload) AS told WHERE told.key = 'name' AND told.value = NEW.name); END"""
event.listen(Base.metadata, "after_create", DDL(WAKE).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]  # SQLAlchemy
