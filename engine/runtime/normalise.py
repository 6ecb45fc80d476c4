"""Rewrites legal BPMN that SpiffWorkflow 3.2.0 would misread into BPMN that it reads correctly.

Each rewrite keeps the meaning that BPMN 2.0 gives the drawing and the ids of what is drawn; what is added has an id
with a dot in it (`<id>.split`), so that pages and coverage can tell it apart. What cannot be rewritten is for
`engine.checks` to refuse.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy

from lxml import etree

from engine.runtime.diagram import ACTIVITIES, NODES, SCOPES
from engine.xml import CAMUNDA, NS, local, tag

DATA = [
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "dataInputAssociation",
    "dataOutputAssociation",
    "ioSpecification",
    "property",
]


def normalise(root: etree._Element) -> etree._Element:
    """A rewritten copy of a `bpmn:definitions` element."""
    copy = deepcopy(root)
    for scope in list(_scopes(copy)):
        scope.attrib.pop("isExecutable", None)
    for rewrite in REWRITES:
        rewrite(copy)
    return copy


def is_synthetic(element_id: str) -> bool:
    """Whether an element was added here and is not in the drawing."""
    return "." in element_id


def _scopes(root: etree._Element) -> Iterator[etree._Element]:
    return root.iter(*(tag(kind) for kind in SCOPES))


def _nodes(scope: etree._Element) -> list[etree._Element]:
    return [node for node in scope if local(node) in NODES]


def _flows(scope: etree._Element) -> list[etree._Element]:
    return [node for node in scope if local(node) == "sequenceFlow"]


def _leaving(scope: etree._Element) -> dict[str | None, list[etree._Element]]:
    """The flows out of each node, in document order."""
    found: dict[str | None, list[etree._Element]] = {}
    for flow in _flows(scope):
        found.setdefault(flow.get("sourceRef"), []).append(flow)
    return found


def _add(scope: etree._Element, kind: str, **attributes: str) -> etree._Element:
    return etree.SubElement(scope, tag(kind), attributes)


def _give_ids(root: etree._Element) -> None:
    """B-less flows vanish from SpiffWorkflow's index (findings, silent misreadings): every node needs an id."""
    for scope in _scopes(root):
        for number, node in enumerate(scope):
            if (local(node) in NODES or local(node) == "sequenceFlow") and not node.get("id"):
                base = f"{node.get('sourceRef')}-{node.get('targetRef')}" if node.get("sourceRef") else local(node)
                node.set("id", f"{base}.{number}")


def _drop_data(root: etree._Element) -> None:
    """Variables belong to the case; data objects and associations are drawings only."""
    for node in list(root.iter(*(tag(kind) for kind in DATA))):
        node.getparent().remove(node)


def _inline_definitions(root: etree._Element) -> None:
    for reference in list(root.iter(tag("eventDefinitionRef"))):
        wanted = (reference.text or "").split(":")[-1]
        for definition in root.iterfind("./bpmn:*", NS):
            if definition.get("id") == wanted:
                reference.getparent().append(deepcopy(definition))
        reference.getparent().remove(reference)


def _collections(root: etree._Element) -> None:
    """`camunda:collection` and `camunda:elementVariable` as the standard loop data."""
    for loop in root.iter(tag("multiInstanceLoopCharacteristics")):
        collection = (loop.get(tag("collection", CAMUNDA)) or "").strip().removeprefix("=").strip()
        item = loop.get(tag("elementVariable", CAMUNDA))
        if collection and loop.find("bpmn:loopDataInputRef", NS) is None:
            etree.SubElement(loop, tag("loopDataInputRef")).text = collection
        if item and loop.find("bpmn:inputDataItem", NS) is None:
            _add(loop, "inputDataItem", id=item, name=item)
        for data in (*loop.iterfind("bpmn:inputDataItem", NS), *loop.iterfind("bpmn:outputDataItem", NS)):
            name = data.get("name") or data.get("id", "")
            data.set("name", name)
            data.set("id", f"{name}.item")  # an element may have the id; `_prepare` makes the name the variable


def _link_events(root: etree._Element) -> None:
    """A link pair is a drawn-apart sequence flow (BPMN 10.5.1)."""
    for scope in _scopes(root):
        links = [
            (local(node), definition.get("name", ""), node)
            for node in _nodes(scope)
            for definition in node.iterfind("bpmn:linkEventDefinition", NS)
        ]
        catchers = {name: node for kind, name, node in links if kind == "intermediateCatchEvent"}
        for kind, name, throw in links:
            catch = catchers.get(name)
            if kind == "intermediateThrowEvent" and catch is not None:
                flow = f"{throw.get('id')}.link"
                _add(scope, "sequenceFlow", id=flow, sourceRef=throw.get("id", ""), targetRef=catch.get("id", ""))
        for _, _, node in links:
            node.tag = tag("intermediateThrowEvent")  # both are passed at once
            for definition in list(node.iterfind("bpmn:linkEventDefinition", NS)):
                node.remove(definition)


