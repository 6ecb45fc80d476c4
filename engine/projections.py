"""The rows that follow from a case's state: open tasks, deadlines, timers, subscriptions, effects.

Only differences are written, and what was there before follows from the tree that was loaded: nothing is read first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.orm import Session

from engine import runtime
from engine.authority import pool_of
from engine.clocks import Clock, Clocks
from engine.definitions import Definition
from engine.directory import Directory
from engine.model import FAR, Case, CaseOffice, Deadline, Draft, Effect, Subscription, Task, Timer
from engine.values import json_ready

CLOCK_COLUMNS = (
    "id",
    "task_id",
    "name",
    "label",
    "element",
    "basis",
    "source_status",
    "period",
    "start_at",
    "stops",
    "extensions",
    "last_day",
    "due_at",
    "projected",
    "calendar_version",
    "status",
    "remind",
    "remind_at",
    "ended_at",
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


def dues_of(waiting: runtime.Waiting, clocks: Clocks) -> dict[UUID, tuple[str | None, datetime | None]]:
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


def write_tasks(session: Session, loaded: Loaded, after: runtime.Waiting, now: datetime) -> None:
    """Delete what is done, insert what is new, move what has another date."""
    before = {task.id for task in loaded.before.tasks}
    dues = dues_of(after, loaded.turn.clocks)
    gone = before - {task.id for task in after.tasks}
    if gone:
        session.execute(delete(Task).where(Task.id.in_(gone)).execution_options(synchronize_session=False))
        session.execute(
            delete(Draft)
            .where(Draft.key.in_([str(task) for task in gone]))
            .execution_options(synchronize_session=False)
        )
    rows = [_task_row(loaded, task, dues[task.id], now) for task in after.tasks if task.id not in before]
    if rows:
        session.execute(insert(Task), rows)
        _join_offices(session, loaded, {row["office"] for row in rows})
    moved = [task.id for task in after.tasks if task.id in before and dues[task.id] != loaded.dues.get(task.id)]
    if moved:
        statement = update(Task.__table__).where(Task.__table__.c.id == bindparam("which"))  # type: ignore[arg-type]  # a Table
        statement = statement.values(
            deadline=bindparam("deadline_id"), due_at=bindparam("due"), sort_at=bindparam("sort")
        )
        session.execute(
            statement,
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

    office = str(value(element.properties.get("office", "")) or loaded.case.office)
    role = element.role.split(",")[0].strip() or None
    assignee = value(element.assignee)
    return {
        "id": task.id,
        "case_id": loaded.case.id,
        "element": element.id,
        "name": element.name or element.id,
        "role": role,
        "office": office,
        "pool": pool_of(role, office, loaded.directory.roles) if role and assignee is None else None,
        "assignee": None if assignee is None else int(assignee),
        "local": json_ready(task.local),
        "deadline": due[0],
        "due_at": due[1],
        "sort_at": due[1] or FAR,
        "priority": int(value(element.priority) or 0),
        "created_at": now,
        "claimed_at": None,
    }


def _join_offices(session: Session, loaded: Loaded, offices: Iterable[str]) -> None:
    """Offices that get a task take part in the case."""
    for office in set(offices) - {loaded.case.office}:
        if session.get(CaseOffice, (loaded.case.id, office)) is None:
            session.add(CaseOffice(case_id=loaded.case.id, office=office))
            session.flush()


def clock_of(row: Deadline) -> Clock:
    """A deadline row as the clock of a turn."""
    return Clock(**{name: getattr(row, name) for name in CLOCK_COLUMNS})


def write_clocks(session: Session, loaded: Loaded) -> None:
    """Write the deadlines that are new or changed."""
    clocks = loaded.turn.clocks
    changed = [
        ({name: getattr(clock, name) for name in CLOCK_COLUMNS}, clock.id in clocks.before)
        for clock in clocks.changed()
    ]
    new = [{**row, "case_id": loaded.case.id} for row, known in changed if not known]
    old = [row for row, known in changed if known]
    if new:
        session.execute(insert(Deadline), new)
    if old:
        session.execute(update(Deadline), old)


def write_timers(session: Session, loaded: Loaded, after: runtime.Waiting) -> None:
    """Write the instants at which the case must be looked at."""
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


def write_subscriptions(session: Session, loaded: Loaded, after: runtime.Waiting) -> None:
    """Write what the case waits for, if that changed."""
    if set(after.events) == set(loaded.before.events):
        return
    if loaded.before.events:
        session.execute(
            delete(Subscription)
            .where(Subscription.case_id == loaded.case.id)
            .execution_options(synchronize_session=False)
        )
    if after.events:
        rows = [{"case_id": loaded.case.id, "element": w.element, "kind": w.kind, "name": w.name} for w in after.events]
        session.execute(insert(Subscription), rows)


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
        session.execute(insert(Effect), rows)
