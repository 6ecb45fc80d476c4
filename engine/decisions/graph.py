"""The requirements graph (chapter 6): decisions, knowledge models and services, and what each of them needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.decisions.boxed import compile_boxed, compile_function, guarded, logic_element
from engine.decisions.findings import DecisionError
from engine.decisions.items import given
from engine.decisions.model import Logic, Model, nothing
from engine.decisions.source import Element, child, children, label, local, target
from engine.decisions.tables import Table, compile_table
from engine.feel import Function, Run, Type
from engine.feel.scope import Scope
from engine.feel.types import coerced

_REQUIREMENTS = ("requiredInput", "requiredDecision", "requiredKnowledge")


@dataclass(slots=True)
class Node:
    """An element of the graph: ``key`` is namespace#id, ``variable`` the name under which others read it."""

    key: str
    id: str
    name: str
    kind: str
    variable: str
    type: Type | None
    aliases: Mapping[str, str] = field(default_factory=dict)
    """The names of its file for the namespaces that are imported there."""
    needs: list[str] = field(default_factory=list)
    logic: Logic = nothing
    declared: bool = True
    outputs: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    reads: frozenset[str] = frozenset()

    @property
    def table(self) -> Table | None:
        """The decision table, if that is the logic."""
        return self.logic if isinstance(self.logic, Table) else None


Nodes = dict[str, Node]


def read_node(element: Element, namespace: str, aliases: Mapping[str, str]) -> Node:
    """Read what an element says about itself, without its logic."""
    variable = child(element, "variable")
    identity = element.get("id") or element.get("name") or ""
    name = element.get("name") or identity
    node = Node(f"{namespace}#{identity}", identity, name, local(element), name, None, aliases)
    if variable is not None:
        node.variable = variable.get("name") or name
    node.declared = variable is not None
    node.needs = [
        absolute(target(part), namespace)
        for requirement in children(element, "informationRequirement", "knowledgeRequirement")
        for part in children(requirement, *_REQUIREMENTS)
    ]
    node.outputs = [absolute(target(part), namespace) for part in children(element, "outputDecision")]
    node.inputs = [
        absolute(target(part), namespace)
        for part in (*children(element, "inputData"), *children(element, "inputDecision"))
    ]
    return node


def absolute(href: str, namespace: str) -> str:
    """Complete a reference with the namespace of its file."""
    return f"{namespace}{href}" if href.startswith("#") else href


def compile_node(element: Element, node: Node, model: Model) -> None:
    """Compile the logic of a decision or a knowledge model."""
    model.reads = set()
    variable = child(element, "variable")
    node.type = model.type_of(variable)
    if node.kind == "decision":
        found = logic_element(element)
        if found is None:
            model.report(element, "dmn-no-logic", f"decision {node.name} has no logic")
        elif local(found) == "decisionTable":
            type_name = variable.get("typeRef") or "" if variable is not None else ""
            node.logic = compile_table(found, model, node.variable, type_name)
        else:
            node.logic = compile_boxed(found, model)
    elif node.kind == "businessKnowledgeModel":
        function = child(element, "encapsulatedLogic")
        if function is None:
            model.report(element, "dmn-no-logic", f"{node.name} has no logic")
        node.logic = compile_function(function, model, node.name, _result(node.type))
    node.reads = frozenset(model.reads)


def _result(declared: Type | None) -> Type | None:
    """Return what a knowledge model gives: the output of its function type; in DMN 1.1 its type itself."""
    found = declared.get() if declared is not None and declared.get is not None else declared
    if found is None or found.kind != "function":
        return found
    return found.fields[-1][1] if found.fields else None


@dataclass(slots=True)
class Evaluation:
    """One walk through the graph: values found so far, by node."""

    nodes: Nodes
    run: Run
    context: Mapping[str, Any]
    """Input data by name."""
    visible: Mapping[str, Any]
    """All other variables of the caller: input data is seen only where it is required (§6.2.3)."""
    errors: list[DecisionError] | None
    known: dict[str, Any] = field(default_factory=dict)

    def scope_of(self, node: Node) -> Scope:
        """Provide what the node needs, in front of the variables of the caller."""
        names: dict[str, Any] = {}
        offered: dict[str, Any] = {}
        for key in node.needs:
            needed = self.nodes.get(key)
            if needed is None:
                continue
            alias = node.aliases.get(needed.key.rpartition("#")[0], "")
            place = names.setdefault(alias, {}) if alias else names
            place[needed.variable] = self.value_of(needed)
            offered |= self._columns(needed, place[needed.variable])
        return Scope(self.run, {**offered, **names}, Scope(self.run, self.visible))

    def _columns(self, node: Node, value: Any) -> dict[str, Any]:
        """Offer the outputs of a required table by their names too, as tables without a variable expect."""
        table = node.table
        if table is None or node.declared:
            return {}
        if len(table.outputs) == 1:
            return {node.id: value, table.outputs[0].name: value}
        return {node.id: value, **value} if isinstance(value, dict) else {node.id: value}

    def value_of(self, node: Node) -> Any:
        """Return the value of a node; each decision is made once."""
        if node.key not in self.known:
            self.run.enter()
            try:
                self.known[node.key] = _VALUES.get(node.kind, _decision)(self, node)
            finally:
                self.run.leave()
        return self.known[node.key]


