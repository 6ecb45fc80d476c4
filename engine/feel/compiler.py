"""From syntax to closures: one builder per node, each returning a function of the scope (§10.3.2).

No step ever raises for a wrong type: whatever has no meaning is null. Only the budget stops an evaluation.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.feel import nodes
from engine.feel.arithmetic import arithmetic, negative
from engine.feel.compare import compared, member, ordered
from engine.feel.properties import path
from engine.feel.scope import MISSING, Scope
from engine.feel.types import instance
from engine.feel.values import Function, Range, kind

Closure = Callable[[Scope], Any]
Functions = Mapping[str, Function]
_BUILDERS: dict[type[nodes.Node], Callable[[Any, Functions], Closure]] = {}


def builds(node: type[nodes.Node]) -> Callable[[Callable[..., Closure]], Callable[..., Closure]]:
    """Register the builder of a node."""

    def register(builder: Callable[..., Closure]) -> Callable[..., Closure]:
        _BUILDERS[node] = builder
        return builder

    return register


def build(node: nodes.Node, functions: Functions) -> Closure:
    """Turn a node into a closure."""
    return _BUILDERS[type(node)](node, functions)


@builds(nodes.Literal)
def _literal(node: nodes.Literal, _functions: Functions) -> Closure:
    value = node.value
    return lambda _scope: value


@builds(nodes.Name)
def _name(node: nodes.Name, functions: Functions) -> Closure:
    name, fallback = node.name, functions.get(node.name)

    def read(scope: Scope) -> Any:
        value = scope.find(name)
        return fallback if value is MISSING else value

    return read


@builds(nodes.Chain)
def _chain(node: nodes.Chain, functions: Functions) -> Closure:
    first = build(node.first, functions)
    rest = [(sign, build(operand, functions)) for sign, operand in node.rest]

    def chain(scope: Scope) -> Any:
        value = first(scope)
        for sign, operand in rest:
            value = arithmetic(scope.run, sign, value, operand(scope))
        return value

    return chain


@builds(nodes.Logic)
def _logic(node: nodes.Logic, functions: Functions) -> Closure:
    """Ternary logic (tables 44 and 45): the deciding value wins, else null if any operand is no boolean."""
    operands = [build(operand, functions) for operand in node.operands]
    decides = node.sign == "or"

    def logic(scope: Scope) -> bool | None:
        answer: bool | None = not decides
        for operand in operands:
            value: object = operand(scope)
            if value is decides:
                return decides
            if not isinstance(value, bool):
                answer = None
        return answer

    return logic


@builds(nodes.Negation)
def _negation(node: nodes.Negation, functions: Functions) -> Closure:
    operand = build(node.operand, functions)
    return lambda scope: negative(operand(scope))


@builds(nodes.Comparison)
def _comparison(node: nodes.Comparison, functions: Functions) -> Closure:
    left, right, sign = build(node.left, functions), build(node.right, functions), node.sign
    return lambda scope: compared(scope.run, sign, left(scope), right(scope))


@builds(nodes.Between)
def _between(node: nodes.Between, functions: Functions) -> Closure:
    value, low, high = (build(part, functions) for part in (node.value, node.low, node.high))

    def between(scope: Scope) -> bool | None:
        tested = value(scope)
        above, below = ordered(scope.run, ">=", tested, low(scope)), ordered(scope.run, "<=", tested, high(scope))
        return None if above is None or below is None else above and below

    return between


def build_test(node: nodes.Test, functions: Functions) -> Callable[[Scope, Any], bool | None]:
    """Turn one unary test into a question about a value (§10.3.2.13, table 55, and §7.3.3)."""
    operand, sign = build(node.operand, functions), node.sign
    if sign:
        return lambda scope, value: compared(scope.run, sign, value, operand(scope))
    computes = node.asks or not isinstance(node.operand, nodes.Literal | nodes.Name | nodes.Path)

    def test(scope: Scope, value: Any) -> bool | None:
        answer = operand(scope)
        if node.asks and (answer is None or isinstance(answer, bool)):
            return answer
        if computes and isinstance(answer, bool) and not isinstance(value, bool):
            return answer
        return member(scope.run, value, answer)

    return test


def build_tests(node: nodes.Tests, functions: Functions) -> Callable[[Scope, Any], bool | None]:
    """Turn a list of unary tests into a question: any of them, or with ``not`` none of them."""
    tests = [build_test(test, functions) for test in node.tests]
    if not tests:
        return lambda _scope, _value: True

    def ask(scope: Scope, value: Any) -> bool | None:
        answer: bool | None = False
        for test in tests:
            found = test(scope, value)
            if found is True:
                return not node.negated
            answer = None if found is None else answer
        return answer if answer is None else node.negated

    return ask


@builds(nodes.In)
def _in(node: nodes.In, functions: Functions) -> Closure:
    value, tests = build(node.value, functions), build_tests(node.tests, functions)

    def inside(scope: Scope) -> bool | None:
        tested = value(scope)
        return tests(scope.inner({"?": tested}), tested)

    return inside


@builds(nodes.InstanceOf)
def _instance_of(node: nodes.InstanceOf, functions: Functions) -> Closure:
    value, wanted = build(node.value, functions), node.type

    def check(scope: Scope) -> bool:
        tested = value(scope)
        scope.run.weigh(tested)
        return instance(tested, wanted)

    return check


@builds(nodes.If)
def _if(node: nodes.If, functions: Functions) -> Closure:
    condition, yes, no = (build(part, functions) for part in (node.condition, node.yes, node.no))
    return lambda scope: yes(scope) if condition(scope) is True else no(scope)


@builds(nodes.Items)
def _items(node: nodes.Items, functions: Functions) -> Closure:
    items = [build(item, functions) for item in node.items]

    def collect(scope: Scope) -> list[Any]:
        scope.run.room(len(items))
        return [item(scope) for item in items]

    return collect


@builds(nodes.Entries)
def _entries(node: nodes.Entries, functions: Functions) -> Closure:
    entries = [(key, build(value, functions)) for key, value in node.entries]

    def collect(scope: Scope) -> dict[str, Any]:
        scope.run.room(len(entries))
        made: dict[str, Any] = {}
        inner = scope.inner(made)
        for key, value in entries:
            made[key] = value(inner)
        return made

    return collect


@builds(nodes.Span)
def _span(node: nodes.Span, functions: Functions) -> Closure:
    low = build(node.start, functions) if node.start else None
    high = build(node.end, functions) if node.end else None

    def span(scope: Scope) -> Range | None:
        start, end = low(scope) if low else None, high(scope) if high else None
        missing = (low is not None and start is None) + (high is not None and end is None)
        if missing or (low and high and kind(start) != kind(end)):
            return None
        return Range(start, end, node.start_included, node.end_included)

    return span


@builds(nodes.Path)
def _path(node: nodes.Path, functions: Functions) -> Closure:
    value, name = build(node.value, functions), node.name
    return lambda scope: path(scope.run, value(scope), name)
