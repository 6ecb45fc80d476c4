"""Repairs of how the drawing hangs together: ends and beginnings, flows to nowhere, splits, links, types of tasks."""

from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from engine.model_repairs.conditions import decided_by_labels, deciding, fact_of, leaving_of, otherwise
from engine.model_repairs.drawing import draw_beside, draw_flow
from engine.model_repairs.model import Model, Step, add, condition_of, flows_of, nodes_of
from engine.runtime.diagram import ACTIVITIES
from engine.xml import NS, local, tag

TWO = 2
ALONE = ("triggeredByEvent", "isForCompensation")


def plain_tasks(model: Model) -> Iterator[Step]:
    """Tasks without a type are tasks for people."""
    for file, scope in model.scopes():
        for node in nodes_of(scope):
            if local(node) == "task":
                yield model.step("repair-task-type", file, node, _typing(node), before="task", after="userTask")


def _typing(node: Any) -> Callable[[], None]:
    def carry_out() -> None:
        node.tag = tag("userTask")

    return carry_out


def link_names(model: Model) -> Iterator[Step]:
    """The only link event that leads nowhere, and the only one that nothing leads to, belong together."""
    for file, scope in model.scopes():
        found: dict[str, list[Any]] = {"intermediateThrowEvent": [], "intermediateCatchEvent": []}
        for node in nodes_of(scope):
            for definition in node.iterfind("bpmn:linkEventDefinition", NS):
                found.get(local(node), []).append((node, definition))
        throws, catches = found.values()
        caught, thrown = ({d.get("name") for _, d in side} for side in (catches, throws))
        loose = [each for each in throws if not each[1].get("name") or each[1].get("name") not in caught]
        free = [each for each in catches if not each[1].get("name") or each[1].get("name") not in thrown]
        if len(loose) != 1 or len(free) != 1:
            continue
        (node, catch), (throw_node, throw) = free[0], loose[0]
        name = throw.get("name") or catch.get("name") or model.final[throw_node]
        yield model.step("repair-link", file, node, _linking(throw, catch, name), before=catch.get("name") or "—",
                         after=name)  # fmt: skip


def _linking(throw: Any, catch: Any, name: str) -> Callable[[], None]:
    def carry_out() -> None:
        throw.set("name", name)
        catch.set("name", name)

    return carry_out


def dangling_flows(model: Model) -> Iterator[Step]:
    """Flows whose source or target is drawn nowhere."""
    known = {node.get("id") for _, scope in model.scopes() for node in nodes_of(scope)}
    for file, scope in model.scopes():
        own = {node.get("id"): node for node in nodes_of(scope) if node.get("id")}
        for flow in flows_of(scope):
            source, target = flow.get("sourceRef"), flow.get("targetRef")
            if not source or source not in known:
                yield model.step("repair-flow-source", file, flow, _removing(model, file, flow), before=source or "—")
            elif (not target or target not in known) and source in own and local(own[source]) != "endEvent":
                change = _ending(model, file, scope, own[source], flow)
                yield model.step("repair-flow-target", file, flow, change, before=target or "—")


def _removing(model: Model, file: str, flow: Any) -> Callable[[], None]:
    def carry_out() -> None:
        gone = flow.get("id")
        flow.getparent().remove(flow)
        for node in list(model.roots[file].iter("{*}*")):
            if gone and node.get("default") == gone:
                del node.attrib["default"]
            listed = local(node) in {"incoming", "outgoing"} and (node.text or "").strip() == gone
            if gone and (listed or node.get("bpmnElement") == gone) and node.getparent() is not None:
                node.getparent().remove(node)

    return carry_out


def splits(model: Model) -> Iterator[Step]:
    """Several plain flows out of a task or event: the gateway they mean (BPMN 13.2.1), a choice if all have labels."""
    for file, scope in model.scopes():
        for node in nodes_of(scope):
            leaving = leaving_of(scope, node)
            if local(node).endswith("Gateway") or local(node) == "endEvent" or len(leaving) < TWO:
                continue
            if any(condition_of(flow) for flow in leaving) or node.get("default"):
                continue
            labelled = all((flow.get("name") or "").strip() for flow in leaving)
            conditions = decided_by_labels(leaving, fact_of(model, node)) if labelled else []
            rule = "repair-choice" if conditions else "repair-split"
            change = _splitting(model, file, scope, node, leaving, conditions)
            after = "; ".join(text for text in conditions if text)
            yield model.step(rule, file, node, change, after=after, otherwise=otherwise(leaving, conditions))


