"""The rows that follow from a case's state: open tasks, deadlines, timers, subscriptions, effects.

Only differences are written, and what was there before follows from the tree that was loaded: nothing is read first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from engine import runtime
from engine.authority import Actor, pool_of
from engine.clocks import EXPIRED, Clock, Clocks
from engine.counting import CountRules
from engine.definitions import Definition
from engine.directory import Directory
from engine.errors import CaseChanged, RunFailed
from engine.functions import DIRECTORY
from engine.model import FAR, Case, Deadline
from engine.statements import (
    CLOCK_COLUMNS,
    DELETE_DRAFTS,
    EXCHANGE_TASKS,
    EXCHANGE_TIMERS,
    EXCHANGE_WAITS,
    INSERT_EFFECTS,
    JOIN_OFFICES,
    MOVE_TASKS,
    MOVING,
    REPLACE_DEADLINES,
    UPDATE_CASE,
    OpenRow,
)
from engine.values import json_ready


@dataclass
class Loaded:
    """A case taken out of its rows, with the turn that will move it."""

    case: Case
    definition: Definition
    directory: Directory
    turn: runtime.Turn
    before: runtime.Waiting
    dues: Mapping[UUID, tuple[str | None, datetime | None]]
    task: OpenRow | None = None
    sensitive: list[dict[str, Any]] = field(default_factory=list)
    added: list[OpenRow] = field(default_factory=list)  # the tasks that this turn has opened
    is_new: bool = False
    open_before: str = ""  # the tasks that were open when it was read, see statements.open_tasks
    counts: CountRules = field(default_factory=CountRules)  # of the version that new cases use

    @property
    def variables(self) -> dict[str, Any]:
        """The case's variables."""
        return self.turn.variables


def surroundings(case: Case, actor: Actor | None = None) -> dict[str, Any]:
    """The names every expression can read beside the case's variables."""
    about = {
        "id": str(case.id),
        "number": case.number,
        "office": case.office,
        "title": case.title,
        "opened_at": case.opened_at,
    }
    return {"case": about, "actor": actor and actor.id}


def dues_of(waiting: runtime.Waiting, clocks: Clocks) -> dict[UUID, tuple[str | None, datetime | None]]:
    """For every open task the deadline that comes first among its own and those around it."""
    by_task: dict[UUID, list[Clock]] = {}
    for clock in clocks.all:
        if clock.is_open or clock.status == EXPIRED:
            by_task.setdefault(clock.task_id, []).append(clock)
    found: dict[UUID, tuple[str | None, datetime | None]] = {}
    for task in waiting.tasks:
        limits = [clock for limit in task.limits for clock in by_task.get(limit, ())]
        first = min(limits, key=lambda clock: clock.due_at or FAR, default=None)
        found[task.id] = (str(first.id), first.due_at) if first is not None else (None, None)
    return found


def write_case(session: Session, case: Case, *, is_new: bool) -> None:
    """Write the case's own row. Raises CaseChanged when somebody was faster."""
    if is_new:
        session.add(case)
        session.flush()
        return
    values = {name: getattr(case, name) for name in MOVING}
    known = {"which": case.id, "known": case.revision, "next": case.revision + 1}
    if session.connection().execute(UPDATE_CASE, values | known).rowcount != 1:
        raise CaseChanged
    for name, value in (values | {"revision": case.revision + 1}).items():
        set_committed_value(case, name, value)


def write_tasks(session: Session, loaded: Loaded, after: runtime.Waiting, now: datetime) -> None:
    """Delete what is done, insert what is new, move what has another date."""
    before = {task.id for task in loaded.before.tasks}
    dues = dues_of(after, loaded.turn.clocks)
    gone = before - {task.id for task in after.tasks}
    if gone and (loaded.task is None or gone != {loaded.task.id} or loaded.task.has_draft):
        session.connection().execute(DELETE_DRAFTS, {"keys": [str(task) for task in gone]})
    rows = [_task_row(loaded, task, dues[task.id], now) for task in after.tasks if task.id not in before]
    EXCHANGE_TASKS(session, [(task,) for task in gone], rows)
    if rows:
        loaded.added = [OpenRow(**{name: row[name] for name in OpenRow._fields if name in row}) for row in rows]
        _join_offices(session, loaded, {row["office"] for row in rows})
    moved = [task.id for task in after.tasks if task.id in before and dues[task.id] != loaded.dues.get(task.id)]
    if moved:
        session.connection().execute(
            MOVE_TASKS,
            [{"which": t, "deadline_id": dues[t][0], "due": dues[t][1], "sort": dues[t][1] or FAR} for t in moved],
        )


