"""One step of a case: in memory, durable, late in a loop; what it costs and what it writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any
from uuid import UUID

from sqlalchemy import event, select

import engine
from bench.house import CLERK, NOW, OFFICE, permit, writing
from bench.shape import STEPS, answers
from engine import runtime
from engine.clocks import Clocks
from engine.deadlines import load_calendar
from engine.model import Case, Task

CALENDAR = load_calendar({})


def in_memory(cases: int) -> float:
    """Seconds for so many cases, run by the runtime alone on a shared spec."""
    definition = engine.define(permit())
    begun = perf_counter()
    for _ in range(cases):
        _case_in_memory(definition)
    return perf_counter() - begun


def _case_in_memory(definition: engine.Definition) -> None:
    workflow = runtime.begin(definition.compiled)
    clocks: list[Any] = []
    variables: dict[str, Any] = {}

    def turn() -> runtime.Turn:
        opened = Clocks([clock for clock in clocks if clock.is_open], CALENDAR, NOW)
        return runtime.Turn(definition.compiled, workflow, variables, opened, definition.rules, surroundings={})

    at = turn()
    at.start()
    steps = 0
    while not workflow.completed:
        clocks = at.clocks.all
        task = runtime.waiting(workflow).tasks[0]
        at = turn()
        at.complete(task.id, answers(task.element, is_stock=False))
        steps += 1
    if steps != len(STEPS):
        raise SystemExit("the case took another way")


def durable(database: engine.Database, cases: int) -> float:
    """Seconds spent in `complete_task`, its transaction included, for so many cases."""
    spent = 0.0
    for _ in range(cases):
        with writing(database) as session:
            done = engine.start_case(session, "permit", {}, office=OFFICE, actor=CLERK, now=NOW)
        open_tasks = _elements(database, done.case_id)
        while open_tasks:
            task_id, element = open_tasks[0]
            filled = answers(element, is_stock=False)
            begun = perf_counter()
            with writing(database) as session:
                engine.complete_task(session, task_id, filled, actor=CLERK, now=NOW)
            spent += perf_counter() - begun
            open_tasks = _elements(database, done.case_id)
    return spent


def _elements(database: engine.Database, case_id: UUID) -> list[tuple[UUID, str]]:
    with database.reads() as session:
        rows = session.execute(
            select(Task.id, Task.element).where(Task.case_id == case_id).order_by(Task.created_at, Task.element)
        )
        return [(task_id, element) for task_id, element in rows]


@contextmanager
def counted(database: engine.Database) -> Iterator[dict[str, int]]:
    """How many statements and commits happen."""
    found = {"statements": 0, "commits": 0}

    def statement(*_: Any) -> None:
        found["statements"] += not _[2].startswith("BEGIN")

    def commit(*_: Any) -> None:
        found["commits"] += 1

    event.listen(database.bind, "before_cursor_execute", statement)
    event.listen(database.bind, "commit", commit)
    try:
        yield found
    finally:
        event.remove(database.bind, "before_cursor_execute", statement)
        event.remove(database.bind, "commit", commit)


def writes(database: engine.Database) -> dict[str, int]:
    """The most statements and commits of any completion of a case; the bytes of its state and data mid-way."""
    with writing(database) as session:
        done = engine.start_case(session, "permit", {}, office=OFFICE, actor=CLERK, now=NOW)
    most = {"complete_statements": 0, "complete_commits": 0, "case_state_bytes": 0, "case_data_bytes": 0}
    while open_tasks := _elements(database, done.case_id):
        task_id, element = open_tasks[0]
        with counted(database) as found, writing(database) as session:
            engine.complete_task(
                session, task_id, answers(element, is_stock=False), actor=CLERK, now=NOW, key=str(task_id)
            )
        most["complete_statements"] = max(most["complete_statements"], found["statements"])
        most["complete_commits"] = max(most["complete_commits"], found["commits"])
        with database.reads() as session:
            case = session.get_one(Case, done.case_id)
            most["case_state_bytes"] = max(most["case_state_bytes"], len(case.state))
            most["case_data_bytes"] = max(most["case_data_bytes"], len(case.data.encode()))
    return most


class Looping:
    """A case that goes round and round."""

    def __init__(self, database: engine.Database, rounds: int) -> None:
        self.database = database
        with writing(database) as session:
            done = engine.start_case(session, "rework", {}, office=OFFICE, actor=CLERK, now=NOW)
        [self.task] = done.next_tasks
        for _ in range(rounds):
            self.step()

    def step(self) -> float:
        """Seconds of one more round."""
        begun = perf_counter()
        with writing(self.database) as session:
            done = engine.complete_task(session, self.task, {"good": False}, actor=CLERK, now=NOW)
        spent = perf_counter() - begun
        [self.task] = done.next_tasks
        return spent
