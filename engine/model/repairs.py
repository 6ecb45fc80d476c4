"""Changes of a case that one person asks for and another one decides."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base


class ChangeRequest(Base):
    """What is to be changed in a case by hand, who asked for it and why, what it would do, and what became of it."""

    __tablename__ = "change_request"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    office: Mapped[str]  # of the case: who leads it decides
    kind: Mapped[str]  # retry | skip | move | deadline | fact | cancel | reopen
    arguments: Mapped[dict[str, Any]]
    reason: Mapped[str]
    preview: Mapped[dict[str, Any]]  # what it would have done when it was asked for
    seen: Mapped[str]  # fingerprint of the case as it was then
    asked_by: Mapped[int]
    asked_name: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="open")  # open | approved | refused | withdrawn | failed
    decided_by: Mapped[int | None]
    decided_name: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")
    __table_args__ = (
        Index("ix_change_request_state", "state", "id"),
        Index("ix_change_request_office", "office", "state", "id"),
    )
