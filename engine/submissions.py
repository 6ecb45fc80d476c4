"""Periodic reports: what a manifest's `[report]` keeps of them when they are handed in, and what FEEL can ask.

`[report]` names the paper whose issue hands the report in, and the facts that hold its figures (rows with `id`, `name`
and `value`), its revision, whether it is late, why it was handed in again, and which revision was accepted; `returned`
is the stage in which it has to be handed in again, `shown` are the figures that lists show. The period is in the
facts `period_first`, `period_last` and `period_name`, as the calendar sets them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, insert, select, update
from sqlalchemy.orm import Session

from engine.model import CalendarStart, Case, Submission
from engine.values import dumps, loads

KEYS = ("paper", "figures", "late", "revision", "reason", "accepted")  # what names a paper or a fact
PERIOD = ("period_first", "period_last", "period_name")


@dataclass(frozen=True)
class Handed:
    """A revision as others read it."""

    paper_id: UUID
    case_id: UUID
    office: str
    period_first: date
    period_last: date
    period_name: str
    revision: int
    is_late: bool
    reason: str
    figures: tuple[Mapping[str, Any], ...]
    handed_in_at: datetime
    handed_in_by: str
    accepted_at: datetime | None

    @property
    def values(self) -> dict[str, Any]:
        """The figures by their ids."""
        return {str(row["id"]): row.get("value") for row in self.figures if "id" in row}


def keep_submission(
    session: Session,
    rule: Mapping[str, Any],
    case: Case,
    variables: Mapping[str, Any],
    papers: Iterable[Mapping[str, Any]],
    written: Collection[str],
    now: datetime,
) -> None:
    """Write the revision that these papers hand in, and note one that has just been accepted."""
    if any(not isinstance(variables.get(name), date) for name in PERIOD[:2]):
        return
    told = {key: variables.get(rule.get(key, "")) for key in KEYS}
    rows = [
        {
            "paper_id": paper["id"],
            "case_id": case.id,
            "process": case.process,
            "office": case.office,
            **{name: variables.get(name, "") for name in PERIOD},
            "revision": int(told["revision"] or 1),
            "is_late": told["late"] is True,
            "reason": str(told["reason"] or ""),
            "figures": dumps(told["figures"] or []),
            "handed_in_at": paper["issued_at"],
            "handed_in_by": paper["issued_by"],
        }
        for paper in papers
        if paper["kind"] == rule.get("paper")
    ]
    if rows:
        session.execute(insert(Submission), rows)
    if rule.get("accepted") in written and told["accepted"] is not None:
        found = (Submission.case_id == case.id, Submission.revision == int(told["accepted"]))
        session.execute(update(Submission).where(*found, Submission.accepted_at.is_(None)).values(accepted_at=now))


def revisions_of(session: Session, case_id: UUID) -> list[Handed]:
    """Every revision of a report, the newest first."""
    query = select(Submission).where(Submission.case_id == case_id).order_by(Submission.revision.desc())
    return [_handed(row) for row in session.scalars(query)]


def newest_of_period(session: Session, process: str, first: date, last: date) -> dict[tuple[str, date], Handed]:
    """The newest revision of every report whose period lies between two days, by office and first day."""
    query = select(Submission).where(
        Submission.process == process, Submission.period_first >= first, Submission.period_last <= last
    )
    rows = session.scalars(query.order_by(Submission.period_first, Submission.office, Submission.revision))
    return {(row.office, row.period_first): _handed(row) for row in rows}


def last_report(session: Session, process: Any, office: Any, before: Any) -> dict[str, Any] | None:
    """What FEEL's `last report` gives: the newest accepted revision of the last period that ended before a day."""
    if not isinstance(before, date):
        return None
    query = select(Submission).where(
        Submission.process == str(process),
        Submission.office == str(office),
        Submission.period_last < before,
        Submission.accepted_at.is_not(None),
    )
    row = session.scalar(query.order_by(Submission.period_last.desc(), Submission.revision.desc()).limit(1))
    return _told(_handed(row)) if row is not None else None


def reports(session: Session, process: Any, first_day: Any, last_day: Any) -> list[dict[str, Any]] | None:
    """What FEEL's `reports` gives: for every period and office one context, also where nothing was handed in."""
    if not isinstance(first_day, date) or not isinstance(last_day, date):
        return None
    handed = newest_of_period(session, str(process), first_day, last_day)
    owed = select(
        CalendarStart.office, CalendarStart.period_first, CalendarStart.period_last, CalendarStart.period_name
    )
    owed = owed.where(
        CalendarStart.process == str(process),
        and_(CalendarStart.period_first >= first_day, CalendarStart.period_last <= last_day),
    )
    found = {key: _told(each) for key, each in handed.items()}
    for office, first, last, name in session.execute(owed):
        about = {"office": office, "period_first": first, "period_last": last, "period_name": name}
        found.setdefault((office, first), {**about, "handed_in": False, "late": None, "revision": 0, "values": {}})
    return [found[key] for key in sorted(found, key=lambda key: (key[1], key[0]))]


def _told(each: Handed) -> dict[str, Any]:
    return {
        "office": each.office,
        "period_first": each.period_first,
        "period_last": each.period_last,
        "period_name": each.period_name,
        "handed_in": True,
        "handed_in_at": each.handed_in_at,
        "accepted": each.accepted_at is not None,
        "late": each.is_late,
        "revision": each.revision,
        "figures": list(each.figures),
        "values": each.values,
    }


def _handed(row: Submission) -> Handed:
    return Handed(
        row.paper_id, row.case_id, row.office, row.period_first, row.period_last, row.period_name, row.revision,
        row.is_late, row.reason, tuple(loads(row.figures)), row.handed_in_at, row.handed_in_by, row.accepted_at,
    )  # fmt: skip
