"""When people are away, and who acts for them meanwhile."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base


class Absence(Base):
    """A person is away from `first_day` to `last_day`; `ended_at` is set when it was called off or ended early."""

    __tablename__ = "absence"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    reason: Mapped[str]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_absence_person", "person_id", "last_day"),
        Index("ix_absence_deputy", "deputy_id", "last_day"),
    )
