"""A whole file of decisions: reading it, its problems, and deciding."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.decisions.findings import DecisionError, Problem
from engine.decisions.graph import Evaluation, Node, Nodes, check_graph, compile_node, read_node
from engine.decisions.items import read_items
from engine.decisions.model import Hosts, Model
from engine.decisions.source import Element, children, local, read, text
from engine.decisions.tables import Match
from engine.feel import FeelError, Function, Run
from engine.feel.expression import bounded
from engine.feel.scope import Root

_GRAPH = ("decision", "inputData", "businessKnowledgeModel", "decisionService")
_NAMED = {*_GRAPH, "variable", "import", "column", "output", "for", "some", "every", "filter"}
_STEPS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """The decisions of a file, ready to decide."""

    _nodes: Nodes = field(repr=False)
    _own: tuple[Node, ...] = field(repr=False)
    _problems: tuple[Problem, ...] = field(repr=False)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the decisions, in the order of the file."""
        return tuple(node.id for node in self._own if node.kind == "decision")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the decisions, in the order of the file."""
        return tuple(node.name for node in self._own if node.kind == "decision")

    def problems(self) -> list[Problem]:
        """List everything that is wrong with the file."""
        return list(self._problems)

    def reads(self, decision: str) -> frozenset[str]:
        """Name the variables that a decision reads from the case, its required decisions included."""
        found: set[str] = set()
        made: set[str] = set()
        pending, seen = [self._node(decision)], set[str]()
        while pending:
            node = pending.pop()
            if node.key in seen:
                continue
            seen.add(node.key)
            found |= node.reads if node.kind != "inputData" else {node.variable}
            made |= set() if node.kind == "inputData" else {node.variable, node.id}
            made |= {output.name for output in node.table.outputs} if node.table and not node.declared else set()
            pending.extend(self._nodes[key] for key in node.needs if key in self._nodes)
        return frozenset(found - made)

    def evaluate(
        self,
        decision: str,
        context: Mapping[str, Any],
        *,
        now: datetime | None = None,
        errors: list[DecisionError] | None = None,
    ) -> Any:
        """Decide, by id or name.

        A violated hit policy raises a DecisionError; given a list for ``errors``, it goes there instead and the
        decision is null, which is what the specification says and what a conformance test asks for.
        """
        return self._run(now, context, errors, lambda evaluation: evaluation.value_of(self._node(decision)))

    def invoke(
        self,
        service: str,
        context: Mapping[str, Any],
        *,
        now: datetime | None = None,
        errors: list[DecisionError] | None = None,
    ) -> Any:
        """Call a decision service or a business knowledge model with parameters by name."""

        def call(evaluation: Evaluation) -> Any:
            function = evaluation.value_of(self._node(service))
            if not isinstance(function, Function):
                raise DecisionError("dmn-unknown-decision", f"{service} cannot be called", element=service)
            values = [evaluation.context.get(name) for name in function.parameters]
            return function.apply(evaluation.run, values)

        return self._run(now, context, errors, call)

    def matches(self, decision: str, context: Mapping[str, Any], *, now: datetime | None = None) -> list[Match]:
        """Return the rules of a table that apply, after its hit policy; other logic counts as one rule."""
        node = self._node(decision)

        def decide(evaluation: Evaluation) -> list[Match]:
            if node.table is not None:
                return node.table.matches(evaluation.scope_of(node))
            return [Match(node.id, 1, {node.variable: evaluation.value_of(node)})]

        found: list[Match] = self._run(now, context, None, decide)
        return found

    def _run(
        self,
        now: datetime | None,
        context: Mapping[str, Any],
        errors: list[DecisionError] | None,
        decide: Callable[[Evaluation], Any],
    ) -> Any:
        run = Run(now, steps=_STEPS)
        hidden = {node.variable for node in self._nodes.values() if node.kind == "inputData"}
        visible = Root({name: value for name, value in context.items() if name not in hidden})
        try:
            return bounded(run, lambda run: decide(Evaluation(self._nodes, run, Root(context), visible, errors)))
        except FeelError as error:
            raise DecisionError("dmn-budget", str(error), **error.params) from error

    def _node(self, name: str) -> Node:
        found = [node for node in self._own if node.id == name] or [node for node in self._own if node.name == name]
        if not found:
            raise DecisionError("dmn-unknown-decision", f"there is no decision {name}", element=name)
        return found[0]


def parse_decisions(xml: bytes, *, functions: Hosts | None = None, imports: Iterable[bytes] = ()) -> Decisions:
    """Read a file; ``functions`` are offered to its FEEL, ``imports`` are the files it may import."""
    root, problems = read(xml)
    if root is None:
        return Decisions({}, (), tuple(problems))
    model = Model(functions)
    nodes: Nodes = {}
    elements: dict[str, Element] = {}
    read_names(root, model.names)
    for other, prefix in _imported(root, imports, model):
        read_names(other, model.names)
        _add(other, model, nodes, elements, prefix)
    own = _add(root, model, nodes, elements, "")
    for key, node in nodes.items():
        compile_node(elements[key], node, model)
    check_graph(nodes, elements, model)
    if not any(node.kind == "decision" for node in own):
        model.report(root, "dmn-no-decision", "the file has no decision")
    return Decisions(nodes, tuple(own), tuple(model.problems))


def read_names(root: Element, names: set[str]) -> None:
    """Collect the names that expressions of the file may use, as variables or behind a dot."""
    for element in root.iter():
        if local(element) in _NAMED:
            names.add(element.get("name") or element.get("iteratorVariable") or "")
    names.discard("")


def _imported(root: Element, files: Iterable[bytes], model: Model) -> list[tuple[Element, str]]:
    given = [found for found in (read(xml)[0] for xml in files) if found is not None]
    by_namespace = {found.get("namespace") or "": found for found in given}
    made: list[tuple[Element, str]] = []
    for element in children(root, "import"):
        namespace = element.get("namespace") or ""
        if namespace in by_namespace:
            made.append((by_namespace[namespace], element.get("name") or ""))
        elif (element.get("importType") or "").find("DMN") >= 0:
            message = f"the imported model {namespace} is not there"
            model.report(element, "dmn-import", message, namespace=namespace)
    return made


def _add(root: Element, model: Model, nodes: Nodes, elements: dict[str, Element], prefix: str) -> list[Node]:
    """Add the graph and the types of one file."""
    dotted = f"{prefix}." if prefix else ""
    read_items(root, model.types, model.names, model.report, dotted)
    for element in children(root, "itemDefinition"):
        allowed = next((text(part) for part in children(element, "allowedValues")), "")
        model.allowed[dotted + (element.get("name") or "")] = allowed
    made: list[Node] = []
    for element in children(root, *_GRAPH):
        node = read_node(element, root.get("namespace") or "", prefix)
        if node.key in nodes:
            model.report(element, "dmn-duplicate-id", f"two elements have the id {node.id}", id=node.id)
        nodes[node.key] = node
        elements[node.key] = element
        made.append(node)
    return made


_MODES: dict[str, Callable[[list[Match]], Any]] = {
    "singleEntry": lambda matches: _entry(_single(matches)) if matches else None,
    "singleResult": lambda matches: _single(matches) if matches else None,
    "collectEntries": lambda matches: [_entry(match.outputs) for match in matches],
    "resultList": lambda matches: [match.outputs for match in matches],
}


def _single(matches: list[Match]) -> dict[str, Any]:
    if len(matches) > 1:
        raise DecisionError("dmn-result-mapping", f"{len(matches)} rules match, but one result is wanted")
    return matches[0].outputs


def _entry(outputs: Mapping[str, Any]) -> Any:
    if len(outputs) > 1:
        raise DecisionError("dmn-result-mapping", f"the result has {len(outputs)} outputs, but one is wanted")
    return next(iter(outputs.values()), None)


def map_result(result: list[Match], mode: str = "resultList") -> Any:
    """Map the rules that apply as Camunda's ``mapDecisionResult`` does."""
    if mode not in _MODES:
        raise DecisionError("dmn-result-mapping", f"there is no result mapping {mode}", mode=mode)
    return _MODES[mode](result)
