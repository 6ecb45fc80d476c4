"""Decision tables (chapter 8): rules, hit policies, aggregation, default outputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.decisions.findings import DecisionError
from engine.decisions.items import readings
from engine.decisions.model import Logic, Model, nothing
from engine.decisions.source import Element, child, children, label, text, type_name
from engine.feel import Type, UnaryTests
from engine.feel.compare import arranged, equal
from engine.feel.limits import Run
from engine.feel.scope import Scope
from engine.feel.statistics import total

POLICIES = {"UNIQUE", "ANY", "PRIORITY", "FIRST", "RULE ORDER", "OUTPUT ORDER", "COLLECT"}
AGGREGATIONS = {"SUM", "MIN", "MAX", "COUNT"}
_LISTS = {"RULE ORDER", "OUTPUT ORDER", "COLLECT"}


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that applies: its id and number (0 for the default output), outputs by name, and annotations."""

    rule: str
    number: int
    outputs: dict[str, Any]
    annotations: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Input:
    """An input clause."""

    logic: Logic
    type: Type | None
    allowed: UnaryTests | None


@dataclass(slots=True)
class Output:
    """An output clause; ``order`` holds its allowed values, the most important first."""

    name: str
    default: Logic | None
    order: Logic | None


@dataclass(slots=True)
class Rule:
    """One row."""

    id: str
    number: int
    tests: list[UnaryTests | None]
    outputs: list[Logic]
    annotations: dict[str, str]


@dataclass(slots=True)
class Table:
    """A compiled decision table."""

    id: str
    policy: str
    aggregation: str
    inputs: list[Input]
    outputs: list[Output]
    rules: list[Rule]

    def __call__(self, scope: Scope) -> Any:
        """Decide as DMN defines it: a value or a context, for the multiple hit policies a list of them."""
        return self.value(self.matches(scope))

    def value(self, matches: list[Match]) -> Any:
        """Turn the matches into the value of the decision."""
        values = [match.outputs if len(self.outputs) > 1 else next(iter(match.outputs.values())) for match in matches]
        if self.policy in _LISTS and not self.aggregation and not (values and not matches[0].number):
            return values or None
        return values[0] if values else None

    def matches(self, scope: Scope) -> list[Match]:
        """Return the rules that apply after the hit policy, or the default output."""
        hits = self._hits(scope)
        if not hits and any(output.default for output in self.outputs):
            outputs = {output.name: (output.default or nothing)(scope) for output in self.outputs}
            return [Match("", 0, outputs)]
        if self.aggregation:
            return self._aggregated(scope.run, hits)
        return _POLICIES.get(self.policy, _all)(self, scope, hits)

    def _hits(self, scope: Scope) -> list[Match]:
        tested: list[tuple[Any, ...]] = []
        for clause in self.inputs:
            values = readings(clause.logic(scope), clause.type)
            if clause.allowed is not None and values[0] is not None and not _passes(clause.allowed, scope, values):
                return []
            tested.append(values)
        found: list[Match] = []
        for rule in self.rules:
            if all(_passes(test, scope, values) for test, values in zip(rule.tests, tested, strict=False)):
                names = (output.name for output in self.outputs)
                outputs = {name: logic(scope) for name, logic in zip(names, rule.outputs, strict=False)}
                found.append(Match(rule.id, rule.number, outputs, rule.annotations))
                if self.policy == "FIRST":
                    break
        return found

    def _aggregated(self, run: Run, hits: list[Match]) -> list[Match]:
        name = self.outputs[0].name
        values = [hit.outputs[name] for hit in hits]
        if self.aggregation == "COUNT":
            return [Match("", len(hits) or 1, {name: Decimal(len(hits))})]
        ordered = arranged(run, values) if values else None
        numeric = all(isinstance(value, Decimal) for value in values)
        if self.aggregation == "SUM":
            result = total(values) if values and numeric else None
        else:
            result = None if not ordered else ordered[0] if self.aggregation == "MIN" else ordered[-1]
        return [Match(hits[0].rule, hits[0].number, {name: result})] if hits else []


def _passes(test: UnaryTests | None, scope: Scope, values: tuple[Any, ...]) -> bool:
    return test is not None and any(test.at(scope, value) for value in values)


def _all(_table: Table, _scope: Scope, hits: list[Match]) -> list[Match]:
    return hits


def _unique(table: Table, _scope: Scope, hits: list[Match]) -> list[Match]:
    if len(hits) > 1:
        rows = [hit.number for hit in hits]
        message = f"rules {', '.join(map(str, rows))} all match, but at most one may"
        raise DecisionError("dmn-unique-violated", message, element=table.id, rules=rows)
    return hits


def _any(table: Table, scope: Scope, hits: list[Match]) -> list[Match]:
    if any(equal(scope.run, hits[0].outputs, hit.outputs) is not True for hit in hits[1:]):
        rows = [hit.number for hit in hits]
        message = f"rules {', '.join(map(str, rows))} match with different outputs, but all must agree"
        raise DecisionError("dmn-any-violated", message, element=table.id, rules=rows)
    return hits[:1]


