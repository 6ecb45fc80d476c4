"""The running tree of one case: SpiffWorkflow's workflow with a journal, a ready queue and no clock."""

from decimal import Decimal
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, NamedTuple

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.errors import RunFailed
from engine.runtime.events import turn_of
from engine.runtime.gateways import LIVE
from engine.runtime.parser import Compiled
from engine.runtime.specs import INSTANCE_LIMIT, Boundary, is_loop

if TYPE_CHECKING:
    from engine.runtime.turn import Turn

MOVED = "moved"  # mark of a token that was put here by hand: it came along no flow
ENTERED, COMPLETED, CANCELLED, FAILED = "entered", "completed", "cancelled", "failed"


class Step(NamedTuple):
    """One line of the journal: a token entered, completed or left an element, by `flow` if it came along one.

    `inner` lines are true of the task tree and not of the drawing: a further token that arrives at a waiting join and
    is merged there, and the shell around repeated instances, of which each has lines of its own.
    """

    element: str
    event: str
    flow: str | None = None
    inner: bool = False


class LoopExpressions:
    """What the library takes for its script engine: loops count and stop by FEEL, nothing runs Python."""

    def evaluate(self, task: Task, expression: str, external_context: Any = None) -> Any:  # noqa: ARG002 the library's signature
        """A cardinality as a whole number, a condition as true or false."""
        value = turn_of(task).evaluate(task, expression, task.task_spec.bpmn_id)
        if expression != getattr(task.task_spec, "cardinality", None):
            return value
        if not isinstance(value, Decimal) or value not in range(INSTANCE_LIMIT + 1):
            raise RunFailed(f"{expression!r} is not a number of instances", element=task.task_spec.bpmn_id)
        return int(value)


class _Updating:
    """Shared by the case and its sub-processes: only joins need a second look when something completes."""

    tasks: dict[Any, Task]
    top_workflow: Any

    def update_waiting_tasks(self) -> None:
        """Let waiting joins of this scope look again (the library re-examines every waiting task of the whole tree)."""
        top = self.top_workflow
        for task in sorted(top.joins.values(), key=lambda t: t.last_state_change):
            if task.workflow is self and task._state == TaskState.WAITING and task.id in self.tasks:
                task.task_spec._update(task)

    def _task_removed_notify(self, task: Task) -> None:
        """A removed task leaves no ghost behind: no timer, no orphan sub-process (B5, B6)."""
        self.top_workflow.on_removed(task)


class CaseScope(_Updating, BpmnSubWorkflow):
    """A running embedded sub-process or call activity."""


