"""Cases that the calendar opens: one for each period of an entry, in each office it is for.

The clock looks at an entry once its next instant has come. `plan_starts` then writes a row for every office and period
since the last look: the newest period is due, older ones that nobody was there to open are missed and only listed.
Each due row is opened by `start_by_calendar` in a transaction of its own. The row's key is process, entry, office and
period, so that no period is opened twice, whatever stops in between. An entry counts from the publication that brings
it: a new installation does not open the past.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import commands, due, runtime, store
from engine.authority import CLOCK, Actor
from engine.definitions import Definition
from engine.deployment import newest_version
from engine.directory import directory
from engine.errors import AlreadyDone, NotAllowed, NotFound
from engine.model import CalendarEntry, CalendarStart, Case, Version
from engine.numbers import INSERT
from engine.recurrence import Occurrence, Recurrence, offices_of, upcoming
from engine.rows import Done

ATTEMPTS = 5  # then it is left to people, with an incident
FIRST_RETRY = timedelta(seconds=15)
LISTED = 60  # periods that are listed as missed; older ones are not even listed
LATE = timedelta(minutes=15)  # what the clock opens later than this says so
BATCH = 200
Only = Collection[str] | None  # "<process>/<entry>", ...; None: every entry


@dataclass(frozen=True)
class DueStart:
    """One case to be opened by the calendar."""

    process: str
    entry: str
    office: str
    due_at: datetime
    period_first: date
    period_last: date
    period_name: str


def due_entries(session: Session, *, now: datetime, only: Only = None) -> list[tuple[str, str]]:
    """The entries (process, id) with a period whose instant has come and which has no rows yet."""
    calendar = directory(session).calendar
    return [
        (definition.process, entry.id)
        for definition, entry, since in _entries(session, only)
        if upcoming(entry, since, calendar).at <= now
    ]


def plan_starts(session: Session, process: str, entry_id: str, *, now: datetime) -> None:
    """Write what is to be opened of an entry, and what was missed. Looking again changes nothing."""
    mark = session.get(CalendarEntry, (process, entry_id), with_for_update=True)
    found = _entry(session, process, entry_id)
    if mark is None or found is None or mark.looked_until >= now:
        return
    known, entry = directory(session), found[1]
    passed = list(takewhile(lambda one: one.at <= now, entry.occurrences(mark.looked_until, known.calendar)))[-LISTED:]
    rows = [
        _row(process, entry_id, office, one, now=now if one is passed[-1] else None)
        for one in passed
        for office in offices_of(entry, known.offices)
    ]
    mark.looked_until = now
    if rows:
        insert: Any = INSERT[session.get_bind().dialect.name](CalendarStart)
        session.execute(insert.on_conflict_do_nothing(), rows)
    session.flush()


def due_starts(session: Session, *, now: datetime, limit: int = BATCH) -> list[DueStart]:
    """What the calendar is to open now, in the order in which it came due."""
    query = select(CalendarStart).where(CalendarStart.next_at.is_not(None), CalendarStart.next_at <= now)
    rows = session.scalars(query.order_by(CalendarStart.next_at, CalendarStart.id).limit(limit))
    return [_start_of(row) for row in rows]


def next_start(session: Session, process: str, entry_id: str, office: str, *, after: datetime) -> DueStart:
    """The first period of an entry that is opened later than `after`. Raises NotFound."""
    found = _entry(session, process, entry_id)
    if found is None:
        raise NotFound(f"the calendar of {process} has no entry {entry_id}")
    known = directory(session)
    if office not in offices_of(found[1], known.offices):
        raise NotFound(f"the entry {entry_id} of {process} is not for {office}")
    one = next(found[1].occurrences(after, known.calendar))
    return DueStart(process, entry_id, office, one.at, one.period.first, one.period.last, one.period.name)


def next_due(session: Session, *, after: datetime, only: Only = None) -> datetime | None:
    """The next instant at which the clock has something to do, calendar included; for clocks that jump."""
    waiting = due.next_due(session, after=after)
    known = directory(session)
    openings = (upcoming(entry, max(after, since), known.calendar).at for _, entry, since in _entries(session, only))
    return min((moment for moment in (waiting, *openings) if moment is not None), default=None)


def start_by_calendar(session: Session, start: DueStart, *, actor: Actor = CLOCK, now: datetime) -> Done:
    """Open the case of a period. Raises AlreadyDone, NotFound, RunFailed."""
    row = _locked(session, start)
    if row.case_id is not None:
        case = session.get_one(Case, row.case_id)
        raise AlreadyDone(result=Done(case.id, case.number))
    found = _entry(session, start.process, start.entry)
    if found is None:
        raise NotFound(f"the calendar of {start.process} has no entry {start.entry} any more")
    definition, entry = found
    version = newest_version(session, start.process)
    assert version is not None  # noqa: S101 `_entry` has read it

    def derive(turn: runtime.Turn) -> None:
        for name, text in entry.facts.items():
            turn.assign(name, turn.evaluate(None, text, "start", {"planned_at": row.due_at}))

    values = {"period_first": row.period_first, "period_last": row.period_last, "period_name": row.period_name}
    told: dict[str, Any] = {"calendar": entry.id, "period": row.period_name, "due_at": row.due_at.isoformat()}
    told["late"] = now - row.due_at > LATE
    done = commands.open_case(
        session, definition, version.id, values, office=row.office, actor=actor, now=now,
        message=entry.message or None, derive=derive, detail=told,
    )  # fmt: skip
    row.state, row.case_id, row.opened_at, row.opened_by = "opened", done.case_id, now, actor.id
    row.next_at, row.error = None, ""
    return done


def open_missed(session: Session, start_id: int, *, actor: Actor, now: datetime) -> Done:
    """Open a missed period by hand: administrators and the roles the entry names. Raises NotFound, NotAllowed."""
    row = session.get(CalendarStart, start_id)
    found = _entry(session, row.process, row.entry) if row is not None else None
    if row is None or found is None:
        raise NotFound
    if not may_open(actor, found[1]):
        raise NotAllowed("your role does not open what the calendar missed", process=row.process)
    return start_by_calendar(session, _start_of(row), actor=actor, now=now)


def may_open(actor: Actor, entry: Recurrence) -> bool:
    """Whether the person may open missed periods of an entry."""
    return actor.holds("administrator") or any(actor.holds(role) for role in entry.by_hand)


def postpone_start(session: Session, start: DueStart, error: Exception, *, now: datetime) -> int | None:
    """An opening failed: try again a little later, a few times; then the row's number, for people must look."""
    row = _locked(session, start)
    row.attempts += 1
    row.state, row.error = "failed", f"{type(error).__name__}: {error}"
    given_up = row.attempts >= ATTEMPTS or isinstance(error, NotFound)
    row.next_at = None if given_up else now + FIRST_RETRY * 2 ** (row.attempts - 1)
    return row.id if given_up else None


