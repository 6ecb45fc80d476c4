"""How long tokens rest where: one row for each stay, and what has been, summed up by month.

The sums are kept by triggers: whatever closes a stay has counted it in the same statement, and a page never adds up
stays. (SQLite's dialect; another database brings its own text of the same two triggers.)
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DDL, BigInteger, ForeignKey, Index, event, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base

INTERRUPTED = -1  # the bucket of stays that ended otherwise than by completion
HOUR, DAY, MONTH = 3_600, 86_400, 30 * 86_400
HOURS, DAYS = 24, 60  # a bucket is an hour up to one day, a day up to sixty, then thirty days
OPEN, WITH_DUE, LEFT = "left_at IS NULL", "left_at IS NULL AND due_at IS NOT NULL", "left_at IS NOT NULL"


def _only(where: str) -> dict[str, Any]:
    return {"sqlite_where": text(where), "postgresql_where": text(where)}


class Stay(Base):
    """A token in an element, from entering to leaving; `id` is the runtime's, for open tasks that of the task."""

    __tablename__ = "stay"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    element: Mapped[str]
    office: Mapped[str]  # that must act: a task's own, else the case's
    entered_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # by the element's own time limit
    left_at: Mapped[datetime | None]
    month: Mapped[str | None]  # of leaving on the offices' clock, "2026-03"
    seconds: Mapped[int | None] = mapped_column(BigInteger)  # from entering to leaving
    completed: Mapped[bool]  # left because it was done, not because something interrupted it
    is_late: Mapped[bool]  # left after the time limit that governed it
    __table_args__ = (
        Index("ix_stay_open", "version_id", "element", "entered_at", "id", "office", **_only(OPEN)),
        Index("ix_stay_office_due", "office", "due_at", "id", **_only(WITH_DUE)),
        Index("ix_stay_due", "due_at", "id", **_only(WITH_DUE)),
        Index("ix_stay_left", "version_id", "element", "left_at", "id", **_only(LEFT)),
    )


class StayTally(Base):
    """Ended stays summed up; `bucket` is the length, see `engine.durations`."""

    __tablename__ = "stay_tally"
    version_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    element: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    office: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stays: Mapped[int]
    seconds: Mapped[int] = mapped_column(BigInteger)
    late: Mapped[int]
    __table_args__ = ({"sqlite_with_rowid": False},)


BUCKET = (
    f"CASE WHEN NOT NEW.completed THEN {INTERRUPTED} WHEN NEW.seconds < {DAY} THEN NEW.seconds / {HOUR} "
    f"WHEN NEW.seconds < {DAYS * DAY} THEN {HOURS - 1} + NEW.seconds / {DAY} "
    f"ELSE {HOURS - 1 + DAYS - DAYS * DAY // MONTH} + NEW.seconds / {MONTH} END"
)
COUNT = f"""
INSERT INTO stay_tally (version_id, element, month, office, bucket, stays, seconds, late)
VALUES (NEW.version_id, NEW.element, NEW.month, NEW.office, {BUCKET}, 1, NEW.seconds, NEW.is_late)
ON CONFLICT (version_id, element, month, office, bucket) DO UPDATE
SET stays = stays + 1, seconds = seconds + excluded.seconds, late = late + excluded.late;
"""  # noqa: S608 our own constants
ENDED = f"""CREATE TRIGGER stay_ended AFTER UPDATE OF left_at ON stay
WHEN OLD.left_at IS NULL AND NEW.left_at IS NOT NULL BEGIN {COUNT} END"""
PASSED = f"""CREATE TRIGGER stay_passed AFTER INSERT ON stay
WHEN NEW.left_at IS NOT NULL AND NEW.seconds IS NOT NULL BEGIN {COUNT} END"""
for _trigger in (ENDED, PASSED):
    event.listen(Base.metadata, "after_create", DDL(_trigger).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]  # SQLAlchemy
