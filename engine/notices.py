"""Telling people: one row for every recipient of a notice, once for every happening, never about one's own act.

An effect of the kind `notify` says whom: `role` or `roles` (all active holders in `office`, which is the case's own
where none is given; for a district-wide role everywhere), `person` (id or user name), or `office` alone (its leaders).
What nobody holds a role for goes to the leaders of the office, and says so. Reminders of a deadline go to whoever has
the steps it limits, or may take them; what is urgent or overdue also to the leaders of the office.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.deadlines import OFFICE, working_days_between
from engine.deputies import deputies_of
from engine.directory import Directory, directory
from engine.errors import RunFailed
from engine.model import Case, Deadline, Effect, Event, MailChoice, Notice, Person, PersonRole, Task
from engine.numbers import INSERT
from engine.options import people_with
from engine.people import ADMINISTRATOR

SOON = 1  # working days before the last day from which a reminder is urgent


def tell(session: Session, effect: Effect, *, now: datetime) -> None:
    """Carry out an effect of the kind `notify`. Raises RunFailed for a notice that says nothing or to nobody known."""
    case = session.get(Case, effect.case_id) if effect.case_id is not None else None
    if effect.payload.get("name") == "reminder":
        _remind(session, effect, now)
        return
    payload: Mapping[str, Any] = effect.payload.get("payload") or {}
    text = str(payload.get("text") or "").strip()
    if not text:
        raise RunFailed("the notice has no text", element=effect.payload.get("element"))
    people, missing = _recipients(session, case, payload, effect.payload.get("element"))
    kind = "urged" if effect.payload.get("name") == "urged" else "told"
    params = {"subject": str(payload.get("subject") or ""), **({"instead_of": missing} if missing else {})}
    people -= _doers(session, effect)
    write_notices(
        session, effect.key, people, kind, text=text, params=params, urgent=payload.get("urgent") is True,
        case_id=effect.case_id, now=now,
    )  # fmt: skip


def tell_overdue(session: Session, task_id: UUID, *, now: datetime) -> None:
    """Tell whoever has a task, or may take it, and the leaders of its office that its date has passed."""
    task = session.get(Task, task_id)
    if task is None or task.tell_at is None or task.tell_at > now:
        return
    task.tell_at = None
    known = directory(session)
    people = _at_work(session, known, [task]) | leaders(session, known, task.office)
    params = {"step": task.name, "due_at": task.due_at and task.due_at.isoformat()}
    key = f"{task.id}:overdue:{task.due_at and task.due_at.isoformat()}"
    write_notices(
        session, key, people, "overdue", params=params, urgent=True, case_id=task.case_id, task_id=task.id, now=now
    )


def leaders(session: Session, known: Directory, office: str) -> set[int]:
    """The active people who lead in an office; administrators do not."""
    leading = [role.id for role in known.roles.values() if role.leads and role.id != ADMINISTRATOR]
    query = select(Person.id).join(PersonRole, PersonRole.person_id == Person.id)
    query = query.where(Person.active, PersonRole.office == office, PersonRole.role.in_(leading))
    return set(session.scalars(query))


def _remind(session: Session, effect: Effect, now: datetime) -> None:
    row = session.get(Deadline, UUID(effect.payload["deadline"])) if "deadline" in effect.payload else None
    if row is None or row.status not in {"running", "stopped"}:
        return  # it is over
    known = directory(session)
    tasks = list(session.scalars(select(Task).where(Task.case_id == row.case_id)))
    limited = [task for task in tasks if task.deadline == str(row.id)] or tasks
    left = _days_left(row, known, now)
    urgent = left is not None and left <= SOON
    people = _at_work(session, known, limited)
    if urgent or not people:
        for office in {task.office for task in limited} or {session.get_one(Case, row.case_id).office}:
            people |= leaders(session, known, office)
    params = {"label": row.label, "last_day": row.last_day and row.last_day.isoformat(), "left": left}
    [task_id] = [task.id for task in limited] if len(limited) == 1 else [None]
    write_notices(
        session, effect.key, people, "reminder", params=params, urgent=urgent, case_id=row.case_id, task_id=task_id,
        now=now,
    )  # fmt: skip


def _days_left(row: Deadline, known: Directory, now: datetime) -> int | None:
    if row.last_day is None:
        return None
    return working_days_between(now.astimezone(OFFICE).date(), row.last_day, known.calendar)


def _at_work(session: Session, known: Directory, tasks: Iterable[Task]) -> set[int]:
    """Who has these tasks, or may take them."""
    people: set[int] = set()
    for task in tasks:
        if task.assignee is not None:
            people.add(task.assignee)
        elif task.role is not None:
            people |= _holders(session, known, [task.role], [task.office])
    return people


def _recipients(
    session: Session, case: Case | None, payload: Mapping[str, Any], element: str | None
) -> tuple[set[int], str]:
    """Whom a payload names, and the role that nobody holds, where others are told in its place."""
    known = directory(session)
    roles = [*_texts(payload.get("role")), *_texts(payload.get("roles"))]
    offices = _texts(payload.get("office")) or ([case.office] if case is not None else [])
    for role in roles:
        if role not in known.roles:
            raise RunFailed(f"there is no role {role}", element=element)
    people = _holders(session, known, roles, offices)
    people |= _named(session, payload.get("person"), element)
    if not roles and payload.get("person") is None:
        if not payload.get("office"):
            raise RunFailed("the notice names no role, person or office", element=element)
        for office in offices:
            people |= leaders(session, known, office)
    if people:
        return people, ""
    missing = "、".join(known.role_name(role) for role in roles)
    for office in offices:
        people |= leaders(session, known, office)
    return people or _holders(session, known, [ADMINISTRATOR], offices), missing


def _named(session: Session, given: Any, element: str | None) -> set[int]:
    found: set[int] = set()
    for person in given if isinstance(given, list) else [given] if given is not None else []:
        number = str(person).removesuffix(".0")
        matches = Person.id == int(number) if number.isdecimal() else Person.username == number
        row = session.scalar(select(Person).where(matches))
        if row is None:
            raise RunFailed(f"there is no person {person}", element=element)
        found |= {row.id} if row.active else set()
    return found


def _holders(session: Session, known: Directory, roles: Iterable[str], offices: Iterable[str]) -> set[int]:
    offices = list(offices)
    return {
        person
        for role in roles
        for office in offices or [""]
        for person, _ in people_with(session, known, role, office)
    }


def _doers(session: Session, effect: Effect) -> set[int]:
    """Who did what the notice is about: the effect's key names the event it was written with."""
    _, _, rest = effect.key.partition(":")
    sequence = rest.partition(":")[0]
    if effect.case_id is None or not sequence.isdecimal():
        return set()
    event = session.get(Event, (effect.case_id, int(sequence)))
    return {event.actor} if event is not None and event.actor is not None else set()


