"""Keeps the task tree as small as the diagram: what a loop has finished is cut out after every turn.

If the same spec appears twice on the way to a live task, everything between is finished and every join in between
has completed, the younger instance takes the older one's place. History is kept in the audit events, not here. Run
against the uncompacted engine over random models this changed no trace; it also cures joins in loops (B1), depth (B2)
and recursion (B3).
"""

from typing import Any

from SpiffWorkflow.bpmn.specs.control import _EndJoin
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.runtime.gateways import LIVE
from engine.runtime.workflow import MOVED, CaseWorkflow

FINISHED = TaskState.FINISHED_MASK


def compact(workflow: CaseWorkflow) -> int:
    """Cut finished loops out of the case and its sub-processes; the number of tasks removed."""
    drop_finished_scopes(workflow)
    return sum(_compact_scope(scope) for scope in (workflow, *workflow.subprocesses.values()))


def drop_finished_scopes(workflow: CaseWorkflow) -> None:
    """Forget the inside of sub-processes that are over."""
    for task_id, scope in list(workflow.subprocesses.items()):
        owner = workflow.find(task_id)
        if owner is None or (scope.completed and owner._state & FINISHED):
            del workflow.subprocesses[task_id]


def _compact_scope(scope: Any) -> int:
    tasks = scope.tasks
    unfinished = _unfinished_below(scope)
    removed = 0
    for leaf in [t for t in list(tasks.values()) if t._state & LIVE]:
        if leaf.id not in tasks:
            continue
        path = _path_to(leaf)
        last = {task.task_spec.name: k for k, task in enumerate(path)}
        k = 1
        while k < len(path):
            older, j = path[k], last[path[k].task_spec.name]
            if j > k and _is_cuttable(path, k, j, unfinished):
                between = _between(tasks, older, path[j])
                if _joins_completed(between):
                    removed += _splice(scope, older, path[j], between)
                    k = j
            k += 1
    if scope.last_task is not None and scope.last_task.id not in tasks:
        scope.last_task = None
    return removed


def _unfinished_below(scope: Any) -> dict[Any, int]:
    """How many unfinished tasks every subtree holds."""
    order, stack, tasks = [], [scope.task_tree.id], scope.tasks
    while stack:
        task_id = stack.pop()
        order.append(task_id)
        stack.extend(tasks[task_id]._children)
    count: dict[Any, int] = {}
    for task_id in reversed(order):
        task = tasks[task_id]
        count[task_id] = (0 if task._state & FINISHED else 1) + sum(count[child] for child in task._children)
    return count


def _path_to(task: Task | None) -> list[Task]:
    path = []
    while task is not None:
        path.append(task)
        task = task.parent
    return path[::-1]


def _is_cuttable(path: list[Task], k: int, j: int, unfinished: dict[Any, int]) -> bool:
    older, younger = path[k], path[j]
    return (
        (not older.triggered or MOVED in older.internal_data)
        and bool(older._state & TaskState.COMPLETED)
        and unfinished[older.id] == unfinished[younger.id]
        and not any(task._state & ~FINISHED for task in path[k:j])
    )


def _between(tasks: dict[Any, Task], older: Task, younger: Task) -> list[Task]:
    found, stack = [], [older.id]
    while stack:
        task_id = stack.pop()
        if task_id != younger.id:
            found.append(tasks[task_id])
            stack.extend(tasks[task_id]._children)
    return found


def _joins_completed(between: list[Task]) -> bool:
    states: dict[str, set[int]] = {}
    for task in between:
        if isinstance(task.task_spec, UnstructuredJoin) and not isinstance(task.task_spec, _EndJoin):
            states.setdefault(task.task_spec.name, set()).add(task._state)
    return all(TaskState.COMPLETED in found for found in states.values())


def _splice(scope: Any, older: Task, younger: Task, between: list[Task]) -> int:
    parent = older.parent
    parent._children[parent._children.index(older.id)] = younger.id
    younger._parent = parent.id
    younger.triggered = younger.triggered or older.triggered  # what moved here is none of its parent's outputs
    for task in between:
        scope.tasks.pop(task.id)
    return len(between)
