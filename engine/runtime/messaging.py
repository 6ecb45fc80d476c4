"""The messaging half of a turn: what is thrown to the outside, what arrives, how errors find their way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.errors import RunFailed
from engine.runtime import events, specs
from engine.runtime.parser import Compiled
from engine.runtime.workflow import CaseWorkflow, Step
from engine.values import normalised


@dataclass(frozen=True)
class Thrown:
    """Something that leaves the case."""

    kind: str  # message, signal, or a service topic
    name: str
    element: str
    payload: Mapping[str, Any]
    target: str | None = None


class Messaging:
    """Mixed into `Turn`, which has the variables."""

    compiled: Compiled
    workflow: CaseWorkflow
    thrown: list[Thrown]

    def evaluate(self, task: Task | None, text: str, element: str, more: Mapping[str, Any] | None = None) -> Any:
        """See `Turn`."""
        raise NotImplementedError

    def assign(self, key: str, value: Any, task: Task | None = None) -> None:
        """See `Turn`."""
        raise NotImplementedError

    def drive(self) -> None:
        """See `Turn`."""
        raise NotImplementedError

    def throw(self, task: Task, kind: str, name: str) -> None:
        """Something leaves the case; its payload is the element's `payload` property."""
        element = self.compiled.diagram.elements[task.task_spec.bpmn_id]
        payload = (
            self.evaluate(task, element.properties["payload"], element.id) if "payload" in element.properties else {}
        )
        if not isinstance(payload, dict):
            raise RunFailed("the payload is not a context", element=element.id)
        target = (
            self.evaluate(task, element.properties["target"], element.id) if "target" in element.properties else None
        )
        self.thrown.append(Thrown(kind, name, element.id, normalised(payload), None if target is None else str(target)))

    def propagate(self, task: Task, definition: Any) -> None:
        """An error or escalation looks for a boundary event on the enclosing activities, inside out."""
        event = BpmnEvent(definition)
        scope = task.workflow
        while scope is not self.workflow:
            owner = self.workflow.find(scope.parent_task_id)
            while (shell := specs.shell_of(owner)) is not None:
                owner = shell
            waiting = [
                t
                for t in owner.parent.children
                if isinstance(t.task_spec, specs.Boundary) and t._state == TaskState.WAITING
            ]
            catchers = [t for t in waiting if t.task_spec.event_definition.catches(t, event)]
            catchers.sort(key=lambda t: not t.task_spec.event_definition.code)
            if catchers:
                catchers[0].task_spec.catch(catchers[0], event)
                catchers[0].task_spec._update(catchers[0])
                return
            scope = owner.workflow
        self.workflow.journal.append(Step(task.task_spec.bpmn_id, "uncaught"))
        if isinstance(definition, events.Error):
            raise RunFailed(
                f"nobody handles the error {definition.code or ''}".rstrip(), element=task.task_spec.bpmn_id
            )

    # --- running --------------------------------------------------------------------------------------------------

    def deliver(self, kind: str, name: str, payload: Mapping[str, Any]) -> int:
        """A message or signal arrives; how many catchers took it. The payload becomes variables first."""
        definition = events.Message(name) if kind == "message" else events.Signal(name)
        top = self.workflow
        waiting = [t for t in top.event_manager.tasks.values() if t.task_spec.catches(t, BpmnEvent(definition))]
        if not waiting and not self._starts_subprocess(definition):
            return 0
        for key, value in payload.items():
            self.assign(key, value)
        caught = top.event_manager.catch(BpmnEvent(definition), internal=False)
        self._interrupt()
        self.drive()
        return int(caught)

    def _starts_subprocess(self, definition: Any) -> bool:
        return any(
            start.event_definition == definition
            for name in self.workflow.spec.start.trigger_specs
            for start in self.workflow.subprocess_specs[name].bpmn_start_events
        )

    def _interrupt(self) -> None:
        """An interrupting event sub-process ends everything else in the case (B8)."""
        while self.workflow.interrupts:
            keep = self.workflow.interrupts.pop(0)
            for child in self.workflow.task_tree.children:
                if child is not keep:
                    for task in [t for t in _below(child) if not t._state & TaskState.FINISHED_MASK]:
                        if task.id in self.workflow.tasks:
                            task.cancel()
            keep.task_spec._predict(keep, mask=TaskState.NOT_FINISHED_MASK)  # nobody else leads to the end now


def _below(task: Task) -> list[Task]:
    found, stack = [], [task]
    while stack:
        each = stack.pop()
        found.append(each)
        stack.extend(each.children)
    return found
