"""Open tasks as lists: what is mine, what I may take, what is overdue. Each view reads along one index."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from engine import store
from engine.authority import Actor, Role, pools, sees_all
from engine.clocks import EXPIRED, RUNNING
from engine.deadlines import OFFICE, working_days_between
from engine.definitions import Definition
from engine.directory import Directory, directory
from engine.levels import NONE
from engine.model import Case, Deadline, Person, Task, Version
from engine.rows import DueInfo, InboxCounts, InboxRow, Page

VIEWS = ("mine", "claimable", "overdue", "office")
LIMIT = 50


def due_info(row: Deadline, known: Directory, now: datetime) -> DueInfo:
    """A deadline as lists show it."""
    today = now.astimezone(OFFICE).date()
    left = working_days_between(today, row.last_day, known.calendar) if row.last_day is not None else None
    overdue = row.status == EXPIRED or (row.status == RUNNING and row.due_at is not None and row.due_at <= now)
    return DueInfo(
        row.id,
        row.label,
        row.last_day,
        row.due_at,
        row.status,
        row.projected,
        row.source_status == "confirmed",
        left,
        overdue,
    )


def inbox(
    session: Session,
    actor: Actor,
    *,
    view: str = "mine",
    now: datetime,
    office: str | None = None,
    process: str | None = None,
    stage: str | None = None,
    q: str = "",
    after: str | None = None,
    limit: int = LIMIT,
) -> Page[InboxRow]:
    """A page of open tasks, the most urgent first.

    `mine`: assigned to this person, or to somebody they act for; `claimable`: waiting in this person's queues;
    `overdue`: either of the two, or of the offices seen, past their date; `office`: every open task of the offices
    seen. Each is read along one index.
    """
    known = directory(session)
    queries = [_narrow(query, office, process, stage, q) for query in _views(actor, view, known.roles, now)]
    cursor = cursor_of(after)
    rows: dict[UUID, tuple[Task, Case]] = {}
    for query in queries:
        page = (
            query
            if cursor is None
            else query.where(
                Task.sort_at >= cursor[0],  # where the index starts to be read
                or_(Task.sort_at > cursor[0], and_(Task.sort_at == cursor[0], Task.id > cursor[1])),
            )
        )
        for task, case in session.execute(page.order_by(Task.sort_at, Task.id).limit(limit + 1)):
            rows[task.id] = (task, case)
    ordered = sorted(rows.values(), key=lambda row: (row[0].sort_at, row[0].id.hex))
    chosen = ordered[:limit]
    following = f"{chosen[-1][0].sort_at.isoformat()}~{chosen[-1][0].id}" if len(ordered) > limit else None
    return Page(tuple(inbox_rows(session, known, chosen, now)), following)


def _views(actor: Actor, view: str, roles: Mapping[str, Role], now: datetime) -> list[Select[Task, Case]]:
    base = select(Task, Case).join(Case, Task.case_id == Case.id)
    everything = sees_all(actor, roles)
    if view == "mine":
        return [base.where(Task.assignee == person) for person in (actor.id, *sorted(actor.stands_in_for))]
    if view == "claimable":
        return [base.where(Task.pool == pool) for pool in pools(actor, roles)]
    due = [Task.sort_at <= now] if view == "overdue" else []
    if everything:
        return [base.where(*due)]
    own = [base.where(Task.office == office, *due) for office in sorted(actor.offices)]
    people = (actor.id, *sorted(actor.stands_in_for))
    return [*own, *(base.where(Task.assignee == person, *due) for person in people)]


def _narrow(query: Any, office: str | None, process: str | None, stage: str | None, q: str) -> Any:
    if office:
        query = query.where(Task.office == office)
    if process:
        query = query.where(Case.process == process)
    if stage:
        query = query.where(Case.stage == stage)
    words = q.strip()
    if words:
        like = f"%{words.replace('%', '').replace('_', '')}%"
        query = query.where(or_(Case.number.like(like), Case.title.like(like), Task.name.like(like)))
    return query


def cursor_of(after: str | None) -> tuple[datetime, UUID] | None:
    """Where a page of a list goes on; None for the first page and for what is no cursor."""
    if not after or "~" not in after:
        return None
    at, _, task = after.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        return (moment.astimezone(UTC), UUID(task)) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def inbox_rows(session: Session, known: Directory, rows: Iterable[tuple[Task, Case]], now: datetime) -> list[InboxRow]:
    """Tasks with the names that people read."""
    rows = list(rows)
    wanted = [UUID(task.deadline) for task, _ in rows if task.deadline]
    dues = (
        {row.id: due_info(row, known, now) for row in session.scalars(select(Deadline).where(Deadline.id.in_(wanted)))}
        if wanted
        else {}
    )
    people = {task.assignee for task, _ in rows if task.assignee is not None}
    names: dict[int, str] = {}
    if people:
        names = {
            row.id: row.name for row in session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))
        }
    found = []
    for task, case in rows:
        definition = definition_of_case(session, case)
        found.append(
            InboxRow(
                task.id,
                case.id,
                case.number,
                case.title,
                task.name,
                task.element,
                case.process,
                definition.title,
                definition.label("stages", case.stage),
                task.office,
                known.office_name(task.office),
                known.role_name(task.role),
                task.assignee,
                names.get(task.assignee or -1, ""),
                task.created_at,
                dues.get(UUID(task.deadline)) if task.deadline else None,
                definition.levels.get(case.level or "", NONE),
                task.urged_at,
                task.urged_by or "",
            )
        )
    return found


def definition_of_case(session: Session, case: Case) -> Definition:
    """The definition a case runs on."""
    return definition_of_version(session, case.version_id)


def definition_of_version(session: Session, key: int) -> Definition:
    """The definition of a version; versions never change, so they are remembered."""
    known = _known_versions.setdefault(session.get_bind(), {})
    if key not in known:
        row = session.execute(select(Version.process, Version.digest).where(Version.id == key)).one()
        known[key] = (row.process, row.digest)
    process, digest = known[key]
    return store.definition_of(session, key, process, digest)


_known_versions: WeakKeyDictionary[Any, dict[int, tuple[str, str]]] = WeakKeyDictionary()  # by database


def inbox_counts(session: Session, actor: Actor, *, now: datetime) -> InboxCounts:
    """How many rows each view has."""
    roles = directory(session).roles
    found = {}
    for view in VIEWS:
        ids: set[UUID] = set()
        total = 0
        queries = _views(actor, view, roles, now)
        if len(queries) == 1 or view == "claimable":
            total = sum(session.scalar(q.with_only_columns(func.count()).order_by(None)) or 0 for q in queries)
        else:
            for q in queries:
                ids.update(session.scalars(q.with_only_columns(Task.id)))
            total = len(ids)
        found[view] = total
    return InboxCounts(**found)
