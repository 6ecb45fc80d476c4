"""In a demonstration: who works on what the calendar opens in every unit, some soon, some late, some not at all."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any
from uuid import UUID

import engine
from scheduler.clerks import Book, Clerk
from scheduler.sandbox import Sandbox

if TYPE_CHECKING:
    from scheduler.demo import Demo

DAY = timedelta(days=1)
MORNING = timedelta(hours=1, minutes=10)  # after the calendar has opened something
SPREAD = 17  # days over which units begin


def officials(demo: "Demo", stage: Sandbox, row: Mapping[str, Any], begins: datetime) -> Iterator[datetime]:
    """Work on every case of `row["process"]` opened since `begins`; every value is when to look again.

    Each `row["idle"]`-th unit does nothing, each `row["late"]`-th begins `row["late_days"]` days later than the others;
    `row["stops"]` are the tasks that lie undone with these units, by their numbers in the order of opening.
    """
    stories = [demo.stories[f"{row['process']}/{name}"] for name in row["stories"]]
    stops = {number: task for task, numbers in row.get("stops", {}).items() for number in numbers}
    book, seen = Book(list(demo.stories.values())), set[UUID]()
    waiting: list[tuple[datetime, int, Clerk]] = []
    yield begins
    while True:
        with stage.database.reads.begin() as session:
            born = [case for case in engine.newborn(session, since=begins) if case.process == row["process"]]
        for case in (case for case in born if case.case_id not in seen):
            seen.add(case.case_id)
            number = len(seen)
            if number % row["idle"] == 0:
                continue
            story = stories[number % len(stories)]
            wait = row["late_days"] if number % row["late"] == 0 else number % SPREAD
            clerk = Clerk(
                stage, story, demo.definitions, book, case.opened_at + DAY * wait + MORNING, office=case.office,
                case_id=case.case_id, rewrite=demo.retelling(story, case.office, number),
            )  # fmt: skip
            heappush(waiting, (clerk.begins, number, clerk))
        while waiting and waiting[0][0] <= stage.now:
            _, number, clerk = heappop(waiting)
            if number in stops and _is_open(stage, clerk, stops[number]):
                continue
            again = clerk.act()
            demo.problems += clerk.problems
            if again is not None and not clerk.problems:
                heappush(waiting, (max(again, stage.now + timedelta(minutes=1)), number, clerk))
        yield min(waiting[0][0] if waiting else stage.now + DAY, stage.now + DAY)


def _is_open(stage: Sandbox, clerk: Clerk, task: str) -> bool:
    with stage.database.reads.begin() as session:
        found = engine.open_tasks(session, clerk.case_id) if clerk.case_id is not None else []
    return any(each.element == task for each in found)