def retry_start(session: Session, start_id: int, *, now: datetime) -> Done:
    """Open a period that failed, as the clock would have."""
    return start_by_calendar(session, _start_of(session.get_one(CalendarStart, start_id)), now=now)


# --- helpers ----------------------------------------------------------------------------------------------------------


def _entries(session: Session, only: Only) -> Iterator[tuple[Definition, Recurrence, datetime]]:
    """The entries of the processes in use, each with the instant up to which it was looked at."""
    if only is not None and not only:
        return
    query = select(Version.id, Version.process, Version.digest, CalendarEntry.entry, CalendarEntry.looked_until)
    query = query.join(CalendarEntry, CalendarEntry.process == Version.process).where(Version.active)
    for row in session.execute(query.order_by(Version.process, CalendarEntry.entry)).all():
        if only is None or f"{row.process}/{row.entry}" in only:
            definition = store.definition_of(session, row.id, row.process, row.digest)
            yield from ((definition, e, row.looked_until) for e in definition.calendar if e.id == row.entry)


def _entry(session: Session, process: str, entry_id: str) -> tuple[Definition, Recurrence] | None:
    version = newest_version(session, process)
    if version is None:
        return None
    definition = store.definition_of(session, version.id, version.process, version.digest)
    return next(((definition, entry) for entry in definition.calendar if entry.id == entry_id), None)


def _row(process: str, entry: str, office: str, one: Occurrence, *, now: datetime | None) -> dict[str, Any]:
    """A row of `calendar_start`; with `now` it is to be opened, without it was missed."""
    return {
        "process": process,
        "entry": entry,
        "office": office,
        "period_first": one.period.first,
        "period_last": one.period.last,
        "period_name": one.period.name,
        "due_at": one.at,
        "state": "missed" if now is None else "due",
        "attempts": 0,
        "next_at": now,
        "error": "",
    }


def _start_of(row: CalendarStart) -> DueStart:
    return DueStart(row.process, row.entry, row.office, row.due_at, row.period_first, row.period_last, row.period_name)


def _locked(session: Session, start: DueStart) -> CalendarStart:
    """The row of an opening, made where it was not planned."""
    key = {"process": start.process, "entry": start.entry, "office": start.office, "period_first": start.period_first}
    row = session.scalar(select(CalendarStart).filter_by(**key).with_for_update())
    if row is None:
        row = CalendarStart(
            **key, period_last=start.period_last, period_name=start.period_name, due_at=start.due_at, state="due",
            attempts=0, error="",
        )  # fmt: skip
        session.add(row)
        session.flush()
    return row
