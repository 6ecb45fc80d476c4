"""How much work lies with whom: open tasks of offices and people, late ones, and how long they usually take."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.history import History
from engine.inbox import definition_of_version
from engine.model import Person, PersonRole, Stay, Task, Version
from engine.steering import day_end, scope_of

WEEK = 5  # working days
WORKING = 5 / 7  # of the days of a stay
NOTHING = (0, 0, 0)
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Load:
    """What lies with an office or a person. `needed`: working days that such steps usually take, added up."""

    id: str  # of the office, or of the person
    name: str
    offices: tuple[str, ...]  # names, of a person
    roles: tuple[str, ...]
    open: int
    late: int
    due_soon: int  # within WEEK working days
    unclaimed: int
    needed: int | None  # None where there is no history at all
    unknown: int  # open tasks without enough history to say how long they take
    active: bool = True


def office_loads(session: Session, actor: Actor, *, now: datetime, office: str | None = None) -> tuple[Load, ...]:
    """The load of every office that is led, the most late first; offices without open tasks are left out."""
    scope = scope_of(session, actor, office)
    soon = day_end(now, WEEK, scope.known.calendar)
    nobody = func.sum(case((Task.assignee.is_(None), 1), else_=0))
    counts = select(Task.office, func.count(), *_sums(now, soon), nobody).where(Task.office.in_(scope.listed))
    counts = counts.group_by(Task.office)
    versions = session.scalars(select(Version.id)).all()
    waiting = (
        select(Stay.office, Stay.version_id, Stay.element, func.count())
        .where(Stay.left_at.is_(None), Stay.version_id.in_(versions), *scope.of(Stay.office))
        .group_by(Stay.office, Stay.version_id, Stay.element)
    )
    needed = _needed(session, session.execute(waiting).all(), now)
    found = [
        Load(name, scope.known.office_name(name), (), (), total, late, due, free, *needed.get(name, (None, 0)))
        for name, total, late, due, free in session.execute(counts)
    ]
    return tuple(sorted(found, key=_most_pressing))


def person_loads(
    session: Session, actor: Actor, *, now: datetime, office: str | None = None, people: Iterable[int] | None = None
) -> tuple[Load, ...]:
    """The load of the people who hold a role in the offices that are led, the most late first. Raises NotAllowed."""
    scope = scope_of(session, actor, office)
    soon = day_end(now, WEEK, scope.known.calendar)
    roles = (
        select(Person.id, Person.name, Person.active, PersonRole.role, PersonRole.office)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(PersonRole.office.in_(scope.listed))
        .order_by(Person.id)
    )
    if people is not None:
        roles = roles.where(Person.id.in_(people))
    holders: dict[int, tuple[str, bool, list[str], list[str]]] = {}
    for person, name, active, role, where in session.execute(roles):
        entry = holders.setdefault(person, (name, active, [], []))
        entry[2].append(scope.known.office_name(where))
        entry[3].append(scope.known.role_name(role))
    mine = (Task.assignee.in_(holders), *scope.of(Task.office))
    counts = select(Task.assignee, func.count(), *_sums(now, soon)).where(*mine).group_by(Task.assignee)
    totals: dict[int, tuple[int, int, int]] = {
        person: (total, late, due) for person, total, late, due in session.execute(counts) if person
    }
    steps = (
        select(Task.assignee, Stay.version_id, Task.element, func.count())
        .join(Stay, Stay.id == Task.id)
        .where(*mine)
        .group_by(Task.assignee, Stay.version_id, Task.element)
    )
    needed = _needed(session, session.execute(steps).all(), now)
    found = [
        _person(person, totals.get(person, NOTHING), needed.get(person), holders[person])
        for person, (_, active, _, _) in holders.items()
        if active or person in totals
    ]
    return tuple(sorted(found, key=_most_pressing))


def _person(
    person: int,
    totals: tuple[int, int, int],
    needed: tuple[int | None, int] | None,
    about: tuple[str, bool, list[str], list[str]],
) -> Load:
    name, active, offices, roles = about
    days, unknown = needed or (None if totals[0] else 0, 0)
    return Load(str(person), name, _once(offices), _once(roles), *totals, 0, days, unknown, active)


def _sums(now: datetime, soon: datetime) -> tuple[Any, Any]:
    """How many are late, and how many due soon."""
    late = func.sum(case((Task.sort_at <= now, 1), else_=0))
    return late, func.sum(case((and_(Task.sort_at > now, Task.sort_at <= soon), 1), else_=0))


def _needed(
    session: Session, steps: Sequence[tuple[Key, int, str, int]], now: datetime
) -> dict[Key, tuple[int | None, int]]:
    """By office or person: the working days that their open tasks usually take, and how many cannot be told."""
    definitions = {version: definition_of_version(session, version) for _, version, _, _ in steps}
    tasks = [
        (key, definitions[version].process, element, count)
        for key, version, element, count in steps
        if definitions[version].diagram.elements[element].kind == "userTask"
    ]
    history = History(session, {(process, element) for _, process, element, _ in tasks}, now=now)
    lengths: dict[Key, timedelta] = {}
    unknown: dict[Key, int] = {}
    for key, process, element, count in tasks:
        usual = history.of(process, element).typical
        if usual is not None:
            lengths[key] = lengths.get(key, timedelta()) + usual.median * count
        unknown[key] = unknown.get(key, 0) + (count if usual is None else 0)
    return {
        key: (round(lengths[key] / timedelta(days=1) * WORKING) if key in lengths else None, missing)
        for key, missing in unknown.items()
    }


def _most_pressing(load: Load) -> tuple[int, int, int, str]:
    return -load.late, -load.due_soon, -load.open, load.name


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
