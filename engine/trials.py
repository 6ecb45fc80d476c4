"""Trial runs of models that nobody has published: the same runtime and store, without forms, roles and house rules.

Only sandboxes use it. What a trial does is read from the turns that ran (`engine.traced`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import commands, forms, runtime, store
from engine.authority import SYSTEM
from engine.checks import main_process
from engine.definitions import define
from engine.facts import protect
from engine.model import Version
from engine.options import options_for
from engine.tracing import TracedStep, case_of, steps_of, traced_step
from engine.values import normalised

CAUGHT = frozenset(["startEvent", "boundaryEvent", "intermediateCatchEvent", "receiveTask"])
EVENTS = frozenset(["message", "signal", "error", "escalation", "timer"])


@dataclass(frozen=True)
class TracedEvent:
    """An event that was thrown or caught, or that nobody caught."""

    case_id: str
    process: str
    at: datetime
    element: str
    event: str  # thrown | caught | uncaught
    kind: str  # message | signal | error | escalation | timer, or the topic of a service
    name: str
    payload: Mapping[str, Any] | None = None


def trial_processes(files: Mapping[str, str], process: str | None = None) -> list[str]:
    """The process to be tried, then those of the files that start when a message comes."""
    main = main_process(files, process)
    diagram = define({**files, "manifest.toml": f'id = "{main}"\n'}, main).diagram
    others = [name for name, outer in diagram.scopes.items() if not outer and name != main]
    return [main, *(name for name in others if any(e.event == "message" for e in diagram.start_events(name)))]


def add_trial(session: Session, files: Mapping[str, str], process: str, *, now: datetime) -> int:
    """Make a process of these files startable. The caller has checked them."""
    definition = define(files, process)
    version = Version(
        process=process, digest=f"{definition.digest}:{process}", title=definition.title, files=dict(files),
        deployed_by="trial", deployed_at=now, active=True,
    )  # fmt: skip
    session.add(version)
    session.flush()
    return version.id


def start_trial(session: Session, version_id: int, data: Mapping[str, Any], *, now: datetime) -> UUID:
    """Start a case with these variables. Raises RunFailed."""
    version = session.get_one(Version, version_id)
    definition = store.definition_of(session, version.id, version.process, version.digest)
    values = normalised(dict(data))
    starts = definition.diagram.start_events(definition.process)
    messages = [] if any(e.event != "message" for e in starts) else [e.event_name for e in starts]
    message = messages[0] if messages else None
    done = commands.open_case(
        session, definition, version_id, values, office="", actor=SYSTEM, now=now, message=message
    )
    return done.case_id


def answer_trial(session: Session, task_id: UUID, answers: Mapping[str, Any], *, now: datetime) -> None:
    """Complete a user task: by its form where the files have it, else every answer is a variable.

    Raises InvalidAnswers, RunFailed.
    """
    loaded = store.load_task(session, task_id, actor=SYSTEM, now=now)
    assert loaded.task is not None  # noqa: S101 load_task sets it
    element = loaded.definition.diagram.elements[loaded.task.element]
    clean: Mapping[str, Any] = normalised(dict(answers))
    if f"forms/{element.form}.form" in loaded.definition.files:
        form = loaded.definition.form(element.form)
        scope = {**loaded.turn.surroundings, **loaded.variables, **loaded.task.local}
        options = options_for(session, loaded.directory, loaded.case.office, SYSTEM, now=now, facts=scope)
        clean = forms.check(
            form, answers, facts=scope, options=options, files=lambda name: {"file": name, "name": name}
        )
    clean = protect(loaded.definition.facts, clean, lambda _path, text: text)
    loaded.turn.complete(task_id, clean)
    store.save(session, loaded, "task_completed", {"element": element.id}, actor=SYSTEM, now=now)


def send_trial(session: Session, case_id: UUID, element_id: str, payload: Mapping[str, Any], *, now: datetime) -> None:
    """Let a case catch the message or signal that one of its elements waits for. Raises RunFailed."""
    loaded = store.load(session, case_id, actor=SYSTEM, now=now)
    wait = next(wait for wait in loaded.before.events if wait.element == element_id)
    loaded.turn.deliver(wait.kind, wait.name, normalised(dict(payload)))
    store.save(session, loaded, "event_raised", {"event": wait.name, "element": element_id}, actor=SYSTEM, now=now)


def awaited_by(session: Session, case_id: UUID, *, now: datetime) -> list[runtime.Wait]:
    """The messages and signals a case waits for."""
    return list(store.load(session, case_id, actor=SYSTEM, now=now).before.events)


def events_of(turn: runtime.Turn) -> Iterator[TracedEvent]:
    """The events a turn threw and caught, in order."""
    elements = turn.compiled.diagram.elements
    payloads = {thrown.element: thrown.payload for thrown in turn.thrown}
    told: set[str] = set()  # throws whose fate was known before they were completed
    for step in turn.workflow.journal[turn.first :]:
        element = elements.get(step.element)
        if element is None or step.inner or step.event not in {runtime.COMPLETED, "uncaught"}:
            continue
        if step.event == "uncaught":
            yield _event(turn, element, "thrown", None)
            yield _event(turn, element, "uncaught", None)
            told.add(element.id)
        elif element.id in told:
            told.discard(element.id)
        elif element.kind == "serviceTask" or (element.kind == "sendTask" and element.topic):
            yield _event(turn, element, "thrown", payloads.get(element.id), kind="service", name=element.topic)
        elif element.event in EVENTS and (runtime.is_throw(element) or element.kind in CAUGHT):
            word = "thrown" if runtime.is_throw(element) else "caught"
            yield _event(turn, element, word, payloads.get(element.id))


def _event(
    turn: runtime.Turn,
    element: runtime.Element,
    word: str,
    payload: Mapping[str, Any] | None,
    *,
    kind: str = "",
    name: str = "",
) -> TracedEvent:
    case_id, process = case_of(turn), turn.compiled.process
    kind, name = kind or element.event, name or element.event_name
    return TracedEvent(case_id, process, turn.now, element.id, word, kind, name, payload)


def failed_step(turn: runtime.Turn, element: str | None) -> list[TracedStep]:
    """The steps of a turn that broke down, ending with the element it broke down in."""
    steps = steps_of(turn)
    if element is None or (steps and steps[-1].event == runtime.FAILED):
        return steps
    return [*steps, traced_step(turn, element, runtime.FAILED)]