def _default_conditions(root: etree._Element) -> None:
    """An unconditional flow beside conditional ones is always true (BPMN 10.6.2)."""
    for scope in _scopes(root):
        flows = _leaving(scope)
        for node in _nodes(scope):
            if local(node) not in {"exclusiveGateway", "inclusiveGateway"}:
                continue
            leaving = flows.get(node.get("id"), [])
            if len(leaving) < 2:  # noqa: PLR2004 a gateway with one way out only merges
                continue
            for flow in leaving:
                if flow.get("id") != node.get("default") and flow.find("bpmn:conditionExpression", NS) is None:
                    _add(flow, "conditionExpression").text = "true"


def _split_after_activities(root: etree._Element) -> None:
    """Several or conditional flows out of an activity mean a split (BPMN 13.2.1): draw the gateway."""
    for scope in _scopes(root):
        flows = _leaving(scope)
        for node in _nodes(scope):
            if local(node) not in ACTIVITIES | {
                "intermediateCatchEvent",
                "intermediateThrowEvent",
                "boundaryEvent",
                "startEvent",
            }:
                continue
            leaving = flows.get(node.get("id"), [])
            conditional = [flow for flow in leaving if flow.find("bpmn:conditionExpression", NS) is not None]
            if len(leaving) < 2 and not conditional:  # noqa: PLR2004 one plain flow needs no gateway
                continue
            gateway = f"{node.get('id')}.split"
            split = _add(scope, "inclusiveGateway" if conditional else "parallelGateway", id=gateway)
            if node.get("default"):
                split.set("default", node.attrib.pop("default"))
            for flow in leaving:
                flow.set("sourceRef", gateway)
                if conditional and flow not in conditional and flow.get("id") != split.get("default"):
                    _add(flow, "conditionExpression").text = "true"
            if conditional and not split.get("default") and len(conditional) == len(leaving):
                nowhere = f"{node.get('id')}.none"
                _add(scope, "endEvent", id=nowhere)
                _add(scope, "sequenceFlow", id=f"{nowhere}.flow", sourceRef=gateway, targetRef=nowhere)
                split.set("default", f"{nowhere}.flow")
            _add(scope, "sequenceFlow", id=f"{gateway}.flow", sourceRef=node.get("id", ""), targetRef=gateway)


def _twin_flows(root: etree._Element) -> None:
    """Two flows between the same two nodes: a pass-through event keeps them apart in the task tree."""
    for scope in _scopes(root):
        seen = set()
        for flow in _flows(scope):
            pair = (flow.get("sourceRef"), flow.get("targetRef"))
            if pair in seen:
                via = f"{flow.get('id')}.via"
                _add(scope, "intermediateThrowEvent", id=via)
                _add(scope, "sequenceFlow", id=f"{via}.flow", sourceRef=via, targetRef=flow.get("targetRef", ""))
                flow.set("targetRef", via)
            seen.add(pair)


def _starts_and_ends(root: etree._Element) -> None:
    """Nodes without a way in start, nodes without a way out end (BPMN 10.5.2, 10.5.3)."""
    for scope in _scopes(root):
        nodes = [
            n for n in _nodes(scope) if n.get("triggeredByEvent") != "true" and n.get("isForCompensation") != "true"
        ]
        sources = {flow.get("sourceRef") for flow in _flows(scope)}
        targets = {flow.get("targetRef") for flow in _flows(scope)}
        for node in nodes:
            if local(node) != "endEvent" and node.get("id") not in sources:
                end = f"{node.get('id')}.end"
                _add(scope, "endEvent", id=end)
                _add(scope, "sequenceFlow", id=f"{end}.flow", sourceRef=node.get("id", ""), targetRef=end)
        if nodes and not any(local(node) == "startEvent" for node in nodes):
            start = f"{scope.get('id')}.start"
            first = [n for n in nodes if n.get("id") not in targets and local(n) not in {"boundaryEvent", "endEvent"}]
            if first:
                _add(scope, "startEvent", id=start)
            for node in first:
                _add(
                    scope, "sequenceFlow", id=f"{start}.{node.get('id')}", sourceRef=start, targetRef=node.get("id", "")
                )


def _incoming_outgoing(root: etree._Element) -> None:
    """`bpmn:incoming` and `bpmn:outgoing` are derived; drop what the rewrites have made untrue."""
    for name in ("incoming", "outgoing"):
        for node in list(root.iter(tag(name))):
            node.getparent().remove(node)


REWRITES: tuple[Callable[[etree._Element], None], ...] = (
    _give_ids,
    _drop_data,
    _inline_definitions,
    _collections,
    _link_events,
    _starts_and_ends,
    _default_conditions,
    _split_after_activities,
    _twin_flows,
    _incoming_outgoing,
)
