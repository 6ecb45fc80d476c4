"""What the sums of past stays say about an element, in one office or in all; read for all wanted elements at once."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.deadlines import OFFICE
from engine.durations import Typical, typical
from engine.model import StayTally, Version
from engine.model.stays import INTERRUPTED

ENOUGH = 10  # completed stays below which nothing is said
OWN = 20  # completed stays from which on an office is measured by itself
MONTHS = 12  # how far back is looked


@dataclass
class Past:
    """Past stays in one element: how many of each length, and how many the limit has cut off."""

    buckets: dict[int, int] = field(default_factory=dict)
    cut_off: int = 0  # interrupted when they were already late: they would have taken longer
    office: str = ""  # the office they are of; empty: all

    @property
    def count(self) -> int:
        """Completed ones."""
        return sum(self.buckets.values())

    @property
    def typical(self) -> Typical | None:
        """The quartiles, where there is enough to say."""
        return typical(self.buckets) if self.count >= ENOUGH else None

    def add(self, bucket: int, stays: int, late: int) -> None:
        """Count a sum in."""
        if bucket == INTERRUPTED:
            self.cut_off += late
        else:
            self.buckets[bucket] = self.buckets.get(bucket, 0) + stays


class History:
    """The past of some elements of some processes, by (process, element) and office."""

    def __init__(self, session: Session, elements: Iterable[tuple[str, str]], *, now: datetime) -> None:
        wanted = set(elements)
        self._all: dict[tuple[str, str], Past] = {}
        self._own: dict[tuple[str, str, str], Past] = {}
        if wanted:
            self._read(session, wanted, now)

    def _read(self, session: Session, wanted: Collection[tuple[str, str]], now: datetime) -> None:
        names = {element for _, element in wanted}
        versions = select(Version.id, Version.process).where(Version.process.in_({process for process, _ in wanted}))
        processes = {row.id: row.process for row in session.execute(versions)}
        sums = (
            select(StayTally.version_id, StayTally.element, StayTally.office, StayTally.bucket)
            .add_columns(func.sum(StayTally.stays), func.sum(StayTally.late))
            .where(StayTally.version_id.in_(processes), StayTally.element.in_(names))
            .where(StayTally.month >= months_before(now, MONTHS))
            .group_by(StayTally.version_id, StayTally.element, StayTally.office, StayTally.bucket)
        )
        for version, element, office, bucket, stays, late in session.execute(sums):
            key = processes[version], element
            self._all.setdefault(key, Past()).add(bucket, stays, late)
            self._own.setdefault((*key, office), Past(office=office)).add(bucket, stays, late)

    def of(self, process: str, element: str, office: str | None = None) -> Past:
        """The office's own past where it has enough of it, else that of all offices."""
        own = self._own.get((process, element, office or ""))
        return own if own is not None and own.count >= OWN else self._all.get((process, element), Past())


def months_before(now: datetime, count: int) -> str:
    """The month so many before this one, on the offices' clock: "2025-03"."""
    local = now.astimezone(OFFICE)
    year, month = divmod(local.year * 12 + local.month - 1 - count, 12)
    return f"{year:04d}-{month + 1:02d}"
