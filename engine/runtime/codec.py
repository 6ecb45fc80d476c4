"""A case's tree as a few hundred bytes: rows in pre-order, specs by name, msgpack and zstd. The spec is not stored.

Layout of one scope: [ticks or owner, spec name, completed, success, rows]; of one row: [id, parent row, state, spec,
tick, triggered, internal data, locals that differ from the parent's, locals that the parent has and it has not].
"""

from threading import local
from typing import Any
from uuid import UUID

import msgpack
import zstandard
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.runtime.parser import Compiled
from engine.runtime.workflow import CaseScope, CaseWorkflow
from engine.values import pack_value, packable, unpack_value

FORMAT = 1
STATE_LIMIT = 8_000_000  # bytes after expansion


class _Zstd(local):
    """One pair for every thread: its objects must not be shared between threads."""

    def __init__(self) -> None:
        self.squeeze = zstandard.ZstdCompressor(level=3).compress
        self.expand = zstandard.ZstdDecompressor().decompress


_zstd = _Zstd()


def dump(workflow: CaseWorkflow) -> bytes:
    """The tree as bytes."""
    scopes = [
        [scope.parent_task_id.bytes, scope.spec.name, scope.completed, scope.success, _rows(scope)]
        for scope in workflow.subprocesses.values()
    ]
    document = [FORMAT, workflow.ticks, workflow.completed, workflow.success, _rows(workflow), scopes]
    return _zstd.squeeze(msgpack.packb(document, default=pack_value))


def load(data: bytes, compiled: Compiled) -> CaseWorkflow:
    """The tree from bytes, on the specs it was running on."""
    raw = _zstd.expand(data, max_output_size=STATE_LIMIT)
    _, ticks, completed, success, rows, scopes = msgpack.unpackb(raw, strict_map_key=False, object_hook=unpack_value)
    workflow = CaseWorkflow(compiled, deserializing=True)
    workflow.ticks = ticks
    _build(workflow, rows)
    workflow.completed, workflow.success = completed, success
    pending = scopes
    while pending:
        later = []
        for scope_row in pending:
            owner_id, spec_name, done, well, inner = scope_row
            owner = workflow.find(UUID(bytes=owner_id))
            if owner is None:
                later.append(scope_row)
                continue
            scope = CaseScope(compiled.subspecs[spec_name], owner.id, workflow, deserializing=True)
            _build(scope, inner)
            scope.completed, scope.success = done, well
            workflow.subprocesses[owner.id] = scope
            scope.completed_event.connect(owner.task_spec._on_subworkflow_completed, owner)
        if len(later) == len(pending):
            raise ValueError("a sub-process without its owner: the state does not belong to this version")
        pending = later
    return workflow


def _rows(workflow: Any) -> list[list[Any]]:
    rows: list[list[Any]] = []
    stack = [(workflow.task_tree, -1)]
    tasks = workflow.tasks
    while stack:
        task, parent = stack.pop()
        row = len(rows)
        changed, dropped = _delta(task, tasks.get(task._parent))
        rows.append(
            [
                task.id.bytes,
                parent,
                task._state,
                task.task_spec.name,
                task.last_state_change,
                task.triggered,
                packable(task.internal_data) or None,
                changed,
                dropped,
            ]
        )
        stack.extend((tasks[child], row) for child in reversed(task._children))
    return rows


def _delta(task: Task, parent: Task | None) -> tuple[dict[str, Any] | None, list[str] | None]:
    data = task.data
    if parent is None:
        return (packable(data) or None), None
    base = parent.data
    if data is base or (not data and not base):
        return None, None
    changed = {k: v for k, v in data.items() if k not in base or base[k] != v}
    dropped = [k for k in base if k not in data]
    return (packable(changed) or None), (dropped or None)


def _build(workflow: Any, rows: list[list[Any]]) -> None:
    specs, tasks, top = workflow.spec.task_specs, workflow.tasks, workflow.top_workflow
    built: list[Task] = []
    for raw_id, parent_row, state, spec_name, tick, triggered, internal, changed, dropped in rows:
        task = object.__new__(Task)
        task.id = UUID(bytes=raw_id)
        task.workflow = workflow
        task._children = []
        task._state = state
        task.triggered = triggered
        task.task_spec = specs[spec_name]
        task.thread_id = 0
        task.internal_data = internal or {}
        task.last_state_change = tick
        if parent_row < 0:
            task._parent = None
            task.data = changed or {}
        else:
            parent = built[parent_row]
            task._parent = parent.id
            parent._children.append(task.id)
            task.data = {**parent.data, **(changed or {})}
            for key in dropped or ():
                task.data.pop(key, None)
        tasks[task.id] = task
        built.append(task)
        if state == TaskState.WAITING:
            if isinstance(task.task_spec, CatchingEvent):
                top.event_manager.tasks[task.id] = task
            elif isinstance(task.task_spec, Join):
                top.joins[task.id] = task
    workflow.task_tree = built[0]