def _decision(evaluation: Evaluation, node: Node) -> Any:
    scope = evaluation.scope_of(node)
    value = guarded(node.logic, scope, evaluation.errors)
    return value if node.type is None else coerced(value, node.type)[1]


def _input(evaluation: Evaluation, node: Node) -> Any:
    value = given(evaluation.context.get(node.variable), node.type)
    if node.type is None or value is None:
        return value
    return coerced(value, node.type)[1]


def _knowledge(evaluation: Evaluation, node: Node) -> Any:
    """Make the function on first use: what it needs may in turn need it."""

    def apply(run: Run, values: Sequence[Any]) -> Any:
        function = node.logic(evaluation.scope_of(node))
        return function.apply(run, values)

    parameters = node.logic(Scope(evaluation.run, {})).parameters
    return Function(node.name, parameters, apply)


def _service(evaluation: Evaluation, node: Node) -> Any:
    """Offer a decision service as a function of its inputs (§10.4)."""
    nodes = evaluation.nodes
    inputs = [nodes[key] for key in node.inputs if key in nodes]

    def apply(run: Run, values: Sequence[Any]) -> Any:
        if len(values) != len(inputs):
            return None
        run.enter()
        try:
            return _served(evaluation, node, dict(zip((item.key for item in inputs), values, strict=True)))
        finally:
            run.leave()

    return Function(node.name, tuple(item.variable for item in inputs), apply)


def _served(evaluation: Evaluation, node: Node, values: Mapping[str, Any]) -> Any:
    nodes = evaluation.nodes
    inner = Evaluation(nodes, evaluation.run, {}, {}, evaluation.errors)
    for key, value in values.items():
        wanted = nodes[key].type
        fits, inner.known[key] = (True, value) if wanted is None else coerced(value, wanted)
        if not fits:
            return None
    outputs = {nodes[key].variable: inner.value_of(nodes[key]) for key in node.outputs if key in nodes}
    result = next(iter(outputs.values()), None) if len(node.outputs) == 1 else outputs
    wanted = _result(node.type)
    return result if wanted is None else coerced(result, wanted)[1]


_VALUES: dict[str, Callable[[Evaluation, Node], Any]] = {
    "inputData": _input,
    "businessKnowledgeModel": _knowledge,
    "decisionService": _service,
}


def check_graph(nodes: Nodes, elements: Mapping[str, Element], model: Model) -> None:
    """Report requirements that lead nowhere or in a circle."""
    for key, node in nodes.items():
        for need in (*node.needs, *node.outputs, *node.inputs):
            if need not in nodes:
                model.report(
                    elements[key],
                    "dmn-unknown-requirement",
                    f"{node.name} requires {need}, which is not there",
                    target=need,
                )
    inputs = {node.variable for node in nodes.values() if node.kind == "inputData"}
    for key, node in nodes.items():
        required = {nodes[need].variable for need in node.needs if need in nodes}
        for name in sorted((node.reads & inputs) - required if node.kind == "decision" else ()):
            message = f"decision {node.name} reads the input {name} without requiring it"
            model.report(elements[key], "dmn-unconnected-input", message, input=name)
        if node.kind == "decision" and _reaches(nodes, node, key):
            model.report(label(elements[key]), "dmn-cycle", f"decision {node.name} requires itself")


def _reaches(nodes: Nodes, start: Node, goal: str) -> bool:
    seen: set[str] = set()
    pending = list(start.needs)
    while pending:
        key = pending.pop()
        if key == goal:
            return True
        if key in seen or key not in nodes or nodes[key].kind != "decision":
            continue
        seen.add(key)
        pending.extend(nodes[key].needs)
    return False
