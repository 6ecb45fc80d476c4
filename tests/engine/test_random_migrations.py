"""Random edits ahead of, at and behind the tokens of random cases: nothing is lost, nothing moves, all can be finished.

The oracle is `engine.inconsistencies` together with what must be the same before and after; more seeds by hand:
`TIAOJIE_SEEDS=2000 pytest tests/engine/test_random_migrations.py`.
"""

import os
import sys
from collections import Counter
from datetime import datetime, timedelta
from random import Random

import pytest
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select

import engine
from engine import runtime
from engine.model import Case, Task, Version
from engine.runtime import events, specs
from tests.engine.edits import Edited
from tests.engine.house import CHIEF, House
from tests.engine.runtime.token_game import Picture, invent
from tests.engine.test_migrating import install, rows, sound

SEEDS = int(os.environ.get("TIAOJIE_SEEDS", "16"))
LIFE = 400  # steps after which a case that answers every question with no must be over
HEAD = 'id = "p"\ntitle = "p"\n[start]\nroles = ["clerk"]\n'


class Life:
    """A case of a random model that is answered at random."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.random = house, Random(seed)  # noqa: S311 a test
        self.picture = Picture(invent(self.random, 3, Counter()))
        self.text = self.picture.text
        self.done: set[str] = set()
        self.install(self.text)
        with house.writing() as session:
            version = session.scalar(select(Version.id).where(Version.active))
            self.case = engine.start_trial(session, version, self.values(0.4), now=house.now)

    def install(self, text: str) -> None:
        install(self.house, {"manifest.toml": HEAD, "process.bpmn": text})

    def values(self, chance: float) -> dict[str, bool]:
        return {name: self.random.random() < chance for name in self.picture.variables}

    @property
    def runs(self) -> bool:
        return self.house.case(self.case).status == "running"

    def step(self, chance: float) -> None:
        """Somebody does something, or time passes."""
        tasks = sorted(self.house.tasks(self.case).values())
        if tasks and self.random.random() < 0.85:
            with self.house.writing() as session:
                task = self.random.choice(tasks)
                self.done.add(session.get_one(Task, task).element)
                engine.answer_trial(session, task, self.values(chance), now=self.house.now)
        else:
            self.house.wait(days=self.random.randint(1, 3))

    def standing(self) -> set[str]:
        with self.house.database.reads() as session:
            version = session.scalar(select(Version.digest).join(Case).where(Case.id == self.case))
            (plan,) = engine.plan_migration(session, "p", version, version, now=self.house.now).cases
        return {task.element for task in plan.tasks} | set(plan.places)

    def edit(self, prefix: str) -> dict[str, str]:
        """Install an edited version; the mapping that it needs."""
        edited = Edited(self.text, self.random, prefix)
        edited.at_random(self.random.randint(1, 4), self.standing(), self.done - self.standing())
        self.text = edited.text
        self.install(self.text)
        names = edited.mapping
        self.done = {names.get(element, element) for element in self.done} - edited.removed
        return {old: new for old, new in names.items() if new not in edited.removed and not old.startswith(prefix)}

    def migrate(self, mapping: dict[str, str]) -> str:
        """Carry over, or be refused and stay as it was."""
        before, state = rows(self.house, self.case), self.house.case(self.case).state
        reasons: list[str] = []
        try:
            with self.house.writing() as session:
                engine.migrate_case(session, self.case, "", mapping, reason="x", actor=CHIEF, now=self.house.now)
        except engine.NotMigratable as refused:
            reasons = refused.params["reasons"]
        assert "no-place" not in reasons
        assert bool(reasons) == (self.house.case(self.case).state == state)
        assert rows(self.house, self.case) == before
        sound(self.house, self.case)
        return "same" if reasons == ["same"] else "refused" if reasons else "migrated"

    def finish(self) -> None:
        with self.house.writing() as session:
            for name in self.picture.variables:  # a loop of timers alone is asked no question
                engine.set_fact(session, self.case, name, False, reason="x", actor=CHIEF, now=self.house.now)
        for _ in range(LIFE):
            if not self.runs:
                sound(self.house, self.case)
                return
            self.step(0)
        with self.house.database.reads() as session:
            stuck = engine.stuck_cases(session)
        raise AssertionError(("the case does not end", self.house.tasks(self.case), stuck))


def one_life(house: House, seed: int) -> Counter[str]:
    told: Counter[str] = Counter()
    life = Life(house, seed)
    for _ in range(life.random.randint(0, 6)):
        if life.runs:
            life.step(0.45)
    for prefix in ("new", "newer"):
        if not life.runs:
            told["over"] += 1
            return told
        told[life.migrate(life.edit(prefix))] += 1
        life.house.now += timedelta(minutes=1)
        if life.random.random() < 0.5:
            life.step(0.45)
    life.finish()
    return told


@pytest.mark.parametrize("part", range(4))
def test_random_edits_lose_nothing_and_every_case_can_be_finished(tmp_path, part):
    told: Counter[str] = Counter()
    for seed in range(part, SEEDS, 4):
        house = House.build(tmp_path / f"{seed}.db")
        try:
            told += one_life(house, seed)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
        finally:
            house.database.bind.dispose()
            (tmp_path / f"{seed}.db").unlink()
    assert told["migrated"] > told["refused"], told  # what is refused, was changed under a token


# --- what the oracle sees

transplant = sys.modules["engine.runtime.transplant"]  # the package has a function of this name


def _losing(workflow, target, mapping):
    moved = transplant.transplant(workflow, target, mapping)
    for task in [task for task in moved.tasks.values() if isinstance(task.task_spec, specs.HumanTask)]:
        if task._state == TaskState.READY:
            task._state = TaskState.CANCELLED
    return moved


def _later(scope, task):
    _rename_dues(scope, task)
    for name, due in (task.internal_data.get("due") or {}).items():
        if due != events.STOPPED:
            due_later = (datetime.fromisoformat(due) + timedelta(days=1)).isoformat()
            task.internal_data["due"] = {**task.internal_data["due"], name: due_later}


def _with_limits(scope, split, wanted):
    """New time limits begin for those who are there already."""
    present = {scope.tasks[child].task_spec.name for child in split._children}
    for spec in wanted.outputs:
        if isinstance(spec, specs.Boundary) and spec.name not in present:
            spec._update(split._add_child(spec, TaskState.FUTURE))


MISTAKES = {
    "tasks are lost": (runtime, "transplant", _losing),
    "due dates move": (transplant._Scope, "_rename_dues", _later),
    "dues keep the old name": (transplant._Scope, "_rename_dues", lambda *_: None),
    "new limits begin for those who are there": (transplant._Scope, "_attach", _with_limits),
    "nothing follows": (transplant, "_predict", lambda _: None),
    "what is gone stays in the history": (transplant._Scope, "_cut_history", lambda _: None),
    "nothing is refused": (runtime, "unfit", lambda *_: ()),
}
_rename_dues = transplant._Scope._rename_dues


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_of_the_migration_is_seen(tmp_path, mistake, monkeypatch):
    monkeypatch.setattr(*MISTAKES[mistake])
    for seed in range(40):
        house = House.build(tmp_path / f"{seed}.db")
        try:
            one_life(house, seed)
        except Exception:  # noqa: BLE001 whatever it is, somebody has noticed
            return
        finally:
            house.database.bind.dispose()
    raise AssertionError("nobody has noticed")
