"""What people hand in and what is issued: drafts, files, papers."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base


class Draft(Base):
    """What somebody has typed so far; never validated, never process data."""

    __tablename__ = "draft"
    key: Mapped[str] = mapped_column(primary_key=True)  # task id, "start:<process>" or "event:<case id>:<name>"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    answers: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]


class File(Base):
    """An uploaded file; its bytes lie under the data folder by digest."""

    __tablename__ = "file"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    digest: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    case_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("case.id"), index=True
    )  # set when the answers are submitted
    uploaded_by: Mapped[int]
    uploaded_at: Mapped[datetime]


class Paper(Base):
    """A numbered document issued in a case; printed from the case data as it was then."""

    __tablename__ = "paper"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    kind: Mapped[str]
    title: Mapped[str]
    number: Mapped[str] = mapped_column(unique=True)
    data: Mapped[str] = mapped_column(Text)  # JSON of the facts and last days it was made from
    issued_by: Mapped[str]
    issued_at: Mapped[datetime]
