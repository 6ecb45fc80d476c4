"""Puts a case into its rows and takes it out again. `save` is the one function that writes a case.

State, variables, open tasks, deadlines, timers, subscriptions, effects, papers and the audit events go together, in
the transaction of the caller. Nothing is read before it is written: what was there follows from the loaded tree.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, insert, select
from sqlalchemy.orm import Session

from engine import runtime, stays
from engine.audit import Happened, append_events, insert_events
from engine.authority import Actor
from engine.census import take_count
from engine.clocks import EXPIRED, Clocks
from engine.definitions import Definition, cached_definition, define
from engine.directory import directory
from engine.errors import NotFound, TaskClosed
from engine.facts import search_text
from engine.headlines import level_changed, tell
from engine.model import Case, CaseOffice, Paper, Version
from engine.numbers import format_numbers
from engine.projections import (
    Loaded,
    clock_of,
    dues_of,
    surroundings,
    write_case,
    write_clocks,
    write_effects,
    write_subscriptions,
    write_tasks,
    write_timers,
)
from engine.search import index_case
from engine.statements import LOADING, OpenRow, living_deadlines
from engine.submissions import keep_submission
from engine.tallies import write_counted
from engine.values import dumps, loads


def load(session: Session, case_id: UUID, *, actor: Actor, now: datetime) -> Loaded:
    """A case, ready to be moved; what the clock already owes it is held until `fire_timers`. Raises NotFound."""
    row = session.execute(LOADING[session.get_bind().dialect.name][0], {"case": case_id}).first()
    if row is None:
        raise NotFound(f"no case {case_id}")
    return _loaded(session, row, None, actor=actor, now=now)


def load_task(session: Session, task_id: UUID, *, actor: Actor, now: datetime) -> Loaded:
    """The case of an open task. Raises TaskClosed when the task is not open any more."""
    about = {"task": task_id, "draft": str(task_id)}
    row = session.execute(LOADING[session.get_bind().dialect.name][1], about).first()
    if row is None:
        raise TaskClosed
    return _loaded(session, row, OpenRow(*row[7:]), actor=actor, now=now)


def definition_of(session: Session, version_id: int | None, process: str, digest: str) -> Definition:
    """The compiled definition of a version, by its id or content; its files are read only if it is not cached."""
    known = cached_definition(digest, process)
    if known is not None:
        return known
    which = Version.digest == digest if version_id is None else Version.id == version_id
    files = session.scalar(select(Version.files).where(which))
    return define(files or {}, process)


def _loaded(
    session: Session, row: Row[*tuple[Any, ...]], task: OpenRow | None, *, actor: Actor, now: datetime
) -> Loaded:
    case, process, digest, reference = row[0], row[1], row[2], row[3]
    definition = definition_of(session, case.version_id, process, digest)
    known = directory(session, reference)
    workflow = runtime.load(case.state, definition.compiled)
    before = runtime.waiting(workflow)
    limits = {limit for task in before.tasks for limit in task.limits}
    limits |= {limit for token in before.tokens for limit in token.limits}
    living = (each for each in living_deadlines(row[4]) if each.status != EXPIRED or each.task_id in limits)
    clocks = Clocks([clock_of(each) for each in living], known.calendar, now)
    turn = runtime.Turn(
        definition.compiled,
        workflow,
        loads(case.data),
        clocks,
        definition.rules,
        surroundings=surroundings(case, actor),
    )
    turn.held = frozenset(task_id for task_id, (_, due_at) in before.timers.items() if due_at <= now)
    newest, others = row[5], row[6]
    counting = definition if newest in {None, digest} else definition_of(session, None, process, newest)
    return Loaded(
        case, definition, known, turn, before, dues_of(before, clocks), task, open_before=others, counts=counting.counts
    )


def new_case(
    session: Session,
    definition: Definition,
    version_id: int,
    *,
    office: str,
    number: str,
    variables: dict[str, Any],
    actor: Actor,
    now: datetime,
) -> Loaded:
    """A case that has just been born; it stands before its start event."""
    case = Case(
        id=uuid4(),
        process=definition.process,
        version_id=version_id,
        office=office,
        number=number,
        title="",
        stage="",
        status="running",
        outcome=None,
        level=None,
        level_rank=0,
        data="{}",
        state=b"",
        event_count=0,
        event_head="",
        counted="{}",
        counted_by="",
        due_at=None,
        opened_by=actor.id,
        opened_at=now,
        closed_at=None,
    )
    case.serial = case.id.int & (2**62 - 1)
    known = directory(session)
    workflow = runtime.begin(definition.compiled)
    turn = runtime.Turn(
        definition.compiled,
        workflow,
        {},
        Clocks([], known.calendar, now),
        definition.rules,
        surroundings=surroundings(case, actor),
    )
    for key, value in variables.items():
        turn.assign(key, value)
    nothing = runtime.Waiting((), {}, (), ())
    return Loaded(case, definition, known, turn, nothing, {}, is_new=True, counts=definition.counts)


def offices_of(session: Session, case: Case) -> list[str]:
    """The offices that take part in a case."""
    return [case.office, *session.scalars(select(CaseOffice.office).where(CaseOffice.case_id == case.id))]


def save(
    session: Session,
    loaded: Loaded,
    kind: str,
    detail: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    submission: str | None = None,
) -> runtime.Waiting:
    """Write the case and everything that follows from its new state. Raises CaseChanged when somebody was faster."""
    case, turn = loaded.case, loaded.turn
    after = runtime.waiting(turn.workflow)
    papers = _papers(session, loaded, actor, now)
    path = _path(turn)
    path |= stays.moves(loaded, after, path.get("done", ()), now)
    happened = [Happened(kind, {**detail, **path}), *(Happened(k, d) for k, d in turn.clocks.log)]
    happened += [
        Happened("paper_issued", {"paper": p["kind"], "title": p["title"], "number": p["number"]}) for p in papers
    ]
    title_before, level_before = case.title, case.level
    _write_case(loaded, after, now)
    if case.level != level_before:
        happened.append(level_changed(loaded, level_before))
    counted, is_recount = take_count(loaded, now)
    if case.status == "completed" and case.closed_at == now:
        happened.append(Happened("case_completed", {"outcome": case.outcome}))
    sequence = case.event_count
    events = append_events(session, case, happened, actor=actor, now=now, submission=submission)
    write_case(session, case, is_new=loaded.is_new)  # the revision is checked here, before anything else is written
    write_tasks(session, loaded, after, now)
    write_clocks(session, loaded)
    write_timers(session, loaded, after)
    write_subscriptions(session, loaded, after)
    stays.write(session, loaded, after, path, now)
    insert_events(session, events)
    write_counted(session, case.id, *counted, loaded.counts, whole=is_recount)
    write_effects(session, loaded, sequence, now)
    if papers:
        session.execute(insert(Paper), papers)
    if rule := loaded.definition.report:
        keep_submission(session, rule, case, turn.variables, papers, turn.written, now)
    searchable = {
        key
        for key, fact in loaded.definition.facts.items()
        if fact.search or any(f.search for f in fact.fields.values())
    }
    if loaded.is_new or title_before != case.title or turn.written & searchable:
        index_case(
            session, case.id, f"{case.number} {case.title} {search_text(loaded.definition.facts, turn.variables)}"
        )
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
    if loaded.is_new or turn.written:
        tell(loaded)
    case.data, case.state = dumps(turn.variables), runtime.dump(turn.workflow)
    order = list(definition.manifest.get("stages", {}))
    stages = [stage for stage in (definition.diagram.stage(e) for e in after.elements) if stage in order]
    if stages:
        case.stage = max(stages, key=order.index)
    case.outcome = turn.outcome or case.outcome
    dues = [due for _, due in dues_of(after, turn.clocks).values() if due is not None]
    case.due_at = min(dues, default=None)
    if turn.workflow.completed and case.status == "running":
        case.status, case.closed_at, case.due_at = "completed", now, None


def _papers(session: Session, loaded: Loaded, actor: Actor, now: datetime) -> Sequence[dict[str, Any]]:
    last_days = {clock.name: clock.last_day for clock in loaded.turn.clocks.all}
    known = loaded.definition.papers
    papers = [known[kind] for kind, _ in loaded.turn.papers if kind in known]
    wanted = [(paper.kind, paper.number or "{office}-{kind}-{year}-{seq}") for paper in papers]
    numbers = format_numbers(session, wanted, loaded.case.office, loaded.directory, now)
    return [
        {
            "id": uuid4(),
            "case_id": loaded.case.id,
            "kind": paper.kind,
            "title": paper.title,
            "number": number,
            "data": dumps({"facts": loaded.variables, "deadlines": last_days}),
            "issued_by": actor.name,
            "issued_at": now,
        }
        for paper, number in zip(papers, numbers, strict=True)
    ]
