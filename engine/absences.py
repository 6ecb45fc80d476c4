"""Absences: recorded by the person or their heads, with a deputy who may do the tasks of whoever is away."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from engine.audit import append_ledger
from engine.authority import Actor, may_lead
from engine.deadlines import OFFICE
from engine.deputies import in_force
from engine.directory import directory
from engine.errors import EngineError, NotAllowed, NotFound, Problem
from engine.model import Absence, Person, PersonRole, Task
from engine.notices import write_notices
from engine.people import ADMINISTRATOR, roles_of

LONGEST = 366  # days


class InvalidAbsence(EngineError):
    """Something about this absence is missing or wrong."""

    code = "invalid-absence"

    def __init__(self, problems: dict[str, Problem]) -> None:
        super().__init__("; ".join(f"{name}: {problem.message}" for name, problem in problems.items()))
        self.problems = problems


@dataclass(frozen=True)
class AbsenceRow:
    """Somebody is, was or will be away."""

    id: int
    person_id: int
    name: str
    deputy_id: int | None
    deputy_name: str
    first_day: date
    last_day: date
    reason: str
    recorded_by: str
    ended_at: datetime | None  # called off, or ended early
    may_end: bool = False

    def covers(self, day: date) -> bool:
        """Whether the person is away on this day."""
        return self.ended_at is None and self.first_day <= day <= self.last_day


@dataclass(frozen=True)
class AbsencePage:
    """What one may record: for whom, with which deputies; and what is recorded."""

    person_id: int
    name: str
    people: tuple[tuple[int, str], ...]  # for whom one may record: oneself, and the people of offices one leads
    deputies: tuple[tuple[int, str], ...]
    rows: tuple[AbsenceRow, ...]


def record_absence(
    session: Session,
    person_id: int,
    *,
    deputy_id: int | None,
    first_day: date,
    last_day: date,
    reason: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Record that somebody will be away; the number of the absence. The deputy is told.

    For oneself, or for the people of an office one leads. Raises NotFound, NotAllowed, InvalidAbsence.
    """
    person = _person(session, person_id, actor)
    if problems := _problems(session, person_id, deputy_id, first_day, last_day, reason, now):
        raise InvalidAbsence(problems)
    row = Absence(
        person_id=person_id, deputy_id=deputy_id, first_day=first_day, last_day=last_day, reason=reason.strip(),
        recorded_by=actor.name, recorded_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    days = {"first_day": first_day.isoformat(), "last_day": last_day.isoformat()}
    told = {"person": person_id, "deputy": deputy_id, "reason": reason.strip(), "id": row.id}
    append_ledger(session, "absence_recorded", {**told, **days}, actor, now)
    if deputy_id is not None and deputy_id != actor.id:
        write_notices(
            session, f"absence:{row.id}", {deputy_id}, "deputy", params={"name": person.name, **days}, urgent=False,
            case_id=None, now=now,
        )  # fmt: skip
    return row.id


def end_absence(session: Session, absence_id: int, *, actor: Actor, now: datetime) -> None:
    """Call an absence off, or end it early. Raises NotFound, NotAllowed."""
    row = session.get(Absence, absence_id, with_for_update=True)
    if row is None or row.ended_at is not None:
        raise NotFound
    _person(session, row.person_id, actor)
    row.ended_at = now
    append_ledger(session, "absence_ended", {"id": row.id, "person": row.person_id}, actor, now)


def absences(
    session: Session, *, since: date, until: date | None = None, people: Collection[int] | None = None
) -> list[AbsenceRow]:
    """Who is away on some day from `since` to `until`, by first day; what was called off is left out."""
    query = _rows().where(Absence.last_day >= since, Absence.ended_at.is_(None))
    if until is not None:
        query = query.where(Absence.first_day <= until)
    if people is not None:
        query = query.where(Absence.person_id.in_(people))
    return [_row(*row) for row in session.execute(query.order_by(Absence.first_day, Absence.id))]


def absent_assignees(session: Session, case_id: UUID, *, now: datetime) -> list[AbsenceRow]:
    """Who of those with an open task of a case is away now: for a warning when a task has just been given."""
    query = _rows().where(Absence.person_id.in_(select(Task.assignee).where(Task.case_id == case_id)))
    return [_row(*row) for row in session.execute(in_force(query, now))]


def absence_page(session: Session, actor: Actor, *, person_id: int | None = None, now: datetime) -> AbsencePage:
    """The absences one may see, from half a year back, and what one may record. Raises NotFound, NotAllowed."""
    person = _person(session, person_id if person_id is not None else actor.id or 0, actor)
    led = _led_people(session, actor)
    people = dict([(actor.id or 0, actor.name), *led])
    today = now.astimezone(OFFICE).date()
    query = _rows().where(or_(Absence.person_id.in_(people), Absence.deputy_id == actor.id))
    query = query.where(Absence.last_day >= date.fromordinal(today.toordinal() - LONGEST // 2))
    rows = session.execute(query.order_by(Absence.last_day.desc(), Absence.id.desc()).limit(200))
    return AbsencePage(
        person.id,
        person.name,
        tuple(people.items()),
        tuple(_deputies(session, person.id)),
        tuple(_row(*row, may_end=row[0].person_id in people and row[0].last_day >= today) for row in rows),
    )


# --- helpers ----------------------------------------------------------------------------------------------------------


def _problems(
    session: Session,
    person_id: int,
    deputy_id: int | None,
    first_day: date,
    last_day: date,
    reason: str,
    now: datetime,
) -> dict[str, Problem]:
    problems: dict[str, Problem] = {}
    today = now.astimezone(OFFICE).date()
    if not reason.strip():
        problems["reason"] = Problem("reason-missing", "say why")
    if last_day < first_day:
        problems["last_day"] = Problem("absence-backwards", "the last day is before the first")
    elif last_day < today:
        problems["last_day"] = Problem("absence-over", "the absence is already over")
    elif (last_day - first_day).days >= LONGEST:
        problems["last_day"] = Problem("absence-too-long", "an absence is at most a year", {"days": LONGEST})
    elif _away(session, person_id, first_day, last_day):
        problems["first_day"] = Problem("absence-twice", "an absence in these days is already recorded")
    if deputy_id is not None and "last_day" not in problems:
        if deputy_id not in dict(_deputies(session, person_id)):
            problems["deputy"] = Problem("no-deputy", "a deputy works in the same office")
        elif _away(session, deputy_id, first_day, last_day):
            problems["deputy"] = Problem("deputy-absent", "the deputy is away in these days")
    return problems


def _away(session: Session, person_id: int, first_day: date, last_day: date) -> bool:
    query = select(Absence.id).where(Absence.person_id == person_id, Absence.ended_at.is_(None))
    query = query.where(Absence.first_day <= last_day, Absence.last_day >= first_day)
    return session.scalar(query.limit(1)) is not None


def _person(session: Session, person_id: int, actor: Actor) -> Person:
    """The person, for themselves or their heads; for others they do not exist."""
    person = session.get(Person, person_id)
    if person is None or not person.active:
        raise NotFound
    if person_id == actor.id:
        return person
    roles = directory(session).roles
    offices = {office for _, office in roles_of(session, [person_id]).get(person_id, ())}
    if not actor.holds(ADMINISTRATOR) and not any(may_lead(actor, office, roles) for office in offices):
        raise NotAllowed("only the person or the unit's heads record an absence")
    return person


def _led_people(session: Session, actor: Actor) -> list[tuple[int, str]]:
    known = directory(session)
    everywhere = actor.holds(ADMINISTRATOR)
    led = [office for office in known.offices if everywhere or may_lead(actor, office, known.roles)]
    query = select(Person.id, Person.name).join(PersonRole, PersonRole.person_id == Person.id)
    query = query.where(PersonRole.office.in_(led), Person.active).distinct()
    return [(person, name) for person, name in session.execute(query.order_by(Person.name, Person.id))]


def _deputies(session: Session, person_id: int) -> list[tuple[int, str]]:
    """Active people of the same offices."""
    own = select(PersonRole.office).where(PersonRole.person_id == person_id)
    query = select(Person.id, Person.name).join(PersonRole, PersonRole.person_id == Person.id)
    query = query.where(PersonRole.office.in_(own), Person.active, Person.id != person_id).distinct()
    return [(person, name) for person, name in session.execute(query.order_by(Person.name, Person.id))]


def _rows() -> Any:
    deputy = aliased(Person)
    query = select(Absence, Person.name, deputy.name).join(Person, Person.id == Absence.person_id)
    return query.outerjoin(deputy, deputy.id == Absence.deputy_id)


def _row(row: Absence, name: str, deputy: str | None, *, may_end: bool = False) -> AbsenceRow:
    return AbsenceRow(
        row.id, row.person_id, name, row.deputy_id, deputy or "", row.first_day, row.last_day, row.reason,
        row.recorded_by, row.ended_at, may_end and row.ended_at is None,
    )  # fmt: skip
