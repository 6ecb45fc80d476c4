"""One look at the clock: everything that is due happens, each case in a transaction of its own."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

import engine
from scheduler.mailing import Mailer, send_mail
from scheduler.ticked import Ticked, is_busy

ROUNDS = 1000  # looks until nothing is due any more; a case that is always due waits for the next tick
Handlers = Mapping[str, Callable[..., None]]

_log = logging.getLogger("tiaojie.clock")


@dataclass(frozen=True)
class Kind:
    """One kind of thing that comes due: how the due ones are found, what is done with one, and what if that fails."""

    name: str  # as `engine.due_kinds` says it
    counted: str  # the counter of `Ticked`
    find: Callable[[Session, datetime], Sequence[Any]]
    act: Callable[[Session, Any, datetime, Handlers | None], Any]
    faster: tuple[type[Exception], ...]  # what it means that somebody else has done it
    words: str  # what the log says of a failure
    fail: Callable[[Session, Any, Exception, datetime], None] | None = None  # None: the next look tries again


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
    if PUBLICATIONS.name in _due(database, now):
        _all(database, now, PUBLICATIONS, handlers, done)
    _plan(database, now, calendar)
    for _ in range(ROUNDS):
        due, before = _due(database, now), done.total
        for kind in (kind for kind in KINDS if kind.name in due):
            _all(database, now, kind, handlers, done)
        if done.total == before:
            break
    if mailer is not None:
        send_mail(database, now, mailer, done)
    if anchors:
        _anchor(database, now, done)
    return done


def _due(database: engine.Database, now: datetime) -> frozenset[str]:
    with database.reads.begin() as session:
        return engine.due_kinds(session, now=now)


def _all(database: engine.Database, now: datetime, kind: Kind, handlers: Handlers | None, done: Ticked) -> None:
    """Everything of one kind, each in a transaction of its own: what one does, the next one has its turn."""
    with database.reads.begin() as session:
        found = kind.find(session, now)
    for each in found:
        try:
            with database.sessions.begin() as session:
                kind.act(session, each, now, handlers)
            done.count(kind.counted)
        except kind.faster:
            continue  # the next look sees what is left
        except Exception as error:  # noqa: BLE001 nothing that one of them does may hold up the others
            if is_busy(error):
                _log.warning("the database is busy, %s has to wait", each)
                return
            _log.exception(kind.words, each)
            if kind.fail is not None:
                with database.sessions.begin() as session:
                    kind.fail(session, each, error, now)
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


def _put_off(session: Session, start: engine.DueStart, error: Exception, now: datetime) -> None:
    """What the clock cannot open after several attempts is an incident, to be carried out again by people."""
    given_up = engine.postpone_start(session, start, error, now=now)
    if given_up is not None:
        told = {"process": start.process, "entry": start.entry, "office": start.office, "period": start.period_name}
        arguments = {"start_id": given_up, **told}
        engine.record_incident(session, "start_by_calendar", arguments, error, actor=engine.CLOCK, now=now)


def _back_off(session: Session, case_id: UUID, error: Exception, now: datetime) -> None:
    """The failed transaction is gone; what is kept of it is the incident, one for each cause."""
    engine.postpone_timers(session, case_id, now=now)
    cause = f"{type(error).__name__}: {error}"
    known = engine.incidents(session, engine.CLOCK, case_id=case_id)
    if not any(row.verb == "fire_timers" and row.error == cause for row in known):
        arguments: dict[str, Any] = {"case_id": str(case_id)}
        engine.record_incident(session, "fire_timers", arguments, error, case_id=case_id, actor=engine.CLOCK, now=now)


def _anchor(database: engine.Database, now: datetime, done: Ticked) -> None:
    with database.reads.begin() as session:
        if not engine.is_anchor_due(session, now=now):
            return
    with database.sessions.begin() as session:
        engine.anchor(session, day=now.astimezone(engine.OFFICE).date(), now=now)
    done.anchored = True


PUBLICATIONS = Kind(
    "publication",
    "published",
    lambda session, now: engine.due_publications(session, now=now),
    lambda session, draft_id, now, _: engine.publish_draft(session, draft_id, actor=engine.CLOCK, now=now),
    (engine.DraftClosed,),  # taken back, or another clock was faster
    "the draft %s could not be published",
    lambda session, draft_id, error, now: engine.fail_publication(
        session, draft_id, error, actor=engine.CLOCK, now=now
    ),
)
KINDS = (
    Kind(
        "start",
        "opened",
        lambda session, now: engine.due_starts(session, now=now),
        lambda session, start, now, _: engine.start_by_calendar(session, start, now=now),
        (engine.AlreadyDone, engine.CaseChanged),
        "%s could not be opened by the calendar",
        _put_off,
    ),
    Kind(
        "timer",
        "fired",
        lambda session, now: engine.due_cases(session, now=now),
        lambda session, case_id, now, _: engine.fire_timers(session, case_id, now=now),
        (engine.CaseChanged, engine.NotFound),
        "the timers of %s failed",
        _back_off,
    ),
    Kind(
        "reminder",
        "reminded",
        lambda session, now: engine.due_reminders(session, now=now),
        lambda session, deadline_id, now, _: engine.send_reminders(session, deadline_id, now=now),
        (engine.CaseChanged,),
        "the reminder of %s failed",
        lambda session, deadline_id, error, now: engine.postpone_reminder(session, deadline_id, error, now=now),
    ),
    Kind(
        "overdue",
        "reminded",
        lambda session, now: engine.due_overdue(session, now=now),
        lambda session, task_id, now, _: engine.tell_overdue(session, task_id, now=now),
        (),
        "nobody could be told that %s is overdue",
    ),
    Kind(
        "effect",
        "delivered",
        lambda session, now: engine.due_effects(session, now=now),
        lambda session, effect_id, now, handlers: engine.deliver_effect(session, effect_id, now=now, handlers=handlers),
        (engine.CaseChanged,),
        "effect %s failed",
        lambda session, effect_id, error, now: engine.fail_effect(session, effect_id, error, now=now),
    ),
)
