"""The questions behind bulk actions of supervisors: which tasks they are, who could do them, what would change."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import case as when
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.authority import Actor, may_lead, may_see, may_take
from engine.clocks import RUNNING, STOPPED
from engine.directory import directory
from engine.errors import EngineError
from engine.inbox import inbox_rows
from engine.model import Case, Deadline, Task
from engine.options import people_with
from engine.rows import InboxRow
from engine.store import offices_of
from engine.supervision import is_urged_today, lengthen, open_clock, own_step

CHOSEN_LIMIT = 100  # tasks or deadlines of one bulk action


@dataclass(frozen=True)
class ChosenTask:
    """An open task chosen for a bulk action; `may_lead` says whether this person may act on it at all."""

    row: InboxRow
    role: str | None
    may_lead: bool
    is_urged_today: bool


@dataclass(frozen=True)
class Candidate:
    """Somebody who can do some of the chosen tasks, and what is on their desk already."""

    person_id: int
    name: str
    can_do: frozenset[UUID]
    open: int
    overdue: int


@dataclass(frozen=True)
class ExtensionPreview:
    """What extending one deadline would do. Where it is refused, `refusal` says why."""

    deadline_id: UUID
    case_id: UUID
    number: str
    title: str
    label: str
    before: date | None
    after: date | None
    is_stopped: bool
    refusal: EngineError | None
    step: str  # of the diagram, by which the procedure itself extends this deadline


def leads_anybody(session: Session, actor: Actor) -> bool:
    """Whether this person leads the work of some office."""
    roles = directory(session).roles
    return any(may_lead(actor, office, roles) for office in actor.offices)


def chosen_tasks(session: Session, task_ids: Collection[UUID], actor: Actor, *, now: datetime) -> list[ChosenTask]:
    """The open tasks among these that the person may see, the most urgent first."""
    wanted = list(dict.fromkeys(task_ids))[:CHOSEN_LIMIT]
    query = select(Task, Case).join(Case, Task.case_id == Case.id).where(Task.id.in_(wanted))
    roles = directory(session).roles
    found = []
    for task, case in session.execute(query.order_by(Task.sort_at, Task.id)):
        if may_take(actor, task.role, task.office, task.assignee, roles) or may_see(
            actor, offices_of(session, case), roles
        ):
            found.append((task, case))
    rows = inbox_rows(session, directory(session), found, now)
    return [
        ChosenTask(row, task.role, may_lead(actor, task.office, roles), is_urged_today(session, task.urged_at, now))
        for row, (task, _) in zip(rows, found, strict=True)
    ]


def candidates(session: Session, tasks: Sequence[ChosenTask], *, now: datetime) -> list[Candidate]:
    """Everybody who can do at least one of the tasks; those who can do most of them and have least to do come first."""
    known = directory(session)
    can_do: dict[tuple[int, str], set[UUID]] = {}
    for role, office in dict.fromkeys((task.role, task.row.office) for task in tasks):
        if role is None:
            continue
        ids = {task.row.task_id for task in tasks if (task.role, task.row.office) == (role, office)}
        for person in people_with(session, known, role, office):
            can_do.setdefault(person, set()).update(ids)
    loads = _workload(session, [person for person, _ in can_do], now)
    found = [
        Candidate(person, name, frozenset(ids), *loads.get(person, (0, 0))) for (person, name), ids in can_do.items()
    ]
    return sorted(found, key=lambda one: (-len(one.can_do), one.overdue, one.open, one.name))


def _workload(session: Session, people: Sequence[int], now: datetime) -> dict[int, tuple[int, int]]:
    """Open and overdue tasks by person."""
    overdue = func.sum(when((Task.sort_at <= now, 1), else_=0))
    query = select(Task.assignee, func.count(), overdue).where(Task.assignee.in_(people)).group_by(Task.assignee)
    return {person: (count, late) for person, count, late in session.execute(query) if person is not None}


def tasks_of(session: Session, case_ids: Collection[UUID]) -> list[UUID]:
    """The open tasks of these cases."""
    query = select(Task.id).where(Task.case_id.in_(list(case_ids)[:CHOSEN_LIMIT])).order_by(Task.sort_at, Task.id)
    return list(session.scalars(query.limit(CHOSEN_LIMIT)))


def deadlines_of(session: Session, *, tasks: Collection[UUID] = (), cases: Collection[UUID] = ()) -> list[UUID]:
    """The deadlines that decide when these tasks are due, and the first that is open of each of these cases."""
    chosen = list(tasks)[:CHOSEN_LIMIT]
    query = select(Task.id, Task.deadline).where(Task.id.in_(chosen), Task.deadline.is_not(None))
    names = {task: UUID(name) for task, name in session.execute(query) if name}
    found = [names[task] for task in chosen if task in names]
    for case_id in list(cases)[:CHOSEN_LIMIT]:
        still_open = select(Deadline.id).where(Deadline.case_id == case_id, Deadline.status.in_((RUNNING, STOPPED)))
        first = session.scalar(still_open.order_by(Deadline.due_at.is_(None), Deadline.due_at, Deadline.id).limit(1))
        found += [first] if first is not None else []
    return list(dict.fromkeys(found))[:CHOSEN_LIMIT]


def extension_previews(
    session: Session, deadline_ids: Iterable[UUID], by: str, actor: Actor, *, now: datetime
) -> list[ExtensionPreview]:
    """What extending each of these deadlines by a period would do; those the person may not see are left out."""
    found = (_preview(session, deadline_id, by, actor, now) for deadline_id in deadline_ids)
    return [preview for preview in found if preview is not None]


def _preview(session: Session, deadline_id: UUID, by: str, actor: Actor, now: datetime) -> ExtensionPreview | None:
    row = session.get(Deadline, deadline_id)
    case = session.get(Case, row.case_id) if row is not None else None
    if row is None or case is None or not may_see(actor, offices_of(session, case), directory(session).roles):
        return None
    after, refusal, step = None, None, ""
    try:
        loaded, clock = open_clock(session, deadline_id, actor=actor, now=now)
        step = own_step(loaded, clock.name)
        lengthen(loaded, clock, by, "", actor)
        after = clock.last_day
    except EngineError as error:
        refusal = error
    stopped = row.status == STOPPED
    return ExtensionPreview(
        row.id, case.id, case.number, case.title, row.label, row.last_day, after, stopped, refusal, step
    )
