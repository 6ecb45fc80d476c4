"""Functions of the host, offered to FEEL beside the built-ins."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.feel.errors import FeelError
from engine.feel.values import Function, from_python

Hosts = Mapping[str, Callable[..., Any]]


def host_function(name: str, function: Callable[..., Any]) -> Function:
    """Offer a Python function: called by position, or by name with ``_`` for blanks.

    It gets FEEL values and its result becomes one; a keyword-only parameter ``now`` gets the moment of the evaluation,
    and is not seen by expressions. Arguments that its signature cannot take are found when an
    expression is compiled. A TypeError, ValueError or ArithmeticError of the function is a FeelError that names
    it; any other exception passes through unchanged.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        signature = inspect.Signature([inspect.Parameter("arguments", inspect.Parameter.VAR_POSITIONAL)])

    timed = signature.parameters.get("now")
    is_timed = timed is not None and timed.kind is inspect.Parameter.KEYWORD_ONLY
    if is_timed:
        signature = signature.replace(parameters=[p for p in signature.parameters.values() if p.name != "now"])

    def apply(run: Any, values: Any) -> Any:
        return _call(run, values, {})

    def apply_named(run: Any, values: Mapping[str, Any]) -> Any:
        return _call(run, (), {key.replace(" ", "_"): value for key, value in values.items()})

    def _call(run: Any, positional: Any, named: dict[str, Any]) -> Any:
        if _misfit(signature, positional, named):
            return None
        moment = {"now": run.now} if is_timed else {}
        try:
            return from_python(function(*positional, **named, **moment))
        except (TypeError, ValueError, ArithmeticError) as error:
            raise FeelError("feel-function", f"{name} failed: {error}", function=name, reason=str(error)) from error

    def refuses(count: int, names: Sequence[str] | None) -> str:
        named = dict.fromkeys(key.replace(" ", "_") for key in names or ())
        reason = _misfit(signature, () if names is not None else (None,) * count, named)
        return f"{name}: {reason}" if reason else ""

    return Function(name, tuple(signature.parameters), apply, apply_named, refuses)


def _misfit(signature: inspect.Signature, positional: Sequence[Any], named: Mapping[str, Any]) -> str:
    try:
        signature.bind(*positional, **named)
    except TypeError as error:
        return str(error)
    return ""
