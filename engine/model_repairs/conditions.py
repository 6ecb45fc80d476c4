"""Repairs of what decides the way and when: conditions, labels of flows, default flows, timers."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from engine.feel import FeelError, compile_expression
from engine.functions import FUNCTIONS
from engine.model_repairs.juel import twin
from engine.model_repairs.model import Model, Step, condition_of, flows_of, nodes_of, set_condition
from engine.xml import CAMUNDA, NS, local, tag

CHOICES = ("exclusiveGateway", "inclusiveGateway")
OTHERWISE = frozenset(["否则", "其他", "其它", "默认", "else", "otherwise", "default"])
COMPARES = re.compile(r"[<>=]")
PERIODS = (
    (re.compile(r"(\d{1,4})\s*(?:个)?(?:工作日|working days?|business days?)", re.IGNORECASE), "{}wd"),
    (re.compile(r"(\d{1,4})\s*(?:个)?(?:小时|hours?)", re.IGNORECASE), "{}h"),
    (re.compile(r"(\d{1,4})\s*(?:个)?(?:月|months?)", re.IGNORECASE), "{}m"),
    (re.compile(r"(\d{1,4})\s*(?:日|天|days?)", re.IGNORECASE), "{}d"),
)
TIMES = ("timeDuration", "timeDate", "timeCycle")
TWO = 2


def empty_conditions(model: Model) -> Iterator[Step]:
    """`<conditionExpression/>` as several editors write it on every flow."""
    for file, scope in model.scopes():
        for flow in flows_of(scope):
            found = flow.find("bpmn:conditionExpression", NS)
            if found is not None and not (found.text or "").strip():
                yield model.step("repair-condition-empty", file, flow, _removal(found))


def juel_texts(model: Model) -> Iterator[Step]:
    """Conditions in the language of Java engines that have an exact twin."""
    for file, scope in model.scopes():
        for flow in flows_of(scope):
            feel = twin(condition_of(flow))
            if feel:
                change = _condition(flow, feel)
                yield model.step("repair-juel", file, flow, change, before=condition_of(flow), after=feel)
        for node in nodes_of(scope):
            yield from _node_texts(model, file, node)


def _node_texts(model: Model, file: str, node: Any) -> Iterator[Step]:
    changes: list[tuple[str, str, Callable[[], None]]] = []
    for name in ("completionCondition", "loopCondition", "loopCardinality"):
        for each in node.iterfind(f"./*/{{*}}{name}"):
            feel = twin(each.text or "")
            if feel:
                changes.append((each.text, feel, _writing(each, feel)))
    for each in node.iterfind("./*[@camunda:collection]", NS):
        given = each.get(tag("collection", CAMUNDA))
        if twin(given):
            changes.append((given, twin(given), _setting(each, tag("collection", CAMUNDA), twin(given))))
    for name in ("dueDate", "priority"):
        given, feel = node.get(tag(name, CAMUNDA)), twin(node.get(tag(name, CAMUNDA)) or "")
        if feel:
            changes.append((given, f"={feel}", _setting(node, tag(name, CAMUNDA), f"={feel}")))
    if changes:
        before, after = "; ".join(given for given, _, _ in changes), "; ".join(feel for _, feel, _ in changes)
        yield model.step("repair-juel", file, node, _all([c[2] for c in changes]), before=before, after=after)


def timer_labels(model: Model) -> Iterator[Step]:
    """Timers without a value whose name says how long: `5个工作日`."""
    for file, scope in model.scopes():
        for node in nodes_of(scope):
            timer = node.find("bpmn:timerEventDefinition", NS)
            if timer is None or any((child.text or "").strip() for child in timer if local(child) in TIMES):
                continue
            period = said_period(node.get("name") or "")
            if period:
                yield model.step("repair-timer", file, node, _timing(timer, period), before="—", after=period)


def said_period(name: str) -> str:
    """The one length of time that a name says, as the host writes it; empty if it says none, or several."""
    for pattern, written in PERIODS:
        found = pattern.findall(name)
        if found:
            return written.format(int(found[0])) if len(re.findall(r"\d+", name)) == 1 and int(found[0]) else ""
    return ""


def labels_of_choices(model: Model) -> Iterator[Step]:
    """Gateways whose ways out have labels but no conditions."""
    for file, scope in model.scopes():
        for node in nodes_of(scope):
            leaving = leaving_of(scope, node)
            if local(node) not in CHOICES or len(leaving) < TWO or node.get("default"):
                continue
            conditions = decided_by_labels(leaving, fact_of(model, node))
            if any(condition_of(flow) for flow in leaving) or not conditions:
                continue
            after = "; ".join(text for text in conditions if text)
            change = deciding(model, node, leaving, conditions)
            yield model.step("repair-labels", file, node, change, before="—", after=after,
                             otherwise=otherwise(leaving, conditions))  # fmt: skip


def fact_of(model: Model, node: Any) -> str:
    """The fact that the labels of a choice are values of."""
    return re.sub(r"\W", "_", model.final[node]).lower()


def decided_by_labels(leaving: list[Any], fact: str) -> list[str]:
    """A condition for each flow, empty for the default one; no conditions where the labels do not tell them apart."""
    labels = [" ".join((flow.get("name") or "").split()) for flow in leaving]
    default = [n for n, label in enumerate(labels) if not label or label.lower() in OTHERWISE]
    if len(default) > 1 or len(set(labels)) < len(labels) or any('"' in label or "\\" in label for label in labels):
        return []
    last = default[0] if default else len(labels) - 1
    return ["" if n == last else _decided(label, fact) for n, label in enumerate(labels)]


def otherwise(leaving: list[Any], conditions: list[str]) -> str:
    """The label of the flow that is taken when no condition is true."""
    return " ".join(flow.get("name") or "—" for flow, text in zip(leaving, conditions, strict=False) if not text)


def _decided(label: str, fact: str) -> str:
    """The label itself where it is a comparison, else that the fact has it as its value."""
    if COMPARES.search(label):
        try:
            compile_expression(label, functions=FUNCTIONS)
        except (FeelError, RecursionError):
            pass
        else:
            return label
    return f'{fact} = "{label}"'


def deciding(model: Model, node: Any, leaving: list[Any], conditions: list[str]) -> Callable[[], None]:
    """Write the conditions, and the flow without one as the default."""

    def carry_out() -> None:
        for flow, text in zip(leaving, conditions, strict=True):
            if text:
                set_condition(flow, text)
            else:
                for empty in flow.findall("bpmn:conditionExpression", NS):
                    flow.remove(empty)
                node.set("default", model.named(flow))

    return carry_out


def default_flows(model: Model) -> Iterator[Step]:
    """The only flow without a condition beside others that have one, out of an exclusive gateway."""
    for file, scope in model.scopes():
        for node in nodes_of(scope):
            leaving = leaving_of(scope, node)
            plain = [flow for flow in leaving if not condition_of(flow)]
            if local(node) == "exclusiveGateway" and not node.get("default") and len(plain) == 1 < len(leaving):
                after = plain[0].get("name") or model.final[plain[0]]
                yield model.step("repair-default", file, node, _defaulting(model, node, plain[0]), after=after)


def leaving_of(scope: Any, node: Any) -> list[Any]:
    """The flows out of a node."""
    return [flow for flow in flows_of(scope) if node.get("id") and flow.get("sourceRef") == node.get("id")]


def _defaulting(model: Model, node: Any, flow: Any) -> Callable[[], None]:
    return lambda: node.set("default", model.named(flow))


def _condition(flow: Any, text: str) -> Callable[[], None]:
    return lambda: set_condition(flow, text)


def _removal(element: Any) -> Callable[[], None]:
    def carry_out() -> None:
        if element.getparent() is not None:
            element.getparent().remove(element)

    return carry_out


def _writing(element: Any, text: str) -> Callable[[], None]:
    def carry_out() -> None:
        element.text = text

    return carry_out


def _setting(element: Any, name: str, value: str) -> Callable[[], None]:
    return lambda: element.set(name, value)


def _timing(timer: Any, period: str) -> Callable[[], None]:
    def carry_out() -> None:
        for child in list(timer):
            timer.remove(child)
        timer.append(timer.makeelement(tag("timeDuration"), {}))
        timer[0].text = period

    return carry_out


def _all(changes: list[Callable[[], None]]) -> Callable[[], None]:
    def carry_out() -> None:
        for change in changes:
            change()

    return carry_out
