"""The timing half of a turn: what timers and deadlines of the diagram mean, kept in step with the tokens."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from SpiffWorkflow.task import Task

from engine.clocks import CANCELLED, EXPIRED, MET, Clock, Clocks, DeadlineRule, period_of
from engine.deadlines import OFFICE, SECONDS, InvalidPeriod, parse_period
from engine.errors import RunFailed
from engine.runtime import events, specs
from engine.runtime.diagram import Element
from engine.runtime.parser import Compiled
from engine.runtime.workflow import COMPLETED, CaseWorkflow

ROUNDS = 20_000  # a repeating timer that missed more rounds than this has run away


class Timing:
    """Mixed into `Turn`, which has the variables."""

    compiled: Compiled
    workflow: CaseWorkflow
    clocks: Clocks
    now: datetime
    deadline_rules: Mapping[str, DeadlineRule]

    def evaluate(self, task: Task | None, text: str, element: str) -> Any:
        """See `Turn`."""
        raise NotImplementedError

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
        rule = self.deadline_rules.get(name) or DeadlineRule(name or element.id)
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
            return datetime.fromisoformat(rest).replace(hour=12, tzinfo=OFFICE).astimezone(UTC)
        if kind == "at":
            return datetime.fromisoformat(rest)
        raise RunFailed(f"{rule.start!r} is not a date", element=element.id)

    def _text(self, task: Task | None, text: str, element: Element) -> str:
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
            return (first if first.tzinfo else first.replace(tzinfo=OFFICE)).astimezone(UTC), left
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
        while due <= self.now and passed < ROUNDS:
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
        return start + timedelta(seconds=seconds.count * SECONDS[seconds.unit])

    def timer_fired(self, task: Task, element_id: str) -> None:  # noqa: ARG002 one clock a task
        """Its deadline has expired."""
        clock = self.clocks.of_task(task.id)
        if clock is not None:
            self.clocks.end(clock, EXPIRED)

    def _extend(self, element: Element) -> None:
        by = element.properties.get("extend_by", "")
        value = self.evaluate(None, by, element.id) if by.startswith("=") else by
        reason = self._text(None, element.properties.get("extend_reason", ""), element)
        try:
            extended = self.clocks.extend(element.properties["extend"], str(value), reason)
        except InvalidPeriod as error:
            raise RunFailed(f"{value!r} is not a period", element=element.id) from error
        for clock in extended:
            self._move_timer(clock)

    def lengthen(self, clock: Clock, period: str, reason: str) -> None:
        """Extend one deadline from outside the diagram; its timer moves along. Raises InvalidPeriod."""
        self.clocks.lengthen(clock, period, reason)
        self._move_timer(clock)

    def fix_day(self, clock: Clock, day: date, basis: str) -> None:
        """Set the last day of a deadline from outside the diagram; its timer moves along."""
        self.clocks.fix(clock, day, basis)
        self._move_timer(clock)

    def apply_calendar(self) -> list[Clock]:
        """Compute deadlines again after the calendar has changed; their timers move along."""
        moved = self.clocks.apply_calendar()
        for clock in moved:
            self._move_timer(clock)
        return moved

    def _move_timer(self, clock: Clock) -> None:
        task = self.workflow.find(clock.task_id)
        if task is not None and clock.element in task.internal_data.get("due", {}):
            due = clock.due_at.isoformat() if clock.due_at is not None else events.STOPPED
            task.internal_data["due"] = {**task.internal_data["due"], clock.element: due}

    def _settle(self) -> None:
        """Make the deadlines match the tokens: start those of activities, end those left behind, stop and resume."""
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
