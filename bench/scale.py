"""What waits must cost nothing: the clock and the inbox with a hundred thousand rows against a few."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Table, event, insert, select
from sqlalchemy.orm import Session

import engine
from bench.house import CLERK, HEAD, NOW, OFFICE, build, writing
from engine.model import FAR, Case, Deadline, Effect, Task, Timer

SMALL, LARGE = 100, 100_000
INBOX_SMALL = 1_000
MINE = 200  # tasks of the person who looks, the same in both databases
ROUNDS, WARM = 50, 10
VIEWS = ((CLERK, "mine"), (CLERK, "claimable"), (CLERK, "office"), (CLERK, "overdue"), (HEAD, "office"))
LATER = NOW + timedelta(days=365)  # when much is overdue


def clock_growth(folder: Path) -> float:
    """A look at the clock with LARGE rows waiting and none due, against SMALL."""
    databases = [_waiting(folder, f"clock{rows}", rows) for rows in (SMALL, LARGE)]

    def look(session: Session) -> None:
        found = [
            engine.due_cases(session, now=NOW),
            engine.due_reminders(session, now=NOW),
            engine.due_effects(session, now=NOW),
        ]
        if any(found):
            raise SystemExit("something is due")

    return _growth(databases, look)


def _waiting(folder: Path, name: str, rows: int) -> engine.Database:
    database = build(folder, name)
    later = [NOW + timedelta(minutes=k + 1) for k in range(rows)]
    with writing(database) as session:
        case_id = engine.start_case(session, "permit", {}, office=OFFICE, actor=CLERK, now=NOW).case_id
    with writing(database) as session:
        timers = [{"id": uuid4(), "case_id": case_id, "element": "late", "due_at": at, "attempts": 0} for at in later]
        session.execute(insert(Timer), timers)
        session.execute(insert(Deadline), [_deadline(case_id, at) for at in later])
        effects = [_effect(case_id, number, at) for number, at in enumerate(later)]
        session.execute(insert(Effect), effects)
    return database


def _deadline(case_id: Any, at: Any) -> dict[str, Any]:
    return {"id": uuid4(), "case_id": case_id, "task_id": uuid4(), "name": "limit", "label": "Limit", "element": "late",
            "basis": "", "source_status": "confirmed", "period": "30d", "start_at": NOW, "stops": [], "extensions": [],
            "last_day": at.date(), "due_at": at, "projected": False, "calendar_version": "", "status": "running",
            "remind": ["3d"], "remind_at": at, "ended_at": None}  # fmt: skip


def _effect(case_id: Any, number: int, at: Any) -> dict[str, Any]:
    return {"key": str(number), "case_id": case_id, "kind": "notify", "payload": {}, "state": "pending", "attempts": 0,
            "next_at": at, "error": "", "created_at": NOW}  # fmt: skip


def inbox_growth(folder: Path) -> float:
    """A full page of the same person with LARGE open tasks, against INBOX_SMALL; the worst of the views."""
    databases = [_crowded(folder, f"inbox{rows}", rows) for rows in (INBOX_SMALL, LARGE)]
    for database in databases:
        for actor, view in VIEWS:
            _require_index(database, actor, view)
    return max(_growth(databases, partial(_page, actor, view)) for actor, view in VIEWS)


def _page(actor: engine.Actor, view: str, session: Session) -> None:
    page = engine.inbox(session, actor, view=view, now=LATER)
    if len(page.rows) != 50:  # noqa: PLR2004 a full page
        raise SystemExit("the page is not full")


def _crowded(folder: Path, name: str, rows: int) -> engine.Database:
    database = build(folder, name)
    with writing(database) as session:
        case_id = engine.start_case(session, "permit", {}, office=OFFICE, actor=CLERK, now=NOW).case_id
    with writing(database) as session:
        template = session.get_one(Case, case_id)
        columns = [column.key for column in Case.__table__.columns]
        like = {name: getattr(template, name) for name in columns}
        cases, tasks = [], []
        for number in range(rows):
            new = uuid4()
            cases.append(like | {"id": new, "number": f"N{number}", "serial": number})
            tasks.append(_task(new, number))
        session.execute(insert(cast("Table", Case.__table__)), cases)
        session.execute(insert(cast("Table", Task.__table__)), tasks)
    with database.bind.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    return database


def _task(case_id: Any, number: int) -> dict[str, Any]:
    """The first MINE belong to the clerk, the next MINE wait in the clerk's queue, the rest are others'."""
    mine, queue = number < MINE, MINE <= number < 2 * MINE
    office = OFFICE if mine or queue or number % 2 else "south"
    due = NOW + timedelta(minutes=number * 7919 % 100_000)
    return {"id": uuid4(), "case_id": case_id, "element": "check", "name": "Check", "role": "clerk", "office": office,
            "pool": f"{OFFICE}/clerk" if queue or (office == OFFICE and not mine and number % 3) else None,
            "assignee": 1 if mine else None if queue else 2, "local": {}, "deadline": None,
            "due_at": due if number % 5 else None, "sort_at": due if number % 5 else FAR, "priority": 0,
            "created_at": NOW, "claimed_at": None}  # fmt: skip


def _require_index(database: engine.Database, actor: engine.Actor, view: str) -> None:
    """The plan of every statement about tasks uses an index and sorts nothing."""
    with database.reads() as session, _statements(database) as seen:
        engine.inbox(session, actor, view=view, now=LATER)
    with database.bind.connect() as connection:
        for text, parameters in seen:
            if "FROM task" not in text:
                continue
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", parameters)
            plan = "; ".join(str(row[-1]) for row in rows)
            walks = [part for part in plan.split("; ") if "task" in part]
            if "TEMP B-TREE" in plan or not all("USING INDEX" in part for part in walks):
                raise SystemExit(f"the inbox view {view} does not follow an index: {plan}")


@contextmanager
def _statements(database: engine.Database) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, text: str, parameters: Any, *_: Any) -> None:
        seen.append((text, parameters))

    event.listen(database.bind, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.bind, "before_cursor_execute", note)


def _growth(databases: list[engine.Database], question: Callable[[Session], None]) -> float:
    """How much longer the question takes in the second database; asked in turns, the quicker answers count."""
    times: list[list[float]] = [[], []]
    for round_ in range(ROUNDS):
        for number, database in enumerate(databases):
            with database.reads() as session:
                session.execute(select(1))
                begun = perf_counter()
                question(session)
                if round_ >= WARM:
                    times[number].append(perf_counter() - begun)
    small, large = (quantiles(each, n=4)[0] for each in times)
    return large / small
