"""What the calendar has opened, missed and will open next, as lists for those who watch over it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from engine.authority import Actor, may_see, sees_all
from engine.definitions import Definition
from engine.directory import directory
from engine.errors import NotAllowed
from engine.inbox import LIMIT
from engine.model import CalendarEntry, CalendarStart, Case, Person, Version
from engine.openings import LATE, may_open
from engine.recurrence import Recurrence, offices_of
from engine.rows import Page
from engine.store import definition_of

STATES = ("missed", "failed", "due", "opened")


@dataclass(frozen=True)
class CalendarRule:
    """An entry of a process's calendar: when it opens what, and how the newest period stands."""

    process: str
    title: str
    entry: str
    label: str
    every: str
    on: str
    at: str  # "08:30", office time
    roll: str
    offices: tuple[str, ...]  # names
    next_at: datetime
    next_period: str
    newest: str = ""  # name of the period planned last
    counts: Mapping[str, int] = field(default_factory=dict)  # of the newest period: state -> offices


@dataclass(frozen=True)
class OpeningRow:
    """One period in one office."""

    id: int
    process: str
    title: str
    label: str
    office: str
    office_name: str
    period_name: str
    due_at: datetime
    state: str
    late: bool  # opened by the clock after its time
    opened_at: datetime | None
    opened_by: str
    case_id: UUID | None  # for those who may see the case
    number: str
    error: str
    may_open: bool


def calendar_rules(session: Session, actor: Actor, *, now: datetime) -> list[CalendarRule]:
    """Every entry in use. Raises NotAllowed for those who neither see all cases nor open what was missed."""
    known = directory(session)
    return [
        _rule(session, definition, entry, tuple(map(known.office_name, offices_of(entry, known.offices))), now)
        for definition, entry in _readable(session, actor)
    ]


def calendar_starts(
    session: Session,
    actor: Actor,
    *,
    process: str | None = None,
    state: str | None = None,
    office: str | None = None,
    after: str | None = None,
    limit: int = LIMIT,
) -> Page[OpeningRow]:
    """Periods and what became of them, the newest first; the state `open` is all that were not opened."""
    entries = {(definition.process, entry.id): (definition, entry) for definition, entry in _readable(session, actor)}
    known = directory(session)
    query = select(CalendarStart, Case.number, Case.office, Person.name)
    query = query.outerjoin(Case, CalendarStart.case_id == Case.id).outerjoin(
        Person, CalendarStart.opened_by == Person.id
    )
    if state:
        wanted = STATES[:3] if state == "open" else (state,)
        query = query.where(CalendarStart.state.in_(wanted))
    for column, value in ((CalendarStart.process, process), (CalendarStart.office, office)):
        query = query.where(column == value) if value else query
    at, last = _cursor(after)
    if at is not None:
        earlier = and_(CalendarStart.due_at == at, CalendarStart.id < last)
        query = query.where(or_(CalendarStart.due_at < at, earlier))
    query = query.order_by(CalendarStart.due_at.desc(), CalendarStart.id.desc()).limit(limit + 1)
    rows = session.execute(query).all()
    following = f"{rows[limit - 1][0].due_at.isoformat()}~{rows[limit - 1][0].id}" if len(rows) > limit else None
    found = []
    for row, number, owner, person in rows[:limit]:
        definition, entry = entries.get((row.process, row.entry), (None, None))
        found.append(
            OpeningRow(
                id=row.id,
                process=row.process,
                title=definition.title if definition else row.process,
                label=entry.label if entry else row.entry,
                office=row.office,
                office_name=known.office_name(row.office),
                period_name=row.period_name,
                due_at=row.due_at,
                state=row.state,
                late=row.opened_at is not None and row.opened_by is None and row.opened_at - row.due_at > LATE,
                opened_at=row.opened_at,
                opened_by=person or "",
                case_id=row.case_id if owner and may_see(actor, (owner,), known.roles) else None,
                number=number or "",
                error=row.error,
                may_open=row.state != "opened" and entry is not None and may_open(actor, entry),
            )
        )
    return Page(tuple(found), following)


def watches_calendar(session: Session, actor: Actor) -> bool:
    """Whether the person may look at what the calendar opens."""
    return bool(_visible(session, actor))


def _readable(session: Session, actor: Actor) -> list[tuple[Definition, Recurrence]]:
    found = _visible(session, actor)
    if not found and not _sees_everything(session, actor):
        raise NotAllowed("your role does not watch over the calendar")
    return found


def _visible(session: Session, actor: Actor) -> list[tuple[Definition, Recurrence]]:
    everything = _sees_everything(session, actor)
    return [(d, e) for d, e in _all(session) if everything or may_open(actor, e)]


def _sees_everything(session: Session, actor: Actor) -> bool:
    return actor.holds("administrator") or sees_all(actor, directory(session).roles)


def _all(session: Session) -> Iterator[tuple[Definition, Recurrence]]:
    query = select(Version.id, Version.process, Version.digest).where(Version.active).order_by(Version.process)
    for row in session.execute(query).all():
        definition = definition_of(session, row.id, row.process, row.digest)
        yield from ((definition, entry) for entry in definition.calendar)


def _rule(
    session: Session, definition: Definition, entry: Recurrence, offices: tuple[str, ...], now: datetime
) -> CalendarRule:
    mark = session.get(CalendarEntry, (definition.process, entry.id))
    since = max(now, mark.looked_until) if mark is not None else now
    upcoming = next(entry.occurrences(since, directory(session).calendar))
    own = (CalendarStart.process == definition.process) & (CalendarStart.entry == entry.id)
    newest = session.execute(
        select(CalendarStart.due_at, CalendarStart.period_name)
        .where(own)
        .order_by(CalendarStart.due_at.desc())
        .limit(1)
    ).first()
    counts: dict[str, int] = {}
    if newest is not None:
        query = select(CalendarStart.state, func.count()).where(own, CalendarStart.due_at == newest.due_at)
        counts = dict(session.execute(query.group_by(CalendarStart.state)).all())
    return CalendarRule(
        definition.process, definition.title, entry.id, entry.label, entry.every, entry.on, f"{entry.at:%H:%M}",
        entry.roll, offices, upcoming.at, upcoming.period.name, newest.period_name if newest else "", counts,
    )  # fmt: skip


def _cursor(after: str | None) -> tuple[datetime | None, int]:
    """Where a page begins; a cursor that makes no sense begins at the top."""
    try:
        at, _, last = (after or "").partition("~")
        moment = datetime.fromisoformat(at)
        return (moment, int(last)) if moment.utcoffset() is not None and 0 < int(last) < 2**31 else (None, 0)
    except ValueError:
        return None, 0
