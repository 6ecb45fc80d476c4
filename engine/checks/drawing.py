"""The BPMN files of a folder as they are drawn, before anything is rewritten, so that every line number is right."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lxml import etree

from engine.checks.ids import check_ids
from engine.checks.report import Report
from engine.runtime.diagram import NODES, SCOPES, Element, Flow, read_diagram
from engine.xml import BPMN, CAMUNDA, NS, UnsafeXml, local, parse_xml, tag

UNSUPPORTED_NODES = frozenset(["choreographyTask", "subChoreography", "callChoreography", "implicitThrowEvent"])


@dataclass(eq=False)
class Item:
    """One element of a file; `id` is empty where the drawing gives none, `key` never is."""

    file: str
    xml: Any
    key: str
    scope: "Scope | None" = None

    @property
    def kind(self) -> str:
        """The element's BPMN name."""
        return local(self.xml)

    @property
    def id(self) -> str | None:
        """The id as drawn."""
        return None if self.key.startswith("?") else self.key

    @property
    def line(self) -> int | None:
        """Where it is in the file."""
        line: int | None = self.xml.sourceline
        return line

    def get(self, name: str) -> str:
        """An attribute."""
        return (self.xml.get(name) or "").strip()

    def camunda(self, name: str) -> str:
        """An attribute of the Camunda namespace."""
        return (self.xml.get(tag(name, CAMUNDA)) or "").strip()

    def child(self, path: str) -> Any:
        """The first element at a path."""
        return self.xml.find(path, NS)

    @property
    def definitions(self) -> list[Any]:
        """The event definitions of an event."""
        return [child for child in self.xml if local(child).endswith("EventDefinition")]

    @property
    def triggers(self) -> int:
        """How many event definitions are in it, however deep: the engine would read them all."""
        return sum(
            etree.QName(e).namespace == BPMN and local(e).endswith("EventDefinition") for e in self.xml.iter("{*}*")
        )

    @property
    def event(self) -> str:
        """The kind of the first event definition, or "" for none."""
        return next((local(child).removesuffix("EventDefinition") for child in self.definitions), "")


@dataclass(eq=False)
class Scope:
    """A process or sub-process with what is drawn directly in it."""

    item: Item
    parent: "Scope | None" = None
    nodes: dict[str, Item] = field(default_factory=dict)
    flows: list[Item] = field(default_factory=list)

    @property
    def is_process(self) -> bool:
        """Whether it stands on its own."""
        return self.parent is None

    @property
    def is_event_subprocess(self) -> bool:
        """Whether it is started by an event."""
        return self.item.get("triggeredByEvent") == "true"

    @property
    def title(self) -> str:
        """How a sentence calls it."""
        return f"{'The process' if self.is_process else 'The sub-process'} {self.item.id or ''}".strip()

    def leaving(self, key: str) -> list[Item]:
        """The flows out of a node, in document order."""
        return self._index[0].get(key, [])

    def entering(self, key: str) -> list[Item]:
        """The flows into a node."""
        return self._index[1].get(key, [])

    def on(self, key: str) -> list[Item]:
        """The boundary events of an activity."""
        return self._index[2].get(key, [])

    @cached_property
    def _index(self) -> tuple[dict[str, list[Item]], ...]:
        found: tuple[dict[str, list[Item]], ...] = ({}, {}, {})
        for flow in self.flows:
            for place, end in enumerate(("sourceRef", "targetRef")):
                found[place].setdefault(flow.get(end), []).append(flow)
        for node in self.nodes.values():
            if node.kind == "boundaryEvent":
                found[2].setdefault(node.get("attachedToRef"), []).append(node)
        return found

    def around(self) -> Iterator["Scope"]:
        """This scope and those around it."""
        at: Scope | None = self
        while at is not None:
            yield at
            at = at.parent