def _texts(given: Any) -> list[str]:
    return [str(item) for item in (given if isinstance(given, list) else [given]) if item]


def write_notices(
    session: Session,
    key: str,
    people: Iterable[int],
    kind: str,
    *,
    text: str = "",
    params: Mapping[str, Any],
    urgent: bool,
    case_id: UUID | None,
    task_id: UUID | None = None,
    now: datetime,
) -> None:
    """One row for each of these people, and for the deputies of those who are away; nobody gets it twice."""
    deputies = deputies_of(session, set(people), now=now)
    people = sorted({*people, *deputies})
    if not people:
        return
    at_once: set[int] = set()
    if urgent:
        at_once = set(
            session.scalars(select(MailChoice.person_id).where(MailChoice.person_id.in_(people), MailChoice.urgent))
        )
    rows = [
        {
            "key": key,
            "person_id": person,
            "case_id": case_id,
            "task_id": task_id,
            "kind": kind,
            "text": text,
            "params": {**params, "acting_for": deputies[person][1]} if person in deputies else dict(params),
            "urgent": urgent,
            "unread": True,
            "created_at": now,
            "mail_at": now if person in at_once else None,
        }
        for person in people
    ]
    insert: Any = INSERT[session.get_bind().dialect.name](Notice)
    session.execute(insert.on_conflict_do_nothing(index_elements=["key", "person_id"]), rows)
