"""Which elements a token can reach, from which it can get out, and which joins wait for tokens that never come."""

from collections.abc import Callable, Iterable

from engine.checks.drawing import Item, Scope
from engine.checks.report import Report

TWO = 2
NOT_IN_FLOW = ("boundaryEvent", "startEvent")


def check_paths(scope: Scope, report: Report) -> None:
    """Unreachable elements, and elements from which nothing ends."""
    starts = _entries(scope)
    if not starts:
        return  # reported as such
    reached = _closure(starts, lambda key: _next(scope, key))
    for key, node in scope.nodes.items():
        if key not in reached and not _starts_itself(node) and _attached(scope, node):
            report.add("unreachable", node.file, node.id, node.line)
    if not any(can_be_interrupted(around) for around in scope.around()):
        _check_ends(scope, reached, report)


def _check_ends(scope: Scope, reached: set[str], report: Report) -> None:
    back: dict[str, list[str]] = {}
    for key in scope.nodes:
        for target in _next(scope, key):
            back.setdefault(target, []).append(key)
    ends = [key for key in scope.nodes if not _next(scope, key, boundary=False)]
    leaving = _closure(ends, lambda key: back.get(key, []))
    for key, node in scope.nodes.items():
        if key in reached and key not in leaving:
            report.add("dead-end", node.file, node.id, node.line)
    for key in ends:
        node = scope.nodes[key]
        if node.kind != "endEvent" and key in reached and not _starts_itself(node) and node.event != "link":
            report.add("implicit-end", node.file, node.id, node.line)


def _starts_itself(node: Item) -> bool:
    return node.get("triggeredByEvent") == "true" or node.get("isForCompensation") == "true"


def _attached(scope: Scope, node: Item) -> bool:
    """Whether it is worth saying: a boundary event is as reachable as what it is on."""
    return node.kind != "boundaryEvent" or node.get("attachedToRef") in scope.nodes


def _entries(scope: Scope) -> list[str]:
    nodes = [n for n in scope.nodes.values() if not _starts_itself(n)]
    starts = [n.key for n in nodes if n.kind == "startEvent"]
    if starts:
        return starts
    return [n.key for n in nodes if not scope.entering(n.key) and n.kind not in NOT_IN_FLOW and not _caught(n)]


def _caught(node: Item) -> bool:
    return node.kind == "intermediateCatchEvent" and node.event == "link"


def _next(scope: Scope, key: str, *, boundary: bool = True) -> list[str]:
    found = [flow.get("targetRef") for flow in scope.leaving(key)]
    found += [event.key for event in scope.on(key)] if boundary else []
    node = scope.nodes.get(key)
    if node is not None and node.kind == "intermediateThrowEvent" and node.event == "link":
        found += [other.key for other in scope.nodes.values() if _caught(other) and link(other) == link(node)]
    return [target for target in found if target in scope.nodes]


def link(node: Item) -> str:
    """The name of a link event."""
    return next(((d.get("name") or "") for d in node.definitions), "")


def can_be_interrupted(scope: Scope) -> bool:
    """Whether something from outside ends it, so that it may go round for ever."""
    inside = [n for n in scope.nodes.values() if n.get("triggeredByEvent") == "true"]
    if any(_interrupts(start) for event in inside for start in event.xml if start.get("id")):
        return True
    around = scope.parent.on(scope.item.key) if scope.parent is not None else []
    return any(event.get("cancelActivity") != "false" for event in around)


def _interrupts(start: object) -> bool:
    return getattr(start, "tag", "").endswith("startEvent") and start.get("isInterrupting") != "false"  # type: ignore[attr-defined]  # lxml


def _closure(seeds: Iterable[str], neighbours: Callable[[str], Iterable[str]]) -> set[str]:
    found, pending = set(seeds), list(seeds)
    while pending:
        for key in neighbours(pending.pop()):
            if key not in found:
                found.add(key)
                pending.append(key)
    return found


def check_deadlocks(scope: Scope, report: Report) -> None:
    """Parallel gateways that wait for more tokens than can come."""
    joins = [n for n in scope.nodes.values() if n.kind == "parallelGateway" and len(scope.entering(n.key)) >= TWO]
    if not joins:
        return
    back: dict[str, list[str]] = {}
    for key in scope.nodes:
        for target in _next(scope, key):
            back.setdefault(target, []).append(key)
    for join in joins:
        before = _closure(back.get(join.key, []), lambda key: back.get(key, []))
        if not any(_multiplies(scope, scope.nodes[key]) for key in before) and _one_entry(scope):
            count = len(scope.entering(join.key))
            report.add("join-deadlock", join.file, join.id, join.line, count=count)


def _multiplies(scope: Scope, node: Item) -> bool:
    """Whether one token can become several here."""
    if node.kind == "boundaryEvent":
        return node.get("cancelActivity") == "false"
    return len(scope.leaving(node.key)) >= TWO and node.kind not in {"exclusiveGateway", "eventBasedGateway"}


def _one_entry(scope: Scope) -> bool:
    return len(_entries(scope)) == 1
