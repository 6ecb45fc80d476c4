"""Whether the rows of a case say what its tree says, which alone is true of tasks, timers and subscriptions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import runtime, store
from engine.authority import SYSTEM
from engine.model import Subscription, Task, Timer
from engine.projections import Loaded, dues_of
from engine.runtime import Waiting


def inconsistencies(session: Session, case_id: UUID, *, now: datetime) -> list[str]:
    """Everything in which the rows of a case differ from its tree, in words; an empty list is a clean bill."""
    loaded = store.load(session, case_id, actor=SYSTEM, now=now)
    waiting = loaded.before
    found = _differ("tasks", _tasks(session, loaded), {task.id: task.element for task in waiting.tasks})
    found += _differ("timers", *_timers(session, loaded, waiting))
    found += _differ(
        "subscriptions", _waits(session, case_id), {(w.element, w.kind, w.name): 1 for w in waiting.events}
    )
    found += _deadlines(session, loaded, waiting)
    if runtime.dump(runtime.load(loaded.case.state, loaded.definition.compiled)) != loaded.case.state:
        found.append("the tree is not what it was after saving and loading")
    is_over = loaded.case.status in {"completed", "cancelled"}
    if is_over != bool(loaded.turn.workflow.completed):
        found.append(f"the case is {loaded.case.status}, its tree is not")
    return found


def _differ(what: str, rows: object, tree: object) -> list[str]:
    return [] if rows == tree else [f"{what}: rows {rows}, tree {tree}"]


def _tasks(session: Session, loaded: Loaded) -> dict[UUID, str]:
    rows = session.execute(select(Task.id, Task.element).where(Task.case_id == loaded.case.id))
    return {row.id: row.element for row in rows}


def _timers(session: Session, loaded: Loaded, waiting: Waiting) -> tuple[dict[UUID, object], dict[UUID, object]]:
    """Rows and tree; a timer that has failed waits longer than its tree says."""
    rows = list(session.scalars(select(Timer).where(Timer.case_id == loaded.case.id)))
    late = {row.id for row in rows if row.attempts}
    kept: dict[UUID, object] = {row.id: (row.element, None if row.id in late else row.due_at) for row in rows}
    tree: dict[UUID, object] = {
        task: (element, None if task in late else due) for task, (element, due) in waiting.timers.items()
    }
    return kept, tree


def _waits(session: Session, case_id: UUID) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    for row in session.scalars(select(Subscription).where(Subscription.case_id == case_id)):
        key = (row.element, row.kind, row.name)
        found[key] = found.get(key, 0) + 1
    return found


def _deadlines(session: Session, loaded: Loaded, waiting: Waiting) -> list[str]:
    """Every running deadline hangs on a living token and its timer is due when it is; tasks and case know the first."""
    live = {task.id for task in loaded.turn.workflow.live()}
    found = [
        f"the deadline {c.name} hangs on nothing" for c in loaded.turn.clocks.all if c.is_open and c.task_id not in live
    ]
    for clock in loaded.turn.clocks.all:
        timer = waiting.timers.get(clock.task_id)
        if clock.status == "running" and timer is not None and timer[0] == clock.element and timer[1] != clock.due_at:
            found.append(f"the deadline {clock.name} is due {clock.due_at}, its timer {timer[1]}")
    dues = dues_of(waiting, loaded.turn.clocks)
    rows = session.execute(select(Task.id, Task.deadline, Task.due_at).where(Task.case_id == loaded.case.id))
    found += _differ("due dates", {row.id: (row.deadline, row.due_at) for row in rows}, dues)
    first = min((due for _, due in dues.values() if due is not None), default=None)
    if loaded.case.status == "running":
        found += _differ("the case's due date", loaded.case.due_at, first)
    return found
