"""Pulling the plug again and again on a process at work: nothing acknowledged is lost, nothing happens twice."""

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic, sleep

import pytest
from sqlalchemy import func, select, text

from engine.model import Case, Event, Task
from tests.engine.house import House, folder, form, question
from tests.engine.runtime.bpmn import boundary, end, flow, fork, path, start, timer, user, xor

ROOT = Path(__file__).parents[2]
CASES, KILLS, ACKNOWLEDGED = 6, 6, 220
CLERKS = {"camunda_candidateGroups": "clerk", "camunda_formRef": "word"}
FILES = folder(
    start(),
    xor("m"),
    fork("g"),
    user("a", **CLERKS),
    boundary("late", "a", timer("P30D")),
    user("b", **CLERKS),
    fork("j"),
    user("z", **CLERKS),
    xor("x", "again"),
    end(),
    end("e2"),
    path("start", "m", "g", "a", "j", "z", "x"),
    path("g", "b", "j"),
    path("late", "e2"),
    flow("x", "end", 'word = "enough"'),
    flow("x", "m", name="again"),
    forms={"word": form(question("word"))},
)


@dataclass
class Run:
    """What the killed processes have said."""

    path: Path
    mode: str
    random: Random = field(default_factory=lambda: Random(7))  # noqa: S311 a test
    said: list[str] = field(default_factory=list)
    killed_at_work: int = 0

    def once(self, *, kill: bool, at_least: int) -> None:
        """One life of the worker: it must begin to work by itself."""
        command = [
            sys.executable,
            "-m",
            "tests.engine.worker",
            str(self.path),
            str(self.random.random())[2:9],
            self.mode,
        ]
        with subprocess.Popen(  # noqa: S603 our own worker
            command, stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as child:
            assert child.stdout is not None
            lines = iter(child.stdout.readline, "")
            assert next(lines) == "ready\n"
            mine = [next(lines) for _ in range(at_least)]
            if kill:
                sleep(self.random.uniform(0.0, 0.06))
                assert child.poll() is None, "it is at work"
                os.kill(child.pid, signal.SIGKILL)
                self.killed_at_work += 1
            else:
                child.terminate()
            mine += [line for line in lines if line.endswith("\n")]
        self.said += [line.strip() for line in mine]


def missing_or_doubled(run: Run) -> list[str]:
    """The checker: what was acknowledged against what is in the database."""
    house = House.__new__(House)
    from tests.engine.house import connect

    house.database = connect(run.path)
    problems = []
    with house.database.reads() as session:
        kept = Counter(session.scalars(select(Event.submission).where(Event.kind == "task_completed")))
        for line in run.said:
            key, case_id, element = line.split()
            if kept[key] != 1:
                problems.append(f"{key} is there {kept[key]} times")
                continue
            event = session.scalars(select(Event).where(Event.submission == key)).one()
            if (str(event.case_id), f'"element":"{element}"' in event.detail, key in event.detail) != (
                case_id,
                True,
                True,
            ):
                problems.append(f"{key} says something else")
        tasks = select(Event.detail).where(Event.kind == "task_completed")
        completed = Counter(detail.partition('"task":"')[2][:36] for detail in session.scalars(tasks))
        problems += [f"{task} was completed {n} times" for task, n in completed.items() if n > 1]
        problems += [f"{row} is open and done" for row in session.scalars(select(Task.id)) if str(row) in completed]
        counts = select(Case.id, Case.event_count, func.count(Event.seq)).join(Event).group_by(Case.id)
        problems += [f"{row[0]} has {row[2]} events of {row[1]}" for row in session.execute(counts) if row[1] != row[2]]
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
    problems += [f"audit: {problem}" for problem in house.verify()]
    house.database.bind.dispose()
    return problems


@pytest.fixture
def database(tmp_path: Path) -> Path:
    house = House.build(tmp_path / "house.db")
    house.install(FILES)
    for _ in range(CASES):
        house.start()
    house.database.bind.dispose()
    return tmp_path / "house.db"


def test_nothing_acknowledged_is_lost_and_nothing_happens_twice(database: Path):
    run = Run(database, "late")
    begun = monotonic()
    while run.killed_at_work < KILLS or len(run.said) < ACKNOWLEDGED:
        run.once(kill=True, at_least=run.random.randint(10, 45))
        assert missing_or_doubled(run) == []
        assert monotonic() - begun < 100
    run.once(kill=False, at_least=10)
    assert len(set(run.said)) == len(run.said) >= ACKNOWLEDGED
    assert missing_or_doubled(run) == []


def test_without_a_fault_nothing_is_found(database: Path):
    run = Run(database, "late")
    run.once(kill=False, at_least=60)
    assert missing_or_doubled(run) == []


def test_the_checker_finds_an_acknowledgement_before_the_commit(database: Path):
    run = Run(database, "early")
    for _ in range(12):
        run.once(kill=True, at_least=8)
        if missing_or_doubled(run):
            return
    pytest.fail("the planted mistake was not found")
