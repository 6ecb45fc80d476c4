"""Reports as they were handed in, revision by revision."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base


class Submission(Base):
    """One revision of a periodic report: its figures as they were when its paper was issued. Never changed.

    Only `accepted_at` comes later, when whoever receives the report accepts this revision.
    """

    __tablename__ = "submission"
    paper_id: Mapped[UUID] = mapped_column(ForeignKey("paper.id"), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    process: Mapped[str]
    office: Mapped[str]
    period_first: Mapped[date]
    period_last: Mapped[date]
    period_name: Mapped[str]
    revision: Mapped[int]
    is_late: Mapped[bool]
    reason: Mapped[str]  # why it was handed in again; empty for the first one
    figures: Mapped[str] = mapped_column(Text)  # JSON: rows with id, name, value, ...
    handed_in_at: Mapped[datetime]
    handed_in_by: Mapped[str]
    accepted_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_submission_period", "process", "period_first", "office", "revision"),
        Index("ix_submission_office", "process", "office", "period_last", "revision"),
        Index("ix_submission_case", "case_id", "revision"),
    )
