"""Who works on a task: claim, release, reassign."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import Happened, append_events, insert_events
from engine.authority import Actor, may_give_away, may_lead, may_take, pool_of, require_sight, require_take
from engine.deputies import acting_for
from engine.directory import directory
from engine.errors import NotAllowed, TaskClosed
from engine.model import Case, Draft, Effect, Event, Person, Task
from engine.options import people_with
from engine.store import offices_of
from engine.values import loads


def claim_task(session: Session, task_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Take a task out of its queue. Raises TaskClosed, NotAllowed."""
    task, case = open_task_of(session, task_id, actor)
    if task.assignee == actor.id:
        return
    before = task.assignee
    if before is not None and before not in actor.stands_in_for:
        raise NotAllowed("somebody else has taken this task", assignee=before)
    require_take(actor, task.role, task.office, before, directory(session).roles)
    detail = {**about(task), **acting_for(session, actor, before)}
    task.assignee, task.claimed_at, task.pool = actor.id, now, None
    _hand_over_draft(session, task, before, actor.id or 0)
    note(session, case, Happened("task_claimed", detail), actor=actor, now=now)


def release_task(session: Session, task_id: UUID, *, actor: Actor, now: datetime, reason: str = "") -> None:
    """Put a task back into its queue. Raises TaskClosed, NotAllowed."""
    task, case = open_task_of(session, task_id, actor)
    if task.assignee != actor.id or task.role is None:
        raise NotAllowed("only a task of your own that others can take can be put back")
    task.assignee, task.claimed_at = None, None
    task.pool = pool_of(task.role, task.office, directory(session).roles)
    note(session, case, Happened("task_released", {**about(task), "reason": reason}), actor=actor, now=now)


def reassign_task(
    session: Session, task_id: UUID, person_id: int, *, reason: str, notice: str = "", actor: Actor, now: datetime
) -> None:
    """Give a task to somebody who may do it; the unit's heads and the person who has it may. A reason is required.

    Whoever gets it is told by this `notice`.
    """
    task, case = open_task_of(session, task_id, actor)
    known = directory(session)
    if not reason.strip():
        raise NotAllowed("say why the task is given to somebody else", field="reason")
    if not may_give_away(actor, task.office, task.assignee, known.roles):
        raise NotAllowed("only the unit's heads or the person who has the task can give it away")
    if task.role is None or person_id not in {p for p, _ in people_with(session, known, task.role, task.office)}:
        raise NotAllowed("this person cannot do the task", person=person_id)
    before = task.assignee
    if before == person_id:
        return
    task.assignee, task.claimed_at, task.pool = person_id, now, None
    _hand_over_draft(session, task, before, person_id)
    detail = {
        **about(task),
        "from": before,
        "to": person_id,
        "to_name": _name(session, person_id),
        "reason": reason.strip(),
    }
    note(session, case, Happened("task_reassigned", detail), actor=actor, now=now)
    if notice:
        session.add(notification(case, "handed_over", task.element, {"person": person_id, "text": notice}, now))


def return_task(session: Session, task_id: UUID, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take back the last handing over: the task goes to who had it, or into its queue. Raises TaskClosed, NotAllowed.

    Refused when somebody else has it by now, so that nobody loses what was given to them later.
    """
    task, case = open_task_of(session, task_id, actor)
    known = directory(session)
    if not may_lead(actor, task.office, known.roles):
        raise NotAllowed("only the unit's heads take a handing over back")
    last = _last_handing_over(session, task)
    if last is None or last["to"] != task.assignee or task.role is None:
        raise NotAllowed("this task was not handed over, or somebody else has it by now")
    before = None if last["from"] is None else int(last["from"])
    if before is not None and before not in {p for p, _ in people_with(session, known, task.role, task.office)}:
        raise NotAllowed("this person cannot do the task", person=before)
    detail = {**about(task), "from": task.assignee, "to": before, "reason": reason.strip()}
    task.assignee, task.claimed_at = before, now if before is not None else None
    task.pool = pool_of(task.role, task.office, known.roles) if before is None else None
    if before is not None:
        detail["to_name"] = _name(session, before)
    note(session, case, Happened("task_returned", detail), actor=actor, now=now)


def _last_handing_over(session: Session, task: Task) -> dict[str, Any] | None:
    kinds = ("task_reassigned", "task_returned", "task_claimed", "task_released")
    query = select(Event).where(Event.case_id == task.case_id, Event.kind.in_(kinds)).order_by(Event.seq.desc())
    for event in session.scalars(query):
        detail: dict[str, Any] = loads(event.detail)
        if detail.get("task") == str(task.id):
            return detail if event.kind == "task_reassigned" else None
    return None


def open_task_of(session: Session, task_id: UUID, actor: Actor) -> tuple[Task, Case]:
    """An open task and its case, for somebody who may see them. Raises TaskClosed, NotFound."""
    row = session.execute(select(Task, Case).join(Case).where(Task.id == task_id).with_for_update(of=Case)).first()
    if row is None:
        raise TaskClosed
    roles = directory(session).roles
    if not may_take(actor, row[0].role, row[0].office, row[0].assignee, roles):
        require_sight(actor, offices_of(session, row[1]), roles)
    return row[0], row[1]


def note(
    session: Session, case: Case, happened: Happened, *, actor: Actor, now: datetime, submission: str | None = None
) -> None:
    """Write one event of a case whose state stays as it is."""
    events = append_events(session, case, [happened], actor=actor, now=now, submission=submission)
    session.flush()
    insert_events(session, events)


def notification(case: Case, name: str, element: str | None, payload: Mapping[str, Any], now: datetime) -> Effect:
    """An effect that tells people; its key names the event before it, so that nobody is told of their own deed."""
    return Effect(
        key=f"{case.id}:{case.event_count}:{name}",
        case_id=case.id,
        kind="notify",
        payload={"name": name, "element": element, "payload": dict(payload)},
        next_at=now,
        created_at=now,
    )


def about(task: Task) -> dict[str, Any]:
    """What an event says of the task it tells about."""
    return {"task": str(task.id), "element": task.element}


def _name(session: Session, person_id: int) -> str:
    return session.scalar(select(Person.name).where(Person.id == person_id)) or str(person_id)


def _hand_over_draft(session: Session, task: Task, before: int | None, after: int) -> None:
    draft = session.get(Draft, (str(task.id), before)) if before is not None else None
    if draft is not None and session.get(Draft, (str(task.id), after)) is None:
        session.add(Draft(key=draft.key, person_id=after, answers=draft.answers, saved_at=draft.saved_at))
