"""The models of the trace tests, wherever they come to rest, go to edited versions and lose nothing.

Repeated instances, loops, event gateways, event sub-processes and called processes are among them. More by hand:
`TIAOJIE_ROUNDS=3 pytest tests/trace/test_trace_migrations.py`.
"""

import os
from collections import Counter
from random import Random

import engine
from engine.model import Version
from scheduler.sandbox import in_memory
from tests.engine.edits import Edited
from tests.engine.house import House
from tests.engine.test_migrating import rows, sound
from tests.trace.test_trace_models import EXPECTED, FOLDERS, MODELS, file_names

ROUNDS = int(os.environ.get("TIAOJIE_ROUNDS", "0"))  # over all models; without it over some of them, once
SOME = ("instances_nested", "event_subprocess", "boundary_on_instances", "called_twice", "standard_loop_subprocess")
SOME += ("waits_for_everything", "and_in_loop", "join_fires_twice", "event_gateway_in_loop", "noninterrupting_outlives")
STEPS = 4  # of a life: each time it may be edited under the case
RESTING = [name for name, case in sorted(EXPECTED.items()) if "refused" not in case and "loop_" not in name]


def files_of(name):
    found = {}
    for each in file_names(name):
        kind = f".{each.rpartition('.')[2]}"
        found[FOLDERS.get(kind, "") + each] = (MODELS / each).read_text("utf-8")
    return found


class Life:
    """A case of a model; nobody answers sensibly, time passes."""

    def __init__(self, house, name, seed):
        self.house, self.random, self.files = house, Random(seed), files_of(name)  # noqa: S311 a test
        self.drawn = next(name for name in self.files if name.endswith(".bpmn"))
        (self.process, *_) = engine.trial_processes(self.files, EXPECTED[name].get("process"))
        self.digests = {engine.define(self.files, self.process).digest}
        with house.writing() as session:
            version = engine.add_trial(session, self.files, self.process, now=house.now)
            self.case = engine.start_trial(session, version, EXPECTED[name].get("data", {}), now=house.now)

    @property
    def runs(self):
        return self.house.case(self.case).status == "running"

    def standing(self):
        with self.house.database.reads() as session:
            return {task.element for task in engine.open_tasks(session, self.case)}

    def migrate(self, prefix):
        edited = Edited(self.files[self.drawn], self.random, prefix).at_random(2, self.standing())
        files = self.files | {self.drawn: edited.text}
        if engine.define(files, self.process).digest in self.digests:  # nothing could be edited
            return "same"
        self.digests.add(engine.define(files, self.process).digest)
        with self.house.writing() as session:
            added = engine.add_trial(session, files, self.process, now=self.house.now)
            digest = session.get_one(Version, added).digest
        names = {old: new for old, new in edited.mapping.items() if new not in edited.removed}
        names = {old: new for old, new in names.items() if not old.startswith("new")}
        before, reasons = rows(self.house, self.case), []
        try:
            with self.house.writing() as session:
                about = {"reason": "x", "actor": engine.SYSTEM, "now": self.house.now}
                engine.migrate_case(session, self.case, digest, names, **about)
            self.files = files
        except engine.NotMigratable as refused:
            reasons = refused.params["reasons"]
        assert "no-place" not in reasons
        assert rows(self.house, self.case) == before
        sound(self.house, self.case)
        return "refused" if reasons else "migrated"

    def step(self):
        with self.house.database.reads() as session:
            tasks = engine.open_tasks(session, self.case)
        if not tasks or self.random.random() < 0.3:
            self.house.wait(days=1)
            return
        with self.house.writing() as session:
            engine.answer_trial(session, self.random.choice(tasks).id, {}, now=self.house.now)


def one_life(house, name, seed):
    told = Counter()
    try:
        life = Life(house, name, seed)
    except engine.RunFailed:
        return told
    for number in range(STEPS):
        if not life.runs:
            break
        told[life.migrate(f"new{number}x")] += 1
        try:
            life.step()
        except engine.RunFailed:  # nobody has given the answers that it needs
            break
    return told


def test_wherever_they_rest_nothing_is_lost():
    told = Counter()
    for seed in range(ROUNDS or 1):
        for name in RESTING if ROUNDS else SOME:
            house = House.furnish(in_memory())
            try:
                told += one_life(house, name, seed)
            except Exception as error:
                error.add_note(f"{name}, seed {seed}")
                raise
            finally:
                house.database.bind.dispose()
    assert told["migrated"] > told["refused"], told