def _task_row(
    loaded: Loaded, task: runtime.OpenTask, due: tuple[str | None, datetime | None], now: datetime
) -> dict[str, Any]:
    element = loaded.definition.diagram.elements[task.element]
    turn = loaded.turn
    tree_task = turn.workflow.find(task.id)

    def value(written: str) -> Any:
        return turn.evaluate(tree_task, written, element.id) if written.startswith("=") else (written or None)

    office = office_of(loaded, element.id, task.id)
    role = element.role.split(",")[0].strip() or None
    assignee = _person(value(element.assignee), element.id)
    return {
        "id": task.id,
        "case_id": loaded.case.id,
        "element": element.id,
        "name": element.name or element.id,
        "role": role,
        "office": office,
        "pool": pool_of(role, office, loaded.directory.roles) if role and assignee is None else None,
        "assignee": assignee,
        "local": json_ready(task.local),
        "deadline": due[0],
        "due_at": due[1],
        "sort_at": due[1] or FAR,
        "tell_at": due[1],
        "priority": _whole(value(element.priority) or 0, element.id),
        "created_at": now,
        "claimed_at": None,
        "urged_at": None,
        "urged_by": None,
    }


def office_of(loaded: Loaded, element: str, task_id: UUID) -> str:
    """The office a task belongs to: the one its element says (FEEL with a leading `=`), else the case's."""
    written = loaded.definition.diagram.elements[element].properties.get("office", "")
    if written.startswith("="):
        written = loaded.turn.evaluate(loaded.turn.workflow.find(task_id), written, element)
    return str(written or loaded.case.office)


def _person(written: Any, element: str) -> int | None:
    """The person an assignee means: an id, or a user name; nobody where there is no such user."""
    if isinstance(written, str) and not written.isdecimal():
        find = DIRECTORY.get().get("person id")
        return find(written) if find is not None else None
    return None if written is None else _whole(written, element)


def _whole(written: Any, element: str) -> int:
    try:
        return int(written)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise RunFailed(f"{written!r} is not a whole number", element=element) from error


def _join_offices(session: Session, loaded: Loaded, offices: Iterable[str]) -> None:
    """Offices that get a task take part in the case."""
    joining = [{"case_id": loaded.case.id, "office": office} for office in set(offices) - {loaded.case.office}]
    if joining:
        session.connection().execute(JOIN_OFFICES[session.get_bind().dialect.name], joining)


def clock_of(row: Deadline | SimpleNamespace) -> Clock:
    """A deadline row as the clock of a turn."""
    return Clock(**{name: getattr(row, name) for name in CLOCK_COLUMNS})


def write_clocks(session: Session, loaded: Loaded) -> None:
    """Write the deadlines that are new or changed."""
    clocks = loaded.turn.clocks
    rows = [
        {"case_id": loaded.case.id} | {name: getattr(clock, name) for name in CLOCK_COLUMNS}
        for clock in clocks.changed()
    ]
    if rows:
        session.connection().execute(REPLACE_DEADLINES[session.get_bind().dialect.name], rows)


def write_timers(session: Session, loaded: Loaded, after: runtime.Waiting) -> None:
    """Write the instants at which the case must be looked at."""
    before, now = loaded.before.timers, after.timers
    gone = [task for task, timer in before.items() if now.get(task) != timer]
    rows = [
        {"id": task, "case_id": loaded.case.id, "element": timer[0], "due_at": timer[1], "attempts": 0}
        for task, timer in now.items()
        if before.get(task) != timer
    ]
    EXCHANGE_TIMERS(session, [(task,) for task in gone], rows)


def write_subscriptions(session: Session, loaded: Loaded, after: runtime.Waiting) -> None:
    """Write what the case waits for, if that changed; messages that lay there for want of it are due again (`WAKE`)."""
    case_id, old, new = loaded.case.id, loaded.before.events, after.events
    gone = [(case_id, wait.element, wait.kind, wait.name) for wait in old if wait not in new]
    rows = [{"case_id": case_id, "element": w.element, "kind": w.kind, "name": w.name} for w in new if w not in old]
    EXCHANGE_WAITS(session, gone, rows)


def write_effects(session: Session, loaded: Loaded, sequence: int, now: datetime) -> None:
    """Write what leaves the case; carried out after commit."""
    rows = [
        {
            "key": f"{loaded.case.id}:{sequence + 1}:{position}",
            "case_id": loaded.case.id,
            "kind": thrown.kind,
            "state": "pending",
            "payload": {
                "name": thrown.name,
                "element": thrown.element,
                "payload": json_ready(dict(thrown.payload)),
                "target": thrown.target,
            },
            "attempts": 0,
            "next_at": now,
            "error": "",
            "created_at": now,
        }
        for position, thrown in enumerate(loaded.turn.thrown)
    ]
    if rows:
        session.connection().execute(INSERT_EFFECTS, rows)
