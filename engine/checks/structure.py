"""How the drawing hangs together: references, flows, gateways, ways in and ways out."""

from engine.checks.drawing import Drawing, Item, Scope
from engine.checks.paths import check_deadlocks, check_paths
from engine.checks.report import Report
from engine.runtime.diagram import ACTIVITIES

REFERENCES = {
    "messageRef": "message",
    "signalRef": "signal",
    "errorRef": "error",
    "escalationRef": "escalation",
}
SPLITS = ("exclusiveGateway", "inclusiveGateway")
TWO = 2


def check_structure(drawing: Drawing, report: Report) -> None:
    """Everything about references, flows, gateways and paths."""
    everywhere = {key: scope for scope in drawing.scopes for key in scope.nodes}
    for scope in drawing.scopes:
        for flow in scope.flows:
            _flow(flow, scope, everywhere, report)
        for node in scope.nodes.values():
            _references(node, drawing, report)
            _ways_out(node, scope, report)
            _boundary(node, scope, everywhere, report)
        _starts(scope, report)
        check_paths(scope, report)
        check_deadlocks(scope, report)


def _flow(flow: Item, scope: Scope, everywhere: dict[str, Scope], report: Report) -> None:
    source, target = flow.get("sourceRef"), flow.get("targetRef")
    for attribute, ref in (("sourceRef", source), ("targetRef", target)):
        if not ref:
            report.add("ref-missing", flow.file, flow.id, flow.line, attribute=attribute)
        elif ref not in scope.nodes and ref in everywhere:
            report.add("flow-crosses-scope", flow.file, flow.id, flow.line, source=source, target=target)
            break
        elif ref not in scope.nodes:
            report.add("ref-dangling", flow.file, flow.id, flow.line, attribute=attribute, ref=ref)
    if source in scope.nodes and scope.nodes[source].kind == "endEvent":
        report.add("flow-out-of-end", flow.file, flow.id, flow.line, node=source)
    if target in scope.nodes and scope.nodes[target].kind in {"startEvent", "boundaryEvent"}:
        report.add("flow-into-start", flow.file, flow.id, flow.line, node=target)
    _condition(flow, scope.nodes.get(source), report)


def _condition(flow: Item, source: Item | None, report: Report) -> None:
    condition = flow.child("bpmn:conditionExpression")
    if condition is None:
        return
    if not (condition.text or "").strip():
        report.add("condition-empty", flow.file, flow.id, flow.line)
    if source is not None and source.kind in {"parallelGateway", "eventBasedGateway"}:
        report.add("condition-misplaced", flow.file, flow.id, flow.line, kind=source.kind)
    if source is not None and source.get("default") == flow.key:
        report.add("default-with-condition", flow.file, flow.id, flow.line)


def _references(node: Item, drawing: Drawing, report: Report) -> None:
    for holder in (node.xml, *node.definitions):
        for attribute, wanted in REFERENCES.items():
            ref = (holder.get(attribute) or "").strip().split(":")[-1]
            if not ref:
                continue
            found = drawing.declared.get(ref)
            rule = "ref-dangling" if found is None else "ref-kind" if found.kind != wanted else ""
            if rule:
                report.add(rule, node.file, node.id, node.line, attribute=attribute, ref=ref, wanted=wanted)


def _ways_out(node: Item, scope: Scope, report: Report) -> None:
    leaving, default = scope.leaving(node.key), node.get("default")
    if default and default not in {flow.key for flow in leaving}:
        report.add("default-not-outgoing", node.file, node.id, node.line, ref=default)
    if node.kind not in SPLITS or len(leaving) < TWO:
        return
    plain = [f for f in leaving if f.child("bpmn:conditionExpression") is None and f.key != default]
    if len(plain) == len(leaving):
        report.add("gateway-without-conditions", node.file, node.id, node.line, count=len(leaving))
    elif plain and node.kind == "exclusiveGateway":
        for flow in [f for f in leaving[leaving.index(plain[0]) + 1 :] if f.key != default]:
            report.add("flow-never-taken", flow.file, flow.id, flow.line, before=plain[0].key)
    if not default and node.kind == "exclusiveGateway" and len(plain) < len(leaving):
        report.add("gateway-without-default", node.file, node.id, node.line)


def _boundary(node: Item, scope: Scope, everywhere: dict[str, Scope], report: Report) -> None:
    if node.kind != "boundaryEvent":
        return
    ref = node.get("attachedToRef")
    host = scope.nodes.get(ref)
    if not ref:
        report.add("ref-missing", node.file, node.id, node.line, attribute="attachedToRef")
    elif host is None and ref not in everywhere:
        report.add("ref-dangling", node.file, node.id, node.line, attribute="attachedToRef", ref=ref)
    elif host is None or host.kind not in ACTIVITIES or host.get("triggeredByEvent") == "true":
        report.add("boundary-place", node.file, node.id, node.line)


def _starts(scope: Scope, report: Report) -> None:
    item = scope.item
    flowing = [n for n in scope.nodes.values() if n.get("triggeredByEvent") != "true"]
    if not flowing:
        report.add("empty-scope", item.file, item.id, item.line, scope=scope.title)
        return
    starts = [n for n in flowing if n.kind == "startEvent"]
    plain = [n for n in starts if not n.definitions]
    if len(plain) > 1:
        report.add("several-starts", item.file, item.id, item.line, scope=scope.title, count=len(plain))
    if starts or scope.is_event_subprocess:
        return
    first = [n for n in flowing if not scope.entering(n.key) and n.kind not in {"boundaryEvent", "endEvent"}]
    report.add("implicit-start" if first else "no-start", item.file, item.id, item.line, scope=scope.title)
