"""A process that completes tasks and says so after the commit: `python -m tests.engine.worker DATABASE SEED MODE`.

Mode `late` is right; `early` has the planted mistake of saying so before the commit; `race` runs against others for
the same tasks, claims some of them, and says whether it won.
"""

import sys
from collections.abc import Iterator
from random import Random
from time import sleep
from uuid import UUID, uuid4

from sqlalchemy import select

import engine
from engine.model import Task
from tests.engine.house import CLERK, OTHER, House, connect

BATCH = 20
CLAIMS, ENDS = 0.3, 0.12


def open_tasks(house: House) -> list[tuple[UUID, str]]:
    with house.database.reads() as session:
        rows = session.execute(select(Task.id, Task.element).limit(BATCH))
        return [(row.id, row.element) for row in rows]


def work(house: House, mode: str, random: Random) -> Iterator[str]:
    """Complete whatever is open, in any order; say which submission was carried out."""
    while True:
        for task_id, element in random.sample(tasks := open_tasks(house), len(tasks)):
            key = uuid4().hex
            with house.writing() as session:
                done = engine.complete_task(session, task_id, {"word": key}, actor=CLERK, now=house.now, key=key)
                if mode == "early":
                    yield f"{key} {done.case_id} {element}"
                    sleep(0.002)
            if mode == "late":
                yield f"{key} {done.case_id} {element}"


def race(house: House, who: engine.Actor, random: Random) -> Iterator[str]:
    """Claim and complete what is open until nothing is; others do the same."""
    while tasks := open_tasks(house):
        for task_id, element in random.sample(tasks, len(tasks)):
            try:
                if random.random() < CLAIMS:
                    with house.writing() as session:
                        engine.claim_task(session, task_id, actor=who, now=house.now)
                    yield f"claimed {task_id} {who.id}"
                with house.writing() as session:
                    answers = {"word": "enough" if random.random() < ENDS else "again"}
                    engine.complete_task(session, task_id, answers, actor=who, now=house.now, key=uuid4().hex)
                yield f"won {task_id} {element}"
            except (engine.TaskClosed, engine.CaseChanged, engine.NotAllowed) as error:
                yield f"lost {task_id} {type(error).__name__}"


def main() -> None:
    path, seed, mode = sys.argv[1:]
    house, random = House(connect(path)), Random(int(seed))  # noqa: S311 a test
    print("ready", flush=True)  # noqa: T201 it is the protocol
    for line in race(house, (CLERK, OTHER)[int(seed) % 2], random) if mode == "race" else work(house, mode, random):
        print(line, flush=True)  # noqa: T201 it is the protocol


if __name__ == "__main__":
    main()
