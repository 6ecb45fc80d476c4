"""SpiffWorkflow, and nothing else. No database, no HTTP, no clock of our own.

`compile_process` turns BPMN files into shared specs; a `Turn` moves one case; `dump` and `load` keep its tree.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.functions import DIRECTORY, FUNCTIONS
from engine.runtime import events, repairs, specs
from engine.runtime.branches import Graph, graphs
from engine.runtime.codec import dump, load
from engine.runtime.diagram import ACTIVITIES, Diagram, Element, Flow, is_throw, read_diagram
from engine.runtime.fitting import Unfit, unfit
from engine.runtime.messaging import Thrown
from engine.runtime.moving import Movable, destinations, movable, move, reopen, reopenings
from engine.runtime.normalise import is_synthetic, normalise
from engine.runtime.parser import Compiled, compile_process
from engine.runtime.repeats import Repeat, repeats
from engine.runtime.soundness import Budget, Game, Place, Play, TooMuch
from engine.runtime.transplant import renamed, transplant
from engine.runtime.turn import OBSERVED, Rules, Turn
from engine.runtime.workflow import CANCELLED, COMPLETED, ENTERED, FAILED, CaseWorkflow, Step

__all__ = [
    "ACTIVITIES",
    "CANCELLED",
    "COMPLETED",
    "DIRECTORY",
    "ENTERED",
    "FAILED",
    "FUNCTIONS",
    "OBSERVED",
    "Budget",
    "CaseWorkflow",
    "Compiled",
    "Diagram",
    "Element",
    "Flow",
    "Game",
    "Graph",
    "Movable",
    "OpenTask",
    "Place",
    "Play",
    "Repeat",
    "Rules",
    "Step",
    "Thrown",
    "Token",
    "TooMuch",
    "Turn",
    "Unfit",
    "Wait",
    "Waiting",
    "begin",
    "compile_process",
    "destinations",
    "dump",
    "graphs",
    "is_synthetic",
    "is_throw",
    "load",
    "movable",
    "move",
    "normalise",
    "read_diagram",
    "renamed",
    "reopen",
    "reopenings",
    "repeats",
    "transplant",
    "unfit",
    "waiting",
]

repairs.apply()


@dataclass(frozen=True)
class OpenTask:
    """A user task that is ready, with its locals and the tasks whose timers limit it (its own id first)."""

    id: UUID
    element: str
    local: dict[str, Any] = field(compare=False)
    limits: tuple[UUID, ...] = field(compare=False)


@dataclass(frozen=True)
class Token:
    """A token at rest in an element; `limits` are the tasks that carry the element's own time limits."""

    id: UUID
    element: str
    limits: tuple[UUID, ...] = field(compare=False)


@dataclass(frozen=True)
class Wait:
    """A catch event that waits for a message or signal."""

    element: str
    kind: str
    name: str


@dataclass(frozen=True)
class Waiting:
    """Everything a case waits for: a function of its tree, so that projections need no reading before writing."""

    tasks: tuple[OpenTask, ...]
    timers: dict[UUID, tuple[str, datetime]]
    events: tuple[Wait, ...]
    elements: tuple[str, ...]
    tokens: tuple[Token, ...] = ()  # those of repeated activities are its instances


def begin(compiled: Compiled) -> CaseWorkflow:
    """A new case, standing before its start events."""
    return CaseWorkflow(compiled)


def waiting(workflow: CaseWorkflow) -> Waiting:
    """What the case waits for now."""
    tasks: list[OpenTask] = []
    timers: dict[UUID, tuple[str, datetime]] = {}
    awaited: list[Wait] = []
    live = workflow.live()
    for task in live:
        if isinstance(task.task_spec, specs.HumanTask) and task._state == TaskState.READY:
            tasks.append(OpenTask(task.id, task.task_spec.bpmn_id, _local(task), tuple(_limits(workflow, task))))
        due = _next_due(task)
        if due is not None:
            timers[task.id] = due
        if task._state == TaskState.WAITING:
            awaited += _awaited(task)
    for name in workflow.spec.start.trigger_specs:
        for start in workflow.subprocess_specs[name].bpmn_start_events:
            if not workflow.completed:
                awaited += _named(start.bpmn_id, start.event_definition)
    elements = tuple(dict.fromkeys(t.task_spec.bpmn_id for t in live if t.task_spec.bpmn_id))
    resting = [t for t in live if t.task_spec.bpmn_id and not specs.is_loop(t)]
    tokens = tuple(Token(t.id, t.task_spec.bpmn_id, tuple(_own_limits(t))) for t in resting)
    return Waiting(tuple(tasks), timers, tuple(dict.fromkeys(awaited)), elements, tokens)


def _local(task: Task) -> dict[str, Any]:
    return {key: value for key, value in task.data.items() if key != "data_objects"}


def _limits(workflow: CaseWorkflow, task: Task) -> list[UUID]:
    """The task itself, its boundary timers (fired ones too: late work keeps its date), then those around it.

    A timer that only reminds is no limit.
    """
    limits: list[UUID] = []
    at: Task | None = task
    while at is not None:
        limits += _own_limits(at)
        if specs.shell_of(at) is not None:
            at = at.parent
        else:
            at = workflow.find(at.workflow.parent_task_id) if at.workflow is not workflow else None
    return limits


def _own_limits(task: Task) -> list[UUID]:
    """The task and its boundary timers, fired ones too."""
    if task.parent is None:
        return [task.id]
    timers = (t for t in task.parent.children if isinstance(t.task_spec, specs.Boundary) and t.task_spec.limits)
    return [task.id, *(t.id for t in timers if t._state & (TaskState.WAITING | TaskState.COMPLETED))]


def _next_due(task: Task) -> tuple[str, datetime] | None:
    if task._state != TaskState.WAITING:
        return None
    dues = task.internal_data.get("due") or {}
    running = [(datetime.fromisoformat(value), element) for element, value in dues.items() if value != events.STOPPED]
    return (min(running)[1], min(running)[0]) if running else None


def _awaited(task: Task) -> list[Wait]:
    definition = getattr(task.task_spec, "event_definition", None)
    inner = getattr(definition, "event_definitions", None)
    found = []
    if inner is not None:
        for position, each in enumerate(inner):
            found += _named(task.children[position].task_spec.bpmn_id, each)
        return found
    return _named(task.task_spec.bpmn_id, definition)


def _named(element: str, definition: Any) -> list[Wait]:
    if isinstance(definition, events.Message):
        return [Wait(element, "message", definition.name)]
    if isinstance(definition, events.Signal):
        return [Wait(element, "signal", definition.name)]
    return []
