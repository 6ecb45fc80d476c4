"""Calling functions and defining them (§10.3.2.13.5 to §10.3.2.13.7)."""

from typing import Any

from engine.feel import nodes
from engine.feel.compiler import Closure, Functions, build, builds
from engine.feel.limits import Run
from engine.feel.scope import Scope
from engine.feel.types import coerced
from engine.feel.values import Function


@builds(nodes.Call)
def _call(node: nodes.Call, functions: Functions) -> Closure:
    """Call by position or by name; a variable that is no function does not hide a built-in."""
    function = build(node.function, functions)
    arguments = [build(argument, functions) for argument in node.arguments]
    fallback = functions.get(node.function.name) if isinstance(node.function, nodes.Name) else None

    def call(scope: Scope) -> Any:
        callee = function(scope)
        if not isinstance(callee, Function):
            callee = fallback
        values = [argument(scope) for argument in arguments]
        if callee is None:
            return None
        return invoke(scope, callee, values, node.names)

    return call


def invoke(scope: Scope, function: Function, values: list[Any], names: list[str] | None = None) -> Any:
    """Apply a function to arguments, by position or by name."""
    scope.run.spend()
    if names is None:
        return function.apply(scope.run, values)
    given = dict(zip(names, values, strict=True))
    if len(given) < len(names):
        return None
    if function.apply_named is not None:
        return function.apply_named(scope.run, given)
    if given.keys() - set(function.parameters):
        return None
    return function.apply(scope.run, [given.get(name) for name in function.parameters])


@builds(nodes.Lambda)
def _lambda(node: nodes.Lambda, functions: Functions) -> Closure:
    body = build(node.body, functions) if node.body else None
    names = tuple(name for name, _ in node.parameters)

    def define(scope: Scope) -> Function:
        def apply(run: Any, values: Any) -> Any:
            made = arguments_of(run, node.parameters, values)
            if body is None or made is None:
                return None
            run.enter()
            try:
                return body(scope.inner(made))
            finally:
                run.leave()

        return Function("function", names, apply)

    return define


def arguments_of(run: Run, parameters: list[tuple[str, Any]], values: list[Any]) -> dict[str, Any] | None:
    """Bind values to parameters with their types (§10.3.2.13.7); None if they do not fit."""
    if len(values) != len(parameters):
        return None
    made: dict[str, Any] = {}
    for (name, wanted), value in zip(parameters, values, strict=True):
        if wanted is not None:
            run.weigh(value)
        fits, made[name] = (True, value) if wanted is None else coerced(value, wanted)
        if not fits:
            return None
    return made