class CaseWorkflow(_Updating, BpmnWorkflow):
    """A running case. `turn` is set while a turn runs it."""

    def __init__(self, compiled: Compiled, turn: "Turn | None" = None, *, deserializing: bool = False) -> None:
        self.compiled = compiled
        self.turn = turn
        self.ticks = 0
        self.interrupts: list[Task] = []  # event sub-processes just started that end everything else
        self.ready: list[tuple[int, int, Any, Task]] = []
        self.joins: dict[Any, Task] = {}
        self.joining: Task | None = None  # the token just arriving at a join: those waiting there merge into it
        self.joined: set[Any] = set()
        self.journal: list[Step] = []
        super().__init__(compiled.spec, compiled.subspecs, LoopExpressions(), deserializing=deserializing)

    def create_subprocess(self, my_task: Task, spec_name: str) -> CaseScope:
        """Start a scope of our class."""
        scope = CaseScope(self.subprocess_specs[spec_name], parent_task_id=my_task.id, top_workflow=self)
        self.subprocesses[my_task.id] = scope
        if spec_name in self.compiled.interrupting:
            self.interrupts.append(my_task)
        return scope

    def on_change(self, task: Task, before: int, value: int) -> None:
        """A task changed its state: journal it, queue it."""
        if value == TaskState.READY and not task.task_spec.manual:
            heappush(self.ready, (0 if isinstance(task.task_spec, Boundary) else 1, self.ticks, task.id.int, task))
        elif value == TaskState.WAITING and isinstance(task.task_spec, Join):
            self.joins[task.id] = task
        element = task.task_spec.bpmn_id
        if element is None:
            return
        if value & LIVE and before < TaskState.WAITING:
            inner = task.id in self.joined or (value == TaskState.STARTED and is_loop(task))
            self.journal.append(Step(element, ENTERED, self._flow_into(task), inner))
        elif value == TaskState.COMPLETED:
            self.journal.append(Step(element, COMPLETED, inner=bool(task.internal_data.get("merged"))))
        elif value == TaskState.ERROR:
            self.journal.append(Step(element, FAILED))
        elif value == TaskState.CANCELLED and before & LIVE:
            self.journal.append(Step(element, CANCELLED, inner=self._is_merged(task) or is_loop(task)))

    def enter(self, task: Task) -> None:
        """A repeated instance begins; the library puts it into its state without telling."""
        self.journal.append(Step(task.task_spec.bpmn_id, ENTERED))

    def round_done(self, task: Task) -> None:
        """A repeating timer has fired; it goes on waiting."""
        self.journal.append(Step(task.task_spec.bpmn_id, COMPLETED))

    def _is_merged(self, task: Task) -> bool:
        if self.joining is None or task.task_spec is not self.joining.task_spec:
            return False
        self.joined.add(self.joining.id)
        return True

    def on_removed(self, task: Task) -> None:
        """A task was taken out of the tree."""
        self.event_manager.tasks.pop(task.id, None)
        self.joins.pop(task.id, None)
        if task._state & LIVE and task.task_spec.bpmn_id is not None:
            self.journal.append(Step(task.task_spec.bpmn_id, CANCELLED, inner=is_loop(task)))
        scope = self.subprocesses.pop(task.id, None)
        if scope is not None and not scope.completed:
            scope.cancel()

    def next_ready(self) -> Task | None:
        """The next automatic task: fired boundary events first, then in the order they became ready."""
        while self.ready:
            task = heappop(self.ready)[-1]
            if task._state == TaskState.READY and task.id in task.workflow.tasks and self.is_attached(task):
                return task
        return None

    def is_attached(self, task: Task) -> bool:
        """Whether the scope the task runs in is still part of the case."""
        workflow = task.workflow
        while workflow is not self:
            if self.subprocesses.get(workflow.parent_task_id) is not workflow:
                return False
            workflow = self.get_task_from_id(workflow.parent_task_id).workflow
        return True

    def live(self) -> list[Task]:
        """Every task that holds a token now, in tree order, sub-processes included."""
        found = []
        for workflow in (self, *self.subprocesses.values()):
            if workflow is not self and (workflow.completed or not self._has_owner(workflow)):
                continue
            found += [t for t in workflow.tasks.values() if t._state & LIVE]
        return sorted(found, key=lambda t: t.last_state_change)

    def _has_owner(self, scope: Any) -> bool:
        owner = self.get_task_from_id(scope.parent_task_id) if self._find(scope.parent_task_id) else None
        return owner is not None and self.is_attached(owner)

    def _find(self, task_id: Any) -> Any:
        if task_id in self.tasks:
            return self.tasks[task_id]
        for scope in self.subprocesses.values():
            if task_id in scope.tasks:
                return scope.tasks[task_id]
        return None

    def find(self, task_id: Any) -> Any:
        """The task with this id, anywhere in the case."""
        return self._find(task_id)

    def _flow_into(self, task: Task) -> str | None:
        """The sequence flow a token came along: from the nearest drawn ancestor to this element."""
        element, at = task.task_spec.bpmn_id, task.parent
        if MOVED in task.internal_data:
            return None
        while at is not None and (at.task_spec.bpmn_id is None or at.task_spec.bpmn_id == element):
            if at.task_spec.bpmn_id == element and (element, element) in self.compiled.diagram.between:
                break
            if MOVED in at.internal_data:
                return None
            at = at.parent
        return self.compiled.diagram.between.get((at.task_spec.bpmn_id, element)) if at is not None else None
