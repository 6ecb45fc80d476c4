"""Compiling and running: the front of the package (§10.2.2, §7.3.3)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from engine.feel import calendar, calls, contexts, conversions, lists, loops, numbers, ranges, statistics, strings
from engine.feel.compiler import Closure, Functions, build, build_tests
from engine.feel.cursor import PROPERTIES, Index, indexed
from engine.feel.errors import FeelError
from engine.feel.grammar import Grammar
from engine.feel.hosts import Hosts, host_function
from engine.feel.limits import MAX_STEPS, MAX_TEXT, Run
from engine.feel.nodes import Node, Tests
from engine.feel.registry import table
from engine.feel.scope import Root, Scope
from engine.feel.types import Type
from engine.feel.values import from_python

_MODULES = (calendar, calls, contexts, conversions, lists, loops, numbers, ranges, statistics, strings)
BUILTINS = table()
_BUILTIN_NAMES = indexed([*BUILTINS, *PROPERTIES])


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A compiled expression: call it with variables, and with the time if it may ask for it."""

    text: str
    free_names: frozenset[str]
    """Root variables that it reads."""
    filter_names: frozenset[str]
    """Names read inside a filter only: a property of the filtered items, or else a root variable."""
    _closure: Closure = field(repr=False)

    def __call__(self, context: Mapping[str, Any], *, now: datetime | None = None) -> Any:
        """Evaluate; the only exception is a FeelError for too much work."""
        return bounded(Run(now), lambda run: self._closure(Scope(run, Root(context))))

    def at(self, scope: Scope) -> Any:
        """Evaluate as a part of something larger, with its variables and from its budget."""
        return self._closure(scope)


@dataclass(frozen=True, slots=True, eq=False)
class UnaryTests:
    """Compiled unary tests: call them with the tested value and the variables."""

    text: str
    free_names: frozenset[str]
    filter_names: frozenset[str]
    _ask: Callable[[Scope, Any], bool | None] = field(repr=False)

    def __call__(self, value: Any, context: Mapping[str, Any], *, now: datetime | None = None) -> bool:
        """Answer whether the value passes; null is no."""
        return bool(bounded(Run(now), lambda run: self.at(Scope(run, Root(context)), from_python(value))))

    def at(self, scope: Scope, value: Any) -> bool:
        """Answer as a part of something larger, with its variables and from its budget."""
        return self._ask(scope.inner({"?": value}), value) is True


def bounded(run: Run, evaluate: Callable[[Run], Any]) -> Any:
    """Run an evaluation to the end of its budget, recursion and the size of its result included."""
    try:
        result = evaluate(run)
        run.weigh(result)
    except RecursionError:
        raise FeelError("feel-budget", "the evaluation is nested too deeply", limit=MAX_STEPS) from None
    return result


class _Identity:
    """A mapping compared by identity, as a key of the cache; it also keeps the mapping alive."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@lru_cache(maxsize=64)
def _functions(hosts: _Identity) -> Functions:
    return {**BUILTINS, **{name: host_function(name, function) for name, function in (hosts.value or {}).items()}}


def _parse(text: str, read: Callable[[Grammar], Node], functions: Functions, names: frozenset[str], types: Any) -> Any:
    if len(text) > MAX_TEXT:
        message = f"the expression is longer than {MAX_TEXT} characters"
        raise FeelError("feel-too-large", message, text=text, position=MAX_TEXT, limit=MAX_TEXT)
    fixed = _fixed(names, frozenset(functions.keys() - BUILTINS.keys()))
    grammar = Grammar(text, fixed, functions, names, types or {})
    return grammar, read(grammar)


@lru_cache(maxsize=256)
def _fixed(names: frozenset[str], hosts: frozenset[str]) -> Index:
    """The names of several parts that a whole decision file may use; the grammar only reads it."""
    fixed = {first: list(entries) for first, entries in _BUILTIN_NAMES.items()}
    for first, entries in indexed([*names, *hosts]).items():
        fixed.setdefault(first, []).extend(entries)
    return fixed


def _too_deep(text: str) -> FeelError:
    return FeelError("feel-too-large", "the expression is nested too deeply", text=text, position=0)


@lru_cache(maxsize=4096)
def _expression(text: str, names: frozenset[str], hosts: _Identity, types: _Identity) -> Expression:
    functions = _functions(hosts)
    try:
        grammar, node = _parse(text, Grammar.whole, functions, names, types.value)
        closure = build(node, functions)
    except RecursionError:
        raise _too_deep(text) from None
    return Expression(text, frozenset(grammar.free_names), frozenset(grammar.filter_names), closure)


@lru_cache(maxsize=4096)
def _unary(text: str, names: frozenset[str], hosts: _Identity, types: _Identity) -> UnaryTests:
    functions = _functions(hosts)
    try:
        grammar, node = _parse(text, _tests, functions, names, types.value)
        ask = build_tests(node, functions)
    except RecursionError:
        raise _too_deep(text) from None
    return UnaryTests(text, frozenset(grammar.free_names), frozenset(grammar.filter_names), ask)


def _tests(grammar: Grammar) -> Tests:
    """Read a whole text of unary tests: ``-`` or nothing, ``not(...)``, or a list (rule 17)."""
    grammar.open_scope(["?"])
    if grammar.token.kind == "end" or (grammar.token.text == "-" and grammar.ahead().kind == "end"):
        grammar.at = len(grammar.tokens) - 1
        return Tests(0, [])
    negated = grammar.sees("not") and grammar.ahead().text == "(" and _closes_last(grammar)
    if negated:
        grammar.at += 2
    tests = [grammar.test()]
    while grammar.accept(","):
        tests.append(grammar.test())
    if negated:
        grammar.expect(")")
    grammar.finish()
    return Tests(0, tests, negated)


def _closes_last(grammar: Grammar) -> bool:
    """Whether the parenthesis after ``not`` is closed by the last token, so that all of it is negated."""
    depth = 0
    for place, token in enumerate(grammar.tokens):
        if token.kind == "operator" and token.text in "()":
            depth += 1 if token.text == "(" else -1
            if depth == 0:
                return grammar.tokens[place + 1].kind == "end"
    return True


def compile_expression(
    text: str, *, functions: Hosts | None = None, names: Iterable[str] = (), types: Mapping[str, Type] | None = None
) -> Expression:
    """Compile an expression.

    ``functions`` are offered by the host, ``names`` are variables whose names contain blanks or operators (or hold
    functions), ``types`` are the host's own types. Compiled expressions are cached.
    """
    return _expression(text, frozenset(names), _Identity(functions), _Identity(types or None))


def compile_unary(
    text: str, *, functions: Hosts | None = None, names: Iterable[str] = (), types: Mapping[str, Type] | None = None
) -> UnaryTests:
    """Compile unary tests, as in the cells of a decision table."""
    return _unary(text, frozenset(names), _Identity(functions), _Identity(types or None))
