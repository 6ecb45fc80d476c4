"""The task specs of this host: what each kind of BPMN node does when a token reaches it.

A spec only forwards to the case's `Turn` (`task.workflow.top_workflow.turn`), which knows the variables, the clock and
the deadlines. Specs are shared by all cases of a version and never hold state.
"""

from copy import deepcopy
from decimal import Decimal
from typing import Any

from SpiffWorkflow.bpmn.specs.data_spec import TaskDataReference
from SpiffWorkflow.bpmn.specs.defaults import (
    BoundaryEvent,
    EventBasedGateway,
    ParallelMultiInstanceTask,
    SequentialMultiInstanceTask,
    StandardLoopTask,
)
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.errors import RunFailed
from engine.runtime.events import Escalation, Message, Signal, turn_of

INSTANCE_LIMIT = 1000
NOTHING = object()


class HumanTask(BpmnSpecMixin):
    """A user task: waits for `complete`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.manual = True


class HostTask(BpmnSpecMixin):
    """Any node the host carries out at once: script, decision, service, plain task."""

    def _run_hook(self, my_task: Task) -> bool:
        super()._run_hook(my_task)
        turn_of(my_task).perform(my_task)
        return True


class CaseData(TaskDataReference):
    """A collection that lives in the case's variables, not in the task (B12, B13)."""

    def get(self, my_task: Task) -> list[Any]:
        """Read the collection, which may be any FEEL; a missing or null one is empty."""
        element = my_task.task_spec.bpmn_id
        value = turn_of(my_task).evaluate(my_task, self.bpmn_id, element)
        if value is None:
            return []
        if not isinstance(value, list):
            raise RunFailed(f"{self.bpmn_id!r} is not a list", element=element)
        if len(value) > INSTANCE_LIMIT:
            raise RunFailed(f"{self.bpmn_id!r} has more than {INSTANCE_LIMIT} items", element=element)
        return value

    def set(self, my_task: Task, value: Any) -> None:
        """Write the collection."""
        turn_of(my_task).assign(self.bpmn_id, value, my_task)

    def exists(self, my_task: Task) -> bool:  # noqa: ARG002 the library's signature
        """Always: an unset collection is empty."""
        return True


def _arrived(my_task: Task) -> Task:
    """The task, about to begin: behind a border event it is only foreseen, and could have no instances."""
    if my_task.has_state(TaskState.PREDICTED_MASK):
        my_task._set_state(TaskState.FUTURE)
    return my_task


class _Instances:
    """Multi-instance without the library's data merging: locals stay local, results are collected in the case."""

    data_output: Any
    input_item: Any
    output_item: Any
    task_spec: str
    condition: str | None

    def _update_hook(self, my_task: Task) -> Any:
        return super()._update_hook(_arrived(my_task))  # type: ignore[misc]  # a mixin over MultiInstanceTask

    def merge_child(self, workflow: Any, child: Task) -> None:  # noqa: ARG002 the library's signature
        """Book an instance as done; collect its result."""
        parent = child.parent
        if self.data_output is not None:
            self.data_output.set(parent, [*self.data_output.get(parent), self._result(child)])
        parent.internal_data["merged"].append(str(child.id))

    def _result(self, child: Task) -> Any:
        """The answers with the item they belong to, or what the instance left under the name of the output item."""
        answers = child.internal_data.pop("answers", {})
        if self.output_item is None:
            item = self.input_item.bpmn_id if self.input_item is not None else None
            return answers if item is None else {item: child.data.get(item), **answers}
        name = self.output_item.bpmn_id
        return answers.get(name, turn_of(child).context(child).get(name))

    def init_data_output_with_input_data(self, my_task: Task, input_data: Any) -> None:  # noqa: ARG002 the library's signature
        """Start a fresh result list, also when a loop enters the task again."""
        self.data_output.set(my_task, [])

    def init_data_output_with_cardinality(self, my_task: Task) -> None:
        """Start a fresh result list, also when a loop enters the task again."""
        self.data_output.set(my_task, [])

    def create_child(self, my_task: Task, item: Any, key_or_index: Any = None) -> None:
        """Start an instance: its item, which may hide a variable of that name, and Camunda's loopCounter are local."""
        child = my_task._add_child(my_task.workflow.spec.task_specs[self.task_spec], TaskState.WAITING)
        child.triggered = True
        if self.input_item is not None:
            self.input_item.set(child, deepcopy(item))
        child.internal_data["key_or_index" if key_or_index is not None else "item"] = (
            key_or_index if key_or_index is not None else item
        )
        child.data["loopCounter"] = Decimal(item if key_or_index is None else key_or_index)
        my_task.workflow.top_workflow.enter(child)
        child.task_spec._update(child)

    def check_completion_condition(self, my_task: Task) -> bool:
        """Whether enough instances are done; Camunda's counters can be asked."""
        done = my_task.internal_data["merged"]
        if self.condition is None or not done:
            return False
        left = my_task.internal_data.get("remaining", ())
        instances = list(self._instances(my_task))  # type: ignore[attr-defined]  # a mixin over MultiInstanceTask
        last = next(child for child in instances if str(child.id) == done[-1])
        counters = {
            "nrOfInstances": Decimal(my_task.internal_data.get("cardinality", len(instances) + len(left))),
            "nrOfCompletedInstances": Decimal(len(done)),
            "nrOfActiveInstances": Decimal(len(instances) - len(done)),
        }
        return bool(turn_of(my_task).holds(last, self.condition, counters))


