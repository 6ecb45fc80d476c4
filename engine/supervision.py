"""What a supervisor does with the work of others: urge whoever has a task, extend a deadline. One case, one verb."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import store
from engine.assignment import about, note, notification, open_task_of
from engine.audit import Happened
from engine.authority import Actor, may_lead
from engine.clocks import Clock
from engine.commands import refuse_repeat
from engine.deadlines import OFFICE, InvalidPeriod, parse_period, working_days_between
from engine.directory import directory
from engine.errors import AlreadyUrged, CaseChanged, DeadlinePassed, NotAllowed, NotExtendable, NotFound
from engine.model import Deadline, Task
from engine.projections import Loaded

SUPERVISOR = "supervisor"
LONGEST = 366  # days or working days by which a supervisor may extend at once
UNITS = frozenset(["d", "wd"])


def urge_task(
    session: Session, task_id: UUID, *, text: str, reason: str, actor: Actor, now: datetime, key: str | None = None
) -> None:
    """Remind whoever has a task that it is awaited: they get a notice of this `text`, the task and the case say so.

    Again on the same working day only with a reason. Raises TaskClosed, NotAllowed, AlreadyUrged.
    """
    refuse_repeat(session, key)
    task, case = open_task_of(session, task_id, actor)
    if not may_lead(actor, task.office, directory(session).roles):
        raise NotAllowed("only the unit's heads urge others")
    if is_urged_today(session, task.urged_at, now) and not reason.strip():
        raise AlreadyUrged(at=task.urged_at, by=task.urged_by)
    task.urged_at, task.urged_by = now, actor.name
    detail = {**about(task), "to": task.assignee, "role": task.role, "reason": reason.strip()}
    note(session, case, Happened("task_urged", detail), actor=actor, now=now, submission=key)
    told = {**_whose(task), "text": text, "urgent": True}
    session.add(notification(case, "urged", task.element, told, now))


def is_urged_today(session: Session, urged_at: datetime | None, now: datetime) -> bool:
    """Whether the last urging was on the present working day."""
    if urged_at is None:
        return False
    days = (urged_at.astimezone(OFFICE).date(), now.astimezone(OFFICE).date())
    return working_days_between(*days, directory(session).calendar) <= 0


def _whose(task: Task) -> dict[str, Any]:
    if task.assignee is not None:
        return {"person": task.assignee}
    return {"role": task.role, "office": task.office}


def extend_deadline(
    session: Session,
    deadline_id: UUID,
    by: str,
    *,
    basis: str,
    reason: str,
    actor: Actor,
    now: datetime,
    key: str | None = None,
) -> None:
    """Extend a deadline by so many working days ("5wd") or days ("10d"), where its manifest lets a supervisor do so.

    Timers, reminders and the order of tasks follow. Raises NotFound, NotAllowed, NotExtendable, CaseChanged.
    """
    if not basis.strip() or not reason.strip():
        raise NotAllowed("say on what legal basis and why the deadline is extended", field="reason")
    refuse_repeat(session, key)
    loaded, clock = open_clock(session, deadline_id, actor=actor, now=now)
    before = clock.last_day
    lengthen(loaded, clock, by, f"{reason.strip()} · {basis.strip()}", actor)
    kind, told = loaded.turn.clocks.log.pop()
    detail = {
        **told,
        "was": before and before.isoformat(),
        "deadline": str(clock.id),
        "reason": reason.strip(),
        "basis": basis.strip(),
    }
    store.save(session, loaded, kind, detail, actor=actor, now=now, submission=key)


def open_clock(session: Session, deadline_id: UUID, *, actor: Actor, now: datetime) -> tuple[Loaded, Clock]:
    """The case of a deadline and its running clock. Raises NotFound, or CaseChanged where it runs no more."""
    row = session.get(Deadline, deadline_id)
    if row is None:
        raise NotFound
    loaded = store.load(session, row.case_id, actor=actor, now=now)
    clock = next((c for c in loaded.turn.clocks.all if c.id == deadline_id and c.is_open), None)
    if clock is None or loaded.case.status != "running":
        raise CaseChanged("this deadline is over", label=row.label)
    return loaded, clock


def lengthen(loaded: Loaded, clock: Clock, by: str, reason: str, actor: Actor) -> None:
    """Extend a deadline in memory. Raises NotAllowed, NotExtendable, DeadlinePassed."""
    _require_extendable(loaded, clock, actor)
    period, before = order_period(by), clock.due_at
    if before is not None and before <= loaded.turn.now:
        raise DeadlinePassed(label=clock.label)
    try:
        loaded.turn.lengthen(clock, period, reason)
    except InvalidPeriod as error:
        raise NotAllowed("a deadline in hours is not extended by days", label=clock.label) from error
    if before is not None and before == clock.due_at:
        raise NotAllowed("a deadline at a fixed time is not extended by days", label=clock.label)


def _require_extendable(loaded: Loaded, clock: Clock, actor: Actor) -> None:
    if not may_lead(actor, loaded.case.office, loaded.directory.roles):
        raise NotAllowed("only the unit's heads extend a deadline")
    rule = loaded.definition.rules.deadlines.get(clock.name)
    if rule is None or rule.extendable != SUPERVISOR:
        raise NotExtendable(label=clock.label, step=own_step(loaded, clock.name))


def own_step(loaded: Loaded, name: str) -> str:
    """The step of the diagram that extends this deadline, or nothing where none does."""
    steps = [e for e in loaded.definition.diagram.elements.values() if e.properties.get("extend") == name]
    return next((step.name for step in steps if step.name), "")


def order_period(by: str) -> str:
    """The period of a supervisor's order. Raises NotAllowed for what is none, or too long."""
    try:
        period = parse_period(by)
    except (InvalidPeriod, ValueError) as error:
        raise NotAllowed("an extension is a number of days or working days", field="by") from error
    if period.unit not in UNITS or period.then is not None or period.count not in range(1, LONGEST + 1):
        raise NotAllowed(f"an extension is 1 to {LONGEST} days or working days", field="by")
    return str(period)
