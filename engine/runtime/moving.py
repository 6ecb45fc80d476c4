"""A token is taken out of one element and put into another, or a finished case gets one again: repair by hand.

The rules are those of BPMN: a token stays in its scope (a sub-process is left or entered as a whole) and in its
parallel branch, repeated instances are moved all together, and gateways are never a destination.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.errors import NotMovable
from engine.runtime import specs
from engine.runtime.branches import Drawing, behind_event_gateway, drawing
from engine.runtime.diagram import ACTIVITIES, Diagram, Element
from engine.runtime.turn import Turn
from engine.runtime.workflow import MOVED, CaseWorkflow

PLACES = ACTIVITIES | {"intermediateCatchEvent", "intermediateThrowEvent", "endEvent", "eventBasedGateway"}
GATEWAYS = frozenset(["exclusiveGateway", "parallelGateway", "inclusiveGateway", "complexGateway"])


@dataclass(frozen=True)
class Movable:
    """A token that can be moved: the task that holds it, and where."""

    id: UUID
    element: str


def movable(workflow: CaseWorkflow) -> list[Movable]:
    """The tokens that rest in an activity, a catch event or an event gateway; repeated instances count as one."""
    return [Movable(task.id, task.task_spec.bpmn_id) for task in workflow.live() if _rests(task)]


def _rests(task: Task) -> bool:
    spec = task.task_spec
    if spec.bpmn_id is None or isinstance(spec, specs.Boundary) or specs.shell_of(task) is not None:
        return False
    if isinstance(spec, specs.HumanTask):
        return bool(task._state == TaskState.READY)
    if specs.is_loop(task) or isinstance(spec, SubWorkflowTask):
        return bool(task._state & (TaskState.STARTED | TaskState.WAITING))
    return bool(task._state == TaskState.WAITING and hasattr(spec, "event_definition") and task.parent is not None)


def destinations(diagram: Diagram, element: str) -> dict[str, str]:
    """Every element of the scope of `element` with what speaks against moving there; "" where nothing does."""
    drawn = drawing(diagram, diagram.elements[element].scope)
    found = {}
    for other in drawn.elements.values():
        refusal = refused(diagram, element, other.id)
        if other.kind != "boundaryEvent" and other.id != element:
            found[other.id] = refusal
    return found


def refused(diagram: Diagram, source: str, target: str) -> str:
    """The code of what speaks against moving a token from one element to another; "" where nothing does."""
    there = diagram.elements.get(target)
    if there is None or there.scope != diagram.elements[source].scope:
        return "move-scope"
    drawn = drawing(diagram, there.scope)
    return _no_place(diagram, there) or _other_branch(drawn, source, target)


def _no_place(diagram: Diagram, element: Element) -> str:
    if element.kind in GATEWAYS:
        return "move-gateway"
    if element.kind not in PLACES or element.triggered_by_event:
        return "move-kind"
    return "move-behind-event" if behind_event_gateway(diagram, element.id) else ""


def _other_branch(drawn: Drawing, source: str, target: str) -> str:
    here, there = drawn.of(source), drawn.of(target)
    if here is None or there is None:
        return "move-unclear"
    return "" if here == there else "move-parallel"


def move(turn: Turn, token: UUID, target: str) -> None:
    """Take a token back and begin at `target`; then run the case until it waits. Raises NotMovable, RunFailed."""
    task = turn.workflow.find(token)
    if task is None or not _rests(task):
        raise NotMovable("no token rests here any more", reason="move-gone")
    source = task.task_spec.bpmn_id
    reason = refused(turn.compiled.diagram, source, target)
    if reason:
        raise NotMovable(f"{source} -> {target}: {reason}", reason=reason)
    parent = _withdraw(task)
    _begin(parent, target)
    turn.drive()


def _withdraw(task: Task) -> Task:
    """Cancel what holds the token with its waiting boundary events; the task behind which it came."""
    parent = task.parent
    if not isinstance(parent.task_spec, BoundaryEventSplit):
        task.cancel()
        return parent
    for event in parent.children:
        if isinstance(event.task_spec, specs.Boundary) and event._state == TaskState.WAITING:
            event.cancel()
    task.cancel()
    return parent.parent


def _begin(parent: Task, element: str) -> None:
    nodes = parent.workflow.spec.task_specs
    entry = nodes.get(f"{element}.BoundaryEventSplit") or nodes[element]
    task = parent._add_child(entry, TaskState.FUTURE)
    task.triggered = True  # it is none of those that the drawing leads to from there
    task.internal_data[MOVED] = True
    entry._predict(task, mask=TaskState.NOT_FINISHED_MASK)
    entry._update(task)


def reopenings(diagram: Diagram, process: str) -> dict[str, str]:
    """Every element of the process in which a finished case can begin again, or what speaks against it."""
    drawn = drawing(diagram, process)
    found = {}
    for element in drawn.elements.values():
        if element.kind != "boundaryEvent":
            branch = drawn.of(element.id)
            outside = "" if branch == () else "move-unclear" if branch is None else "move-parallel"
            found[element.id] = _no_place(diagram, element) or outside
    return found


def reopen(turn: Turn, target: str) -> None:
    """Give a finished or cancelled case a token again. Raises NotMovable, RunFailed."""
    workflow: Any = turn.workflow
    reason = reopenings(turn.compiled.diagram, turn.compiled.process).get(target, "move-scope")
    if reason or not workflow.completed:
        raise NotMovable(f"the case cannot begin again at {target}", reason=reason or "move-open")
    workflow.completed, workflow.success = False, True
    workflow.last_task = None
    start = next(task for task in workflow.tasks.values() if task.task_spec is workflow.spec.start)
    _begin(start, target)
    turn.drive()
