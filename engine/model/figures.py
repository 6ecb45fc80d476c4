"""What is counted: the countable happenings of cases, found by index, and their sums per reporting month and office.

The sums are kept by triggers: whatever adds, moves or takes back an occurrence has changed the sums in the same
statement. (SQLite's dialect; another database brings its own text of the same three triggers.)
"""

from datetime import date
from uuid import UUID

from sqlalchemy import DDL, BigInteger, ForeignKey, Index, event
from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base

OPEN_ENDED = date(9999, 12, 31)  # the end of what has not ended: sorts behind every real day
EVERYWHERE = "*"  # the office of a sum over all offices


class Occurrence(Base):
    """That something countable happened in a case: one row for itself (`dimension` empty) and one per dimension value.

    A projection of `Case.counted`; lists of cases behind a number are ranges of its indexes.
    """

    __tablename__ = "occurrence"
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    office: Mapped[str]
    day: Mapped[date]
    period: Mapped[str]  # the reporting month, e.g. "2026-03"
    sums: Mapped[str]  # JSON: measure -> hundredths, and "" -> 1 for the count
    ended: Mapped[date]  # the day of the happening that ends this one, see `until` in the manifest; or OPEN_ENDED
    __table_args__ = (
        Index("ix_occurrence_day", "kind", "dimension", "value", "day", "case_id"),
        Index("ix_occurrence_office_day", "kind", "dimension", "value", "office", "day", "case_id"),
        Index("ix_occurrence_ended", "kind", "dimension", "value", "ended", "day", "case_id"),
        Index("ix_occurrence_office_ended", "kind", "dimension", "value", "office", "ended", "day", "case_id"),
        {"sqlite_with_rowid": False},
    )


class Tally(Base):
    """How often something happened in a reporting month (`measure` empty), or what it adds up to in hundredths.

    `office` is an office or `*` for all; `dimension` and `value` are empty for the whole. Grows with months, offices
    and values, not with cases.
    """

    __tablename__ = "tally"
    kind: Mapped[str] = mapped_column(primary_key=True)
    office: Mapped[str] = mapped_column(primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        Index("ix_tally_period", "period"),
        {"sqlite_with_rowid": False},
    )


def _adding(row: str, sign: str) -> str:
    """Add a row of `occurrence` to the sums, or take it away: of its office and of all, one for each measure."""
    return f"""
INSERT INTO tally (kind, office, dimension, period, value, measure, total)
SELECT {row}.kind, place.office, {row}.dimension, {row}.period, {row}.value, each.key, {sign}each.value
FROM (SELECT {row}.office AS office UNION ALL SELECT '{EVERYWHERE}') AS place, json_each({row}.sums) AS each WHERE true
ON CONFLICT (kind, office, dimension, period, value, measure) DO UPDATE SET total = total + excluded.total;
"""  # noqa: S608 our own constants


TRIGGERS = (
    f"CREATE TRIGGER occurrence_added AFTER INSERT ON occurrence BEGIN {_adding('NEW', '')} END",
    f"CREATE TRIGGER occurrence_removed AFTER DELETE ON occurrence BEGIN {_adding('OLD', '-')} END",
    f"""CREATE TRIGGER occurrence_moved AFTER UPDATE ON occurrence
WHEN OLD.office <> NEW.office OR OLD.period <> NEW.period OR OLD.sums <> NEW.sums
OR OLD.kind <> NEW.kind OR OLD.dimension <> NEW.dimension OR OLD.value <> NEW.value
BEGIN {_adding("OLD", "-")} {_adding("NEW", "")} END""",
)
for _trigger in TRIGGERS:
    event.listen(Base.metadata, "after_create", DDL(_trigger).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]  # SQLAlchemy