def _splitting(
    model: Model, file: str, scope: Any, node: Any, leaving: list[Any], conditions: list[str]
) -> Callable[[], None]:
    def carry_out() -> None:
        kind = "exclusiveGateway" if conditions else "parallelGateway"
        gateway = add(model, scope, kind, f"{model.final[node]}_split")
        targets = [flow.get("targetRef") or "" for flow in leaving]
        draw_beside(model.roots[file], gateway, node.get("id"), until=targets)
        for flow in leaving:
            model.named(flow)
            flow.set("sourceRef", gateway.get("id"))
            draw_flow(model.roots[file], flow)
        for listed in node.findall("bpmn:outgoing", NS):
            node.remove(listed)
        _connect(model, file, scope, node, gateway)
        if conditions:
            deciding(model, gateway, leaving, conditions)()

    return carry_out


def without_start(model: Model) -> Iterator[Step]:
    """Scopes without a start event, where something has no way in."""
    for file, scope in model.scopes():
        nodes = [node for node in nodes_of(scope) if not any(node.get(name) == "true" for name in ALONE)]
        if any(local(node) == "startEvent" for node in nodes) or scope.get("triggeredByEvent") == "true":
            continue
        own = {node.get("id") for node in nodes}
        entered = {flow.get("targetRef") for flow in flows_of(scope) if flow.get("sourceRef") in own}
        first = [n for n in nodes if n.get("id") not in entered and local(n) not in {"boundaryEvent", "endEvent"}]
        first = [n for n in first if not (local(n) == "intermediateCatchEvent" and _links(n))]
        if first:
            change = _starting(model, file, scope, first)
            after = ", ".join(node.get("name") or model.final[node] for node in first)
            yield model.step("repair-start", file, scope, change, before="—", after=after)


def _links(node: Any) -> bool:
    return node.find("bpmn:linkEventDefinition", NS) is not None


def _starting(model: Model, file: str, scope: Any, first: list[Any]) -> Callable[[], None]:
    def carry_out() -> None:
        start = add(model, scope, "startEvent", f"{model.final[scope]}_begins")
        draw_beside(model.roots[file], start, model.named(first[0]), before=True)
        source = start
        if len(first) > 1:
            source = add(model, scope, "parallelGateway", f"{model.final[scope]}_begins_split")
            _connect(model, file, scope, start, source)
        for node in first:
            _connect(model, file, scope, source, node)

    return carry_out


def without_end(model: Model) -> Iterator[Step]:
    """Nodes where a path stops without an end event."""
    for file, scope in model.scopes():
        sources = {flow.get("sourceRef") for flow in flows_of(scope)}
        for node in nodes_of(scope):
            apart = any(node.get(name) == "true" for name in ALONE) or _links(node)
            if local(node) == "endEvent" or apart or node.get("id") in sources:
                continue
            if local(node) in ACTIVITIES or local(node).endswith("Event"):
                change = _ending(model, file, scope, node, None)
                yield model.step("repair-end", file, node, change, before="—")


def _ending(model: Model, file: str, scope: Any, node: Any, flow: Any) -> Callable[[], None]:
    """An end event after a node; `flow` is what leads to it, None for a new one."""

    def carry_out() -> None:
        end = add(model, scope, "endEvent", f"{model.final[node if flow is None else flow]}_over")
        draw_beside(model.roots[file], end, model.named(node))
        if flow is None:
            _connect(model, file, scope, node, end)
        else:
            model.named(flow)
            flow.set("targetRef", end.get("id"))
            draw_flow(model.roots[file], flow)

    return carry_out


def _connect(model: Model, file: str, scope: Any, source: Any, target: Any) -> etree._Element:
    ends = {"sourceRef": model.named(source), "targetRef": model.named(target)}
    flow = add(model, scope, "sequenceFlow", f"{model.final[source]}_to_{model.final[target]}", **ends)
    draw_flow(model.roots[file], flow)
    return flow