def _by_output(table: Table, scope: Scope, hits: list[Match]) -> list[Match]:
    """Sort by the order of the output values, the first output counting most (§8.2.10)."""
    orders = [(output.name, (output.order or nothing)(scope) or []) for output in table.outputs]

    def rank(hit: Match) -> list[int]:
        ranks: list[int] = []
        for name, order in orders:
            places = (at for at, value in enumerate(order) if equal(scope.run, value, hit.outputs[name]) is True)
            ranks.append(next(places, len(order)))
        return ranks

    return sorted(hits, key=rank)


def _priority(table: Table, scope: Scope, hits: list[Match]) -> list[Match]:
    return _by_output(table, scope, hits)[:1]


_POLICIES: Mapping[str, Callable[[Table, Scope, list[Match]], list[Match]]] = {
    "UNIQUE": _unique,
    "ANY": _any,
    "PRIORITY": _priority,
    "OUTPUT ORDER": _by_output,
}


def compile_table(element: Element, model: Model, name: str = "", result: str = "") -> Table:
    """Compile a table; ``name`` and ``result`` (a type) are the decision's, for a single output without its own."""
    policy = (element.get("hitPolicy") or "UNIQUE").upper()
    aggregation = (element.get("aggregation") or "").upper()
    if policy not in POLICIES:
        model.report(element, "dmn-hit-policy", f"there is no hit policy {policy}", policy=policy)
    if aggregation and (aggregation not in AGGREGATIONS or policy != "COLLECT"):
        message = f"{aggregation} is no aggregation of the hit policy {policy}"
        model.report(element, "dmn-aggregation", message, aggregation=aggregation, policy=policy)
        aggregation = ""
    inputs = [_input(clause, model) for clause in children(element, "input")]
    clauses = list(children(element, "output"))
    outputs = [_output(clause, model, name if len(clauses) == 1 else "", result) for clause in clauses]
    table = Table(label(element), policy, aggregation, inputs, outputs, [])
    _check_outputs(element, model, table, clauses)
    headings = [clause.get("name") or "" for clause in children(element, "annotation")]
    for number, row in enumerate(children(element, "rule"), 1):
        table.rules.append(_rule(row, model, table, number, headings))
    return table


def _check_outputs(element: Element, model: Model, table: Table, clauses: list[Element]) -> None:
    if not table.outputs:
        model.report(element, "dmn-no-output", "the table has no output")
    if table.policy in {"PRIORITY", "OUTPUT ORDER"} and not any(output.order for output in table.outputs):
        message = f"hit policy {table.policy} needs the output values in their order"
        model.report(element, "dmn-no-priorities", message, policy=table.policy)
    for clause in clauses:
        if len(clauses) > 1 and not clause.get("name"):
            model.report(clause, "dmn-output-name", "one of several outputs has no name")
    if table.aggregation and len(clauses) > 1:
        model.report(element, "dmn-aggregation", f"{table.aggregation} needs exactly one output")


def _input(clause: Element, model: Model) -> Input:
    source = child(clause, "inputExpression")
    expression = model.expression(source, "dmn-input-syntax") if source is not None else None
    if not text(source):
        model.report(clause, "dmn-empty-input", "the input has no expression")
    values = child(clause, "inputValues")
    allowed = model.tests(values, "dmn-allowed-values") if values is not None and text(values) else None
    return Input(expression.at if expression else nothing, model.type_of(source), allowed)


def _output(clause: Element, model: Model, name: str, result: str) -> Output:
    default = child(clause, "defaultOutputEntry")
    made = model.expression(default, "dmn-cell-syntax") if default is not None else None
    model.type_of(clause)
    values = child(clause, "outputValues")
    listed = text(values) or model.allowed.get(type_name(clause) or result, "")
    order = model.listed(values if values is not None else clause, listed) if listed else None
    return Output(clause.get("name") or name or "output", made.at if made else None, order)


def _rule(row: Element, model: Model, table: Table, number: int, headings: list[str]) -> Rule:
    entries = list(children(row, "inputEntry"))
    results = list(children(row, "outputEntry"))
    if len(entries) != len(table.inputs) or len(results) != len(table.outputs):
        message = f"rule {number} has {len(entries)} + {len(results)} cells"
        model.report(row, "dmn-rule-width", message, row=number)
    tests = [model.tests(cell, "dmn-cell-syntax", row=number, column=at) for at, cell in enumerate(entries, 1)]
    outputs: list[Logic] = []
    for at, cell in enumerate(results, len(entries) + 1):
        made = None if text(cell) == "-" else model.expression(cell, "dmn-cell-syntax", row=number, column=at)
        outputs.append(made.at if made else nothing)
    notes = [text(cell) for cell in children(row, "annotationEntry")]
    annotations = {heading or str(at): note for at, (heading, note) in enumerate(zip(headings, notes, strict=False), 1)}
    return Rule(label(row), number, tests, outputs, annotations)
