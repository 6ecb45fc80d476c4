"""Runs any model to its end, or to where it waits, in a sandbox of its own under a clock that jumps.

User tasks are done at once, in the order in which they opened; when nothing is left to do, the clock jumps to the next
due instant. Messages go to whoever waits for them among the cases of the sandbox, or start a process of the files.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import engine
from scheduler.sandbox import Sandbox, in_memory

START = datetime(2026, 1, 5, 9, 0, tzinfo=engine.OFFICE)  # a Monday
LIMIT = 1_000  # tasks done and jumps of the clock; a model that needs more goes round in circles
ANY = "*"

FINISHED, WAITING, INCIDENT, REFUSED = "finished", "waiting", "incident", "refused"


class EveryTopic(dict[str, Callable[..., None]]):
    """Services of a trial: whatever the topic, nothing happens outside."""

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ARG002 the signature of dict
        """A handler for any topic."""
        return lambda _session, _key, _payload: None


@dataclass
class Traced:
    """What became of a model."""

    findings: Sequence[engine.Finding] = ()
    trace: list[engine.TracedStep] = field(default_factory=list)
    events: list[engine.TracedEvent] = field(default_factory=list)
    variables: Mapping[str, Any] = field(default_factory=dict)
    status: str = REFUSED
    waiting: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""


@dataclass
class Answers:
    """What people answer: by element id, once or visit by visit. Without any, every task is done with no answers."""

    given: Mapping[str, Any] | None = None
    used: dict[str, int] = field(default_factory=dict)

    def task(self, element: str) -> Mapping[str, Any] | None:
        """The answers of this visit to a user task; None lets it wait. After the last visit the last answers stay."""
        if self.given is None:
            return {}
        found = self.given.get(element, self.given.get(ANY))
        if not isinstance(found, list):
            return found  # type: ignore[no-any-return]  # an object, or nothing
        visit = self.used.get(element, 0)
        self.used[element] = visit + 1
        return found[min(visit, len(found) - 1)] if found else None

    def message(self, element: str) -> Mapping[str, Any] | None:
        """The payload a catching element gets at this visit; None lets it wait. Each payload comes once."""
        found = (self.given or {}).get(element)
        payloads = found if isinstance(found, list) else [] if found is None else [found]
        visit = self.used.get(element, 0)
        if visit >= len(payloads):
            return None
        self.used[element] = visit + 1
        return payloads[visit]  # type: ignore[no-any-return]  # an object


@dataclass
class Trial:
    """One run of a model."""

    files: Mapping[str, str]
    process: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    answers: Answers = field(default_factory=Answers)
    at: datetime = START
    reference: Path | None = None
    limit: int = LIMIT
    result: Traced = field(default_factory=Traced)
    main: str = ""  # id of the case that is tried; others are started by its messages
    refused: set[Any] = field(default_factory=set)  # tasks whose form did not accept the answers

    def run(self) -> Traced:
        """Check, run, look."""
        self.result.findings = engine.check_files(self.files, self.process, roles=frozenset(), house=True)
        if engine.refusals(self.result.findings, house=False):
            return self.result
        with TemporaryDirectory(prefix="tiaojie-") as folder:
            stage = Sandbox(in_memory(), self.at, Path(folder), handlers=EveryTopic())
            self._run(stage)
            stage.close()
        return self.result

    def _run(self, stage: Sandbox) -> None:
        versions = self._publish(stage)
        if not self._do(stage, partial(self._start, version=versions[0], now=stage.now)):
            return
        for _ in range(self.limit):
            if self.result.status == INCIDENT or not self._settle(stage):
                break
            if self._next_deed(stage):
                continue
            upcoming = stage.next_due()
            if upcoming is None or self._is_over(stage):
                break
            stage.now = upcoming
        else:
            self.result.note = f"stopped after {self.limit} tasks and jumps of the clock"
        self._look(stage)

    def _start(self, session: Any, version: int, now: datetime) -> None:
        self.main = str(engine.start_trial(session, version, self.data, now=now))

    def _publish(self, stage: Sandbox) -> list[int]:
        """The process to be tried, and those that a message starts."""
        names = engine.trial_processes(self.files, self.process)
        own = self.files if "manifest.toml" in self.files else {**self.files, "manifest.toml": f'id = "{names[0]}"\n'}
        with stage.database.sessions.begin() as session:
            if self.reference is not None:
                engine.load_reference(session, self.reference, actor=engine.SYSTEM, now=stage.now)
            found = [engine.add_trial(session, own, names[0], now=stage.now)]
            for name in names[1:]:
                files = {**self.files, "manifest.toml": f'id = "{name}"\n'}
                found.append(engine.add_trial(session, files, name, now=stage.now))
        return found

    def _do(self, stage: Sandbox, deed: Callable[[Any], Any]) -> bool:
        """One deed in its transaction; whether it went well. A failure ends the trial as an incident."""
        with engine.traced() as turns:
            try:
                with stage.database.sessions.begin() as session:
                    deed(session)
            except engine.InvalidAnswers:
                raise
            except engine.EngineError as error:
                self._fail(turns, error)
                return False
        self._note(turns)
        return True

    def _settle(self, stage: Sandbox) -> bool:
        """Let messages arrive and timers fire."""
        with engine.traced() as turns:
            done = stage.settle()
        if not done.failed:
            self._note(turns)
            return True
        with stage.database.reads.begin() as session:
            known = [
                row
                for case in engine.case_ids(session)
                for row in engine.incidents(session, engine.CLOCK, case_id=case)
            ]
        for turn in turns:
            broken = [row.element for row in known if str(row.case_id) == str(turn.surroundings["case"]["id"])]
            self._break(turn, broken[0]) if broken else self._note([turn])
        self.result.status, self.result.note = INCIDENT, "; ".join(row.error for row in known) or "an effect failed"
        return False

    def _break(self, turn: Any, element: str | None) -> None:
        """Note a turn that broke down, in this element; what it had done is told, though nothing of it is kept."""
        steps = engine.failed_step(turn, element)
        if steps:
            *before, last = steps
            inside = sum(
                1 if step.event == "entered" else -1
                for step in (*self.result.trace, *before)
                if (step.case_id, step.element) == (last.case_id, last.element)
            )
            entered = [replace(last, event="entered")] if last.event == "failed" and not inside else []
            self.result.trace += [*before, *entered, last]
        self.result.events += engine.events_of(turn)
        if not self.main or str(turn.surroundings["case"]["id"]) == self.main:
            self.result.variables = dict(turn.variables)

    def _next_deed(self, stage: Sandbox) -> bool:
        """Do the next user task, or let the next message arrive; whether there was one."""
        with stage.database.reads.begin() as session:
            cases = engine.case_ids(session, status="running")
            tasks = [task for case in cases for task in engine.open_tasks(session, case) if task.id not in self.refused]
            given = self.answers.given
            awaited = [(c, w) for c in cases for w in (engine.awaited_by(session, c, now=stage.now) if given else ())]
        for task in tasks:
            answers = self.answers.task(task.element)
            if answers is not None:
                self._answer(stage, task, answers)
                return True
        order = {element: position for position, element in enumerate(given or ())}
        for case_id, wait in sorted(awaited, key=lambda pair: order.get(pair[1].element, len(order))):
            payload = self.answers.message(wait.element)
            if payload is not None:
                send = partial(engine.send_trial, case_id=case_id, element_id=wait.element, payload=payload)
                return self._do(stage, partial(send, now=stage.now))
        return False

    def _answer(self, stage: Sandbox, task: Any, answers: Mapping[str, Any]) -> None:
        """Hand in the answers; a form that does not accept them leaves the task open, as for people."""
        try:
            self._do(stage, partial(engine.answer_trial, task_id=task.id, answers=answers, now=stage.now))
        except engine.InvalidAnswers as error:
            self.refused.add(task.id)
            self.result.note = f"{task.element}: {error}"

    def _is_over(self, stage: Sandbox) -> bool:
        with stage.database.reads.begin() as session:
            return not engine.case_ids(session, status="running")

    def _note(self, turns: Sequence[Any]) -> None:
        for turn in turns:
            self.result.trace += engine.steps_of(turn)
            self.result.events += engine.events_of(turn)

    def _fail(self, turns: Sequence[Any], error: engine.EngineError) -> None:
        self._note(turns[:-1])
        if turns:
            self._break(turns[-1], getattr(error, "element", None))
        self.result.status, self.result.note = INCIDENT, f"{type(error).__name__}: {error}"

    def _look(self, stage: Sandbox) -> None:
        """The main case as it is now."""
        with stage.database.reads.begin() as session:
            cases = engine.case_ids(session)
            if not cases:
                return
            seen = engine.snapshot(session, cases[0])
            self.result.waiting = [
                {"case_id": str(other.case_id), "process": other.process, **vars(wait)}
                for other in (engine.snapshot(session, case) for case in cases)
                for wait in other.waits
            ]
        self.result.variables = self.result.variables or seen.variables
        if self.result.status != INCIDENT:
            self.result.status = FINISHED if seen.status == "completed" else WAITING
