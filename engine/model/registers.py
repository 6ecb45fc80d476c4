"""Registers: lists that are published edition by edition, with every entry versioned in time."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base

OPEN_END = date(9999, 12, 31)  # until further notice: sorts behind every real day, one range finds what is valid


class Edition(Base):
    """One publication of an office's part of a register; `office` is empty for what is meant for the whole house."""

    __tablename__ = "register_edition"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)  # of the effect or import that made it: nothing is published twice
    register: Mapped[str]
    office: Mapped[str]
    number: Mapped[int]  # counts per register and office
    effective: Mapped[date]
    published_on: Mapped[date | None]
    address: Mapped[str] = mapped_column(default="")
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"), index=True)
    by: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    added: Mapped[int]
    changed: Mapped[int]
    removed: Mapped[int]
    at: Mapped[datetime]
    __table_args__ = (Index("ix_register_edition_number", "register", "office", "number", unique=True),)


class Entry(Base):
    """One version of one row of a register: valid from a day (included) to a day (not included)."""

    __tablename__ = "register_entry"
    id: Mapped[int] = mapped_column(primary_key=True)
    register: Mapped[str]
    office: Mapped[str]
    key: Mapped[str]
    position: Mapped[int]
    data: Mapped[dict[str, Any]]
    body: Mapped[str]  # what a search looks at
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    edition_from: Mapped[int] = mapped_column(ForeignKey("register_edition.id"), index=True)
    edition_to: Mapped[int | None] = mapped_column(ForeignKey("register_edition.id"), index=True)
    __table_args__ = (
        Index("ix_register_entry_office", "register", "office", "valid_to", "position"),
        Index("ix_register_entry_day", "register", "valid_to", "office", "position"),
        Index("ix_register_entry_key", "register", "key", "valid_from"),
    )
