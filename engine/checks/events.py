"""Events: which kind may be drawn where, and what each of them needs."""

from engine.checks.drawing import Drawing, Item, Scope
from engine.checks.paths import link
from engine.checks.report import Report

EXTERNAL = frozenset(["message", "signal"])
ALLOWED = {
    "intermediateCatchEvent": EXTERNAL | {"timer", "link"},
    "intermediateThrowEvent": EXTERNAL | {"", "escalation", "link"},
    "endEvent": EXTERNAL | {"", "error", "escalation", "terminate"},
    "boundaryEvent": EXTERNAL | {"timer", "error", "escalation"},
}
INSTEAD = {
    "compensate": "Draw the way back with ordinary flows.",
    "cancel": "Use an error end event and an error boundary event.",
    "conditional": "Use a message, or a gateway after the step that changes the fact.",
    "timer": "Use a boundary timer on a sub-process; a calendar start belongs into the manifest.",
    "": "Give the event a trigger.",
}
REFERENCE = {"message": "messageRef", "signal": "signalRef", "escalation": "escalationRef"}
NAMES = {"escalation": "escalationCode", "error": "errorCode"}
AFTER_GATEWAY = frozenset(["message", "signal", "timer"])
THROWERS = frozenset(["subProcess", "callActivity"])
WAITING = THROWERS | {"userTask", "receiveTask"}
TWO = 2


def check_events(drawing: Drawing, report: Report) -> None:
    """Everything about events."""
    calls = {n.get("calledElement") for scope in drawing.scopes for n in scope.nodes.values()} - {""}
    for scope in drawing.scopes:
        if scope.is_event_subprocess:
            _event_subprocess(scope, calls, report)
        for node in scope.nodes.values():
            if node.kind.endswith("Event"):
                _event(node, scope, report)
            if node.kind == "boundaryEvent":
                _boundary(node, scope, report)
            if node.kind == "eventBasedGateway":
                _event_gateway(node, scope, report)
            if node.kind.endswith("Event") or node.kind == "receiveTask":
                _name(node, drawing, report)
            if node.kind == "endEvent" and node.event == "error" and not _is_caught(node, scope, drawing):
                report.add("error-uncaught", node.file, node.id, node.line)
        _links(scope, report)


def _is_caught(node: Item, scope: Scope, drawing: Drawing) -> bool:
    """Whether an error boundary event around the scope, or around a call of its process, has the error's code."""
    wanted, handlers = _code(node, drawing), list[Item]()
    for around in scope.around():
        if around.parent is not None:
            handlers += around.parent.on(around.item.key)
            continue
        for other in drawing.scopes:
            calls = [n for n in other.nodes.values() if n.get("calledElement") == around.item.key]
            handlers += [event for call in calls for event in other.on(call.key)]
    return any(handler.event == "error" and _code(handler, drawing) in {"", wanted} for handler in handlers)


def _code(node: Item, drawing: Drawing) -> str:
    ref = next(((d.get("errorRef") or "") for d in node.definitions), "").split(":")[-1]
    declared = drawing.declared.get(ref)
    return "" if declared is None else declared.get("errorCode") or declared.get("name")


def _event(node: Item, scope: Scope, report: Report) -> None:
    if node.triggers > min(1, len(node.definitions)) or node.get("parallelMultiple") == "true":
        report.add("event-multiple", node.file, node.id, node.line)
        return
    if node.kind == "startEvent":
        allowed = frozenset(["", "message"]) if scope.is_process else frozenset([""])
        if scope.is_event_subprocess:
            return
    else:
        allowed = ALLOWED.get(node.kind, frozenset())
    if node.event not in allowed:
        instead = INSTEAD.get(node.event, "Use another event.")
        kind = f"{node.event or 'plain'} event"
        report.add("event-kind", node.file, node.id, node.line, kind=kind, place=node.kind, instead=instead)


def _boundary(node: Item, scope: Scope, report: Report) -> None:
    if node.event == "error" and node.get("cancelActivity") == "false":
        report.add("boundary-error-goes-on", node.file, node.id, node.line)
    host = scope.nodes.get(node.get("attachedToRef"))
    if host is None or host.get("triggeredByEvent") == "true":
        return
    reason = ""
    if node.event in {"error", "escalation"} and host.kind not in THROWERS:
        reason = f"Nothing in a {host.kind} throws the {node.event}."
    elif host.kind not in WAITING and host.kind.endswith("ask"):
        reason = f"A {host.kind} is done at once, so the event never comes."
    if reason:
        report.add(
            "boundary-never-fires", node.file, node.id, node.line, reason=reason, host=host.kind, event=node.event
        )


def _event_gateway(node: Item, scope: Scope, report: Report) -> None:
    if node.get("instantiate") == "true":
        report.add(
            "attribute-unsupported", node.file, node.id, node.line, attribute="instantiate",
            instead="Use message start events.",
        )  # fmt: skip
    targets = [scope.nodes[f.get("targetRef")] for f in scope.leaving(node.key) if f.get("targetRef") in scope.nodes]
    if len(targets) < TWO:
        report.add("event-gateway-few", node.file, node.id, node.line)
    for target in targets:
        catches = target.kind == "intermediateCatchEvent" and target.event in AFTER_GATEWAY
        if not catches and target.kind != "receiveTask":
            report.add("event-gateway-next", node.file, node.id, node.line, target=target.key)
        elif len(scope.entering(target.key)) > 1:
            report.add("event-gateway-shared", node.file, node.id, node.line, target=target.key)


def _event_subprocess(scope: Scope, calls: set[str], report: Report) -> None:
    item = scope.item
    if scope.parent is not None and (not scope.parent.is_process or scope.parent.item.key in calls):
        outer = scope.parent.item.key
        report.add("event-subprocess-nested", item.file, item.id, item.line, scope=outer)
    starts = [node for node in scope.nodes.values() if node.kind == "startEvent"]
    if len(starts) != 1 or any(start.event not in EXTERNAL for start in starts):
        report.add("event-subprocess-start", item.file, item.id, item.line)
    if scope.parent is not None and (scope.parent.entering(item.key) or scope.parent.leaving(item.key)):
        report.add("event-subprocess-connected", item.file, item.id, item.line)


def _name(node: Item, drawing: Drawing, report: Report) -> None:
    """Messages and signals meet by name: there must be one."""
    kind = "message" if node.kind == "receiveTask" else node.event
    if kind not in EXTERNAL and not (kind == "escalation" and node.kind != "boundaryEvent"):
        return
    holders = (node.xml, *node.definitions)
    ref = next((h.get(REFERENCE[kind]) for h in holders if h.get(REFERENCE[kind])), "").strip().split(":")[-1]
    declared = drawing.declared.get(ref)
    if not ref or (declared is not None and not (declared.get("name") or declared.get(NAMES.get(kind, "name")))):
        report.add("event-name-missing", node.file, node.id, node.line, kind=kind)


def _links(scope: Scope, report: Report) -> None:
    throws = [n for n in scope.nodes.values() if n.event == "link" and n.kind == "intermediateThrowEvent"]
    catches = [n for n in scope.nodes.values() if n.event == "link" and n.kind == "intermediateCatchEvent"]
    for nodes, others, wanted in ((throws, catches, "catching"), (catches, throws, "throwing")):
        names = {link(other) for other in others}
        for node in nodes:
            if not link(node) or link(node) not in names:
                report.add("link-unpaired", node.file, node.id, node.line, other=wanted, name=link(node))
    seen: set[str] = set()
    for node in catches:
        if link(node) in seen:
            report.add("link-ambiguous", node.file, node.id, node.line, name=link(node))
        seen.add(link(node))
