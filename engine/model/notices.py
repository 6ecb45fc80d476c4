"""What people are told, and how they want to be told by mail."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base


class Notice(Base):
    """Something one person is told. `key` names the happening: nobody is told of it twice."""

    __tablename__ = "notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"), index=True)
    task_id: Mapped[UUID | None]  # the task it is about, which may be done by now
    kind: Mapped[str]  # told | urged | reminder | overdue | given
    text: Mapped[str] = mapped_column(default="")  # as the process or a person wrote it
    params: Mapped[dict[str, Any]]  # for the sentence of the kind
    urgent: Mapped[bool] = mapped_column(default=False)
    unread: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    mail_at: Mapped[datetime | None]  # when it is to go out by mail at once; null once it has
    __table_args__ = (
        UniqueConstraint("key", "person_id"),
        Index("ix_notice_person", "person_id", "unread", "created_at", "id"),
        Index(
            "ix_notice_mail",
            "mail_at",
            sqlite_where=sql("mail_at IS NOT NULL"),
            postgresql_where=sql("mail_at IS NOT NULL"),
        ),
    )


class MailChoice(Base):
    """Where and when a person wants mail: a digest every day at an hour, urgent notices at once, or both."""

    __tablename__ = "mail_choice"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str]
    hour: Mapped[int | None]  # of the office; null: no digest
    urgent: Mapped[bool] = mapped_column(default=False)
    digest_at: Mapped[datetime | None] = mapped_column(index=True)  # the next digest
    told_until: Mapped[datetime]  # notices up to then have been in a digest
