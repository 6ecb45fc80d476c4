"""Repairs of what elements are called, and of what says that a process is to be run."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from engine.model_repairs.model import NAMING, REFERRING, Model, Step, is_readable, nodes_of
from engine.runtime.diagram import NODES, SCOPES
from engine.xml import local, tag


def executable(model: Model) -> Iterator[Step]:
    """The only process with something in it is the one to run."""
    drawn = [(f, p) for f, p in model.scopes() if local(p) == "process" and nodes_of(p)]
    if len(drawn) != 1 or drawn[0][1].get("isExecutable") == "true":
        return
    file, process = drawn[0]
    before = process.get("isExecutable") or "—"
    yield model.step("repair-executable", file, process, lambda: process.set("isExecutable", "true"), before=before,
                     after="true")  # fmt: skip


def unreadable_ids(model: Model) -> Iterator[Step]:
    """Ids with a dot or a bracket, and those the host needs itself; not where another file may mean the element."""
    others = "\n".join(text for name, text in model.files.items() if not name.endswith(".bpmn"))
    ids = Counter(node.get("id") for root in model.roots.values() for node in root.iter("{*}*"))
    for file, element in _elements(model):
        old, new = element.get("id"), model.final[element]
        if not old or is_readable(old, local(element)) or ids[old] > 1:
            continue
        if re.search(rf"(?<!\w){re.escape(old)}(?!\w)", others):
            continue
        yield model.step("repair-id", file, element, _renaming(model, element, old, new), before=old, after=new)


def missing_ids(model: Model) -> Iterator[Step]:
    """Elements without an id."""
    for file, element in _elements(model):
        if not element.get("id"):
            new = model.final[element]
            yield model.step("repair-id-missing", file, element, _naming(model, element), before="—", after=new)


def _elements(model: Model) -> Iterator[tuple[str, Any]]:
    for file, root in model.roots.items():
        for element in root.iter(*(tag(kind) for kind in sorted(NODES | SCOPES | {"sequenceFlow"}))):
            if element in model.final:
                yield file, element


def _naming(model: Model, element: Any) -> Any:
    return lambda: model.named(element)


def _renaming(model: Model, element: Any, old: str, new: str) -> Any:
    def carry_out() -> None:
        element.set("id", new)
        for file, root in model.roots.items():
            for node in root.iter("{*}*"):
                _refer(model, file, node, old, new)

    return carry_out


def _refer(model: Model, file: str, node: Any, old: str, new: str) -> None:
    for name in REFERRING:
        if node.get(name) == old:
            node.set(name, new)
            model.touched.add(file)
    if local(node) in NAMING and (node.text or "").strip() == old:
        node.text = new
        model.touched.add(file)
