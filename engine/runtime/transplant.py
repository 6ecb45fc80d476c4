"""A running tree is put on the specs of another version: every token stays, with its id, its data and its instants.

Elements keep their id or have another one by a mapping. What is ahead of the tokens is predicted anew; what is behind
them and is gone is cut out of the history; the boundary events of an activity that holds a token are made to fit.
Nothing runs. Whether a case can be carried over is for `fitting` to say.
"""

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.runtime import events, specs
from engine.runtime.codec import dump, load
from engine.runtime.gateways import LIVE
from engine.runtime.parser import Compiled
from engine.runtime.workflow import MOVED, CaseWorkflow

AHEAD = TaskState.PREDICTED_MASK | TaskState.FUTURE
SPLIT = ".BoundaryEventSplit"


def renamed(name: str, mapping: Mapping[str, str]) -> str:
    """What an element, or a node that was added for it, is called in the other version."""
    for old, new in mapping.items():
        if name == old or name.startswith((f"{old}.", f"{old} [")):
            return new + name[len(old) :]
    return name


def transplant(workflow: CaseWorkflow, target: Compiled, mapping: Mapping[str, str]) -> CaseWorkflow:
    """The same case on the specs of `target`; `workflow` is used up.

    Raises LookupError or ValueError where something that holds a token has no place there.
    """
    scopes: list[tuple[Any, Any]] = [(workflow, target.spec)]
    scopes += [(scope, target.subspecs[renamed(scope.spec.name, mapping)]) for scope in workflow.subprocesses.values()]
    workflow.turn = None
    for scope, spec in scopes:
        _Scope(scope, spec, mapping).move()
    workflow.subprocess_specs = target.subspecs
    return load(dump(workflow), target)


