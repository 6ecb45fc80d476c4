"""Looking into cases from the outside: for scenarios, traces and tests, which need ids where pages need labels."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case as sql_case
from sqlalchemy import literal_column, or_, select
from sqlalchemy.orm import Session

from engine import definitions, runtime, store
from engine.calendars import Calendar
from engine.deadlines import OFFICE
from engine.directory import directory
from engine.errors import NotFound
from engine.model import Case, CaseLink, Deadline, Event, Incident, Paper, Task, Timer, Version
from engine.periods import Period, month_later, parse_period
from engine.values import json_ready, loads

JOINS = frozenset(["parallelGateway", "inclusiveGateway"])
WORDS = {"d": "days", "h": "hours", "s": "seconds"}
ON_STANDBY = frozenset(["startEvent", "boundaryEvent"])  # no token stands there: entered when they fire
JOURNALED = frozenset([runtime.ENTERED, runtime.COMPLETED, runtime.CANCELLED, runtime.FAILED])


@dataclass(frozen=True)
class SeenTask:
    """An open task."""

    id: UUID
    element: str
    role: str | None
    office: str
    assignee: int | None


@dataclass(frozen=True)
class SeenDeadline:
    """A deadline of a case, open or ended."""

    name: str
    status: str
    last_day: date | None
    due_at: datetime | None
    projected: bool


@dataclass(frozen=True)
class SeenEvent:
    """An event of a case's trail, with the path the token took."""

    kind: str
    at: datetime
    detail: dict[str, Any]


@dataclass(frozen=True)
class SeenWait:
    """Something that can move the case on."""

    element: str
    kind: str  # task | timer | message | signal | join
    name: str = ""  # of the message or signal
    due: datetime | None = None


@dataclass(frozen=True)
class Snapshot:
    """Everything about one case at this moment, by id."""

    case_id: UUID
    process: str
    number: str
    office: str
    status: str
    stage: str
    outcome: str | None
    variables: dict[str, Any]
    tasks: tuple[SeenTask, ...]
    waiting: tuple[str, ...]
    waits: tuple[SeenWait, ...]
    deadlines: tuple[SeenDeadline, ...]
    timers: tuple[datetime, ...]
    papers: tuple[str, ...]
    events: tuple[SeenEvent, ...]
    linked: tuple[UUID, ...]
    incidents: tuple[str, ...]


@dataclass(frozen=True)
class TracedStep:
    """One line of a trace: what happened to a token in an element."""

    case_id: str
    process: str
    at: datetime
    element: str
    event: str  # entered | completed | cancelled | failed


