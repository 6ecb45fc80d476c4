"""The questions about tasks: inbox, counts, one task, start and event forms. They change nothing."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from engine import commands, runtime, store
from engine.authority import Actor, Role, may_see, may_take, pools, require_sight, sees_all
from engine.clocks import EXPIRED, RUNNING, STOPPED
from engine.deadlines import OFFICE, working_days_between
from engine.definitions import Definition
from engine.deployment import newest_version
from engine.directory import Directory, directory
from engine.errors import NotAllowed, NotFound, TaskClosed
from engine.facts import references, revealed
from engine.model import Case, Deadline, Draft, Person, SensitiveFact, Task, Version
from engine.options import people_with
from engine.rows import DueInfo, InboxCounts, InboxRow, Page, PaperPreview, Startable, StartPage, TaskPage
from engine.store import offices_of
from engine.values import from_json, loads

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

    `mine`: assigned to this person; `claimable`: waiting in this person's queues; `overdue`: either of the two, or of
    the offices seen, past their date; `office`: every open task of the offices seen. Each is read along one index.
    """
    known = directory(session)
    queries = [_narrow(query, office, process, stage, q) for query in _views(actor, view, known.roles, now)]
    cursor = _cursor(after)
    rows: dict[UUID, tuple[Task, Case]] = {}
    for query in queries:
        page = (
            query
            if cursor is None
            else query.where(or_(Task.sort_at > cursor[0], and_(Task.sort_at == cursor[0], Task.id > cursor[1])))
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
        return [base.where(Task.assignee == actor.id)]
    if view == "claimable":
        return [base.where(Task.pool == pool) for pool in pools(actor, roles)]
    due = [Task.sort_at <= now] if view == "overdue" else []
    if everything:
        return [base.where(*due)]
    own = [base.where(Task.office == office, *due) for office in sorted(actor.offices)]
    return [*own, base.where(Task.assignee == actor.id, *due)]


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


def _cursor(after: str | None) -> tuple[datetime, UUID] | None:
    if not after or "~" not in after:
        return None
    at, _, task = after.partition("~")
    try:
        return datetime.fromisoformat(at), UUID(task)
    except ValueError:
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
            )
        )
    return found


def definition_of_case(session: Session, case: Case) -> Definition:
    """The definition a case runs on; versions never change, so they are remembered."""
    key = case.version_id
    bind = id(session.get_bind())
    if (bind, key) not in _known_versions:
        row = session.execute(select(Version.process, Version.digest).where(Version.id == key)).one()
        _known_versions[bind, key] = (row.process, row.digest)
    process, digest = _known_versions[bind, key]
    return store.definition_of(session, key, process, digest)


_known_versions: dict[tuple[int, int], tuple[str, str]] = {}


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


def task_page(session: Session, task_id: UUID, actor: Actor, *, now: datetime) -> TaskPage:
    """One open task with its form. Raises TaskClosed, NotFound."""
    row = session.execute(select(Task, Case).join(Case).where(Task.id == task_id)).first()
    if row is None:
        raise TaskClosed
    task, case = row
    known = directory(session)
    may_do = may_take(actor, task.role, task.office, task.assignee, known.roles)
    if not may_do:
        require_sight(actor, offices_of(session, case), known.roles)
    definition = definition_of_case(session, case)
    element = definition.diagram.elements[task.element]
    values = loads(case.data)
    draft = session.get(Draft, (str(task_id), actor.id)) if actor.id is not None else None
    [line] = inbox_rows(session, known, [(task, case)], now)
    limits = session.scalars(
        select(Deadline)
        .where(Deadline.case_id == case.id, Deadline.status.in_((RUNNING, STOPPED)))
        .order_by(Deadline.due_at)
    )
    previews = tuple(
        PaperPreview(kind, definition.papers[kind].title)
        for kind in element.names("paper")
        if kind in definition.papers
    )
    colleagues = people_with(session, known, task.role, task.office) if task.role else []
    return TaskPage(
        task_id=task.id,
        case_id=case.id,
        number=case.number,
        title=case.title,
        process_title=definition.title,
        name=task.name,
        element=element.id,
        documentation=element.documentation,
        law=element.properties.get("law", ""),
        role_name=known.role_name(task.role),
        office_name=known.office_name(task.office),
        assignee=task.assignee,
        assignee_name=line.assignee_name,
        may_do=may_do,
        may_claim=may_do and task.assignee is None,
        form=definition.form(element.form),
        answers={**revealed_values(session, values), **from_json(task.local)},
        draft=draft.answers if draft else None,
        draft_at=draft.saved_at if draft else None,
        facts=definition.facts,
        values=values,
        local=task.local,
        due=line.due,
        limits=tuple(due_info(d, known, now) for d in limits),
        papers=previews,
        colleagues=tuple(colleagues),
    )