class ParallelInstances(_Instances, ParallelMultiInstanceTask):
    """Parallel multi-instance."""

    def merge_child(self, workflow: Any, child: Task) -> None:
        """Book the instance; ready when all are done or the completion condition holds."""
        _Instances.merge_child(self, workflow, child)
        parent = child.parent
        if self.check_completion_condition(parent):
            for other in self._instances(parent):
                other.cancel()
            parent._set_state(TaskState.READY)
        elif self.children_complete(parent):
            parent._set_state(TaskState.READY)


class SequentialInstances(_Instances, SequentialMultiInstanceTask):
    """Sequential multi-instance."""

    def merge_child(self, workflow: Any, child: Task) -> None:
        """Book the instance; ready, or start the next one."""
        _Instances.merge_child(self, workflow, child)
        parent = child.parent
        if self.children_complete(parent) or self.check_completion_condition(parent):
            parent._set_state(TaskState.READY)
        else:
            self.add_next_child(parent)

    def get_next_input_item(self, my_task: Task) -> tuple[int, Any]:
        """The next of the items there were at the start; a null is masked, the library takes it for the end."""
        position, *my_task.internal_data["remaining"] = my_task.internal_data["remaining"]
        return position, NOTHING if (item := my_task.internal_data["items"][position]) is None else item

    def init_remaining_items(self, my_task: Task) -> list[int]:
        """Positions; the items are kept, so that a list that changes meanwhile skips and repeats nobody."""
        my_task.internal_data["items"] = self.data_input.get(my_task)
        return list(range(len(my_task.internal_data["items"])))

    def create_child(self, my_task: Task, item: Any, key_or_index: Any = None) -> None:
        """Start the instance of an item, which may be null."""
        super().create_child(my_task, None if item is NOTHING else item, key_or_index)


class Loop(StandardLoopTask):
    """Standard loop without data merging."""

    def create_child(self, my_task: Task) -> None:
        """Start the next round."""
        child = my_task._add_child(my_task.workflow.spec.task_specs[self.task_spec], TaskState.WAITING)
        child.triggered = True
        my_task.workflow.top_workflow.enter(child)
        child.task_spec._update(child)

    def merge_child(self, workflow: Any, child: Task) -> None:  # noqa: ARG002 the library's signature
        """Book an iteration; start the next or finish."""
        parent = child.parent
        parent.internal_data["merged"].append(str(child.id))
        if self.loop_complete(parent):
            parent._set_state(TaskState.READY)
        else:
            self.create_child(parent)


class EventGateway(EventBasedGateway):
    """Event-based gateway: the token follows the first event that came."""

    def _run_hook(self, my_task: Task) -> bool:
        chosen = my_task.children[my_task.internal_data["seen"][0]].task_spec
        my_task._sync_children([chosen], TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


class Boundary(BoundaryEvent):
    """Boundary event. A non-interrupting one, timers apart, can be raised again and again (BPMN 10.5.6)."""

    limits = True  # whether its time is one for the task; set when the diagram is read

    def catch(self, my_task: Task, event: BpmnEvent) -> None:
        """Fire; a non-interrupting one leaves a fresh catcher behind."""
        super().catch(my_task, event)
        if not self.cancel_activity and isinstance(self.event_definition, (Message, Signal, Escalation)):
            again = my_task.parent._add_child(self, TaskState.FUTURE)
            self._predict(again, mask=TaskState.NOT_FINISHED_MASK)
            self._update(again)


LOOPS = (ParallelInstances, SequentialInstances, Loop)


def is_loop(task: Task) -> bool:
    """Whether a task is the shell around repeated instances."""
    return isinstance(task.task_spec, LOOPS)


def collects(task: Task) -> bool:
    """Whether a task is an instance whose answers are collected in a list."""
    shell = shell_of(task)
    return shell is not None and getattr(shell.task_spec, "data_output", None) is not None


def shell_of(task: Task) -> Task | None:
    """The shell around a task that is one of its instances; what follows the shell hangs below it too, but is none."""
    parent = task.parent
    is_instance = parent is not None and is_loop(parent) and parent.task_spec.task_spec == task.task_spec.name
    return parent if is_instance else None
