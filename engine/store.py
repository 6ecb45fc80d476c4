"""Puts a case into its rows and takes it out again. `save` is the one function that writes a case.

State, variables, open tasks, deadlines, timers, subscriptions, effects, papers and the audit events go together, in
the transaction of the caller. Nothing is read before it is written: what was there follows from the loaded tree.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from engine import runtime
from engine.audit import Happened, append_events, insert_events
from engine.authority import Actor, pool_of
from engine.clocks import RUNNING, STOPPED, Clock, Clocks
from engine.deadlines import OFFICE
from engine.definitions import Definition, cached_definition, define
from engine.directory import Directory, directory
from engine.errors import CaseChanged, NotFound, TaskClosed
from engine.facts import search_text
from engine.model import FAR, Case, CaseOffice, Deadline, Draft, Effect, Paper, Subscription, Task, Timer, Version
from engine.search import index_case
from engine.values import dumps, json_ready, loads

CLOCK_COLUMNS = (
    "id", "task_id", "name", "label", "element", "basis", "source_status", "period", "start_at", "stops", "extensions",
    "last_day", "due_at", "projected", "calendar_version", "status", "remind", "remind_at", "ended_at",
)  # fmt: skip
NEXT_NUMBER = text(
    "INSERT INTO counter(name, value) VALUES (:name, 1) "
    "ON CONFLICT(name) DO UPDATE SET value = counter.value + 1 RETURNING value"
)


@dataclass
class Loaded:
    """A case taken out of its rows, with the turn that will move it."""

    case: Case
    definition: Definition
    directory: Directory
    turn: runtime.Turn
    before: runtime.Waiting
    dues: Mapping[UUID, tuple[str | None, datetime | None]]
    task: Task | None = None
    sensitive: list[dict[str, Any]] = field(default_factory=list)
    is_new: bool = False

    @property
    def variables(self) -> dict[str, Any]:
        """The case's variables."""
        return self.turn.variables


def load(session: Session, case_id: UUID, *, actor: Actor, now: datetime) -> Loaded:
    """A case, ready to be moved. Raises NotFound."""
    query = select(Case, Version.process, Version.digest).join(Version, Case.version_id == Version.id)
    row = session.execute(query.where(Case.id == case_id).with_for_update(of=Case)).first()
    if row is None:
        raise NotFound(f"no case {case_id}")
    return _loaded(session, row[0], row[1], row[2], None, actor=actor, now=now)


def load_task(session: Session, task_id: UUID, *, actor: Actor, now: datetime) -> Loaded:
    """The case of an open task. Raises TaskClosed when the task is not open any more."""
    query = (
        select(Task, Case, Version.process, Version.digest)
        .join(Case, Task.case_id == Case.id)
        .join(Version, Case.version_id == Version.id)
        .where(Task.id == task_id)
        .with_for_update(of=Case)
    )
    row = session.execute(query).first()
    if row is None:
        raise TaskClosed
    return _loaded(session, row[1], row[2], row[3], row[0], actor=actor, now=now)


def definition_of(session: Session, version_id: int, process: str, digest: str) -> Definition:
    """The compiled definition of a version; its files are read only if it is not cached."""
    known = cached_definition(digest, process)
    if known is not None:
        return known
    files = session.scalar(select(Version.files).where(Version.id == version_id))
    return define(files or {}, process)


def _loaded(
    session: Session, case: Case, process: str, digest: str, task: Task | None, *, actor: Actor, now: datetime
) -> Loaded:
    definition = definition_of(session, case.version_id, process, digest)
    known = directory(session)
    open_rows = select(Deadline).where(Deadline.case_id == case.id, Deadline.status.in_((RUNNING, STOPPED)))
    clocks = Clocks([clock_of(row) for row in session.scalars(open_rows)], known.calendar, now)
    workflow = runtime.load(case.state, definition.compiled)
    turn = runtime.Turn(
        definition.compiled, workflow, loads(case.data), clocks, definition.rules, surroundings=surroundings(case, actor)
    )
    before = runtime.waiting(workflow)
    return Loaded(case, definition, known, turn, before, _dues(before, clocks), task)


