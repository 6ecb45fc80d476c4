"""One turn of one case: a person or the clock moves it, and it runs until it waits again.

The turn holds what the specs ask for: the variables, the clock, the deadlines; and collects what the outside must
do: effects, papers, the outcome.
"""

from collections import ChainMap
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.clocks import Clocks, DeadlineRule
from engine.deadlines import OFFICE
from engine.decisions import DecisionError
from engine.errors import EngineError, RunFailed
from engine.feel import FeelError, compile_expression
from engine.functions import FUNCTIONS
from engine.runtime import events, specs
from engine.runtime.compaction import compact
from engine.runtime.diagram import Element
from engine.runtime.messaging import Messaging, Thrown
from engine.runtime.parser import Compiled
from engine.runtime.timing import Timing
from engine.runtime.workflow import COMPLETED, CaseWorkflow
from engine.values import normalised

STEP_LIMIT = 20_000  # automatic steps in one turn: more is an endless loop
ROOM = 100  # tasks by which a tree may grow beyond twice its size before it is looked at again
MISSING = object()
OBSERVED: ContextVar[list["Turn"] | None] = ContextVar("observed", default=None)  # who wants to see every turn


@dataclass(frozen=True)
class Rules:
    """What a turn needs from the process folder beside the diagram."""

    deadlines: Mapping[str, DeadlineRule] = field(default_factory=dict)
    decide: Callable[[str, Mapping[str, Any], datetime, str], Any] | None = None
    typed: Callable[[str, Any], Any] = lambda _key, value: value


