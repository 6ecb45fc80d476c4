"""Cases that were carried over to another version, with what is needed to take that back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base


class CaseMigration(Base):
    """One case on its way from one version to another: who decided it, why, and the tree as it was before."""

    __tablename__ = "case_migration"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    process: Mapped[str] = mapped_column(index=True)
    from_version: Mapped[int] = mapped_column(ForeignKey("version.id"))
    to_version: Mapped[int] = mapped_column(ForeignKey("version.id"))
    mapping: Mapped[dict[str, Any]]  # old element -> new element
    reason: Mapped[str]
    actor: Mapped[int | None]
    actor_name: Mapped[str]
    at: Mapped[datetime]
    state: Mapped[bytes]  # the case's tree before
    left_as: Mapped[str]  # SHA-256 of the tree after: once the case has moved, there is no way back
    clocks: Mapped[dict[str, Any]]  # deadline id -> [name, element] as they were before
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str] = mapped_column(default="")