def surroundings(case: Case, actor: Actor) -> dict[str, Any]:
    """The names every expression can read beside the case's variables."""
    about = {"id": str(case.id), "number": case.number, "office": case.office, "title": case.title, "opened_at": case.opened_at}
    return {"case": about, "actor": actor.id}


def new_case(
    session: Session, definition: Definition, version_id: int, *, office: str, number: str, variables: dict[str, Any], actor: Actor, now: datetime
) -> Loaded:
    """A case that has just been born; it stands before its start event."""
    case = Case(
        id=uuid4(), process=definition.process, version_id=version_id, office=office, number=number, title="", stage="",
        status="running", outcome=None, data="{}", state=b"", event_count=0, event_head="", due_at=None,
        opened_by=actor.id, opened_at=now, closed_at=None,
    )  # fmt: skip
    case.serial = case.id.int & (2**62 - 1)
    known = directory(session)
    workflow = runtime.begin(definition.compiled)
    turn = runtime.Turn(
        definition.compiled, workflow, {}, Clocks([], known.calendar, now), definition.rules, surroundings=surroundings(case, actor)
    )
    for key, value in variables.items():
        turn.assign(key, value)
    nothing = runtime.Waiting((), {}, (), ())
    return Loaded(case, definition, known, turn, nothing, {}, is_new=True)


def next_number(session: Session, name: str) -> int:
    """The next value of a gap-free sequence; given back when the transaction rolls back."""
    return int(session.execute(NEXT_NUMBER, {"name": name}).scalar_one())


def save(
    session: Session, loaded: Loaded, kind: str, detail: Mapping[str, Any], *, actor: Actor, now: datetime, submission: str | None = None
) -> runtime.Waiting:
    """Write the case and everything that follows from its new state. Raises CaseChanged when somebody was faster."""
    case, turn = loaded.case, loaded.turn
    after = runtime.waiting(turn.workflow)
    papers = _papers(session, loaded, actor, now)
    happened = [Happened(kind, {**detail, **_path(turn)}), *(Happened(k, d) for k, d in turn.clocks.log)]
    happened += [Happened("paper_issued", {"paper": p["kind"], "title": p["title"], "number": p["number"]}) for p in papers]
    title_before = case.title
    _write_case(loaded, after, now)
    if case.status == "completed" and case.closed_at == now:
        happened.append(Happened("case_completed", {"outcome": case.outcome}))
    sequence = case.event_count
    events = append_events(session, case, happened, actor=actor, now=now, submission=submission)
    session.add(case)
    try:
        session.flush()  # the revision is checked here, before anything else is written
    except StaleDataError as error:
        raise CaseChanged from error
    _write_tasks(session, loaded, after, now)
    _write_clocks(session, loaded)
    _write_timers(session, loaded, after)
    _write_events(session, loaded, after)
    insert_events(session, events)
    _write_effects(session, loaded, sequence, now)
    if papers:
        session.execute(insert(Paper), papers)
    searchable = {key for key, fact in loaded.definition.facts.items() if fact.search or any(f.search for f in fact.fields.values())}
    if loaded.is_new or title_before != case.title or turn.written & searchable:
        index_case(session, case.id, f"{case.number} {case.title} {search_text(loaded.definition.facts, turn.variables)}")
    return after


def _path(turn: runtime.Turn) -> dict[str, Any]:
    """What the token did in this turn, for the diagram and for coverage."""
    steps = turn.workflow.journal[turn.first :]
    done = [s.element for s in steps if s.event == runtime.COMPLETED]
    gone = [s.element for s in steps if s.event == runtime.CANCELLED]
    flows = [s.flow for s in steps if s.flow is not None]
    return {key: value for key, value in (("done", done), ("gone", gone), ("flows", flows)) if value}