def revealed_values(session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
    """Case variables with sensitive references replaced: for those who work on the case."""
    ids = [UUID(ref) for ref in references(values)]
    if not ids:
        return dict(values)
    rows = session.scalars(select(SensitiveFact).where(SensitiveFact.id.in_(ids)))
    known = {str(row.id): row.value for row in rows}
    return {key: revealed(value, known) for key, value in values.items()}


def startable(session: Session, actor: Actor) -> list[Startable]:
    """The processes this person may open a case of."""
    known = directory(session)
    found = []
    for version in session.scalars(select(Version).where(Version.active).order_by(Version.process)):
        definition = store.definition_of(session, version.id, version.process, version.digest)
        offices = sorted({o for r, o in actor.roles if r in definition.start_roles})
        if offices:
            found.append(
                Startable(version.process, definition.title, tuple((o, known.office_name(o)) for o in offices))
            )
    return found


def start_page(session: Session, process: str, actor: Actor, *, office: str) -> StartPage:
    """The form that opens a case. Raises NotFound, NotAllowed."""
    version = newest_version(session, process)
    if version is None:
        raise NotFound
    definition = store.definition_of(session, version.id, version.process, version.digest)
    if not any(actor.holds(role, office) for role in definition.start_roles):
        raise NotAllowed("your role does not open cases of this kind in this office")
    key = f"start:{process}"
    draft = session.get(Draft, (key, actor.id))
    return StartPage(
        process,
        definition.title,
        definition.title,
        "",
        definition.form(definition.start_form),
        {},
        draft.answers if draft else None,
        draft.saved_at if draft else None,
        definition.facts,
        office,
        directory(session).office_name(office),
    )


def event_page(session: Session, case_id: UUID, name: str, actor: Actor, *, now: datetime) -> StartPage:
    """The form by which something is reported in a case. Raises NotFound, TaskClosed."""
    loaded = store.load(session, case_id, actor=actor, now=now)
    if not may_see(actor, offices_of(session, loaded.case), loaded.directory.roles):
        raise NotFound
    element = commands.awaited(loaded, name)
    if element is None or not raisable_by(actor, element, loaded.case.office, loaded.directory):
        raise TaskClosed("the case does not wait for this")
    draft = session.get(Draft, (f"event:{case_id}:{name}", actor.id))
    label = element.properties.get("label") or element.name
    return StartPage(
        loaded.case.process,
        loaded.case.title,
        label,
        "",
        loaded.definition.form(element.form),
        revealed_values(session, loaded.variables),
        draft.answers if draft else None,
        draft.saved_at if draft else None,
        loaded.definition.facts,
        loaded.case.office,
        loaded.directory.office_name(loaded.case.office),
        element.documentation,
        case_id,
        loaded.case.number,
    )


def raisable_by(actor: Actor, element: runtime.Element, office: str, known: Directory) -> bool:
    """Whether this person may report the event an element waits for."""
    for role in element.names("role"):
        declared = known.roles.get(role)
        if actor.holds(role, None if declared is not None and declared.scope == "district" else office):
            return True
    return False
