"""What SpiffWorkflow 3.2.0 does differently from BPMN, repaired once at import. Its private API is touched here.

Each repair names the defect it cures; `tests/engine/runtime/` holds a contract test for every one of them.
"""

import sys
from types import SimpleNamespace
from typing import Any

import SpiffWorkflow.task as spiff_task
from SpiffWorkflow.bpmn.specs.mixins.parallel_gateway import ParallelGateway
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.bpmn.util.task import BpmnTaskIterator
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskIterator, TaskState

RECURSION = 20_000  # B3: prediction and ancestry walk the tree recursively; compaction keeps real trees far below

PREDICTED = TaskState.PREDICTED_MASK
TAKEN = "taken"  # mark of a token that a join has consumed
_LIBRARY: dict[str, Any] = {}  # what the repairs build on


def apply() -> None:
    """Patch the library; idempotent, called when `engine.runtime` is imported."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))
    for iterator in (TaskIterator, BpmnTaskIterator):  # B2: deeper tasks were invisible, the case "completed"
        defaults = iterator.__init__.__defaults__
        iterator.__init__.__defaults__ = tuple(sys.maxsize if d == 1000 else d for d in defaults)  # noqa: PLR2004 the library's default
    Task._set_state = _set_state
    Task.is_descendant_of = _is_descendant_of
    Task.find_ancestor = _find_ancestor
    Task._inherit_data = _inherit_data
    TaskSpec._predict = _predict
    TaskSpec._update = _update
    # No SpiffWorkflow code reads the machine's clock: a task's change stamp is the case's own step counter.
    spiff_task.time = SimpleNamespace(time=lambda: 0)
    ParallelGateway._check_threshold_unstructured = _parallel_threshold
    if UnstructuredJoin._update_hook is not _arrive:
        _LIBRARY["arrive"] = UnstructuredJoin._update_hook
        UnstructuredJoin._update_hook = _arrive
    UnstructuredJoin._run_hook = _join


def _set_state(task: Task, value: int) -> None:
    """Set the state and tell the case's workflow, which keeps the journal and the ready queue."""
    before = task._state
    if value == before:
        return
    task._state = value
    top = task.workflow.top_workflow
    top.ticks += 1
    task.last_state_change = top.ticks
    top.on_change(task, before, value)


def _arrive(gateway: Any, task: Task) -> bool:
    """A token arrives at a join. The library cancels those that wait there; the case hears that they merge into it."""
    if isinstance(gateway, ParallelGateway) and len(gateway._inputs) <= 1:
        # It only splits: every token goes on by itself.
        task._inherit_data()
        return True
    top = task.workflow.top_workflow
    top.joining = task
    try:
        fires = bool(_LIBRARY["arrive"](gateway, task))
    finally:
        top.joining = None
    if fires:
        for other in task.workflow.tasks.values():
            if other.task_spec is gateway and (other is task or other._state == TaskState.CANCELLED):
                other.internal_data[TAKEN] = True
    return fires


def _join(_gateway: Any, task: Task) -> bool:
    """Tokens become one. The library also takes back what an earlier activation beside this one has started."""
    task._inherit_data()
    return True


def _is_descendant_of(task: Task, other: Task) -> bool:
    tasks, at = task.workflow.tasks, task._parent
    while at is not None:
        if at == other.id:
            return True
        parent = tasks.get(at)
        at = parent._parent if parent is not None else None
    return False


def _inherit_data(task: Task) -> None:
    """Pass the locals on. What is the task's own hides its parent's; the library merges the two the other way round."""
    task.data = {**task.parent.data, **task.data}


def _predict(spec: Any, task: Task, seen: Any = (), looked_ahead: int = 0, mask: int = PREDICTED) -> None:
    """Draw up what comes next, each node once on a way: in a loop without a choice the library would never be done."""
    if task.has_state(mask):
        spec._predict_hook(task)
    if task.has_state(PREDICTED | TaskState.FUTURE):
        seen = (*seen, spec)
    if task.has_state(TaskState.DEFINITE_MASK) or looked_ahead + 1 < spec.lookahead:
        for child in task.children:
            if child.has_state(mask) and child.task_spec not in seen:
                child.task_spec._predict(child, seen, looked_ahead + 1, mask)


def _update(spec: Any, task: Task) -> None:
    """A token comes; what follows a node that is met again in a loop is drawn up only now."""
    if task.has_state(PREDICTED):
        spec._predict(task)
    elif task._state == TaskState.FUTURE and not task._children:
        spec._predict(task, mask=PREDICTED | TaskState.FUTURE)
    if spec._update_hook(task):
        task._ready()


def _find_ancestor(task: Task, name: str) -> Task | None:
    at = task.parent
    while at is not None and at.task_spec.name != name:
        at = at.parent
    return at


def _parallel_threshold(gateway: Any, task: Task) -> bool:
    """Whether a token has arrived on every incoming flow, counting only this activation (B1: joins in loops)."""
    return not missing_inputs(gateway, task)


def missing_inputs(gateway: Any, task: Task) -> set[str]:
    """The nodes before a join from which no token has arrived for this activation.

    Arrivals are the join's own instances. Those that led to an earlier activation are ancestors of a completed
    instance of the join, or branch off above the last completed instance on the way to this task.
    """
    tasks = task.workflow.tasks
    path: dict[Any, int] = {}
    at: Task | None = task
    while at is not None:
        path[at.id] = len(path)
        at = tasks.get(at._parent)
    last = next(
        (k for i, k in path.items() if k and tasks[i].task_spec is gateway and tasks[i]._state == TaskState.COMPLETED),
        sys.maxsize,
    )
    waiting = set(gateway._inputs)
    for other in list(tasks.values()):
        if other.task_spec is not gateway:
            continue
        if other is not task and (
            other._state == TaskState.COMPLETED or other.id in path or TAKEN in other.internal_data
        ):
            continue
        branch: Task | None = other
        while branch is not None and branch.id not in path:
            branch = tasks.get(branch._parent)
        if branch is None or path[branch.id] >= last:
            continue
        parent = tasks.get(other._parent)
        if parent is not None and parent._state == TaskState.COMPLETED:
            waiting.discard(parent.task_spec.name)
    return waiting
