"""The task specs of this host: what each kind of BPMN node does when a token reaches it.

A spec only forwards to the case's `Turn` (`task.workflow.top_workflow.turn`), which knows the variables, the clock and
the deadlines. Specs are shared by all cases of a version and never hold state.
"""

from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.data_spec import TaskDataReference
from SpiffWorkflow.bpmn.specs.defaults import (
    BoundaryEvent,
    EventBasedGateway,
    ExclusiveGateway,
    InclusiveGateway,
    ParallelMultiInstanceTask,
    SequentialMultiInstanceTask,
    StandardLoopTask,
)
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import ErrorEventDefinition, EscalationEventDefinition, SignalEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition, TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.operators import Operator
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.deadlines import OFFICE, SECONDS
from engine.errors import RunFailed

__all__ = ["LIVE", "LOOPS", "OFFICE", "SECONDS", "STOPPED"]

LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED
STOPPED = "stopped"  # the due value of a timer whose deadline's clock is stopped


def turn_of(task: Task) -> Any:
    """The turn that is running the case."""
    return task.workflow.top_workflow.turn


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
        if not any(
            condition is not None and condition._matches(my_task) for condition, _ in self.cond_task_specs
        ) and not self.default_task_spec:
            raise RunFailed("no condition of this gateway is true and it has no default flow", element=self.bpmn_id)
        return bool(super()._run_hook(my_task))


class Inclusive(ConditionalConnect, InclusiveGateway):
    """Inclusive gateway."""


class CaseData(TaskDataReference):
    """A collection that lives in the case's variables, not in the task (B12, B13)."""

    def get(self, my_task: Task) -> Any:
        """Read the collection; a missing or null one is empty."""
        value = turn_of(my_task).variables.get(self.bpmn_id)
        return [] if value is None else value

    def set(self, my_task: Task, value: Any) -> None:
        """Write the collection."""
        turn_of(my_task).assign(self.bpmn_id, value, my_task)

    def exists(self, my_task: Task) -> bool:  # noqa: ARG002 the library's signature
        """Always: an unset collection is empty."""
        return True


class _Instances:
    """Multi-instance without the library's data merging: locals stay local, results are collected in the case."""

    def merge_child(self, workflow: Any, child: Task) -> None:  # noqa: ARG002 the library's signature
        """Book an instance as done; collect its result."""
        parent = child.parent
        if self.data_output is not None:  # type: ignore[attr-defined]  # set by the library
            item = child.data.get(self.output_item.bpmn_id) if self.output_item is not None else child.data.get("result")  # type: ignore[attr-defined]
            collected = [] if not parent.internal_data["merged"] else list(self.data_output.get(parent))  # type: ignore[attr-defined]
            self.data_output.set(parent, [*collected, item])  # type: ignore[attr-defined]
        parent.internal_data["merged"].append(str(child.id))

    def init_data_output_with_input_data(self, my_task: Task, input_data: Any) -> None:
        """Start a fresh result list, also when a loop enters the task again."""

    def init_data_output_with_cardinality(self, my_task: Task) -> None:
        """Start a fresh result list, also when a loop enters the task again."""


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


class Loop(StandardLoopTask):
    """Standard loop without data merging."""

    def merge_child(self, workflow: Any, child: Task) -> None:  # noqa: ARG002 the library's signature
        """Book an iteration; start the next or finish."""
        parent = child.parent
        parent.internal_data["merged"].append(str(child.id))
        if self.loop_complete(parent):
            parent._set_state(TaskState.READY)
        else:
            self.create_child(parent)


class Timer(TimerEventDefinition):
    """A timer whose due instant is fixed when it starts and compared inclusively with the turn's clock (the library's `<` spins on a timer exactly due)."""

    def __init__(self, element: str, name: str) -> None:
        super().__init__(name, "")
        self.element = element

    def has_fired(self, my_task: Task) -> bool:
        """Start the timer on the first look; afterwards compare with the turn's clock."""
        dues = my_task.internal_data.setdefault("due", {})
        if self.element not in dues:
            due = turn_of(my_task).start_timer(my_task, self.element)
            dues[self.element] = due.isoformat() if due is not None else STOPPED
        value = dues[self.element]
        if value != STOPPED and datetime.fromisoformat(value) <= turn_of(my_task).now:
            my_task.internal_data["event_fired"] = True
            turn_of(my_task).timer_fired(my_task, self.element)
        return bool(my_task.internal_data.get("event_fired", False))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timer) and self.element == other.element

    def __hash__(self) -> int:
        return hash(self.element)


class Cycle(CycleTimerEventDefinition):
    """A repeating timer. Rounds missed while the host was down fire once (a burst of reminders helps nobody)."""

    def __init__(self, element: str, name: str) -> None:
        super().__init__(name, "")
        self.element = element

    def cycle_complete(self, my_task: Task) -> bool:
        """Whether a round is due now; counts it and fixes the next."""
        turn = turn_of(my_task)
        dues = my_task.internal_data.setdefault("due", {})
        if self.element not in dues:
            first, left = turn.start_cycle(my_task, self.element)
            dues[self.element] = first.isoformat()
            my_task.internal_data["left"] = left
        if my_task.internal_data["left"] == 0:
            my_task.internal_data["event_fired"] = True
            return False
        due = datetime.fromisoformat(dues[self.element])
        if due > turn.now:
            return False
        upcoming, missed = turn.next_round(self.element, due)
        left = my_task.internal_data["left"]
        my_task.internal_data["left"] = left if left < 0 else max(0, left - missed)
        dues[self.element] = upcoming.isoformat()
        if my_task.internal_data["left"] == 0:
            my_task.internal_data["event_fired"] = True
            dues.clear()
        turn.timer_fired(my_task, self.element)
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cycle) and self.element == other.element

    def __hash__(self) -> int:
        return hash(self.element)


