"""Open tasks as a supervisor sees them: what is late, what is due soon, by kind of limit; and the dangerous cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.caselist import case_row
from engine.deadlines import OFFICE, working_days_between
from engine.inbox import LIMIT, cursor_of, definition_of_version, inbox_rows
from engine.model import FAR, Case, Deadline, Stay, Task
from engine.rows import CaseRow, InboxRow, Page
from engine.steering import Scope, day_end, scope_of

SOON = (0, 2, 5)  # working days from today
NOBODY = 0  # as a person in a filter: tasks nobody has taken
DEADLINE = type_coerce(func.replace(Task.deadline, "-", ""), Deadline.id.type)  # the row that decides a task's date


@dataclass(frozen=True)
class LimitKind:
    """How one kind of time limit stands: open tasks it governs that are late or due soon; `days_late` of the oldest."""

    process: str
    process_title: str
    name: str
    label: str
    late: int
    days_late: int  # working days
    due: tuple[int, ...]  # until the end of today, of 2 and of 5 working days from now; each includes those before


@dataclass(frozen=True)
class DangerRow:
    """An open case with a level; `task` is its most urgent open task."""

    row: CaseRow
    task: InboxRow | None
    others: int  # how many tasks are open beside it


def limit_kinds(session: Session, actor: Actor, *, now: datetime, office: str | None = None) -> tuple[LimitKind, ...]:
    """Late and due soon by kind of limit, the most late first. Raises NotAllowed."""
    scope = scope_of(session, actor, office)
    calendar = scope.known.calendar
    ends = [day_end(now, days, calendar) for days in SOON]
    due = [func.sum(case((and_(Task.sort_at > now, Task.sort_at <= end), 1), else_=0)) for end in ends]
    late = func.sum(case((Task.sort_at <= now, 1), else_=0))
    query = (
        select(Case.version_id, Deadline.name, func.max(Deadline.label), late, func.min(Task.sort_at), *due)
        .select_from(Task)
        .join(Deadline, Deadline.id == DEADLINE)
        .join(Case, Case.id == Task.case_id)
        .where(Task.sort_at <= ends[-1], *scope.of(Task.office))
        .group_by(Case.version_id, Deadline.name)
    )
    kinds: dict[tuple[str, str], LimitKind] = {}
    today = now.astimezone(OFFICE).date()
    for version, name, label, count, first, *soon in session.execute(query):
        definition = definition_of_version(session, version)
        behind = -working_days_between(today, first.astimezone(OFFICE).date(), calendar) if first <= now else 0
        before = kinds.get((definition.process, name))
        kinds[definition.process, name] = LimitKind(
            definition.process,
            definition.title,
            name,
            label,
            count + (before.late if before else 0),
            max(behind, before.days_late if before else 0),
            tuple(a + b for a, b in zip(soon, before.due, strict=True)) if before else tuple(soon),
        )
    return tuple(sorted(kinds.values(), key=lambda kind: (-kind.late, -kind.due[-1], kind.label)))


def led_tasks(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    late: bool = False,
    days: int | None = None,
    office: str | None = None,
    process: str | None = None,
    limit_name: str | None = None,
    element: str | None = None,
    version: int | None = None,
    person: int | None = None,
    q: str = "",
    after: str | None = None,
    limit: int = LIMIT,
) -> Page[InboxRow]:
    """Open tasks, the most urgent first: those that are `late`, or due within `days` working days, or all.

    `person` is who has them (NOBODY: not taken). Raises NotAllowed.
    """
    scope = scope_of(session, actor, office)
    query = select(Task, Case).join(Case, Task.case_id == Case.id).where(*scope.of(Task.office))
    if late:
        query = query.where(Task.sort_at <= now)
    elif days is not None:
        query = query.where(Task.sort_at > now, Task.sort_at <= day_end(now, days, scope.known.calendar))
    if limit_name:
        query = query.join(Deadline, Deadline.id == DEADLINE).where(Deadline.name == limit_name)
    if version is not None:
        query = query.join(Stay, Stay.id == Task.id).where(Stay.version_id == version)
    query = query.where(*_equal(process, element), *_held_by(person), *_like(q))
    cursor = cursor_of(after)
    if cursor is not None:
        further = or_(Task.sort_at > cursor[0], and_(Task.sort_at == cursor[0], Task.id > cursor[1]))
        query = query.where(Task.sort_at >= cursor[0], further)
    found = session.execute(query.order_by(Task.sort_at, Task.id).limit(limit + 1)).all()
    following = f"{found[limit - 1][0].sort_at.isoformat()}~{found[limit - 1][0].id}" if len(found) > limit else None
    return Page(tuple(inbox_rows(session, scope.known, found[:limit], now)), following)


def _equal(process: str | None, element: str | None) -> list[ColumnElement[bool]]:
    wanted = ((Case.process, process), (Task.element, element))
    return [column == value for column, value in wanted if value]


def _held_by(person: int | None) -> list[ColumnElement[bool]]:
    if person is None:
        return []
    return [Task.assignee.is_(None) if person == NOBODY else Task.assignee == person]


def _like(q: str) -> list[ColumnElement[bool]]:
    words = q.strip().replace("%", "").replace("_", "")
    like = f"%{words}%"
    return [or_(Case.number.like(like), Case.title.like(like), Task.name.like(like))] if words else []


def dangers(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    office: str | None = None,
    level: str | None = None,
    after: str | None = None,
    limit: int = LIMIT,
) -> Page[DangerRow]:
    """Open cases with a level: the most serious first, then by what is due next. Raises NotAllowed."""
    scope = scope_of(session, actor, office)
    running = (Case.level.is_not(None), Case.closed_at.is_(None), Case.level_rank > 0)
    query = select(Case).where(*running, *scope.of_cases())
    if level:
        query = query.where(Case.level == level)
    due = func.coalesce(Case.due_at, FAR)
    rank, at, last = _danger_cursor(after)
    if last is not None:
        behind = and_(Case.level_rank == rank, or_(due > at, and_(due == at, Case.id > last)))
        query = query.where(Case.level_rank <= rank, or_(Case.level_rank < rank, behind))
    found = list(session.scalars(query.order_by(Case.level_rank.desc(), due, Case.id).limit(limit + 1)))
    following = None
    if len(found) > limit:
        end = found[limit - 1]
        following = f"{end.level_rank}~{(end.due_at or FAR).isoformat()}~{end.id}"
    return Page(_dangers(session, scope, found[:limit], now), following)


def _danger_cursor(after: str | None) -> tuple[int, datetime, UUID | None]:
    rank, _, rest = (after or "").partition("~")
    cursor = cursor_of(rest)
    if cursor is None or not rank.lstrip("-").isdecimal() or len(rank) > 6:  # noqa: PLR2004 no process has so many
        return 0, FAR, None
    return int(rank), *cursor


def _dangers(session: Session, scope: Scope, cases: Sequence[Case], now: datetime) -> tuple[DangerRow, ...]:
    by_case: dict[UUID, list[Any]] = {one.id: [] for one in cases}
    if cases:
        query = select(Task).where(Task.case_id.in_(by_case)).order_by(Task.sort_at, Task.id)
        for task in session.scalars(query):
            by_case[task.case_id].append(task)
    firsts = [(by_case[one.id][0], one) for one in cases if by_case[one.id]]
    rows = {row.case_id: row for row in inbox_rows(session, scope.known, firsts, now)}
    return tuple(
        DangerRow(case_row(session, scope.known, one, now), rows.get(one.id), max(0, len(by_case[one.id]) - 1))
        for one in cases
    )
