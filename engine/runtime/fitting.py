"""What speaks against putting a running tree on another version: judged at the tokens, and by where they can go."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.runtime import specs
from engine.runtime.branches import Branch, drawing
from engine.runtime.diagram import Diagram, Element
from engine.runtime.parser import Compiled
from engine.runtime.soundness import can_block
from engine.runtime.transplant import renamed
from engine.runtime.workflow import CaseWorkflow

LOOP_PARTS = ("cardinality", "condition", "data_input", "data_output", "input_item", "output_item")


@dataclass(frozen=True)
class Unfit:
    """Why a case cannot be carried over: a code, and the element of the old version it is about ("" for the case)."""

    code: str
    element: str = ""


def unfit(workflow: CaseWorkflow, target: Compiled, mapping: Mapping[str, str]) -> list[Unfit]:
    """Everything that speaks against it; an empty list where the tokens fit."""
    source = workflow.compiled
    found: list[Unfit] = []
    for task in workflow.live():
        found += _at_token(task, source, target, mapping)
    if not found:
        for scope in (workflow, *workflow.subprocesses.values()):
            found += _together(scope, source, target, mapping)
    return list(dict.fromkeys(found))


def _at_token(task: Task, source: Compiled, target: Compiled, mapping: Mapping[str, str]) -> Iterator[Unfit]:
    element_id = task.task_spec.bpmn_id
    if element_id is None:
        return
    old = source.diagram.elements.get(element_id)
    new = target.diagram.elements.get(renamed(element_id, mapping))
    is_boundary = isinstance(task.task_spec, specs.Boundary)
    if old is None:
        return
    if new is None:
        if not is_boundary:
            yield Unfit("gone", element_id)
        elif task.internal_data.get("due"):
            yield Unfit("deadline-gone", element_id)
        return
    if is_boundary and renamed(old.attached_to, mapping) not in target.diagram.elements:
        return  # of what it is attached to it is said already that it is gone
    code = _differs(old, new, mapping) or _differs_in_tree(task, target, new, mapping)
    if code:
        yield Unfit(code, element_id)
    elif not is_boundary and isinstance(task.task_spec, Join):
        yield from _at_join(task, source, target, mapping)
    elif old.kind == "eventBasedGateway" and _events(source.diagram, old.id, mapping) != _events(
        target.diagram, new.id, {}
    ):
        yield Unfit("events", element_id)


def _differs(old: Element, new: Element, mapping: Mapping[str, str]) -> str:
    differences = {
        "kind": old.kind != new.kind,
        "scope": renamed(old.scope, mapping) != new.scope,
        "attached": renamed(old.attached_to, mapping) != new.attached_to,
        "event": (old.event, old.event_name, _repeats(old)) != (new.event, new.event_name, _repeats(new)),
        "called": old.called != new.called,
        "stop-clock": old.properties.get("stop_clock") != new.properties.get("stop_clock"),
    }
    return next((code for code, differs in differences.items() if differs), "")


def _repeats(element: Element) -> bool:
    return element.timer_kind == "timeCycle"


def _differs_in_tree(task: Task, target: Compiled, new: Element, mapping: Mapping[str, str]) -> str:
    """Whether what the token is in the tree is something else there: repeated or not, and how."""
    scope = task.workflow
    name = renamed(scope.spec.name, mapping)
    nodes = (target.spec if scope is scope.top_workflow else target.subspecs.get(name, target.spec)).task_specs
    counterpart = nodes.get(renamed(task.task_spec.name, mapping))
    if type(counterpart) is not type(task.task_spec) or bool(new.multi_instance) != _is_repeated(task):
        return "instances" if _is_repeated(task) or new.multi_instance else "kind"
    if specs.is_loop(task) and _loop(counterpart) != _loop(task.task_spec):
        return "instances"
    return ""


def _is_repeated(task: Task) -> bool:
    shell = task if specs.is_loop(task) else specs.shell_of(task)
    return shell is not None and not isinstance(shell.task_spec, specs.Loop)


def _loop(spec: Any) -> list[Any]:
    parts = [getattr(spec, part, None) for part in LOOP_PARTS]
    return [getattr(part, "bpmn_id", part) for part in parts]


def _at_join(task: Task, source: Compiled, target: Compiled, mapping: Mapping[str, str]) -> Iterator[Unfit]:
    """Who has arrived must still be somebody who is waited for."""
    element = task.task_spec.bpmn_id
    sources = {flow.source for flow in target.diagram.flows.values() if flow.target == renamed(element, mapping)}
    for arrived in _arrivals(task):
        if renamed(arrived, mapping) not in sources:
            yield Unfit("join", element)
            return
    before = {flow.source for flow in source.diagram.flows.values() if flow.target == element}
    if len(before) != len(sources):
        yield Unfit("join", element)


def _arrivals(waiting: Task) -> list[str]:
    """The elements from which tokens have come to a join that waits, whose other tokens have merged into the last."""
    spec = waiting.task_spec
    found = [waiting]
    found += [
        task
        for task in waiting.workflow.tasks.values()
        if task.task_spec is spec and task._state == TaskState.CANCELLED and "taken" not in task.internal_data
    ]
    return [element for task in found if (element := _drawn_before(task))]


def _drawn_before(task: Task) -> str:
    at = task.parent
    while at is not None and at.task_spec.bpmn_id is None:
        at = at.parent
    return at.task_spec.bpmn_id if at is not None else ""


def _events(diagram: Diagram, gateway: str, mapping: Mapping[str, str]) -> set[tuple[str, ...]]:
    targets = [diagram.elements[flow.target] for flow in diagram.flows.values() if flow.source == gateway]
    return {(renamed(each.id, mapping), each.kind, each.event, each.event_name) for each in targets}


# --- the tokens of a scope together ---------------------------------------------------------------------------------


def _together(scope: Any, source: Compiled, target: Compiled, mapping: Mapping[str, str]) -> Iterator[Unfit]:
    tokens = [task for task in scope.tasks.values() if _stands(task)]
    if not tokens or scope.completed:
        return
    drawn = source.diagram.elements[tokens[0].task_spec.bpmn_id].scope
    there = renamed(drawn, mapping)
    branches = [(task.task_spec.bpmn_id, *_branches(task, source, target, drawn, there, mapping)) for task in tokens]
    for element, old, new in branches:
        if not _same_branch(old, new, source.diagram, target.diagram, mapping):
            yield Unfit("parallel", element)
            return
    if not _as_far_apart([(old, new) for _, old, new in branches]):
        yield Unfit("parallel", branches[0][0])
        return
    here = [place for task in tokens for place in _places(task, {})]
    marking = [place for task in tokens for place in _places(task, mapping)]
    if can_block(target.diagram, there, marking) and not can_block(source.diagram, drawn, here):
        yield Unfit("blocks", tokens[0].task_spec.bpmn_id)


def _stands(task: Task) -> bool:
    """Whether a task is a token of the drawing: not an event on the edge of an activity, nor one of its instances."""
    return bool(
        task._state & (TaskState.READY | TaskState.WAITING | TaskState.STARTED)
        and task.task_spec.bpmn_id is not None
        and not isinstance(task.task_spec, specs.Boundary)
        and specs.shell_of(task) is None
    )


def _branches(
    task: Task, source: Compiled, target: Compiled, drawn: str, there: str, mapping: Mapping[str, str]
) -> tuple[Branch | None, Branch | None]:
    element = task.task_spec.bpmn_id
    return drawing(source.diagram, drawn).of(element), drawing(target.diagram, there).of(renamed(element, mapping))


def _same_branch(
    old: Branch | None, new: Branch | None, before: Diagram, after: Diagram, mapping: Mapping[str, str]
) -> bool:
    """Whether the splits around a token are the same, and it is behind the same flows as far as these have kept ids."""
    if old is None or new is None:
        return (old is None) == (new is None)
    if [renamed(split, mapping) for split, _ in old] != [split for split, _ in new]:
        return False
    for (_, flows), (split, flows_there) in zip(old, new, strict=True):
        known = {flow.id for flow in after.flows.values() if flow.source == split}
        same = {flow for flow in flows if flow in before.flows}
        if same and same <= known and same != flows_there:
            return False
    return True


def _as_far_apart(branches: list[tuple[Branch | None, Branch | None]]) -> bool:
    """Whether tokens of different branches are in different branches there, and those of one in one."""
    clear = [(old, new) for old, new in branches if old is not None and new is not None]
    return all(
        (old[:k] == other[:k]) == (new[:k] == other_new[:k])
        for old, new in clear
        for other, other_new in clear
        for k in range(1, min(len(old), len(other)) + 1)
    )


def _places(task: Task, mapping: Mapping[str, str]) -> list[tuple[str, str]]:
    element = renamed(task.task_spec.bpmn_id, mapping)
    if isinstance(task.task_spec, Join) and task._state == TaskState.WAITING:
        return [(element, renamed(source, mapping)) for source in _arrivals(task)]
    return [(element, "")]