def _write_case(loaded: Loaded, after: runtime.Waiting, now: datetime) -> None:
    case, turn, definition = loaded.case, loaded.turn, loaded.definition
    headline = str(definition.manifest.get("headline", ""))
    if headline and (loaded.is_new or turn.written):
        value = turn.evaluate(None, headline, "headline") if headline.startswith("=") else headline
        case.title = str(value or "")[:200]
    case.data, case.state = dumps(turn.variables), runtime.dump(turn.workflow)
    order = list(definition.manifest.get("stages", {}))
    stages = [stage for stage in (definition.diagram.stage(e) for e in after.elements) if stage in order]
    if stages:
        case.stage = max(stages, key=order.index)
    case.outcome = turn.outcome or case.outcome
    dues = [due for _, due in _dues(after, turn.clocks).values() if due is not None]
    case.due_at = min(dues, default=None)
    if turn.workflow.completed and case.status == "running":
        case.status, case.closed_at, case.due_at = "completed", now, None


def _dues(waiting: runtime.Waiting, clocks: Clocks) -> dict[UUID, tuple[str | None, datetime | None]]:
    """For every open task the deadline that comes first among its own and those around it."""
    by_task: dict[UUID, list[Clock]] = {}
    for clock in clocks.all:
        if clock.is_open:
            by_task.setdefault(clock.task_id, []).append(clock)
    found: dict[UUID, tuple[str | None, datetime | None]] = {}
    for task in waiting.tasks:
        limits = [clock for limit in task.limits for clock in by_task.get(limit, ())]
        first = min(limits, key=lambda clock: clock.due_at or FAR, default=None)
        found[task.id] = (str(first.id), first.due_at) if first is not None else (None, None)
    return found


def _write_tasks(session: Session, loaded: Loaded, after: runtime.Waiting, now: datetime) -> None:
    before = {task.id for task in loaded.before.tasks}
    dues = _dues(after, loaded.turn.clocks)
    gone = before - {task.id for task in after.tasks}
    if gone:
        session.execute(delete(Task).where(Task.id.in_(gone)).execution_options(synchronize_session=False))
        session.execute(delete(Draft).where(Draft.key.in_([str(task) for task in gone])).execution_options(synchronize_session=False))
    rows = [_task_row(loaded, task, dues[task.id], now) for task in after.tasks if task.id not in before]
    if rows:
        session.execute(insert(Task), rows)
        _join_offices(session, loaded, {row["office"] for row in rows})
    moved = [task.id for task in after.tasks if task.id in before and dues[task.id] != loaded.dues.get(task.id)]
    if moved:
        statement = update(Task.__table__).where(Task.__table__.c.id == bindparam("which"))  # type: ignore[arg-type]  # a Table
        statement = statement.values(deadline=bindparam("deadline_id"), due_at=bindparam("due"), sort_at=bindparam("sort"))
        session.execute(
            statement, [{"which": t, "deadline_id": dues[t][0], "due": dues[t][1], "sort": dues[t][1] or FAR} for t in moved]
        )


def _task_row(loaded: Loaded, task: runtime.OpenTask, due: tuple[str | None, datetime | None], now: datetime) -> dict[str, Any]:
    element = loaded.definition.diagram.elements[task.element]
    turn = loaded.turn
    tree_task = turn.workflow.find(task.id)

    def value(written: str) -> Any:
        return turn.evaluate(tree_task, written, element.id) if written.startswith("=") else (written or None)

    office = str(value(element.properties.get("office", "")) or loaded.case.office)
    role = element.role.split(",")[0].strip() or None
    assignee = value(element.assignee)
    return {
        "id": task.id, "case_id": loaded.case.id, "element": element.id, "name": element.name or element.id, "role": role,
        "office": office, "pool": pool_of(role, office, loaded.directory.roles) if role and assignee is None else None,
        "assignee": None if assignee is None else int(assignee), "local": json_ready(task.local), "deadline": due[0],
        "due_at": due[1], "sort_at": due[1] or FAR, "priority": int(value(element.priority) or 0), "created_at": now,
        "claimed_at": None,
    }  # fmt: skip


