"""What the calendar opens: up to when an entry was looked at, and what became of each period."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base


class CalendarEntry(Base):
    """An entry of a process's calendar. Its periods up to `looked_until` have their rows in `calendar_start`."""

    __tablename__ = "calendar_entry"
    process: Mapped[str] = mapped_column(primary_key=True)
    entry: Mapped[str] = mapped_column(primary_key=True)
    looked_until: Mapped[datetime]


class CalendarStart(Base):
    """One period of one entry in one office: to be opened, opened, or missed."""

    __tablename__ = "calendar_start"
    id: Mapped[int] = mapped_column(primary_key=True)
    process: Mapped[str]
    entry: Mapped[str]
    office: Mapped[str]
    period_first: Mapped[date]
    period_last: Mapped[date]
    period_name: Mapped[str]
    due_at: Mapped[datetime]
    state: Mapped[str]  # due | opened | missed | failed
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))
    opened_at: Mapped[datetime | None]
    opened_by: Mapped[int | None]  # person id, where it was opened by hand
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]  # when to try (again); null: not any more
    error: Mapped[str] = mapped_column(default="")
    __table_args__ = (
        UniqueConstraint("process", "entry", "office", "period_first"),
        Index("ix_calendar_start_due", "process", "due_at"),
        Index("ix_calendar_start_at", "due_at", "id"),
        Index("ix_calendar_start_case", "case_id"),
        Index(
            "ix_calendar_start_next",
            "next_at",
            sqlite_where=text("next_at IS NOT NULL"),
            postgresql_where=text("next_at IS NOT NULL"),
        ),
    )
