"""One turn of one case: a person or the clock moves it, and it runs until it waits again.

The turn holds what the specs ask for: the variables, the clock, the deadlines; and collects what the outside must
do: effects, papers, the outcome.
"""

from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.clocks import CANCELLED, EXPIRED, MET, Clock, Clocks, DeadlineRule, period_of
from engine.deadlines import InvalidPeriod, parse_period
from engine.decisions import DecisionError
from engine.errors import EngineError, RunFailed
from engine.feel import FeelError, compile_expression
from engine.runtime import specs
from engine.runtime.compaction import compact
from engine.runtime.diagram import Element
from engine.functions import FUNCTIONS
from engine.runtime.parser import Compiled
from engine.runtime.workflow import COMPLETED, CaseWorkflow, Step
from engine.values import normalised

STEP_LIMIT = 20_000  # automatic steps in one turn: more is an endless loop
MISSING = object()


@dataclass(frozen=True)
class Thrown:
    """Something that leaves the case."""

    kind: str  # message, signal, or a service topic
    name: str
    element: str
    payload: Mapping[str, Any]
    target: str | None = None


@dataclass(frozen=True)
class Rules:
    """What a turn needs from the process folder beside the diagram."""

    deadlines: Mapping[str, DeadlineRule] = field(default_factory=dict)
    decide: Callable[[str, Mapping[str, Any], datetime, str], Any] | None = None
    typed: Callable[[str, Any], Any] = lambda _key, value: value


