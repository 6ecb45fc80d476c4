"""The table of built-in functions: a signature in FEEL's own words beside each Python function (§10.3.4).

``@builtin("substring(string: string, start position: number, length?: number)")`` gives names, types and what may
be left out; overloads are further signatures under the same name. Arguments are converted implicitly (a list of
one to its item, an item to a list of one); a call that fits no signature is null, and so is null for a parameter
unless its type is ``any`` or says ``or null``. ``name...`` takes the rest, or one list in its place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.feel.limits import Run
from engine.feel.values import Function, kind

Builtin = Callable[..., Any]
_SHORT = {
    "datetime": "date and time",
    "span": "days and time duration",
    "months": "years and months duration",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a signature."""

    name: str
    kinds: frozenset[str]
    optional: bool
    rest: bool


@dataclass(frozen=True, slots=True)
class Overload:
    """One way to call a built-in."""

    parameters: tuple[Parameter, ...]
    function: Builtin


_OVERLOADS: dict[str, list[Overload]] = {}


def builtin(*signatures: str) -> Callable[[Builtin], Builtin]:
    """Register a function under one or more signatures."""

    def register(function: Builtin) -> Builtin:
        for signature in signatures:
            name, _, rest = signature.partition("(")
            parameters = tuple(_parameter(text) for text in rest.rstrip(")").split(",") if text.strip())
            _OVERLOADS.setdefault(name, []).append(Overload(parameters, function))
        return function

    return register


def _parameter(text: str) -> Parameter:
    name, _, kinds = (part.strip() for part in text.partition(":"))
    names = frozenset(_SHORT.get(part, part) for part in kinds.split(" or "))
    return Parameter(name.rstrip("?."), names, name.endswith("?"), name.endswith("..."))


def table() -> dict[str, Function]:
    """Return every built-in as a function value."""
    return {name: _function(name, overloads) for name, overloads in _OVERLOADS.items()}


def _function(name: str, overloads: list[Overload]) -> Function:
    def apply(run: Run, values: Sequence[Any]) -> Any:
        return _first(run, overloads, lambda overload: _by_position(overload, values))

    def apply_named(run: Run, values: Mapping[str, Any]) -> Any:
        return _first(run, overloads, lambda overload: _by_name(overload, values))

    def refuses(count: int, names: Sequence[str] | None) -> str:
        if any(_takes(overload.parameters, count, names) for overload in overloads):
            return ""
        given = f"arguments named {', '.join(names)}" if names is not None else f"{count} arguments"
        return f"{name} does not take {given}"

    parameters = tuple(parameter.name for parameter in overloads[0].parameters)
    return Function(name, parameters, apply, apply_named, refuses)


def _takes(parameters: tuple[Parameter, ...], count: int, names: Sequence[str] | None) -> bool:
    if names is not None:
        return len(set(names)) == len(names) and set(names) <= {parameter.name for parameter in parameters}
    least = sum(not parameter.optional for parameter in parameters)
    return least <= count and (count <= len(parameters) or any(parameter.rest for parameter in parameters))


def _first(run: Run, overloads: list[Overload], bind: Callable[[Overload], list[Any] | None]) -> Any:
    for overload in overloads:
        arguments = bind(overload)
        if arguments is not None:
            try:
                return overload.function(run, *arguments)
            except (ArithmeticError, ValueError, OverflowError):
                return None
    return None


def _by_position(overload: Overload, values: Sequence[Any]) -> list[Any] | None:
    parameters = overload.parameters
    if parameters and parameters[-1].rest:
        head = len(parameters) - 1
        if len(values) <= head:
            return None
        rest = values[head] if head + 1 == len(values) and isinstance(values[head], list) else list(values[head:])
        values = [*values[:head], rest]
    if len(values) > len(parameters):
        return None
    return _fitted(parameters, values)


def _by_name(overload: Overload, values: Mapping[str, Any]) -> list[Any] | None:
    if values.keys() - {parameter.name for parameter in overload.parameters}:
        return None
    present = [p for p in overload.parameters if p.name in values or not p.optional]
    if present != list(overload.parameters[: len(present)]):
        present = list(overload.parameters)
    return _fitted(overload.parameters, [values.get(parameter.name) for parameter in present])


def _fitted(parameters: tuple[Parameter, ...], values: Sequence[Any]) -> list[Any] | None:
    fitted: list[Any] = []
    for parameter, value in zip(parameters, values, strict=False):
        fits, converted = _fit(parameter, value)
        if not fits:
            return None
        fitted.append(converted)
    missing = parameters[len(values) :]
    return fitted if all(parameter.optional for parameter in missing) else None


def _fit(parameter: Parameter, value: Any) -> tuple[bool, Any]:
    name = kind(value)
    if name in parameter.kinds or "any" in parameter.kinds:
        return True, value
    if value is None:
        return "null" in parameter.kinds, None
    if name == "list" and len(value) == 1 and kind(value[0]) in parameter.kinds:
        return True, value[0]
    if "list" in parameter.kinds:
        return True, [value]
    return False, None
