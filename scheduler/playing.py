"""Plays a story in a house: opens the case, lets the right people answer, waits, and compares."""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import engine
from scheduler.expectations import Difference, differences
from scheduler.failures import Failure, NotOpen, StoryBroken, broken
from scheduler.samples import sample
from scheduler.sandbox import Sandbox
from scheduler.stories import Step, Story

MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d.*)?")
INDEX = re.compile(r"\[\d+\]")  # of a row in the path of an answer
REFERENCE = re.compile(r"@([a-z_]+?)(\d*)")


@dataclass
class Player:
    """One telling of a story. `failures` is what did not hold; `shift` moves every date in it."""

    stage: Sandbox
    story: Story
    definitions: Mapping[str, engine.Definition]
    shift: timedelta = timedelta(0)
    office: str = ""
    rewrite: Callable[[str, Any], Any] | None = None  # (key, answer) -> another answer, for demonstrations
    between: Callable[[Sandbox], list[str]] | None = None  # looks at the house after every step
    checks: bool = True
    pace: timedelta = timedelta(0)  # how long a step takes
    stop_before: str = ""  # the task at which the telling ends
    failures: list[Failure] = field(default_factory=list)
    case_id: UUID | None = None
    told: int = 0  # how many steps have been told

    def __post_init__(self) -> None:
        self.office = self.office or self.story.office

    @property
    def problems(self) -> list[str]:
        """What did not hold, in words."""
        return [failure.words for failure in self.failures]

    def fail(self, step: int, where: str, found: Difference) -> None:
        """Note something that does not hold."""
        self.failures.append(Failure(step, found, f"{where}: {found.words}" if where else found.words))

    def play(self) -> Iterator[datetime]:
        """Tell the story; every value is an instant up to which somebody else must move the clock."""
        number, where = 0, "start"
        try:
            yield from self.begin()
            self.stage.settle()
            if self.pace:
                yield self.stage.now + self.pace
            for number, step in enumerate(self.story.steps, start=1):
                where = f"step {number} ({step.words})"
                if self.stop_before and step.do == self.stop_before:
                    return
                yield from self.take(step)
                self.stage.settle()
                if self.pace and (step.do or step.raised):
                    yield self.stage.now + self.pace
                for words in self.between(self.stage) if self.between else ():
                    self.fail(number, where, Difference("reload", "", None, None, words))
                for found in self._compare(step, step.expect) if step.expect is not None and self.checks else ():
                    self.fail(number, where, found)
                self.told = number
        except (engine.EngineError, StoryBroken, LookupError) as error:
            self.fail(number, where, broken(error))

    def begin(self) -> Iterator[datetime]:
        """Open the case at its time. Raises StoryBroken, EngineError."""
        yield self.story.at + self.shift
        if self.story.calendar is None or self.story.calendar:
            self.stage.keep_calendar(self.story.calendar)
        if self.story.open:
            yield from self._open()
        else:
            self.open_case()

    def take(self, step: Step) -> Iterator[datetime]:
        """Wait as the step says, then do what it says. Raises StoryBroken, EngineError."""
        yield from self._wait(step)
        if step.do:
            self._do(step)
        elif step.raised:
            self.report(step)

    def seen(self, process: str = "") -> engine.Snapshot:
        """The case as it is now, or its linked case of another process."""
        if self.case_id is None:
            raise StoryBroken("there is no case")
        with self.stage.database.reads.begin() as session:
            own = engine.snapshot(session, self.case_id)
            if process in {"", own.process}:
                return own
            others = [engine.snapshot(session, other) for other in own.linked]
        found = [other for other in others if other.process == process]
        if not found:
            raise StoryBroken(f"there is no linked case of {process}")
        return found[-1]

    def _wait(self, step: Step) -> Iterator[datetime]:
        if step.until is not None:
            yield step.until + self.shift
        if step.wait:
            with self.stage.database.reads.begin() as session:
                moment = engine.later(session, step.wait, self.stage.now)
            yield moment

    def open_case(self) -> None:
        """Open the case as somebody who may. Raises StoryBroken, EngineError."""
        actor = self.opener()
        answers = self._prepared(self.story.start, actor, self.definitions[self.story.process])
        with self.stage.database.sessions.begin() as session:
            done = engine.start_case(
                session, self.story.process, answers, office=self.office, actor=actor, now=self.stage.now
            )
        self.case_id = done.case_id

    def opener(self) -> engine.Actor:
        """Who opens the case by hand. Raises StoryBroken."""
        roles = (self.story.by,) if self.story.by else self.definitions[self.story.process].start_roles
        if not roles:
            raise StoryBroken("nobody may open such a case by hand")
        return self.stage.cast.holder(roles[0], self.office, now=self.stage.now)

    def _open(self) -> Iterator[datetime]:
        """Wait for the calendar's next instant; it opens the case, at the latest when we say so."""
        with self.stage.database.reads.begin() as session:
            start = engine.next_start(
                session, self.story.process, self.story.open, self.office, after=self.stage.now - timedelta(seconds=1)
            )
        yield start.due_at
        try:
            with self.stage.database.sessions.begin() as session:
                done = engine.start_by_calendar(session, start, now=self.stage.now)
        except engine.AlreadyDone as error:
            done = error.result
        self.case_id = done.case_id

    def _do(self, step: Step) -> None:
        if not step.refused:
            self.answer(self.open_task(step), step)
            return
        try:
            self.answer(self.open_task(step), step)
        except engine.InvalidAnswers as error:
            if set(step.refused) - {INDEX.sub("", path) for path in error.problems}:
                raise
        else:
            raise StoryBroken(f"the answers to {step.do} were accepted")

    def answer(self, task: engine.SeenTask, step: Step, *, claims: bool = True) -> None:
        """Hand in an open task with the answers of a step, as whoever has it. Raises StoryBroken, EngineError.

        `claims`: whoever takes it from a queue says so first.
        """
        actor = self.doer(task, step)
        if task.assignee is None and claims:
            with self.stage.database.sessions.begin() as session:
                engine.claim_task(session, task.id, actor=actor, now=self.stage.now)
        answers = self._prepared(step.answers, actor, self.definitions[step.process or self.story.process])
        with self.stage.database.sessions.begin() as session:
            engine.complete_task(session, task.id, answers, actor=actor, now=self.stage.now)

    def doer(self, task: engine.SeenTask, step: Step) -> engine.Actor:
        """Whoever has the task, or may take it."""
        if task.assignee is not None:
            return self.stage.cast.person(task.assignee)
        return self.stage.cast.holder(step.by or task.role or "", task.office, now=self.stage.now)

    def open_task(self, step: Step) -> engine.SeenTask:
        """The open task that the step does. Raises StoryBroken."""
        case_id = self.seen(step.process).case_id if step.process else self.case_id
        if case_id is None:
            raise StoryBroken("there is no case")
        with self.stage.database.reads.begin() as session:
            tasks = engine.open_tasks(session, case_id)
        found = [task for task in tasks if task.element == step.do]
        if not found:
            raise NotOpen(step.do, [task.element for task in tasks])
        return found[0]

    def report(self, step: Step) -> None:
        """Report what happened in the case. Raises StoryBroken, EngineError."""
        seen = self.seen(step.process)
        actor = self.reporter(step)
        answers = self._prepared(step.answers, actor, self.definitions[seen.process])
        with self.stage.database.sessions.begin() as session:
            engine.raise_event(session, seen.case_id, step.raised, answers, actor=actor, now=self.stage.now)

    def reporter(self, step: Step) -> engine.Actor:
        """Who reports the event of a step. Raises StoryBroken."""
        seen = self.seen(step.process)
        catchers = [e for e in self.definitions[seen.process].diagram.catchers() if e.event_name == step.raised]
        roles = [role for e in catchers for role in (e.names("role") or ((e.role,) if e.role else ()))]
        if not roles:
            raise StoryBroken(f"nobody may raise {step.raised}")
        return self.stage.cast.holder(step.by or roles[0], seen.office, now=self.stage.now)

    def _compare(self, step: Step, expect: Mapping[str, Any]) -> list[Difference]:
        seen = self.seen(step.process)
        with self.stage.database.reads.begin() as session:
            linked = [engine.snapshot(session, other) for other in seen.linked]
        return list(differences(expect, seen, linked, self.person))

    def person(self, reference: str) -> str:
        """The id behind `@role` or `@role2`: the first or second holder of the role in the case's office."""
        match = REFERENCE.fullmatch(reference)
        if match is None:
            raise StoryBroken(f"{reference} is not a reference to a person")
        return str(self.stage.cast.holder(match[1], self.office, int(match[2] or 1), now=self.stage.now).id)

    def _prepared(
        self, answers: Mapping[str, Any], actor: engine.Actor, definition: engine.Definition
    ) -> dict[str, Any]:
        return {key: self._answer(key, value, definition.facts, actor) for key, value in answers.items()}

    def _answer(self, key: str, value: Any, facts: Mapping[str, engine.Fact], actor: engine.Actor) -> Any:
        if self.rewrite is not None:
            value = self.rewrite(key, value)
        fact = facts.get(key)
        if isinstance(value, list):
            if fact is not None and fact.type == "files":
                return [self._upload(str(name), actor) for name in value]
            inner = fact.fields if fact is not None else {}
            return [
                {k: self._answer(k, v, inner, actor) for k, v in item.items()}
                if isinstance(item, Mapping)
                else self._scalar(item)
                for item in value
            ]
        return self._scalar(value)

    def _scalar(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith("@"):
            return self.person(value)
        if self.shift and isinstance(value, str) and MOMENT.fullmatch(value):
            moved = datetime.fromisoformat(value) + self.shift
            return moved.isoformat(timespec="minutes") if "T" in value else moved.date().isoformat()
        return value

    def _upload(self, name: str, actor: engine.Actor) -> str:
        with self.stage.database.sessions.begin() as session:
            row = engine.add_file(
                session, io.BytesIO(sample(name)), name, self.stage.files, actor=actor, now=self.stage.now
            )
        return str(row.id)
