"""Four processes want the same tasks: one of them gets each, the others are told, nothing else goes wrong."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

from sqlalchemy import select

from engine.model import Case, Event, Task
from tests.engine.house import House, folder, form, question
from tests.engine.runtime.bpmn import end, flow, fork, path, start, user, xor

ROOT = Path(__file__).parents[2]
PROCESSES, CASES = 4, 8
LOSSES = {"TaskClosed", "CaseChanged", "NotAllowed"}
CLERKS = {"camunda_candidateGroups": "clerk", "camunda_formRef": "word"}
FILES = folder(
    start(),
    xor("m"),
    fork("g"),
    user("a", **CLERKS),
    user("b", **CLERKS),
    fork("j"),
    user("z", **CLERKS),
    xor("x", "again"),
    end(),
    path("start", "m", "g", "a", "j", "z", "x"),
    path("g", "b", "j"),
    flow("x", "end", 'word = "enough"'),
    flow("x", "m", name="again"),
    forms={"word": form(question("word"))},
)


def test_one_winner_per_task(house: House):
    house.install(FILES)
    cases = [house.start() for _ in range(CASES)]
    place = house.database.bind.url.database
    children = [
        subprocess.Popen(  # noqa: S603 our own worker
            [sys.executable, "-m", "tests.engine.worker", str(place), str(seed), "race"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for seed in range(PROCESSES)
    ]
    said = []
    for child in children:
        output, complaints = child.communicate(timeout=90)
        assert (child.returncode, complaints) == (0, ""), "no database is locked, nothing leaks"
        said += [line.split() for line in output.splitlines()[1:]]
    won = Counter(task for what, task, *_ in said if what == "won")
    lost = Counter(reason for what, _, reason in said if what == "lost")
    assert set(won.values()) == {1}
    assert set(lost) <= LOSSES
    assert lost["TaskClosed"] > 0, "they did meet"
    with house.database.reads() as session:
        assert session.scalars(select(Task)).all() == []
        assert {case.status for case in session.scalars(select(Case).where(Case.id.in_(cases)))} == {"completed"}
        done = session.scalars(select(Event.detail).where(Event.kind == "task_completed"))
        assert Counter(detail.partition('"task":"')[2][:36] for detail in done) == won
        claims = session.scalars(select(Event.detail).where(Event.kind == "task_claimed")).all()
        assert len({detail.partition('"task":"')[2][:36] for detail in claims}) == len(claims)
    assert house.verify() == []
