"""Mediation cases that go from version to version while their scenario is told: it ends as if nothing had happened.

More by hand: `TIAOJIE_STORIES=100 pytest tests/processes/test_mediation_migrations.py`.
"""

import os
from dataclasses import replace
from random import Random

import pytest
from sqlalchemy import select, update

import engine
from engine.model import Case, Deadline, Task, Timer, Version
from engine.values import loads
from scheduler.playing import Player
from scheduler.sandbox import House
from scheduler.stories import read_story, stories_before
from tests.conftest import PROCESSES
from tests.engine.edits import Edited

FOLDER = PROCESSES / "mediation"
TOLD = ("suspended",)  # a long one with clocks that stop and run on
STORIES = sorted(path.stem for path in (FOLDER / "scenarios").glob("*.toml"))
WANTED = STORIES[: int(os.environ["TIAOJIE_STORIES"])] if "TIAOJIE_STORIES" in os.environ else TOLD


class Migrating(Player):
    """Tells a story and edits the process after some steps; the case goes along each time."""

    random: Random
    text: str
    names: dict[str, str]
    went: int

    def prepare(self, seed: str) -> "Migrating":
        self.random, self.names, self.went = Random(seed), {}, 0  # noqa: S311 a test
        self.text = self.definitions["mediation"].files["process.bpmn"]
        return self

    def take(self, step):
        yield from super().take(step)
        if self.case_id is None or step.process not in {"", "mediation"}:
            return
        self._pass()
        if self.random.random() < 0.5 and self.seen().status == "running":
            self._foresee()
            self._migrate()

    def _pass(self):
        """What was put in is done at once."""
        while True:
            with self.stage.database.reads.begin() as session:
                fresh = [t for t in engine.open_tasks(session, self.case_id) if t.element.startswith("new")]
            fresh = [task for task in fresh if task.element not in self.names.values()]
            if not fresh:
                return
            with self.stage.database.sessions.begin() as session:
                engine.answer_trial(session, fresh[0].id, {}, now=self.stage.now)

    def open_task(self, step):
        if step.process in {"", "mediation"}:
            step = replace(step, do=self.names.get(step.do, step.do))
        return super().open_task(step)

    def _version(self, text, *, active):
        files = {**self.definitions["mediation"].files, "process.bpmn": text}
        digest = engine.define(files).digest
        with self.stage.database.sessions.begin() as session:
            known = session.scalar(select(Version).where(Version.process == "mediation").limit(1))
            if session.scalar(select(Version.id).where(Version.digest == digest)) is None:
                row = {"title": known.title, "deployed_by": "test", "deployed_at": self.stage.now, "active": False}
                session.add(Version(process="mediation", digest=digest, files=files, **row))
                session.flush()
            if active:
                session.execute(update(Version).where(Version.process == "mediation").values(active=False))
                session.execute(update(Version).where(Version.digest == digest).values(active=True))
        return digest

    def _standing(self):
        with self.stage.database.reads.begin() as session:
            return {task.element for task in engine.open_tasks(session, self.case_id)}

    def _foresee(self):
        """Whatever is drawn, a plan can be made: it says why not, or that no date moves."""
        edited = Edited(self.text, self.random, "foreseen")
        edited.at_random(4, self._standing())
        edited.retime()
        digest = self._version(edited.text, active=False)
        with self.stage.database.reads.begin() as session:
            own = session.get_one(Case, self.case_id)
            source = session.get_one(Version, own.version_id).digest
            names = {old: new for old, new in edited.mapping.items() if new not in edited.removed}
            known = engine.define(session.get_one(Version, own.version_id).files).diagram.elements
            names = {old: new for old, new in names.items() if old in known}
            plan = engine.plan_migration(session, "mediation", source, digest, names, now=self.stage.now)
        (case,) = [each for each in plan.cases if each.case_id == self.case_id]
        assert "no-place" not in {why.code for why in case.refusals}
        assert all(limit.due_at == limit.due_at_after for limit in case.deadlines)

    def _migrate(self):
        edited = Edited(self.text, self.random, f"new{self.went}x", behind_tasks=True)
        for _ in range(3):
            self.random.choice([edited.insert, edited.branch, edited.rename, lambda: edited.rename(self._standing())])()
        before = self._rows()
        self._version(edited.text, active=True)
        with self.stage.database.sessions.begin() as session:
            engine.migrate_case(
                session, self.case_id, "", edited.mapping, reason="x", actor=engine.SYSTEM, now=self.stage.now
            )
        assert self._rows() == before
        with self.stage.database.reads.begin() as session:
            assert engine.inconsistencies(session, self.case_id, now=self.stage.now) == []
        self.text, self.went = edited.text, self.went + 1
        self.names = {old: edited.mapping.get(new, new) for old, new in self.names.items()}
        self.names |= {old: new for old, new in edited.mapping.items() if old not in self.names}

    def _rows(self):
        with self.stage.database.reads.begin() as session:
            columns = ((Task.id, Task.due_at, Task.assignee), (Timer.id, Timer.due_at), (Deadline.id, Deadline.due_at))
            tables = (Task, Timer, Deadline)
            return [
                sorted(map(tuple, session.execute(select(*each).where(table.case_id == self.case_id))))
                for each, table in zip(columns, tables, strict=True)
            ]


def told(house, definitions, name, kind):
    story = read_story(FOLDER / "scenarios" / f"{name}.toml")
    before = stories_before(story)
    stage = house.sandbox(min(each.at for each in (*before, story)))
    for each in (*before, story):
        own = each is story and kind is Migrating
        player = (kind if own else Player)(stage, each, definitions, checks=False)
        for instant in (player.prepare(name) if own else player).play():
            stage.advance(instant)
        assert player.problems == [], each.name
    with stage.database.reads.begin() as session:
        case = session.get_one(Case, player.case_id)
        limits = session.execute(
            select(Deadline.name, Deadline.last_day, Deadline.status).where(Deadline.case_id == case.id)
        )
        facts = {key: value for key, value in loads(case.data).items() if "files" not in str(key)}
        end = (case.status, case.outcome, sorted(map(str, limits)), sorted(facts))
    problems = []
    with stage.database.reads.begin() as session:
        problems = engine.verify(session)
    stage.close()
    assert problems == []
    return end, player


@pytest.fixture(scope="module")
def house():
    return House(PROCESSES)


@pytest.fixture(scope="module")
def definitions(house):
    return {path.name: engine.define(engine.read_files(path)) for path in house.processes}


@pytest.mark.parametrize("name", WANTED)
def test_a_case_that_is_carried_along_ends_as_it_would_have(house, definitions, name):
    plain, _ = told(house, definitions, name, Player)
    carried, player = told(house, definitions, name, Migrating)
    assert carried == plain
    assert player.went or "TIAOJIE_STORIES" in os.environ