def _join_offices(session: Session, loaded: Loaded, offices: Iterable[str]) -> None:
    """Offices that get a task take part in the case."""
    for office in set(offices) - {loaded.case.office}:
        if session.get(CaseOffice, (loaded.case.id, office)) is None:
            session.add(CaseOffice(case_id=loaded.case.id, office=office))
            session.flush()


def clock_of(row: Deadline) -> Clock:
    return Clock(**{name: getattr(row, name) for name in CLOCK_COLUMNS})


def _write_clocks(session: Session, loaded: Loaded) -> None:
    clocks = loaded.turn.clocks
    changed = [({name: getattr(clock, name) for name in CLOCK_COLUMNS}, clock.id in clocks.before) for clock in clocks.changed()]
    new = [{**row, "case_id": loaded.case.id} for row, known in changed if not known]
    old = [row for row, known in changed if known]
    if new:
        session.execute(insert(Deadline), new)
    if old:
        session.execute(update(Deadline), old)


def _write_timers(session: Session, loaded: Loaded, after: runtime.Waiting) -> None:
    before, now = loaded.before.timers, after.timers
    gone = [task for task, timer in before.items() if now.get(task) != timer]
    if gone:
        session.execute(delete(Timer).where(Timer.id.in_(gone)).execution_options(synchronize_session=False))
    rows = [
        {"id": task, "case_id": loaded.case.id, "element": timer[0], "due_at": timer[1], "attempts": 0}
        for task, timer in now.items()
        if before.get(task) != timer
    ]
    if rows:
        session.execute(insert(Timer), rows)


def _write_events(session: Session, loaded: Loaded, after: runtime.Waiting) -> None:
    if set(after.events) == set(loaded.before.events):
        return
    if loaded.before.events:
        session.execute(delete(Subscription).where(Subscription.case_id == loaded.case.id).execution_options(synchronize_session=False))
    if after.events:
        rows = [{"case_id": loaded.case.id, "element": w.element, "kind": w.kind, "name": w.name} for w in after.events]
        session.execute(insert(Subscription), rows)


def _write_effects(session: Session, loaded: Loaded, sequence: int, now: datetime) -> None:
    rows = [
        {"key": f"{loaded.case.id}:{sequence + 1}:{position}", "case_id": loaded.case.id, "kind": thrown.kind, "state": "pending",
         "payload": {"name": thrown.name, "element": thrown.element, "payload": json_ready(dict(thrown.payload)), "target": thrown.target},
         "attempts": 0, "next_at": now, "error": "", "created_at": now}
        for position, thrown in enumerate(loaded.turn.thrown)
    ]  # fmt: skip
    if rows:
        session.execute(insert(Effect), rows)


def _papers(session: Session, loaded: Loaded, actor: Actor, now: datetime) -> Sequence[dict[str, Any]]:
    rows = []
    for kind, _ in loaded.turn.papers:
        paper = loaded.definition.papers.get(kind)
        if paper is None:
            continue
        number = format_number(session, paper.number or "{office}-{kind}-{year}-{seq}", kind, loaded.case.office, loaded.directory, now)
        rows.append(
            {"id": uuid4(), "case_id": loaded.case.id, "kind": kind, "title": paper.title, "number": number,
             "data": dumps(loaded.variables), "issued_by": actor.name, "issued_at": now}
        )  # fmt: skip
    return rows


def format_number(session: Session, pattern: str, kind: str, office: str, known: Directory, now: datetime) -> str:
    """The next official number of an office, kind and year; gap-free."""
    year = now.astimezone(OFFICE).year
    sequence = next_number(session, f"{office}:{kind}:{year}")
    short = str(known.offices.get(office, {}).get("short", office))
    return pattern.format(office=known.office_name(office), short=short, year=year, kind=kind, seq=sequence)
