"""The questions: who sees what in which order, page by page, along an index."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

import engine
from engine.model import FAR, Task
from tests.engine.house import CHIEF, CLERK, NOW, OTHER, STRANGER, House, folder
from tests.engine.runtime.bpmn import end, path, start, user

COUNT = 37


@pytest.fixture
def crowd(house: House) -> House:
    """Many open tasks: the clerk's, the queue's, another office's; some late, some without a date."""
    house.install(folder(start(), user("a", camunda_candidateGroups="clerk"), end(), path("start", "a", "end")))
    for number in range(COUNT):
        house.start(actor=STRANGER if number % 5 == 0 else CLERK)
    with house.writing() as session:
        tasks = session.scalars(select(Task).order_by(Task.id)).all()
        for number, task in enumerate(tasks):
            task.due_at = None if number % 7 == 0 else NOW + timedelta(hours=number % 4 - 1)
            task.sort_at = task.due_at or FAR
        for task in [task for task in tasks if task.office == "north"][:12]:
            engine.claim_task(session, task.id, actor=CLERK, now=NOW)
    return house


def pages(house: House, actor: engine.Actor, view: str, limit: int = 5) -> list[UUID]:
    """Every row, read page by page."""
    found: list[UUID] = []
    after = None
    with house.database.reads() as session:
        while True:
            page = engine.inbox(session, actor, view=view, after=after, limit=limit, now=NOW)
            assert len(page.rows) <= limit
            found += [row.task_id for row in page.rows]
            after = page.next
            if after is None:
                return found


def expected(house: House, keep: Any) -> list[UUID]:
    with house.database.reads() as session:
        rows = [task for task in session.scalars(select(Task)) if keep(task)]
    return [task.id for task in sorted(rows, key=lambda task: (task.sort_at, task.id.hex))]


VIEWS = {
    "mine": lambda task: task.assignee == CLERK.id,
    "claimable": lambda task: task.office == "north" and task.assignee is None,
    "office": lambda task: task.office == "north",
    "overdue": lambda task: task.office == "north" and task.sort_at <= NOW,
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("limit", [1, 5, 50])
def test_page_by_page_everything_once_and_in_order(crowd: House, view: str, limit: int):
    assert pages(crowd, CLERK, view, limit) == expected(crowd, VIEWS[view])


def test_counts_agree_with_the_lists(crowd: House):
    with crowd.database.reads() as session:
        for actor in (CLERK, OTHER, STRANGER):
            counts = engine.inbox_counts(session, actor, now=NOW)
            for view in VIEWS:
                assert getattr(counts, view) == len(pages(crowd, actor, view)), (actor.name, view)


def test_nobody_sees_another_office(crowd: House):
    foreign = set(expected(crowd, lambda task: task.office == "south"))
    for view in VIEWS:
        assert foreign.isdisjoint(pages(crowd, CLERK, view))
        assert set(pages(crowd, STRANGER, view)) <= foreign


@pytest.mark.parametrize("cursor", ["", "x", "~", "2026-01-01T00:00:00+00:00~x", "soon~" + "0" * 32])
def test_a_spoilt_cursor_is_the_first_page(crowd: House, cursor: str):
    with crowd.database.reads() as session:
        spoilt = engine.inbox(session, CLERK, view="office", after=cursor, now=NOW)
        assert spoilt.rows == engine.inbox(session, CLERK, view="office", now=NOW).rows


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_follows_an_index(crowd: House, view: str):
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, text: str, parameters: Any, *_: Any) -> None:
        if "FROM task" in text:
            statements.append((text, parameters))

    event.listen(crowd.database.bind, "before_cursor_execute", note)
    with crowd.database.reads() as session:
        first = engine.inbox(session, CLERK, view=view, limit=3, now=NOW)
        engine.inbox(session, CLERK, view=view, limit=3, after=first.next, now=NOW)
    event.remove(crowd.database.bind, "before_cursor_execute", note)
    assert statements
    with crowd.database.bind.connect() as connection:
        for text, parameters in statements:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", parameters)
            plan = [str(row[-1]) for row in rows]
            assert not any("TEMP B-TREE" in step for step in plan), plan
            assert all("USING INDEX" in step for step in plan if "task" in step), plan


def test_filters_narrow_the_list(crowd: House):
    with crowd.database.reads() as session:
        number = engine.cases(session, CLERK, now=NOW).rows[0].number
        [row] = engine.inbox(session, CLERK, view="office", q=number, now=NOW).rows
        assert row.number == number
        assert engine.inbox(session, CLERK, view="office", q="%", now=NOW).rows
        assert engine.inbox(session, CLERK, view="office", process="other", now=NOW).rows == ()


def test_cases_page_by_page(crowd: House):
    with crowd.database.reads() as session:
        seen: list[UUID] = []
        after = None
        while True:
            page = engine.cases(session, CLERK, now=NOW, after=after, limit=4)
            seen += [row.case_id for row in page.rows]
            after = page.next
            if after is None:
                break
        assert len(seen) == len(set(seen)) == COUNT - len(range(0, COUNT, 5))
        assert engine.sees_all_cases(session, CHIEF) is False
