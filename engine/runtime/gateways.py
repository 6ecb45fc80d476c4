"""Gateways that decide: FEEL conditions in document order, joins that wait for the tokens that can still come."""

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import ExclusiveGateway, InclusiveGateway
from SpiffWorkflow.operators import Operator
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.errors import RunFailed
from engine.runtime.events import turn_of
from engine.runtime.repairs import missing_inputs

LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


class Condition(Operator):
    """A FEEL condition on a sequence flow."""

    def _matches(self, task: Task) -> bool:
        return bool(turn_of(task).holds(task, self.args[0]))


class ConditionalConnect:
    """Connects flows with `Condition` instead of the library's expression class."""

    def connect_outgoing_if(self, condition: str | None, spec: Any) -> None:
        """Connect a flow with its condition's text."""
        if condition is None:
            self.connect(spec)  # type: ignore[attr-defined]  # a mixin over MultiChoice
        else:
            self.connect_if(Condition(condition), spec)  # type: ignore[attr-defined]  # a mixin over MultiChoice


class Exclusive(ConditionalConnect, ExclusiveGateway):
    """Exclusive gateway: the first flow in document order whose condition is true."""

    def _run_hook(self, my_task: Task) -> bool:
        if (
            not any(condition is not None and condition._matches(my_task) for condition, _ in self.cond_task_specs)
            and not self.default_task_spec
        ):
            raise RunFailed("no condition of this gateway is true and it has no default flow", element=self.bpmn_id)
        return bool(super()._run_hook(my_task))


class Inclusive(ConditionalConnect, InclusiveGateway):
    """Inclusive gateway. As a join it waits as BPMN 13.3.3 says, also in loops and nested blocks."""

    reaching: Mapping[str, frozenset[str]]  # node before the join -> the nodes that lead there not through the join

    def prepare(self, nodes: Mapping[str, Any]) -> None:
        """Find out, once, from where the flows into this gateway can be reached."""
        self.reaching = {name: frozenset(self._leading_to(name, nodes)) for name in self._inputs}

    def _leading_to(self, name: str, nodes: Mapping[str, Any]) -> set[str]:
        found, pending = set(), [name]
        while pending:
            at = pending.pop()
            if at != self.name and at not in found:
                found.add(at)
                pending += nodes[at]._inputs
        return found

    def _check_threshold_unstructured(self, my_task: Task) -> bool:
        """Whether no token elsewhere can still reach a flow on which none has arrived, and no flow on which one has."""
        missing = missing_inputs(self, my_task) if len(self._inputs) > 1 else None
        if not missing:
            return True
        awaited = frozenset().union(*(self.reaching[name] for name in missing))
        awaited -= frozenset().union(*(self.reaching[name] for name in self._inputs if name not in missing))
        return not any(task.task_spec.name in awaited and is_token(task) for task in my_task.workflow.tasks.values())


def is_token(task: Task) -> bool:
    """Whether a task holds a token, or is about to be given the one its parent has passed on."""
    if task._state & LIVE:
        return True
    parent = task.parent
    return bool(task._state == TaskState.FUTURE and parent is not None and parent._state == TaskState.COMPLETED)
