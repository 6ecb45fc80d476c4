"""What failed, with everything needed to carry it out again."""

import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import commands
from engine.assignment import reassign_task
from engine.authority import CLOCK, Actor
from engine.errors import NotAllowed, NotFound
from engine.model import Deadline, Effect, Incident, Person, Timer
from engine.openings import retry_start
from engine.operations import ATTEMPTS, BACKOFF_LIMIT, back_off, deliver_effect, fire_timers, send_reminders
from engine.passwords import actor_for
from engine.registry import InvalidRegister
from engine.supervision import extend_deadline, urge_task
from engine.values import from_json, json_ready

FIRST_WAIT = timedelta(minutes=1)  # of a reminder that has just failed


def record_incident(
    session: Session,
    verb: str,
    arguments: Mapping[str, Any],
    error: BaseException,
    *,
    case_id: UUID | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Keep a verb that failed, with what was submitted, so that it can be carried out again; the incident's number."""
    row = Incident(
        case_id=case_id,
        verb=verb,
        arguments=json_ready(dict(arguments)),
        element=getattr(error, "element", None),
        error=_cause(error),
        trace="".join(traceback.format_exception(error))[-8000:],
        actor=actor.id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def fail_effect(session: Session, effect_id: int, error: Exception, *, now: datetime) -> None:
    """An effect could not be carried out: back off, and after many attempts, or if none can help, open an incident."""
    effect = session.get_one(Effect, effect_id)
    effect.attempts += 1
    effect.error = str(error)
    effect.next_at = now + back_off(effect.attempts)
    if effect.attempts >= ATTEMPTS or isinstance(error, InvalidRegister):  # what does not fit will not fit later
        effect.state = "dead"
        record_incident(
            session, "deliver_effect", {"effect_id": effect_id}, error, case_id=effect.case_id, actor=CLOCK, now=now
        )


def postpone_reminder(session: Session, deadline_id: UUID, error: Exception, *, now: datetime) -> None:
    """A reminder that failed backs off: each time it waits as long again as it has failed for, an hour at most.

    It opens one incident for each cause.
    """
    row = session.get(Deadline, deadline_id)
    if row is None:
        return
    failing = (Incident.case_id == row.case_id, Incident.verb == "send_reminders", Incident.state == "open")
    known = [i for i in session.scalars(select(Incident).where(*failing)) if i.arguments == _reminder(deadline_id)]
    if not any(incident.error == _cause(error) for incident in known):
        arguments = _reminder(deadline_id)
        record_incident(session, "send_reminders", arguments, error, case_id=row.case_id, actor=CLOCK, now=now)
    since = min((incident.created_at for incident in known), default=now)
    row.remind_at = now + min(BACKOFF_LIMIT, max(FIRST_WAIT, now - since))


def _reminder(deadline_id: UUID) -> dict[str, Any]:
    return {"deadline_id": str(deadline_id)}


def _cause(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def retry_incident(session: Session, incident_id: int, *, actor: Actor, now: datetime) -> None:
    """Carry out the verb again, as the person who submitted it. Raises what the verb raises."""
    _require_administrator(actor)
    carry_out_again(session, open_incident(session, incident_id), actor=actor, now=now)


def carry_out_again(session: Session, row: Incident, *, actor: Actor, now: datetime) -> None:
    """Carry out what an incident keeps; the caller has checked who may. Raises what the verb raises."""
    if row.verb not in VERBS:
        raise NotAllowed("this cannot be carried out from here; do it again on its page", verb=row.verb)
    VERBS[row.verb](session, from_json(row.arguments), _as(session, row.actor, row.created_at), now)
    row.state, row.resolved_at, row.note = "resolved", now, f"retried by {actor.name}"


def drop_incident(session: Session, incident_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Close an incident without carrying it out."""
    _require_administrator(actor)
    row = open_incident(session, incident_id)
    if not reason.strip():
        raise NotAllowed("say why the incident is dropped", field="reason")
    row.state, row.resolved_at, row.note = "dropped", now, f"{actor.name}: {reason.strip()}"


def _require_administrator(actor: Actor) -> None:
    if not actor.holds("administrator"):
        raise NotAllowed("only an administrator handles incidents")


def open_incident(session: Session, incident_id: int) -> Incident:
    """An incident that waits. Raises NotFound."""
    row = session.get(Incident, incident_id, with_for_update=True)
    if row is None or row.state != "open":
        raise NotFound
    return row


def _as(session: Session, person_id: int | None, then: datetime) -> Actor:
    """The person with the roles held now, and those they acted for when they submitted it."""
    person = session.get(Person, person_id) if person_id is not None else None
    return actor_for(session, person, then) if person is not None else CLOCK


def _complete(session: Session, args: dict[str, Any], actor: Actor, now: datetime) -> None:
    commands.complete_task(session, UUID(args["task_id"]), args["answers"], actor=actor, now=now)


def _start(session: Session, args: dict[str, Any], actor: Actor, now: datetime) -> None:
    commands.start_case(session, args["process"], args["answers"], office=args["office"], actor=actor, now=now)


def _raise(session: Session, args: dict[str, Any], actor: Actor, now: datetime) -> None:
    commands.raise_event(session, UUID(args["case_id"]), args["name"], args["answers"], actor=actor, now=now)


def _timers(session: Session, args: dict[str, Any], actor: Actor, now: datetime) -> None:  # noqa: ARG001 one signature
    case_id = UUID(args["case_id"])
    failed = (Timer.case_id == case_id, Timer.attempts > 0)  # all of them now, not one after the other
    session.execute(update(Timer).where(*failed).values(attempts=0, due_at=now))
    fire_timers(session, case_id, now=now)


def _effect(session: Session, args: dict[str, Any], actor: Actor, now: datetime) -> None:  # noqa: ARG001 one signature
    effect = session.get_one(Effect, int(args["effect_id"]))
    effect.state, effect.attempts = "pending", 0
    deliver_effect(session, effect.id, now=now)


def _remind(session: Session, args: dict[str, Any], actor: Actor, now: datetime) -> None:  # noqa: ARG001 one signature
    row = session.get_one(Deadline, UUID(args["deadline_id"]))
    if row.remind_at is not None:  # else it is over, or nothing is left to remind of
        row.remind_at = now
        send_reminders(session, row.id, now=now)


def _opening(session: Session, args: dict[str, Any], actor: Actor, now: datetime) -> None:  # noqa: ARG001 one signature
    retry_start(session, int(args["start_id"]), now=now)


def _reassign(session: Session, args: dict[str, Any], actor: Actor, now: datetime) -> None:
    said = {name: str(args.get(name, "")) for name in ("reason", "notice")}
    reassign_task(session, UUID(args["task_id"]), int(args["person_id"]), **said, actor=actor, now=now)


def _urge(session: Session, args: dict[str, Any], actor: Actor, now: datetime) -> None:
    urge_task(session, UUID(args["task_id"]), text=args["text"], reason=args["reason"], actor=actor, now=now)


def _extend(session: Session, args: dict[str, Any], actor: Actor, now: datetime) -> None:
    said = {name: str(args[name]) for name in ("basis", "reason")}
    extend_deadline(session, UUID(args["deadline_id"]), args["by"], **said, actor=actor, now=now)


VERBS: Mapping[str, Callable[[Session, dict[str, Any], Actor, datetime], None]] = {
    "complete_task": _complete,
    "start_case": _start,
    "raise_event": _raise,
    "fire_timers": _timers,
    "deliver_effect": _effect,
    "send_reminders": _remind,
    "start_by_calendar": _opening,
    "reassign_task": _reassign,
    "urge_task": _urge,
    "extend_deadline": _extend,
}
