"""Boxed expressions (§7.3, §10.2): each element becomes a function of the variables in scope."""

from collections.abc import Callable, Sequence
from typing import Any

from engine.decisions.findings import DecisionError
from engine.decisions.model import Logic, Model, nothing, typed
from engine.decisions.source import Element, child, children, label, local, text
from engine.decisions.tables import compile_table
from engine.feel import Function, Run, Type
from engine.feel.calls import arguments_of, invoke
from engine.feel.loops import Domain, collected, domain, filtered, quantified
from engine.feel.scope import Scope
from engine.feel.values import as_list

_BUILDERS: dict[str, Callable[[Element, Model], Logic]] = {}


def boxed(name: str) -> Callable[[Callable[[Element, Model], Logic]], Callable[[Element, Model], Logic]]:
    """Register the compiler of an element."""

    def register(builder: Callable[[Element, Model], Logic]) -> Callable[[Element, Model], Logic]:
        _BUILDERS[name] = builder
        return builder

    return register


def logic_element(parent: Element | None) -> Element | None:
    """Find the boxed expression inside an element."""
    return child(parent, *_BUILDERS)


def compile_boxed(element: Element | None, model: Model) -> Logic:
    """Compile a boxed expression."""
    if element is None:
        return nothing
    return typed(_BUILDERS[local(element)](element, model), model.type_of(element))


def inside(parent: Element | None, model: Model) -> Logic:
    """Compile the boxed expression inside an element; a missing one is a problem."""
    found = logic_element(parent)
    if found is None and parent is not None:
        model.report(parent, "dmn-no-logic", f"{label(parent)} has no expression")
    return compile_boxed(found, model)


@boxed("literalExpression")
def _literal(element: Element, model: Model) -> Logic:
    if not text(element):
        model.report(element, "dmn-no-logic", "the expression is empty")
    made = model.expression(element, "dmn-expression-syntax")
    return made.at if made else nothing


@boxed("decisionTable")
def _table(element: Element, model: Model) -> Logic:
    return compile_table(element, model)


@boxed("context")
def _context(element: Element, model: Model) -> Logic:
    """Compile entries that each see the ones before; one without a name is the result (§10.2.1.4)."""
    entries: list[tuple[str, Logic]] = []
    for entry in children(element, "contextEntry"):
        variable = child(entry, "variable")
        name = variable.get("name") or "" if variable is not None else ""
        with model.region({earlier for earlier, _ in entries}):
            entries.append((name, typed(inside(entry, model), model.type_of(variable))))

    def collect(scope: Scope) -> Any:
        made: dict[str, Any] = {}
        inner = scope.inner(made)
        for name, logic in entries:
            if not name:
                return logic(inner)
            made[name] = logic(inner)
        return made

    return collect


@boxed("list")
def _list(element: Element, model: Model) -> Logic:
    items = [compile_boxed(item, model) for item in children(element, *_BUILDERS)]
    return lambda scope: [item(scope) for item in items]


@boxed("relation")
def _relation(element: Element, model: Model) -> Logic:
    columns = [column.get("name") or "" for column in children(element, "column")]
    rows = [[compile_boxed(cell, model) for cell in children(row, *_BUILDERS)] for row in children(element, "row")]
    return lambda scope: [{name: cell(scope) for name, cell in zip(columns, row, strict=False)} for row in rows]


@boxed("invocation")
def _invocation(element: Element, model: Model) -> Logic:
    callee = inside(element, model)
    bindings = [
        (parameter.get("name") or "", inside(binding, model))
        for binding in children(element, "binding")
        for parameter in children(binding, "parameter")
    ]

    def call(scope: Scope) -> Any:
        function = callee(scope)
        values = [logic(scope) for _, logic in bindings]
        return (
            invoke(scope, function, values, [name for name, _ in bindings]) if isinstance(function, Function) else None
        )

    return call


@boxed("functionDefinition")
def _function_definition(element: Element, model: Model) -> Logic:
    return compile_function(element, model, "function", None)


def compile_function(element: Element | None, model: Model, name: str, result: Type | None) -> Logic:
    """Compile formal parameters and a body; what is not FEEL is null when it is called."""
    kind = (element.get("kind") or "FEEL") if element is not None else "FEEL"
    parameters = [(item.get("name") or "", model.type_of(item)) for item in children(element, "formalParameter")]
    if kind.upper() == "FEEL":
        with model.region({parameter for parameter, _ in parameters}):
            body = typed(inside(element, model), result)
    else:
        model.report(
            element if element is not None else name, "dmn-language", f"functions in {kind} are not run", language=kind
        )
        body = nothing
    names = tuple(parameter for parameter, _ in parameters)

    def define(scope: Scope) -> Function:
        def apply(run: Run, values: Sequence[Any]) -> Any:
            made = arguments_of(run, parameters, list(values))
            if made is None:
                return None
            run.enter()
            try:
                return body(scope.inner(made))
            finally:
                run.leave()

        return Function(name, names, apply)

    return define


@boxed("conditional")
def _conditional(element: Element, model: Model) -> Logic:
    condition, yes, no = (inside(child(element, part), model) for part in ("if", "then", "else"))

    def choose(scope: Scope) -> Any:
        answer = condition(scope)
        if answer is not None and not isinstance(answer, bool):
            return None
        return yes(scope) if answer else no(scope)

    return choose


@boxed("filter")
def _filter(element: Element, model: Model) -> Logic:
    source = inside(child(element, "in"), model)
    with model.region({"item"}):
        match = inside(child(element, "match"), model)

    def select(scope: Scope) -> Any:
        found = source(scope)
        return None if found is None else filtered(scope, as_list(found), match)

    return select


@boxed("for")
def _for(element: Element, model: Model) -> Logic:
    return collected(*_iteration(element, "return", model))


@boxed("some")
def _some(element: Element, model: Model) -> Logic:
    return quantified(*_iteration(element, "satisfies", model), decides=True)


@boxed("every")
def _every(element: Element, model: Model) -> Logic:
    return quantified(*_iteration(element, "satisfies", model), decides=False)


def _iteration(element: Element, body: str, model: Model) -> tuple[list[tuple[str, Domain]], Logic]:
    name = element.get("iteratorVariable") or "item"
    values = domain(inside(child(element, "in"), model))
    with model.region({name, "partial"}):
        return [(name, values)], inside(child(element, body), model)


def guarded(logic: Logic, scope: Scope, errors: list[DecisionError] | None) -> Any:
    """Evaluate; with a list for errors, a failed decision is null and its error goes there."""
    if errors is None:
        return logic(scope)
    try:
        return logic(scope)
    except DecisionError as error:
        errors.append(error)
        return None
