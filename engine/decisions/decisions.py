"""A whole file of decisions: its problems, and deciding."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.decisions.findings import DecisionError, Problem
from engine.decisions.graph import Evaluation, Node, Nodes
from engine.decisions.tables import Match
from engine.feel import FeelError, Function, Run
from engine.feel.expression import bounded
from engine.feel.scope import Root

_DECISIONS = ("decision",)
_CALLABLE = ("decisionService", "businessKnowledgeModel")
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
        pending, seen = [self._node(decision, *_DECISIONS)], set[str]()
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
        return self._run(
            now, context, errors, lambda evaluation: evaluation.value_of(self._node(decision, *_DECISIONS))
        )

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
            function = evaluation.value_of(self._node(service, *_CALLABLE))
            if not isinstance(function, Function):
                raise DecisionError("dmn-unknown-decision", f"{service} cannot be called", element=service)
            values = [evaluation.context.get(name) for name in function.parameters]
            return function.apply(evaluation.run, values)

        return self._run(now, context, errors, call)

    def matches(self, decision: str, context: Mapping[str, Any], *, now: datetime | None = None) -> list[Match]:
        """Return the rules of a table that apply, after its hit policy; other logic counts as one rule."""
        node = self._node(decision, *_DECISIONS)

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
            rule = "dmn-function" if error.code == "feel-function" else "dmn-budget"
            raise DecisionError(rule, str(error), **error.params) from error

    def _node(self, name: str, *kinds: str) -> Node:
        """Find an element by id, else by name."""
        own = [node for node in self._own if node.kind in kinds]
        found = [node for node in own if node.id == name] or [node for node in own if node.name == name]
        if not found:
            raise DecisionError("dmn-unknown-decision", f"there is no decision {name}", element=name)
        return found[0]