class Turn:
    """Runs a case. After `drive` the tree is settled: everything due has fired, every deadline matches the tokens."""

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
        self.thrown: list[Thrown] = []
        self.papers: list[tuple[str, str]] = []
        self.outcome: str | None = None
        self.written: set[str] = set()
        self.first = self.booked = len(workflow.journal)
        workflow.turn = self

    # --- what specs ask -------------------------------------------------------------------------------------------

    def context(self, task: Task | None) -> Mapping[str, Any]:
        """The names an expression can read: locals, then the case's variables, then the surroundings."""
        return ChainMap(task.data if task is not None else {}, self.variables, dict(self.surroundings))

    def evaluate(self, task: Task | None, text: str, element: str) -> Any:
        """The value of a FEEL text; a leading `=` is allowed. Raises RunFailed naming the element."""
        try:
            expression = compile_expression(text.strip().removeprefix("="), functions=FUNCTIONS)
            return expression(self.context(task), now=self.now)
        except FeelError as error:
            raise RunFailed(f"{text!r}: {error}", element=element) from error

    def holds(self, task: Task, text: str) -> bool:
        """Whether a condition is true; null is false, anything else that is not a boolean is a mistake."""
        value = self.evaluate(task, text, task.task_spec.bpmn_id or task.task_spec.name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise RunFailed(f"the condition {text!r} gave {value!r} instead of true or false", element=task.task_spec.bpmn_id)

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
            kind, name = ("message", element.event_name) if element.event == "message" else (element.topic or "service", element.topic)
            self.throw(task, kind, name)

    def _decide(self, task: Task, element: Element) -> None:
        if self.rules.decide is None:
            raise RunFailed(f"there is no decision {element.decision}", element=element.id)
        try:
            mapping = element.mapping or ("resultList" if element.result else "")  # Camunda's default
            value = self.rules.decide(element.decision, self.context(task), self.now, mapping)
        except (DecisionError, FeelError) as error:
            raise RunFailed(f"the decision {element.decision} failed: {error}", element=element.id) from error
        if element.result:
            self.assign(element.result, value)
        elif isinstance(value, dict):
            for key, item in value.items():
                self.assign(key, item)

    def throw(self, task: Task, kind: str, name: str) -> None:
        """Something leaves the case; its payload is the element's `payload` property."""
        element = self.compiled.diagram.elements[task.task_spec.bpmn_id]
        payload = self.evaluate(task, element.properties["payload"], element.id) if "payload" in element.properties else {}
        if not isinstance(payload, dict):
            raise RunFailed("the payload is not a context", element=element.id)
        target = self.evaluate(task, element.properties["target"], element.id) if "target" in element.properties else None
        self.thrown.append(Thrown(kind, name, element.id, normalised(payload), None if target is None else str(target)))

    def propagate(self, task: Task, definition: Any) -> None:
        """An error or escalation looks for a boundary event on the enclosing activities, inside out."""
        event = BpmnEvent(definition)
        scope = task.workflow
        while scope is not self.workflow:
            owner = self.workflow.find(scope.parent_task_id)
            while isinstance(owner.parent.task_spec, specs.LOOPS) and owner.task_spec.name == owner.parent.task_spec.task_spec:
                owner = owner.parent
            catchers = [
                t for t in owner.parent.children
                if isinstance(t.task_spec, specs.Boundary) and t._state == TaskState.WAITING and t.task_spec.event_definition.catches(t, event)
            ]  # fmt: skip
            catchers.sort(key=lambda t: not t.task_spec.event_definition.code)
            if catchers:
                catchers[0].task_spec.catch(catchers[0], event)
                catchers[0].task_spec._update(catchers[0])
                return
            scope = owner.workflow
        if isinstance(definition, specs.Error):
            raise RunFailed(f"nobody handles the error {definition.code or ''}".rstrip(), element=task.task_spec.bpmn_id)
        self.workflow.journal.append(Step(task.task_spec.bpmn_id, "uncaught"))

    # --- timers and deadlines -------------------------------------------------------------------------------------

    def start_timer(self, task: Task, element_id: str) -> datetime | None:
        """Fix when a timer is due: start its deadline."""
        element = self.compiled.diagram.elements[element_id]
        return self._start_clock(task, element, self._timer_value(task, element)).due_at

    def _timer_value(self, task: Task, element: Element) -> Any:
        text = element.timer
        if text.startswith("="):
            return self.evaluate(task, text, element.id)
        try:
            period_of(text, legal=True, start_at=self.now)
        except (InvalidPeriod, ValueError):
            return self.evaluate(task, text, element.id)
        return text

    def _start_clock(self, task: Task, element: Element, value: Any) -> Clock:
        name = element.properties.get("deadline", "")
        rule = self.rules.deadlines.get(name) or DeadlineRule(name or element.id)
        start = self._start_of(task, rule, element)
        try:
            period = period_of(value, legal=bool(name), start_at=start)
        except (InvalidPeriod, ValueError) as error:
            raise RunFailed(f"{value!r} is not a time limit: {error}", element=element.id) from error
        clock = Clock(
            name=rule.name,
            label=self._text(task, rule.label, element) or element.name or rule.name,
            element=element.id,
            task_id=task.id,
            basis=self._text(task, rule.basis, element) or element.properties.get("law", ""),
            source_status=self._text(task, rule.status, element) or "unconfirmed",
            period=period,
            start_at=start,
            remind=list(rule.remind),
        )
        return self.clocks.start(clock)

    def _start_of(self, task: Task, rule: DeadlineRule, element: Element) -> datetime:
        if not rule.start:
            return self.now
        value = self.evaluate(task, rule.start, element.id)
        if value is None:
            return self.now
        text = period_of(value, legal=True, start_at=self.now)
        kind, _, rest = text.partition(":")
        if kind == "date":
            return datetime.fromisoformat(rest).replace(hour=12, tzinfo=specs.OFFICE).astimezone(UTC)
        if kind == "at":
            return datetime.fromisoformat(rest)
        raise RunFailed(f"{rule.start!r} is not a date", element=element.id)

    def _text(self, task: Task, text: str, element: Element) -> str:
        if not text.startswith("="):
            return text
        value = self.evaluate(task, text, element.id)
        return "" if value is None else str(value)

    def start_cycle(self, task: Task, element_id: str) -> tuple[datetime, int]:
        """First due instant and number of rounds (-1 = for ever) of a repeating timer such as `R3/P1D`."""
        text = self._cycle_text(task, element_id)
        rounds, _, rest = text.removeprefix("R").partition("/")
        parts = rest.split("/")
        left = int(rounds) if rounds else -1
        if not parts[0].startswith("P"):
            first = datetime.fromisoformat(parts[0])
            return (first if first.tzinfo else first.replace(tzinfo=specs.OFFICE)).astimezone(UTC), left
        return self._later(self.now, parts[0], element_id), left

    def _cycle_text(self, task: Task | None, element_id: str) -> str:
        text = self.compiled.diagram.elements[element_id].timer
        value = text if text.startswith("R") and "/" in text else self.evaluate(task, text, element_id)
        if not isinstance(value, str) or not value.startswith("R") or "/" not in value:
            raise RunFailed(f"{text!r} is not a repetition such as R3/P1D", element=element_id)
        return value

    def next_round(self, element_id: str, due: datetime) -> tuple[datetime, int]:
        """The round after `now`, and how many rounds have passed since `due`, that one included."""
        parts = self._cycle_text(None, element_id).split("/")[1:]
        interval = next((part for part in parts if part.startswith("P")), "P1D")
        passed = 0
        while due <= self.now and passed < STEP_LIMIT:
            due, passed = self._later(due, interval, element_id), passed + 1
        return due, passed

    def _later(self, start: datetime, interval: str, element_id: str) -> datetime:
        try:
            period = period_of(interval, legal=False, start_at=start)
        except (InvalidPeriod, ValueError) as error:
            raise RunFailed(f"{interval!r} is not an interval", element=element_id) from error
        kind, _, rest = period.partition(":")
        if kind == "at":
            return datetime.fromisoformat(rest)
        seconds = parse_period(period)
        if seconds.count == 0:
            raise RunFailed("an interval of no length", element=element_id)
        return start + timedelta(seconds=seconds.count * specs.SECONDS[seconds.unit])

    def timer_fired(self, task: Task, element_id: str) -> None:  # noqa: ARG002 one clock a task
        """Its deadline has expired."""
        clock = self.clocks.of_task(task.id)
        if clock is not None:
            self.clocks.end(clock, EXPIRED)

    # --- running --------------------------------------------------------------------------------------------------

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
            task.data["result"] = normalised(dict(answers))
        else:
            for key, value in answers.items():
                self.assign(key, value)
        self._run(task)
        self.drive()

    def deliver(self, kind: str, name: str, payload: Mapping[str, Any]) -> int:
        """A message or signal arrives; how many catchers took it. The payload becomes variables first."""
        definition = specs.Message(name) if kind == "message" else specs.Signal(name)
        top = self.workflow
        waiting = [t for t in top.event_manager.tasks.values() if t.task_spec.catches(t, BpmnEvent(definition))]
        if not waiting and not self._starts_subprocess(definition):
            return 0
        for key, value in payload.items():
            self.assign(key, value)
        before = set(top.subprocesses)
        caught = top.event_manager.catch(BpmnEvent(definition), internal=False)
        for owner_id in set(top.subprocesses) - before:
            self._interrupt_for(owner_id)
        self.drive()
        return int(caught)

    def _starts_subprocess(self, definition: Any) -> bool:
        return any(
            start.event_definition == definition
            for name in self.workflow.spec.start.trigger_specs
            for start in self.workflow.subprocess_specs[name].bpmn_start_events
        )

    def _interrupt_for(self, owner_id: UUID) -> None:
        """An interrupting event sub-process ends everything else in the case (B8)."""
        keep = self.workflow.tasks.get(owner_id)
        if keep is None or keep.task_spec.name not in self.compiled.interrupting:
            return
        for child in self.workflow.task_tree.children:
            if child is not keep:
                for task in [t for t in _below(child) if not t._state & TaskState.FINISHED_MASK]:
                    if task.id in self.workflow.tasks:
                        task.cancel()

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
            self._book()
            if len(spec._inputs) > 1 and self._again(task):
                compact(self.workflow)
        except EngineError:
            raise
        except (SpiffWorkflowException, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise RunFailed(f"{element}: {error}", element=task.task_spec.bpmn_id) from error

    @staticmethod
    def _again(task: Task) -> bool:
        return any(t.task_spec is task.task_spec and t is not task and t._state == TaskState.COMPLETED for t in task.workflow.tasks.values())

    def _refresh(self) -> bool:
        """Look at the waiting timers, settle the deadlines; whether anything became ready."""
        for task in sorted(self.workflow.event_manager.tasks.values(), key=lambda t: t.last_state_change):
            if task._state == TaskState.WAITING and task.internal_data.get("due"):
                task.task_spec._update(task)
        if not self.workflow.ready:
            self._settle()
            return any(self._is_due(t) for t in self.workflow.event_manager.tasks.values())
        return True

    def _is_due(self, task: Task) -> bool:
        dues = task.internal_data.get("due") or {}
        return any(value != specs.STOPPED and datetime.fromisoformat(value) <= self.now for value in dues.values())

    def _book(self) -> None:
        """Carry out what elements say happens when they complete: outcome, papers, extension."""
        journal = self.workflow.journal
        while self.booked < len(journal):
            step = journal[self.booked]
            self.booked += 1
            element = self.compiled.diagram.elements.get(step.element)
            if step.event != COMPLETED or element is None or not element.properties:
                continue
            if "outcome" in element.properties:
                self.outcome = element.properties["outcome"]
            self.papers += [(paper, element.id) for paper in element.names("paper")]
            if "extend" in element.properties:
                self._extend(element)

    def _extend(self, element: Element) -> None:
        by = element.properties.get("extend_by", "")
        value = self.evaluate(None, by, element.id) if by.startswith("=") else by
        reason = self._text(None, element.properties.get("extend_reason", ""), element)  # type: ignore[arg-type]  # no locals
        try:
            extended = self.clocks.extend(element.properties["extend"], str(value), reason)
        except InvalidPeriod as error:
            raise RunFailed(f"{value!r} is not a period", element=element.id) from error
        for clock in extended:
            self._move_timer(clock)

    def _move_timer(self, clock: Clock) -> None:
        task = self.workflow.find(clock.task_id)
        if task is not None and clock.element in task.internal_data.get("due", {}):
            due = clock.due_at.isoformat() if clock.due_at is not None else specs.STOPPED
            task.internal_data["due"] = {**task.internal_data["due"], clock.element: due}

    def _settle(self) -> None:
        """Make the deadlines match the tokens: start those of activities, end those whose task is gone, stop, resume."""
        live = self.workflow.live()
        present = {task.id for task in live}
        for clock in self.clocks.all:
            if clock.is_open and clock.task_id not in present:
                self.clocks.end(clock, self._how_it_ended(clock))
        for task in live:
            element = self.compiled.diagram.elements.get(task.task_spec.bpmn_id)
            if element is not None and (element.due or "period" in element.properties) and not specs.is_loop(task):
                self._start_activity_clock(task, element)
        self._stop_and_resume(live)

    def _how_it_ended(self, clock: Clock) -> str:
        """Met when what it limited was completed, cancelled when the case left it some other way."""
        element = self.compiled.diagram.elements.get(clock.element)
        limited = element.attached_to if element is not None and element.attached_to else clock.element
        done = any(step.element == limited and step.event == COMPLETED for step in self.workflow.journal)
        return MET if done else CANCELLED

    def _start_activity_clock(self, task: Task, element: Element) -> None:
        if self.clocks.of_task(task.id) is not None or task.internal_data.get("clocked"):
            return
        text = element.due or element.properties["period"]
        value = self.evaluate(task, text, element.id) if text.startswith("=") else text
        task.internal_data["clocked"] = True
        if value is not None:
            self._start_clock(task, element, value)

    def _stop_and_resume(self, live: list[Task]) -> None:
        stopping: dict[str, str] = {}
        for task in live:
            element = self.compiled.diagram.elements.get(task.task_spec.bpmn_id)
            if element is not None and "stop_clock" in element.properties:
                for name in self._stopped_by(task, element):
                    stopping.setdefault(name, element.name or element.id)
        for clock in self.clocks.all:
            if clock.status == "running" and clock.name in stopping:
                self.clocks.stop(clock, stopping[clock.name])
                self._move_timer(clock)
            elif clock.status == "stopped" and clock.name not in stopping:
                self.clocks.resume(clock, "")
                self._move_timer(clock)

    def _stopped_by(self, task: Task, element: Element) -> list[str]:
        text = element.properties["stop_clock"]
        value = self.evaluate(task, text, element.id) if text.startswith("=") else text
        names = value if isinstance(value, list) else str(value or "").split(",")
        return [str(name).strip() for name in names if str(name).strip()]


def _below(task: Task) -> list[Task]:
    found, stack = [], [task]
    while stack:
        each = stack.pop()
        found.append(each)
        stack.extend(each.children)
    return found
