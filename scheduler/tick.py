"""One look at the clock: everything that is due happens, each case in a transaction of its own."""

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import engine
from scheduler.mailing import Mailer, send_mail
from scheduler.ticked import Ticked, is_busy

ROUNDS = 1000  # looks until nothing is due any more; a case that is always due waits for the next tick
Handlers = Mapping[str, Callable[..., None]]

_log = logging.getLogger("tiaojie.clock")


def tick(
    database: engine.Database,
    now: datetime,
    handlers: Handlers | None = None,
    *,
    anchors: bool = True,
    calendar: Collection[str] | None = None,
    mailer: Mailer | None = None,
) -> Ticked:
    """Let everything due happen. A case that fails backs off and never holds up the others.

    `calendar` limits what the calendar opens to these entries ("<process>/<entry>"); None is all of them. `mailer`
    sends a letter, or raises; without one no letters are written.
    """
    done = Ticked()
    _publish(database, now, done)
    _plan(database, now, calendar)
    for _ in range(ROUNDS):
        before = done.total
        _open(database, now, done)
        _fire(database, now, done)
        _remind(database, now, done)
        _tell_overdue(database, now, done)
        _deliver(database, now, handlers, done)
        if done.total == before:
            break
    if mailer is not None:
        send_mail(database, now, mailer, done)
    if anchors:
        _anchor(database, now, done)
    return done


def _publish(database: engine.Database, now: datetime, done: Ticked) -> None:
    """Publish the models whose day has come; what cannot be published any more goes back to who drew it."""
    with database.reads.begin() as session:
        waiting = engine.due_publications(session, now=now)
    for draft_id in waiting:
        try:
            with database.sessions.begin() as session:
                engine.publish_draft(session, draft_id, actor=engine.CLOCK, now=now)
            done.published += 1
        except engine.DraftClosed:
            continue  # taken back, or another clock was faster
        except Exception as error:  # noqa: BLE001 whatever a model does, the next one has its turn
            if is_busy(error):
                return
            _log.exception("the draft %s could not be published", draft_id)
            with database.sessions.begin() as session:
                engine.fail_publication(session, draft_id, error, actor=engine.CLOCK, now=now)
            done.failed += 1


def _plan(database: engine.Database, now: datetime, calendar: Collection[str] | None) -> None:
    """Write down what the calendar has to open since the last look, and what was missed."""
    with database.reads.begin() as session:
        entries = engine.due_entries(session, now=now, only=calendar)
    for process, entry in entries:
        try:
            with database.sessions.begin() as session:
                engine.plan_starts(session, process, entry, now=now)
        except Exception as error:  # noqa: BLE001 whatever an entry does, the next one has its turn
            if is_busy(error):
                return
            _log.exception("the calendar of %s/%s could not be read", process, entry)


def _open(database: engine.Database, now: datetime, done: Ticked) -> None:
    with database.reads.begin() as session:
        starts = engine.due_starts(session, now=now)
    for start in starts:
        try:
            with database.sessions.begin() as session:
                engine.start_by_calendar(session, start, now=now)
            done.opened += 1
        except (engine.AlreadyDone, engine.CaseChanged):
            continue  # somebody was faster
        except Exception as error:  # noqa: BLE001 whatever an opening does, the next one has its turn
            if is_busy(error):
                return
            _log.exception("%s/%s could not be opened for %s", start.process, start.entry, start.office)
            _put_off(database, start, error, now)
            done.failed += 1


def _put_off(database: engine.Database, start: engine.DueStart, error: Exception, now: datetime) -> None:
    """What the clock cannot open after several attempts is an incident, to be carried out again by people."""
    with database.sessions.begin() as session:
        given_up = engine.postpone_start(session, start, error, now=now)
        if given_up is not None:
            told = {"process": start.process, "entry": start.entry, "office": start.office, "period": start.period_name}
            arguments = {"start_id": given_up, **told}
            engine.record_incident(session, "start_by_calendar", arguments, error, actor=engine.CLOCK, now=now)


def _fire(database: engine.Database, now: datetime, done: Ticked) -> None:
    with database.reads.begin() as session:
        cases = engine.due_cases(session, now=now)
    for case_id in cases:
        try:
            with database.sessions.begin() as session:
                engine.fire_timers(session, case_id, now=now)
            done.fired += 1
        except (engine.CaseChanged, engine.NotFound):
            continue  # somebody was faster; the next look sees what is left
        except Exception as error:  # noqa: BLE001 whatever a case does, the next one has its turn
            if is_busy(error):
                _log.warning("the database is busy, %s has to wait", case_id)
                return
            _log.exception("the timers of %s failed", case_id)
            _back_off(database, case_id, error, now)
            done.failed += 1


def _back_off(database: engine.Database, case_id: UUID, error: Exception, now: datetime) -> None:
    """The failed transaction is gone; what is kept of it is the incident, one for each cause."""
    with database.sessions.begin() as session:
        engine.postpone_timers(session, case_id, now=now)
        cause = f"{type(error).__name__}: {error}"
        known = engine.incidents(session, engine.CLOCK, case_id=case_id)
        if not any(row.verb == "fire_timers" and row.error == cause for row in known):
            arguments: dict[str, Any] = {"case_id": str(case_id)}
            engine.record_incident(
                session, "fire_timers", arguments, error, case_id=case_id, actor=engine.CLOCK, now=now
            )


def _remind(database: engine.Database, now: datetime, done: Ticked) -> None:
    with database.reads.begin() as session:
        deadlines = engine.due_reminders(session, now=now)
    for deadline_id in deadlines:
        try:
            with database.sessions.begin() as session:
                engine.send_reminders(session, deadline_id, now=now)
            done.reminded += 1
        except engine.CaseChanged:
            continue
        except Exception as error:  # noqa: BLE001 whatever a reminder does, the next one has its turn
            if is_busy(error):
                return
            _log.exception("the reminder of %s failed", deadline_id)
            with database.sessions.begin() as session:
                engine.postpone_reminder(session, deadline_id, error, now=now)
            done.failed += 1


def _tell_overdue(database: engine.Database, now: datetime, done: Ticked) -> None:
    with database.reads.begin() as session:
        tasks = engine.due_overdue(session, now=now)
    for task_id in tasks:
        try:
            with database.sessions.begin() as session:
                engine.tell_overdue(session, task_id, now=now)
            done.reminded += 1
        except Exception as error:  # noqa: BLE001 whatever a notice does, the next one has its turn
            if is_busy(error):
                return
            _log.exception("nobody could be told that %s is overdue", task_id)


def _deliver(database: engine.Database, now: datetime, handlers: Handlers | None, done: Ticked) -> None:
    with database.reads.begin() as session:
        effects = engine.due_effects(session, now=now)
    for effect_id in effects:
        try:
            with database.sessions.begin() as session:
                engine.deliver_effect(session, effect_id, now=now, handlers=handlers)
            done.delivered += 1
        except engine.CaseChanged:
            continue
        except Exception as error:  # noqa: BLE001 whatever an effect does, the next one has its turn
            if is_busy(error):
                return
            _log.exception("effect %s failed", effect_id)
            with database.sessions.begin() as session:
                engine.fail_effect(session, effect_id, error, now=now)
            done.failed += 1


def _anchor(database: engine.Database, now: datetime, done: Ticked) -> None:
    with database.reads.begin() as session:
        if not engine.is_anchor_due(session, now=now):
            return
    with database.sessions.begin() as session:
        engine.anchor(session, day=now.astimezone(engine.OFFICE).date(), now=now)
    done.anchored = True