class _Scope:
    """One scope of the tree and the spec it goes to."""

    def __init__(self, scope: Any, spec: Any, mapping: Mapping[str, str]) -> None:
        self.scope, self.spec, self.mapping = scope, spec, mapping
        self.tasks: dict[Any, Task] = scope.tasks
        self.top: CaseWorkflow = scope.top_workflow

    def move(self) -> None:
        for task in [task for task in self.tasks.values() if task._state & AHEAD]:
            self._drop(task)
        self._cut_history()
        for task in list(self.tasks.values()):
            task.task_spec = self._place(task)
            self._rename_dues(task)
        self.scope.spec = self.spec
        living = [task for task in self.tasks.values() if task._state & LIVE]
        for task in living:
            if not isinstance(task.task_spec, specs.Boundary) and specs.shell_of(task) is None:
                self._fit_boundaries(task)
                _keep_unclocked(task)
        for task in sorted(self.tasks.values(), key=lambda each: each.last_state_change):
            if task._state & LIVE:
                _predict(task)

    def _drop(self, task: Task) -> None:
        """Take a task out of the tree without telling: nothing has happened in the case."""
        parent = self.tasks.get(task._parent)
        if parent is not None:
            parent._children.remove(task.id)
        self.tasks.pop(task.id, None)
        self.top.event_manager.tasks.pop(task.id, None)
        self.top.joins.pop(task.id, None)

    def _counterpart(self, task: Task) -> Any:
        """The spec that has the place of a task's own; None where there is none of its kind."""
        spec = self.spec.task_specs.get(renamed(task.task_spec.name, self.mapping))
        return spec if type(spec) is type(task.task_spec) else None

    def _place(self, task: Task) -> Any:
        spec = self._counterpart(task)
        if spec is None and isinstance(task.task_spec, BoundaryEventSplit):
            return task.task_spec  # `_fit_boundaries` takes it away
        if spec is None and isinstance(task.task_spec, specs.Boundary):
            return task.task_spec
        if spec is None:
            raise LookupError(f"{task.task_spec.name} has no place in the other version")
        return spec

    def _cut_history(self) -> None:
        """What is over and has no counterpart is taken out; what came after it hangs on what came before."""
        for task in list(self.tasks.values()):
            if task.id not in self.tasks or task._parent is None or self._counterpart(task) is not None:
                continue
            if isinstance(task.task_spec, BoundaryEventJoin):  # nothing follows it, nobody sees it
                self._drop(task)
                continue
            if not task._state & TaskState.FINISHED_MASK:
                continue
            children = [self.tasks[child] for child in task._children]
            if isinstance(task.task_spec, BoundaryEventSplit) and any(c._state & LIVE for c in children):
                continue  # it stands around a token
            self._cut(task)

    def _cut(self, task: Task) -> None:
        for child in [self.tasks[each] for each in task._children]:
            if isinstance(child.task_spec, BoundaryEventJoin) and isinstance(task.task_spec, specs.Boundary):
                self._drop(child)
        parent = self.tasks[task._parent]
        at = parent._children.index(task.id)
        children = [self.tasks[child] for child in task._children]
        task._children = []
        self._drop(task)
        if isinstance(parent.task_spec, BoundaryEventSplit):  # among its children are an activity and events only
            split, parent = parent, self.tasks[parent._parent]
            at = parent._children.index(split.id) + 1
        for child in reversed(children):
            child._parent = parent.id
            child.triggered = True  # it is none of those that the drawing leads to from there
            child.internal_data[MOVED] = True
            parent._children.insert(at, child.id)

    def _rename_dues(self, task: Task) -> None:
        dues = task.internal_data.get("due")
        if dues:
            task.internal_data["due"] = {renamed(name, self.mapping): due for name, due in dues.items()}

    # --- boundary events -----------------------------------------------------------------------------------------

    def _fit_boundaries(self, task: Task) -> None:
        wanted = self.spec.task_specs.get(f"{task.task_spec.name}{SPLIT}")
        parent = self.tasks.get(task._parent)
        if parent is not None and isinstance(parent.task_spec, BoundaryEventSplit):
            self._shed(parent, task)
            if wanted is None:
                self._unwrap(parent, task)
        elif wanted is not None:
            parent = self._wrap(task, wanted)
        if wanted is not None and parent is not None:
            parent.task_spec = wanted
            self._attach(parent, wanted)

    def _shed(self, split: Task, main: Task) -> None:
        """Events that the other version has not are no longer waited for."""
        for child in [self.tasks[each] for each in split._children]:
            if child is not main and self.spec.task_specs.get(child.task_spec.name) is not child.task_spec:
                self._cut(child)

    def _unwrap(self, split: Task, task: Task) -> None:
        self._swap(split, task)
        task.triggered = task.triggered or split.triggered
        if MOVED in split.internal_data:
            task.internal_data[MOVED] = True
        split._children = []
        self.tasks.pop(split.id)

    def _wrap(self, task: Task, wanted: Any) -> Task:
        parent = self.tasks[task._parent]
        at = parent._children.index(task.id)
        split = Task(self.scope, wanted, parent, state=TaskState.COMPLETED)
        parent._children.remove(split.id)
        parent._children[at] = split.id
        split.data, split.last_state_change = dict(parent.data), task.last_state_change
        split.triggered, task.triggered = task.triggered, False
        if MOVED in task.internal_data:
            split.internal_data[MOVED] = True
        split._children = [task.id]
        task._parent = split.id
        return split

    def _swap(self, split: Task, task: Task) -> None:
        parent = self.tasks[split._parent]
        parent._children[parent._children.index(split.id)] = task.id
        task._parent = parent.id

    def _attach(self, split: Task, wanted: Any) -> None:
        """Wait for the events that are new, time limits apart: a new limit is for those who come later."""
        present = {self.tasks[child].task_spec.name for child in split._children}
        for spec in wanted.outputs:
            if not isinstance(spec, specs.Boundary) or spec.name in present:
                continue
            if not isinstance(spec.event_definition, (events.Timer, events.Cycle)):
                child = split._add_child(spec, TaskState.FUTURE)
                spec._update(child)


def _keep_unclocked(task: Task) -> None:
    """A limit that the activity itself has got meanwhile is for those who come later."""
    task.internal_data.setdefault("clocked", True)
    for child in task.children:
        if specs.shell_of(child) is task:
            child.internal_data.setdefault("clocked", True)


def _predict(task: Task) -> None:
    """Say anew what follows; what hangs there already, instances and the tokens of repeating timers, stays."""
    kept = [(child, child.triggered) for child in task.children]
    for child, _ in kept:
        child.triggered = True
    hidden = [(child, child._state) for child, _ in kept if child._state & LIVE]
    for child, _ in hidden:
        child._state = TaskState.COMPLETED  # each of them is predicted by itself
    task.task_spec._predict(task, mask=TaskState.NOT_FINISHED_MASK)
    for child, state in hidden:
        child._state = state
    for child, triggered in kept:
        child.triggered = triggered
