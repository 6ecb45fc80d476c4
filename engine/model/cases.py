"""Cases: the row that holds variables and control-flow tree, who takes part, which belong together."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base


class Case(Base):
    """One running or finished process with its variables (`data`) and control-flow tree (`state`)."""

    __tablename__ = "case"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    process: Mapped[str]
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    office: Mapped[str]
    number: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(default="")
    stage: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="running")  # running | suspended | completed | cancelled | incident
    outcome: Mapped[str | None]
    level: Mapped[str | None]  # how serious, where the process says so; an id of its manifest
    level_rank: Mapped[int] = mapped_column(default=0, server_default="0")  # higher is more serious; to order by
    data: Mapped[str] = mapped_column(Text)  # JSON of the variables, see engine.values
    state: Mapped[bytes]
    serial: Mapped[int] = mapped_column(BigInteger, unique=True)  # row id in the search table
    revision: Mapped[int] = mapped_column()
    event_count: Mapped[int] = mapped_column(default=0)
    event_head: Mapped[str] = mapped_column(default="")
    counted: Mapped[str] = mapped_column(Text, default="{}")  # JSON of what statistics count, see engine.counting
    counted_by: Mapped[str] = mapped_column(default="")  # the rules by which it was counted
    due_at: Mapped[datetime | None]
    opened_by: Mapped[int | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 SQLAlchemy reads it once
    __table_args__ = (
        Index("ix_case_office_opened", "office", "opened_at"),
        Index("ix_case_process_opened", "process", "opened_at"),
        Index("ix_case_process_closed", "process", "closed_at", "due_at"),  # what was done last, what is due next
        Index("ix_case_opened", "opened_at"),
        Index(
            "ix_case_level",
            "level",
            "opened_at",
            sqlite_where=text("level IS NOT NULL"),
            postgresql_where=text("level IS NOT NULL"),
        ),
        Index(
            "ix_case_level_open",
            "level_rank",
            "due_at",
            sqlite_where=text("level IS NOT NULL AND closed_at IS NULL"),
            postgresql_where=text("level IS NOT NULL AND closed_at IS NULL"),
        ),  # what runs with a level, the most serious first
        Index("ix_case_counted", "process", "counted_by"),
    )


class CaseOffice(Base):
    """An office that takes part in a case beside the one that owns it."""

    __tablename__ = "case_office"
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    office: Mapped[str] = mapped_column(primary_key=True, index=True)


class CaseLink(Base):
    """Two cases that belong together, in the direction `source` -> `target`."""

    __tablename__ = "case_link"
    source_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    target_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True, index=True)
    kind: Mapped[str] = mapped_column(primary_key=True)


class SensitiveFact(Base):
    """A value kept out of `Case.data`, which holds only the reference to it."""

    __tablename__ = "sensitive_fact"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    fact: Mapped[str]
    value: Mapped[str]