class Turn(Timing, Messaging):
    """Runs a case. After `drive` the tree is settled: everything due has fired, every deadline matches the tokens.

    Timers that are `held` are left alone: the clock owes them, and whoever moves the case now is not to fail on them.
    """

    def __init__(
        self,
        compiled: Compiled,
        workflow: CaseWorkflow,
        variables: dict[str, Any],
        clocks: Clocks,
        rules: Rules,
        *,
        surroundings: Mapping[str, Any],
    ) -> None:
        self.compiled, self.workflow, self.variables = compiled, workflow, variables
        self.clocks, self.rules, self.surroundings = clocks, rules, surroundings
        self.now = clocks.now
        self.wall_clock = clocks.now.astimezone(OFFICE)  # what `now()` and `today()` say: the day of the offices
        self.deadline_rules = rules.deadlines
        self.thrown: list[Thrown] = []
        self.papers: list[tuple[str, str]] = []
        self.outcome: str | None = None
        self.held: frozenset[UUID] = frozenset()
        self.written: set[str] = set()
        self.size = 0  # a scope with more tasks than this is compacted under way
        self.first = self.booked = len(workflow.journal)
        workflow.turn = self
        observed = OBSERVED.get()
        if observed is not None:
            observed.append(self)

    # --- what specs ask -------------------------------------------------------------------------------------------

    def context(self, task: Task | None) -> ChainMap[str, Any]:
        """The names an expression can read: locals, then the case's variables, then the surroundings."""
        return ChainMap(task.data if task is not None else {}, self.variables, dict(self.surroundings))

    def evaluate(self, task: Task | None, text: str, element: str, more: Mapping[str, Any] | None = None) -> Any:
        """The value of a FEEL text; a leading `=` is allowed. Raises RunFailed naming the element."""
        try:
            expression = compile_expression(text.strip().removeprefix("="), functions=FUNCTIONS)
            context = self.context(task)
            return expression(ChainMap(dict(more), *context.maps) if more else context, now=self.wall_clock)
        except FeelError as error:
            raise RunFailed(f"{text!r}: {error}", element=element) from error

    def holds(self, task: Task, text: str, more: Mapping[str, Any] | None = None) -> bool:
        """Whether a condition is true; null is false, anything else that is not a boolean is a mistake."""
        value = self.evaluate(task, text, task.task_spec.bpmn_id or task.task_spec.name, more)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise RunFailed(
            f"the condition {text!r} gave {value!r} instead of true or false", element=task.task_spec.bpmn_id
        )

    def assign(self, key: str, value: Any, task: Task | None = None) -> None:  # noqa: ARG002 locals are never assigned
        """Set a case variable as a whole."""
        self.variables[key] = self.rules.typed(key, normalised(value))
        self.written.add(key)

    def perform(self, task: Task) -> None:
        """Carry out an automatic node."""
        element = self.compiled.diagram.elements.get(task.task_spec.bpmn_id)
        if element is None:
            return
        if element.kind == "scriptTask":
            value = self.evaluate(task, element.script, element.id)
            if element.result:
                self.assign(element.result, value)
        elif element.kind == "businessRuleTask":
            self._decide(task, element)
        elif element.kind in {"serviceTask", "sendTask"}:
            kind, name = (
                ("message", element.event_name)
                if element.event == "message"
                else (element.topic or "service", element.topic)
            )
            self.throw(task, kind, name)

    def _decide(self, task: Task, element: Element) -> None:
        if self.rules.decide is None:
            raise RunFailed(f"there is no decision {element.decision}", element=element.id)
        try:
            mapping = element.mapping or ("resultList" if element.result else "")  # Camunda's default
            value = self.rules.decide(element.decision, self.context(task), self.wall_clock, mapping)
        except (DecisionError, FeelError) as error:
            raise RunFailed(f"the decision {element.decision} failed: {error}", element=element.id) from error
        if element.result:
            self.assign(element.result, value)
        elif isinstance(value, dict):
            for key, item in value.items():
                self.assign(key, item)

    def start(self, message: str | None = None) -> None:
        """Let a new case run from its start event: the message start of that name, else the plain one."""
        starts = self.compiled.diagram.start_events(self.compiled.process)
        if message is not None and any(e.event == "message" and e.event_name == message for e in starts):
            self._hold_plain_start()
            self.deliver("message", message, {})
        self.drive()

    def _hold_plain_start(self) -> None:
        """Run up to the start events, but let none of the plain ones fire."""
        while (task := self.workflow.next_ready()) is not None:
            element = self.compiled.diagram.elements.get(task.task_spec.bpmn_id)
            if element is not None and element.kind == "startEvent":
                task.cancel()
            else:
                self._run(task)

    def complete(self, task_id: UUID, answers: Mapping[str, Any]) -> None:
        """A person has done a user task. The caller has checked that it is open."""
        task = self.workflow.find(task_id)
        collected = specs.collects(task)
        if collected:
            task.internal_data["answers"] = normalised(dict(answers))
        else:
            for key, value in answers.items():
                self.assign(key, value)
        self._run(task)
        self.drive()

    def drive(self) -> None:
        """Run everything automatic and everything due, until the case waits or is over."""
        for _ in range(STEP_LIMIT):
            task = self.workflow.next_ready()
            if task is not None:
                self._run(task)
            elif not self._refresh():
                break
        else:
            raise RunFailed("endless loop: the case does not come to rest")
        compact(self.workflow)

    def _run(self, task: Task) -> None:
        element = task.task_spec.bpmn_id or task.task_spec.name
        spec = task.task_spec
        try:
            task.run()
            self._interrupt()
            self._book()
            if len(spec._inputs) > 1 and len(task.workflow.tasks) > self.size and self._again(task):
                compact(self.workflow)
                self.size = ROOM + 2 * len(task.workflow.tasks)
        except EngineError:
            raise
        except (SpiffWorkflowException, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise RunFailed(f"{element}: {error}", element=task.task_spec.bpmn_id) from error

    @staticmethod
    def _again(task: Task) -> bool:
        return any(
            t.task_spec is task.task_spec and t is not task and t._state == TaskState.COMPLETED
            for t in task.workflow.tasks.values()
        )

    def _refresh(self) -> bool:
        """Look at the waiting timers, settle the deadlines; whether anything became ready."""
        for task in sorted(self.workflow.event_manager.tasks.values(), key=lambda t: t.last_state_change):
            if task._state == TaskState.WAITING and task.internal_data.get("due") and task.id not in self.held:
                task.task_spec._update(task)
        if not self.workflow.ready:
            self._settle()
            return any(self._is_due(t) for t in self.workflow.event_manager.tasks.values())
        return True

    def _is_due(self, task: Task) -> bool:
        if task.id in self.held:
            return False
        dues = task.internal_data.get("due") or {}
        return any(value != events.STOPPED and datetime.fromisoformat(value) <= self.now for value in dues.values())

    def _book(self) -> None:
        """Carry out what elements say happens when they complete: outcome, papers, extension."""
        journal = self.workflow.journal
        while self.booked < len(journal):
            step = journal[self.booked]
            self.booked += 1
            element = self.compiled.diagram.elements.get(step.element)
            if step.event != COMPLETED or step.inner or element is None or not element.properties:
                continue
            if "outcome" in element.properties:
                self.outcome = element.properties["outcome"]
            self.papers += [(paper, element.id) for paper in element.names("paper")]
            if "extend" in element.properties:
                self._extend(element)