@dataclass(eq=False)
class Drawing:
    """All BPMN files."""

    roots: dict[str, Any] = field(default_factory=dict)
    scopes: list[Scope] = field(default_factory=list)
    declared: dict[str, Item] = field(default_factory=dict)  # messages, signals, errors, ... by id
    records: dict[str, Element] = field(default_factory=dict)
    flow_records: dict[str, Flow] = field(default_factory=dict)

    @property
    def processes(self) -> dict[str, Scope]:
        """The processes by id."""
        return {scope.item.key: scope for scope in self.scopes if scope.is_process}

    def nodes(self) -> Iterator[tuple[Item, Element]]:
        """Every flow node with what the host reads from it."""
        for scope in self.scopes:
            for node in scope.nodes.values():
                if node.key in self.records:
                    yield node, self.records[node.key]

    def flows(self) -> Iterator[Item]:
        """Every sequence flow."""
        for scope in self.scopes:
            yield from scope.flows


def read_drawing(files: Mapping[str, str], report: Report) -> Drawing:
    """Read the BPMN files; what cannot be read is reported and left out."""
    drawing, seen = Drawing(), dict[str, int]()
    if not any(name.endswith(".bpmn") for name in files):
        report.add("bpmn-missing", "process.bpmn")
    for name in sorted(files):
        if name.endswith(".bpmn"):
            root = _root(name, files[name], report)
            if root is not None:
                drawing.roots[name] = root
                _read(drawing, name, root, seen, report)
    return drawing


def _root(name: str, text: str, report: Report) -> Any:
    try:
        root = parse_xml(text)
    except UnsafeXml as error:
        report.add("xml-unsafe", name, line=error.line, reason=str(error))
        return None
    except (ValueError, etree.LxmlError) as error:  # an encoding that is declared wrongly, a lone surrogate
        report.add("xml-unsafe", name, reason=str(error))
        return None
    if root.tag != tag("definitions"):
        report.add("bpmn-namespace", name, line=root.sourceline, tag=root.tag)
        return None
    return root


def _read(drawing: Drawing, file: str, root: Any, seen: dict[str, int], report: Report) -> None:
    _name_all(root)
    _inline(file, root, report)
    for node in root:
        if local(node) in {"message", "signal", "error", "escalation"} and node.get("id"):
            drawing.declared[node.get("id")] = Item(file, node, node.get("id"))
    scopes: dict[Any, Scope] = {}
    for xml in root.iter(*(tag(kind) for kind in SCOPES)):
        parent = scopes.get(xml.getparent())
        inner = next((n for n in parent.nodes.values() if n.xml is xml), None) if parent is not None else None
        scope = Scope(inner or Item(file, xml, xml.get("id", ""), parent), parent)
        scopes[xml] = scope
        drawing.scopes.append(scope)
        _fill(scope, file)
    check_ids(file, root, seen, report)
    read = read_diagram([root])
    drawing.records |= read.elements
    drawing.flow_records |= read.flows


def _fill(scope: Scope, file: str) -> None:
    for child in scope.item.xml:
        kind = local(child)
        if kind in NODES | UNSUPPORTED_NODES:
            item = Item(file, child, child.get("id"), scope)
            scope.nodes.setdefault(item.key, item)
        elif kind == "sequenceFlow":
            scope.flows.append(Item(file, child, child.get("id"), scope))


def _name_all(root: Any) -> None:
    """Keys for what has no id; a `?` can be in no drawn id that passes."""
    for number, node in enumerate(root.iter(etree.Element)):
        if local(node) in NODES | UNSUPPORTED_NODES | SCOPES | {"sequenceFlow"} and not node.get("id"):
            node.set("id", f"?{number}")


def _inline(file: str, root: Any, report: Report) -> None:
    known = {node.get("id"): node for node in root if local(node).endswith("EventDefinition")}
    for reference in list(root.iter(tag("eventDefinitionRef"))):
        wanted, event = (reference.text or "").strip().split(":")[-1], reference.getparent()
        if wanted in known:
            definition = deepcopy(known[wanted])
            definition.attrib.pop("id", None)
            event.append(definition)
        else:
            report.add("ref-dangling", file, event.get("id"), event.sourceline, attribute=local(reference), ref=wanted)
