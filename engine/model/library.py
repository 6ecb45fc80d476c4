"""Models that are being changed: drafts, what became of them, and the tokens by which tools hand them in."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base


class ModelDraft(Base):
    """A process folder that somebody works on. `files`: name -> text, with the scenarios."""

    __tablename__ = "model_draft"
    id: Mapped[int] = mapped_column(primary_key=True)
    process: Mapped[str] = mapped_column(index=True)  # as its files say; empty while they say nothing
    title: Mapped[str]
    base_id: Mapped[int | None] = mapped_column(ForeignKey("version.id"))  # the version it is compared with
    files: Mapped[dict[str, Any]]
    revision: Mapped[int]  # one more with every save
    stamps: Mapped[dict[str, Any]]  # name -> revision, person, name and moment of the last save of this file
    authors: Mapped[list[Any]]  # ids of everybody who has written in it: none of them decides
    trial: Mapped[dict[str, Any]]  # what came of its scenarios, and of which files
    state: Mapped[str]  # open | submitted | approved | published | discarded
    created_by: Mapped[int | None]
    created_name: Mapped[str]
    created_at: Mapped[datetime]
    saved_by: Mapped[int | None]
    saved_name: Mapped[str]
    saved_at: Mapped[datetime]
    __table_args__ = (Index("ix_model_draft_state", "state", "saved_at"),)


class Publication(Base):
    """A draft handed in for publishing: who asked and why, what the gates said, who decided, what came of it."""

    __tablename__ = "publication"
    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("model_draft.id"), index=True)
    process: Mapped[str]
    digest: Mapped[str]  # of the files that were looked at
    reason: Mapped[str]
    effective_on: Mapped[date | None]  # None: as soon as it is approved
    findings: Mapped[list[Any]]
    trial: Mapped[dict[str, Any]]
    asked_by: Mapped[int | None]
    asked_name: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str]  # open | approved | refused | withdrawn | published | failed
    decided_by: Mapped[int | None]
    decided_name: Mapped[str]
    decided_at: Mapped[datetime | None]
    note: Mapped[str]
    version_id: Mapped[int | None] = mapped_column(ForeignKey("version.id"), index=True)
    __table_args__ = (Index("ix_publication_state", "state", "effective_on"),)


class ApiToken(Base):
    """A token by which a tool acts for a person; only its digest is kept."""

    __tablename__ = "api_token"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Play(Base):
    """A draft being tried out: the moves of a made-up case, from which it can be played again at any time."""

    __tablename__ = "play"
    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("model_draft.id"), index=True)
    setup: Mapped[dict[str, Any]]  # who opens the case, where and when
    moves: Mapped[list[Any]]  # what was done, in order
    digest: Mapped[str]  # of the files with which the last move was made
    revision: Mapped[int]  # one more with every move, taken back ones too
    person_id: Mapped[int | None]
    person_name: Mapped[str]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
