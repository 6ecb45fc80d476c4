"""``for``, ``some``, ``every`` and filters: everything that evaluates a node many times (§10.3.2.13-14)."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

from engine.feel import nodes
from engine.feel.compiler import Closure, Functions, build, builds
from engine.feel.limits import MAX_ITEMS, Run
from engine.feel.scope import Scope
from engine.feel.values import NUMBERS, Range, as_list


def steps(run: Run, span: Range, *, downwards: bool = False) -> list[Any] | None:
    """List the integers or dates of a range; null if it has others or is open."""
    start, end = span.start, span.end
    make: Callable[[int], Any]
    if isinstance(start, Decimal) and isinstance(end, Decimal):
        if abs(NUMBERS.subtract(start, end)) > MAX_ITEMS:
            run.room(MAX_ITEMS + 1)
        if start != start.to_integral_value() or end != end.to_integral_value():
            return None
        low, high, make = int(start), int(end), _number_at
    elif type(start) is date and type(end) is date:
        low, high, make = start.toordinal(), end.toordinal(), date.fromordinal
    else:
        return None
    run.room(abs(high - low))
    down = downwards and high < low
    count = range(low, high - 1, -1) if down else range(low + (not span.start_included), high + span.end_included)
    return [make(place) for place in count]


def _number_at(place: int) -> Any:
    return Decimal(place)


class _Progress(dict[str, Any]):
    """The variable ``partial``: what a loop has returned so far, copied only when it is read."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run
        self.results: list[Any] = []

    def get(self, key: str, default: Any = None) -> Any:
        """Answer for ``partial`` alone."""
        return self.run.items(self.results) if key == "partial" else default


Domain = Callable[[Scope], list[Any] | None]
Iterators = list[tuple[str, Domain]]


def domain(closure: Closure, *, downwards: bool = False) -> Domain:
    """Read what to iterate over: a list, the steps of a range, a single value; null stays null."""

    def items(scope: Scope) -> list[Any] | None:
        value = closure(scope)
        if isinstance(value, Range):
            return steps(scope.run, value, downwards=downwards)
        return None if value is None else as_list(value)

    return items


def _scopes(scope: Scope, iterators: Iterators) -> Iterator[Scope | None]:
    """Yield a scope per combination of items, or None once for a domain that is no list."""
    if not iterators:
        yield scope
        return
    name, read = iterators[0]
    items = read(scope)
    if items is None:
        yield None
        return
    for item in items:
        scope.run.spend()
        yield from _scopes(scope.inner({name: item}), iterators[1:])


def collected(iterators: Iterators, body: Closure) -> Closure:
    """Build ``for``: the list of all results."""

    def collect(scope: Scope) -> list[Any] | None:
        progress = _Progress(scope.run)
        for inner in _scopes(scope.inner(progress), iterators):
            if inner is None:
                return None
            progress.results.append(body(inner))
        return progress.results

    return collect


def quantified(iterators: Iterators, body: Closure, *, decides: bool) -> Closure:
    """Build ``some`` or ``every``: null if an answer is no boolean and none of the others decides."""

    def ask(scope: Scope) -> bool | None:
        answer: bool | None = not decides
        for inner in _scopes(scope, iterators):
            found: object = None if inner is None else body(inner)
            if found is decides:
                return decides
            if not isinstance(found, bool):
                answer = None
        return answer

    return ask


@builds(nodes.For)
def _for(node: nodes.For, functions: Functions) -> Closure:
    iterators = [
        (name, domain(build(values, functions), downwards=isinstance(values, nodes.Span) and values.bare))
        for name, values in node.iterators
    ]
    body = build(node.body, functions)
    return (
        quantified(iterators, body, decides=node.quantifier == "some")
        if node.quantifier
        else collected(iterators, body)
    )


@builds(nodes.Filter)
def _filter(node: nodes.Filter, functions: Functions) -> Closure:
    value, condition = build(node.value, functions), build(node.condition, functions)
    constant = isinstance(node.condition, nodes.Literal) and isinstance(node.condition.value, Decimal)

    def select(scope: Scope) -> Any:
        found = value(scope)
        if found is None:
            return None if constant else []
        items = as_list(found)
        if constant:
            return item_at(items, condition(scope))
        return filtered(scope, items, condition)

    return select


def filtered(scope: Scope, items: list[Any], condition: Callable[[Scope], Any]) -> Any:
    """Keep the items whose condition is true; a numeric condition is an index, another kind is null (table 54)."""
    kept: list[Any] = []
    for item in items:
        scope.run.spend()
        inner = scope.inner({"item": item})
        answer = condition(inner.inner(item) if isinstance(item, dict) else inner)
        if isinstance(answer, Decimal):
            return item_at(items, answer)
        if answer is True:
            kept.append(item)
        elif answer is not None and answer is not False:
            return None
    if not items and isinstance(condition(scope.inner({"item": None})), Decimal):
        return None
    return scope.run.items(kept)


def item_at(items: list[Any], index: Decimal) -> Any:
    """Read by position from 1, or from the end with a negative one; null if there is none."""
    place = int(index.to_integral_value(ROUND_DOWN))
    if place == 0 or abs(place) > len(items):
        return None
    return items[place - 1] if place > 0 else items[place]
