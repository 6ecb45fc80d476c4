"""Event definitions of this host: timers on the turn's clock, messages that leave, errors that find their way."""

from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import (
    ErrorEventDefinition,
    EscalationEventDefinition,
    SignalEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition, TimerEventDefinition
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.task import Task

STOPPED = "stopped"  # the due value of a timer whose deadline's clock is stopped


def turn_of(task: Task) -> Any:
    """The turn that is running the case."""
    return task.workflow.top_workflow.turn


class Timer(TimerEventDefinition):
    """A timer whose due instant is fixed when it starts.

    It is compared inclusively with the turn's clock: the library's `<` would spin on a timer that is exactly due.
    """

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
        my_task.workflow.top_workflow.round_done(my_task)
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
    """Errors and escalations: caught by code on the boundaries of enclosing activities, inside out (BPMN 10.5.1)."""

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
            if not seen and isinstance(definition, TimerEventDefinition) and definition.has_fired(my_task):
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