def snapshot(session: Session, case_id: UUID) -> Snapshot:
    """Look at a case. Raises NotFound."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound(f"no case {case_id}")
    compiled = _definition(session, case).compiled
    waiting = runtime.waiting(runtime.load(case.state, compiled))
    tasks = session.scalars(select(Task).where(Task.case_id == case_id).order_by(Task.created_at))
    order = {task.id: position for position, task in enumerate(waiting.tasks)}
    deadlines = session.scalars(select(Deadline).where(Deadline.case_id == case_id).order_by(Deadline.start_at))
    events = session.scalars(select(Event).where(Event.case_id == case_id).order_by(Event.seq))
    other = sql_case((CaseLink.source_id == case_id, CaseLink.target_id), else_=CaseLink.source_id)
    linked = select(CaseLink).join(Case, Case.id == other).order_by(Case.opened_at, Case.number)
    links = session.scalars(linked.where(or_(CaseLink.source_id == case_id, CaseLink.target_id == case_id)))
    return Snapshot(
        case_id=case_id,
        process=case.process,
        number=case.number,
        office=case.office,
        status=case.status,
        stage=case.stage,
        outcome=case.outcome,
        variables=loads(case.data),
        tasks=tuple(sorted(map(_seen_task, tasks), key=lambda task: order.get(task.id, 0))),
        waiting=waiting.elements,
        waits=tuple(_waits(waiting, compiled.diagram)) if case.status == "running" else (),
        deadlines=tuple(SeenDeadline(d.name, d.status, d.last_day, d.due_at, d.projected) for d in deadlines),
        timers=tuple(session.scalars(select(Timer.due_at).where(Timer.case_id == case_id).order_by(Timer.due_at))),
        papers=tuple(session.scalars(select(Paper.kind).where(Paper.case_id == case_id).order_by(Paper.issued_at))),
        events=tuple(SeenEvent(e.kind, e.at, loads(e.detail)) for e in events),
        linked=tuple(link.target_id if link.source_id == case_id else link.source_id for link in links),
        incidents=tuple(
            session.scalars(select(Incident.error).where(Incident.case_id == case_id, Incident.state == "open"))
        ),
    )


def _waits(waiting: runtime.Waiting, diagram: runtime.Diagram) -> Iterator[SeenWait]:
    """Everything that can move the case on; open instances one by one."""
    yield from (SeenWait(task.element, "task") for task in waiting.tasks)
    yield from (SeenWait(element, "timer", due=due) for element, due in waiting.timers.values())
    yield from (SeenWait(event.element, event.kind, event.name) for event in waiting.events)
    for element in waiting.elements:
        if not runtime.is_synthetic(element) and diagram.elements[element].kind in JOINS:
            yield SeenWait(element, "join")


def _seen_task(task: Task) -> SeenTask:
    return SeenTask(task.id, task.element, task.role, task.office, task.assignee)


def case_ids(session: Session, *, status: str = "") -> list[UUID]:
    """Every case, or those of a status, in the order they were opened."""
    query = select(Case.id).where(Case.status == status) if status else select(Case.id)
    return list(session.scalars(query.order_by(Case.opened_at, Case.number)))


def open_tasks(session: Session, case_id: UUID) -> list[SeenTask]:
    """The open tasks of a case in the order in which they opened; sandboxes only, which are SQLite."""
    opened = select(Task).where(Task.case_id == case_id).order_by(literal_column("task.rowid"))
    return [_seen_task(task) for task in session.scalars(opened)]


def later(session: Session, period: str, start: datetime) -> datetime:
    """The same time of day a period later; without the rules for legal deadlines. Raises InvalidPeriod.

    "6wd" counts working days, "P1M" goes to the corresponding day, "24h" is exact.
    """
    length: Period | None = parse_period(period)
    moment = start.astimezone(OFFICE)
    while length is not None:
        if length.unit == "wd":
            moment = _working_days_later(moment, length.count, directory(session).calendar)
        elif length.unit == "m":
            moment = datetime.combine(month_later(moment.date(), length.count), moment.time(), OFFICE)
        else:
            moment += timedelta(**{WORDS[length.unit]: length.count})
        length = length.then
    return moment


def _working_days_later(moment: datetime, count: int, calendar: Calendar) -> datetime:
    while count:
        moment += timedelta(days=1)
        count -= calendar.day(moment.date()).working
    return moment


def survives_reload(session: Session, case_id: UUID) -> bool:
    """Whether the stored tree of a case comes back from disk as it went there."""
    case = session.get_one(Case, case_id)
    compiled = _definition(session, case).compiled
    tree = runtime.load(case.state, compiled)
    again = runtime.dump(tree)
    return again == runtime.dump(runtime.load(again, compiled)) and runtime.waiting(tree) == runtime.waiting(
        runtime.load(again, compiled)
    )


def forget_definitions(session: Session) -> None:
    """Compile the definition of every case there is anew at its next use."""
    used = select(Version.digest, Version.process).where(Version.id.in_(select(Case.version_id)))
    definitions.forget((digest, process) for digest, process in session.execute(used))


@contextmanager
def traced() -> Iterator[list[runtime.Turn]]:
    """Every turn that runs inside the block, the failed ones too."""
    seen: list[runtime.Turn] = []
    token = runtime.OBSERVED.set(seen)
    try:
        yield seen
    finally:
        runtime.OBSERVED.reset(token)


def steps_of(turn: runtime.Turn) -> list[TracedStep]:
    """The journal of a turn, without what exists only inside the machinery."""
    elements, found = turn.compiled.diagram.elements, list[TracedStep]()
    for step in turn.workflow.journal[turn.first :]:
        if step.inner or step.event not in JOURNALED or runtime.is_synthetic(step.element):
            continue
        if step.element in elements and elements[step.element].kind in ON_STANDBY:
            if step.event in {runtime.ENTERED, runtime.CANCELLED}:
                continue
            found.append(traced_step(turn, step.element, runtime.ENTERED))
        found.append(traced_step(turn, step.element, step.event))
    return found


def traced_step(turn: runtime.Turn, element: str, event: str) -> TracedStep:
    """A line of a trace."""
    return TracedStep(case_of(turn), turn.compiled.process, turn.now, element, event)


def case_of(turn: runtime.Turn) -> str:
    """The id of the case that a turn moves."""
    return str(turn.surroundings["case"]["id"])


def plain(value: Any) -> Any:
    """A value as JSON can say it."""
    return json_ready(value)


def _definition(session: Session, case: Case) -> definitions.Definition:
    process, digest = session.execute(
        select(Version.process, Version.digest).where(Version.id == case.version_id)
    ).one()
    return store.definition_of(session, case.version_id, process, digest)
