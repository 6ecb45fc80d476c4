"""What happened: events of cases, the ledger beside them, daily anchors, incidents."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base


class Incident(Base):
    """A verb that failed, with everything needed to carry it out again."""

    __tablename__ = "incident"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"), index=True)
    verb: Mapped[str]
    arguments: Mapped[dict[str, Any]]  # the submitted answers included: nothing a person typed is lost
    element: Mapped[str | None]
    error: Mapped[str]
    trace: Mapped[str] = mapped_column(default="")
    actor: Mapped[int | None]
    state: Mapped[str] = mapped_column(default="open", index=True)  # open | resolved | dropped
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")


class Event(Base):
    """What happened, who did it, when. Only ever appended; each row's HMAC covers the one before it."""

    __tablename__ = "event"
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    actor: Mapped[int | None]  # person id; null = the clock or the system
    actor_name: Mapped[str]
    at: Mapped[datetime]
    detail: Mapped[str]  # canonical JSON, exactly the text that was signed
    submission: Mapped[str | None] = mapped_column(unique=True)  # idempotency key of the request
    mac: Mapped[str]


class Ledger(Base):
    """The audit trail of everything outside cases (people, versions, calendars); chained like `Event`."""

    __tablename__ = "ledger"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    actor: Mapped[int | None]
    actor_name: Mapped[str]
    at: Mapped[datetime]
    detail: Mapped[str]
    mac: Mapped[str]


class Anchor(Base):
    """A daily MAC over the heads of all cases, so that a cut tail or a missing case is found too."""

    __tablename__ = "anchor"
    day: Mapped[date] = mapped_column(primary_key=True)
    cases: Mapped[int]
    events: Mapped[int]
    heads: Mapped[bytes]  # zstd of the canonical list of (case id, event count, head)
    at: Mapped[datetime]
    mac: Mapped[str]
