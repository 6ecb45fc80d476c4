"""What a BPMN file says, read once into plain records: the part of a diagram SpiffWorkflow does not keep.

Everything is found by element id. BPMN 2.0 (formal/2011-01-03) names are kept; `camunda:` attributes are those that
Camunda Modeler writes for platform 7.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from engine.xml import CAMUNDA, NS, local, tag

ACTIVITIES = frozenset(
    [
        "task",
        "userTask",
        "manualTask",
        "scriptTask",
        "serviceTask",
        "businessRuleTask",
        "sendTask",
        "receiveTask",
        "subProcess",
        "callActivity",
        "transaction",
        "adHocSubProcess",
    ]
)
GATEWAYS = frozenset(["exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"])
EVENTS = frozenset(["startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"])
NODES = ACTIVITIES | GATEWAYS | EVENTS
SCOPES = frozenset(["process", "subProcess", "transaction", "adHocSubProcess"])


@dataclass(frozen=True)
class Flow:
    """A sequence flow."""

    id: str
    name: str
    source: str
    target: str
    condition: str | None


@dataclass(frozen=True)
class Element:
    """A flow node with everything the host reads from it."""

    id: str
    kind: str
    name: str
    scope: str  # id of the process or sub-process it is drawn in
    documentation: str = ""
    lane: str = ""
    role: str = ""
    assignee: str = ""
    form: str = ""
    due: str = ""
    priority: str = ""
    decision: str = ""
    result: str = ""
    mapping: str = ""
    topic: str = ""
    event: str = ""  # timer, message, signal, error, escalation, terminate, ... or "" for none
    event_name: str = ""  # name of the message or signal, code of the error or escalation
    timer: str = ""  # text of the timer
    timer_kind: str = ""  # timeDate, timeDuration, timeCycle
    attached_to: str = ""
    interrupting: bool = True
    triggered_by_event: bool = False
    script: str = ""
    script_format: str = ""
    called: str = ""
    default: str = ""
    multi_instance: bool = False
    properties: Mapping[str, str] = field(default_factory=dict)
    line: int | None = None

    def names(self, key: str) -> tuple[str, ...]:
        """A property that is a comma separated list."""
        return tuple(part.strip() for part in self.properties.get(key, "").split(",") if part.strip())


@dataclass(frozen=True)
class Diagram:
    """All processes of one folder."""

    elements: Mapping[str, Element]
    flows: Mapping[str, Flow]
    scopes: Mapping[str, str]  # scope id -> enclosing scope id; a process has ""
    between: Mapping[tuple[str, str], str]  # (source, target) -> flow id

    def inside(self, element: str) -> Iterator[Element | None]:
        """The element, then the activities that enclose it, innermost first."""
        at: str = element
        while at:
            yield self.elements.get(at)
            node = self.elements.get(at)
            at = node.scope if node is not None else ""

    def stage(self, element: str) -> str:
        """The innermost `stage` around an element."""
        for around in self.inside(element):
            if around is not None and "stage" in around.properties:
                return around.properties["stage"]
        return ""

    def start_events(self, process: str) -> list[Element]:
        """The start events of a process."""
        return [e for e in self.elements.values() if e.kind == "startEvent" and e.scope == process]

    def catchers(self) -> Iterator[Element]:
        """Everything that waits for a message or a signal from outside."""
        return (e for e in self.elements.values() if e.event in {"message", "signal"} and not is_throw(e))


def is_throw(element: Element) -> bool:
    """Whether the element sends its event instead of waiting for it."""
    return element.kind in {"endEvent", "intermediateThrowEvent", "sendTask"}


def read_diagram(roots: Iterable[etree._Element]) -> Diagram:
    """The records of several parsed (and normalised) BPMN files."""
    elements: dict[str, Element] = {}
    flows: dict[str, Flow] = {}
    scopes: dict[str, str] = {}
    for root in roots:
        names = _event_names(root)
        lanes = {ref.text: ref.getparent().get("name", "") for ref in root.iterfind(".//bpmn:flowNodeRef", NS)}
        for scope in root.iter(*(tag(kind) for kind in SCOPES)):
            scope_id = scope.get("id", "")
            parent = scope.getparent()
            scopes[scope_id] = "" if local(scope) == "process" else parent.get("id", "")
            for node in scope:
                kind = local(node)
                if kind == "sequenceFlow":
                    flow = _flow(node)
                    flows[flow.id] = flow
                elif kind in NODES:
                    element = _element(node, kind, scope_id, names, lanes)
                    elements[element.id] = element
    between: dict[tuple[str, str], str] = {}
    for flow in flows.values():
        between.setdefault((flow.source, flow.target), flow.id)
    return Diagram(elements, flows, scopes, between)


def _flow(node: etree._Element) -> Flow:
    condition = node.find("bpmn:conditionExpression", NS)
    text = (condition.text or "").strip() if condition is not None else ""
    return Flow(
        node.get("id", ""), node.get("name", ""), node.get("sourceRef", ""), node.get("targetRef", ""), text or None
    )


def _event_names(root: etree._Element) -> dict[str, str]:
    names = {}
    for node in root.iterfind("./bpmn:*", NS):
        kind = local(node)
        if kind in {"message", "signal"}:
            names[node.get("id", "")] = node.get("name", "")
        elif kind in {"error", "escalation"}:
            names[node.get("id", "")] = node.get(f"{kind}Code") or node.get("name", "")
    return names


def _camunda(node: etree._Element, name: str) -> str:
    return (node.get(tag(name, CAMUNDA)) or "").strip()


def _text(node: etree._Element, path: str) -> str:
    found = node.find(path, NS)
    return (found.text or "").strip() if found is not None else ""


def properties_of(node: etree._Element) -> dict[str, str]:
    """The `camunda:property` values directly on an element."""
    found = node.iterfind("bpmn:extensionElements/camunda:properties/camunda:property", NS)
    return {p.get("name", ""): p.get("value", "") for p in found}


def _element(
    node: etree._Element, kind: str, scope: str, names: Mapping[str, str], lanes: Mapping[str | None, str]
) -> Element:
    properties = properties_of(node)
    event, event_name, timer, timer_kind = _event(node, names)
    script_result = _camunda(node, "resultVariable")
    return Element(
        id=node.get("id", ""),
        kind=kind,
        name=" ".join((node.get("name") or "").split()),
        scope=scope,
        documentation=_text(node, "bpmn:documentation"),
        lane=lanes.get(node.get("id"), ""),
        role=_camunda(node, "candidateGroups"),
        assignee=_camunda(node, "assignee"),
        form=_camunda(node, "formRef") or properties.get("formRef", ""),
        due=_camunda(node, "dueDate"),
        priority=_camunda(node, "priority"),
        decision=_camunda(node, "decisionRef"),
        result=script_result,
        mapping=_camunda(node, "mapDecisionResult"),
        topic=_camunda(node, "topic"),
        event=event,
        event_name=event_name,
        timer=timer,
        timer_kind=timer_kind,
        attached_to=node.get("attachedToRef", ""),
        interrupting=node.get("cancelActivity", node.get("isInterrupting", "true")) != "false",
        triggered_by_event=node.get("triggeredByEvent") == "true",
        script=_text(node, "bpmn:script"),
        script_format=node.get("scriptFormat", ""),
        called=node.get("calledElement", ""),
        default=node.get("default", ""),
        multi_instance=node.find("bpmn:multiInstanceLoopCharacteristics", NS) is not None,
        properties=properties,
        line=node.sourceline,
    )


def _event(node: etree._Element, names: Mapping[str, str]) -> tuple[str, str, str, str]:
    """Kind, name, timer text and timer kind of the first event definition."""
    if node.get("messageRef"):
        return "message", names.get(node.get("messageRef", ""), ""), "", ""
    for child in node:
        kind = local(child)
        if not kind.endswith("EventDefinition"):
            continue
        short = kind.removesuffix("EventDefinition")
        if short == "timer":
            for inner in child:
                if local(inner) in {"timeDate", "timeDuration", "timeCycle"}:
                    return short, "", (inner.text or "").strip(), local(inner)
            return short, "", "", ""
        return short, names.get(child.get(f"{short}Ref", ""), ""), "", ""
    return "", "", "", ""