class Message(MessageEventDefinition):
    """A message: leaves the case as an effect, arrives by `Turn.deliver`, its payload goes to the case's variables."""

    def catches(self, my_task: Task, event: BpmnEvent) -> bool:  # noqa: ARG002 the library's signature
        """Correlation is done by the host before it delivers."""
        return bool(isinstance(event.event_definition, Message) and self.name == event.event_definition.name)

    def catch(self, my_task: Task, event: BpmnEvent | None = None) -> None:  # noqa: ARG002 the payload is already in the case
        """Mark the catcher as fired."""
        my_task.internal_data["event_fired"] = True

    def throw(self, my_task: Task) -> None:
        """Leave the house."""
        turn_of(my_task).throw(my_task, "message", self.name)

    def update_task_data(self, my_task: Task) -> None:
        """Nothing: the payload was merged on arrival."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


class Signal(SignalEventDefinition):
    """A signal: caught at once in this case, and broadcast to all others as an effect."""

    def catch(self, my_task: Task, event: BpmnEvent | None = None) -> None:  # noqa: ARG002 the payload is already in the case
        """Mark the catcher as fired."""
        my_task.internal_data["event_fired"] = True

    def throw(self, my_task: Task) -> None:
        """Tell this case now and the others after commit."""
        turn_of(my_task).throw(my_task, "signal", self.name)
        my_task.workflow.top_workflow.catch(BpmnEvent(self))

    def update_task_data(self, my_task: Task) -> None:
        """Nothing: the payload was merged on arrival."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Signal) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


class Terminate(TerminateEventDefinition):
    """Terminate end event; the library's end event does the work, nothing is thrown to the outside."""

    def throw(self, my_task: Task) -> None:
        """Nothing leaves the scope."""


class _Coded:
    """Errors and escalations: matched by code on the boundaries of the enclosing activities, inside out (BPMN 10.5.1)."""

    code: str | None

    def throw(self, my_task: Task) -> None:
        """Look for a catcher from the inside outwards."""
        turn_of(my_task).propagate(my_task, self)

    def catches(self, my_task: Task, event: BpmnEvent) -> bool:  # noqa: ARG002 the library's signature
        """A boundary without code catches all."""
        return isinstance(event.event_definition, type(self)) and self.code in (None, "", event.event_definition.code)

    def catch(self, my_task: Task, event: BpmnEvent | None = None) -> None:  # noqa: ARG002 the library's signature
        """Mark the catcher as fired."""
        my_task.internal_data["event_fired"] = True

    def update_task_data(self, my_task: Task) -> None:
        """Nothing to copy."""


class Error(_Coded, ErrorEventDefinition):
    """A BPMN error; uncaught it is an incident."""


class Escalation(_Coded, EscalationEventDefinition):
    """A BPMN escalation; uncaught it passes."""


class Several(MultipleEventDefinition):
    """The events of an event-based gateway; remembers which of them came by position, so that it can be saved."""

    def has_fired(self, my_task: Task) -> bool:
        """Whether enough of them came."""
        seen = my_task.internal_data.setdefault("seen", [])
        for position, definition in enumerate(self.event_definitions):
            if isinstance(definition, TimerEventDefinition) and position not in seen and not seen and definition.has_fired(my_task):
                seen.append(position)
                my_task.internal_data.pop("event_fired", None)
        return len(seen) == len(self.event_definitions) if self.parallel else bool(seen)

    def catch(self, my_task: Task, event: BpmnEvent | None = None) -> None:
        """Remember the event's position."""
        seen = my_task.internal_data.setdefault("seen", [])
        for position, definition in enumerate(self.event_definitions):
            if position not in seen and definition.catches(my_task, event):
                seen.append(position)

    def reset(self, my_task: Task) -> None:
        """Nothing to forget: the task is over."""


class EventGateway(EventBasedGateway):
    """Event-based gateway: the token follows the first event that came."""

    def _run_hook(self, my_task: Task) -> bool:
        chosen = my_task.children[my_task.internal_data["seen"][0]].task_spec
        my_task._sync_children([chosen], TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


class Boundary(BoundaryEvent):
    """Boundary event. A non-interrupting message or signal boundary can be raised again and again (BPMN 10.5.6)."""

    def catch(self, my_task: Task, event: BpmnEvent) -> None:
        """Fire; a non-interrupting one leaves a fresh catcher behind."""
        super().catch(my_task, event)
        if not self.cancel_activity and isinstance(self.event_definition, (Message, Signal)):
            again = my_task.parent._add_child(self, TaskState.FUTURE)
            self._predict(again, mask=TaskState.NOT_FINISHED_MASK)
            self._update(again)


LOOPS = (ParallelInstances, SequentialInstances, Loop)


def is_loop(task: Task) -> bool:
    """Whether a task is the shell around repeated instances."""
    return isinstance(task.task_spec, LOOPS)


def collects(task: Task) -> bool:
    """Whether a task is an instance whose answers are collected in a list."""
    parent = task.parent
    return parent is not None and is_loop(parent) and getattr(parent.task_spec, "data_output", None) is not None
