"""The verbs of the clock and of the machinery: timers, reminders, effects, incidents."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import commands, store
from engine.audit import Happened, append_events, insert_events
from engine.authority import CLOCK
from engine.clocks import next_reminder
from engine.directory import directory
from engine.editions import PUBLISH, publish_edition
from engine.errors import RunFailed
from engine.model import Case, CaseLink, Deadline, Effect, Subscription, Timer, Version
from engine.notices import tell
from engine.projections import clock_of
from engine.values import from_json

BACKOFF_LIMIT = timedelta(hours=1)
BUFFERED = timedelta(days=1)  # a message nobody waits for yet is woken by who does; then it is looked at in any case
ATTEMPTS = 8  # after that an effect is dead and an incident is open


def fire_timers(session: Session, case_id: UUID, *, now: datetime) -> None:
    """Let everything due in a case happen. Raises NotFound, CaseChanged, RunFailed.

    A timer that has failed before is tried again by itself, and only when no other is due: it holds up none of them.
    """
    loaded = store.load(session, case_id, actor=CLOCK, now=now)
    owed = {task: element for task, (element, at) in loaded.before.timers.items() if at <= now}
    if not owed:
        session.execute(
            update(Timer).where(Timer.case_id == case_id, Timer.due_at <= now).values(due_at=now + timedelta(days=1))
        )
        return
    whose_turn = {timer.id for timer in _timers_tried(session, case_id, now)} & owed.keys() or owed.keys()
    loaded.turn.held = frozenset(owed.keys() - whose_turn)
    due = sorted({owed[task] for task in whose_turn})
    loaded.turn.drive()
    store.save(session, loaded, "timer_fired", {"elements": due}, actor=CLOCK, now=now)


def postpone_timers(session: Session, case_id: UUID, *, now: datetime) -> None:
    """The timers that `fire_timers` has just tried back off, so that they cannot hold up the others."""
    for timer in _timers_tried(session, case_id, now):
        timer.attempts += 1
        timer.due_at = now + min(BACKOFF_LIMIT, timedelta(seconds=2 ** min(timer.attempts, 12) * 15))


def _timers_tried(session: Session, case_id: UUID, now: datetime) -> Sequence[Timer]:
    """The due timers whose turn it is: all that have not failed yet, else the one that has waited longest."""
    due = select(Timer).where(Timer.case_id == case_id, Timer.due_at <= now).order_by(Timer.due_at, Timer.id)
    timers = session.scalars(due).all()
    return [timer for timer in timers if timer.attempts == 0] or timers[:1]


def send_reminders(session: Session, deadline_id: UUID, *, now: datetime) -> None:
    """Remind of a deadline: one event and one notice, however many reminders were missed."""
    row = session.get(Deadline, deadline_id)
    if row is None or row.remind_at is None or row.remind_at > now:
        return
    case = session.get_one(Case, row.case_id)
    clock = clock_of(row)
    next_reminder(clock, directory(session).calendar, now)
    row.remind, row.remind_at = clock.remind, clock.remind_at
    detail = {"name": row.name, "label": row.label, "last_day": row.last_day and row.last_day.isoformat()}
    events = append_events(session, case, [Happened("deadline_reminded", detail)], actor=CLOCK, now=now)
    session.flush()
    insert_events(session, events)
    session.add(
        Effect(
            key=f"{case.id}:{case.event_count}:reminder",
            case_id=case.id,
            kind="notify",
            payload={**detail, "name": "reminder", "deadline": str(row.id)},
            next_at=now,
            created_at=now,
        )
    )


def deliver_effect(
    session: Session, effect_id: int, *, now: datetime, handlers: Mapping[str, Callable[..., None]] | None = None
) -> bool:
    """Carry out one effect; whether it is done. A message nobody waits for stays buffered; a done one is left alone."""
    effect = session.get(Effect, effect_id, with_for_update=True)
    if effect is None or effect.state != "pending":
        return True
    effect.attempts += 1
    handler = handlers.get(effect.kind) if handlers is not None else None
    if effect.kind in {"message", "signal"}:
        done = _deliver_event(session, effect, now)
    elif handler is not None:
        handler(session, effect.key, effect.payload)
        done = True
    elif effect.kind == PUBLISH:
        publish_edition(session, effect.key, effect.case_id, from_json(effect.payload.get("payload") or {}), now=now)
        done = True
    elif effect.kind == "notify":
        tell(session, effect, now=now)
        done = True
    elif effect.kind == "mail":
        done = False  # whoever has a mail server sends it
    else:
        raise RunFailed(f"nobody handles the service {effect.kind!r}", element=effect.payload.get("element"))
    if done:
        effect.state, effect.error = "done", ""
    elif effect.kind == "message":
        effect.next_at, effect.attempts = now + BUFFERED, 0  # `WAKE` comes first, where a case waits for it
    else:
        effect.next_at = now + back_off(effect.attempts) if effect.attempts else now
    return done


def back_off(attempts: int) -> timedelta:
    """How long to wait before the next attempt."""
    return min(BACKOFF_LIMIT, timedelta(seconds=2 ** min(attempts, 12)))


def _deliver_event(session: Session, effect: Effect, now: datetime) -> bool:
    name = effect.payload["name"]
    payload = from_json(effect.payload.get("payload") or {})
    if effect.kind == "signal":
        return _broadcast(session, effect, name, payload, now)
    target = effect.payload.get("target")
    if target is None and _start_by_message(session, effect, name, payload, now):
        return True
    receivers = [_case_by_key(session, target)] if target is not None else _linked(session, effect.case_id)
    open_receivers = [case for case in receivers if case is not None and case.status == "running"]
    for case in open_receivers:
        loaded = store.load(session, case.id, actor=CLOCK, now=now)
        if any(w.name == name and w.kind == "message" for w in loaded.before.events):
            loaded.turn.deliver("message", name, payload)
            store.save(
                session, loaded, "message_received", {"event": name, "from": str(effect.case_id)}, actor=CLOCK, now=now
            )
            return True
    return not open_receivers  # nobody left who could ever catch it


def _broadcast(session: Session, effect: Effect, name: str, payload: dict[str, Any], now: datetime) -> bool:
    query = (
        select(Subscription.case_id)
        .where(Subscription.name == name, Subscription.kind == "signal")
        .order_by(Subscription.case_id)
    )
    done = set(effect.payload.get("reached", []))
    for case_id in dict.fromkeys(session.scalars(query)):
        if str(case_id) in done or case_id == effect.case_id:
            continue
        loaded = store.load(session, case_id, actor=CLOCK, now=now)
        loaded.turn.deliver("signal", name, payload)
        store.save(session, loaded, "signal_received", {"event": name}, actor=CLOCK, now=now)
        effect.payload = {**effect.payload, "reached": [*done, str(case_id)]}
        effect.attempts = 0  # one case a transaction; the next look goes on at once
        return False
    return True


def _start_by_message(session: Session, effect: Effect, name: str, payload: dict[str, Any], now: datetime) -> bool:
    query = select(Version.id, Version.process, Version.digest).where(Version.active).order_by(Version.process)
    for version in session.execute(query):
        definition = store.definition_of(session, version.id, version.process, version.digest)
        if name not in definition.start_messages:
            continue
        source = session.get(Case, effect.case_id) if effect.case_id else None
        office = str(payload.get("office") or (source.office if source else ""))
        link = (source.id, name) if source else None
        commands.open_case(
            session, definition, version.id, payload, office=office, actor=CLOCK, now=now, source=link, message=name
        )
        return True
    return False


def _case_by_key(session: Session, key: str) -> Case | None:
    """A case by its business key: its number, or its id."""
    found = session.scalar(select(Case).where(Case.number == key))
    if found is not None:
        return found
    try:
        return session.get(Case, UUID(key))
    except ValueError:
        return None


def _linked(session: Session, case_id: UUID | None) -> list[Case]:
    if case_id is None:
        return []
    links = session.scalars(select(CaseLink).where((CaseLink.source_id == case_id) | (CaseLink.target_id == case_id)))
    others = [link.target_id if link.source_id == case_id else link.source_id for link in links]
    return [case for case in (session.get(Case, other) for other in (*others, case_id)) if case is not None]
