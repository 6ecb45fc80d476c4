"""What the compilers of boxed expressions share: names, types, and a list of everything that is wrong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from engine.decisions.findings import Problem
from engine.decisions.items import Items
from engine.decisions.source import Element, label, text, type_name
from engine.feel import Expression, FeelError, Type, UnaryTests, compile_expression, compile_unary
from engine.feel.hosts import Hosts
from engine.feel.scope import Scope
from engine.feel.types import coerced

Logic = Callable[[Scope], Any]
_FEEL = ("feel", "https://www.omg.org/spec/dmn/", "http://www.omg.org/spec/dmn/", "http://www.omg.org/spec/feel/")


def nothing(_scope: Scope) -> None:
    """Stand in for logic that could not be compiled: null."""


@dataclass
class Model:
    """Everything a file (and the files it imports) says, while it is being compiled."""

    functions: Hosts | None
    names: set[str] = field(default_factory=set)
    types: Items = field(default_factory=Items)
    allowed: dict[str, str] = field(default_factory=dict)
    """The allowed values of a type as they are written: their order is a priority."""
    problems: list[Problem] = field(default_factory=list)
    reads: set[str] = field(default_factory=set)
    """Free variables of the expressions compiled since it was last cleared."""

    @contextmanager
    def region(self, names: set[str]) -> Iterator[None]:
        """Compile something that has variables of its own."""
        known, reads = self.names, self.reads
        self.names, self.reads = known | names, set()
        yield
        self.names, self.reads = known, reads | (self.reads - names)

    def report(self, element: Element | str, rule: str, problem: str | FeelError, **params: Any) -> None:
        """Note a problem; a FEEL error brings its own position and parameters."""
        name = element if isinstance(element, str) else label(element)
        if isinstance(problem, FeelError):
            params = {**problem.params, "code": problem.code, "text": problem.text, **params}
        position = problem.position if isinstance(problem, FeelError) else None
        self.problems.append(Problem(name, rule, str(problem), params, position))

    def is_feel(self, element: Element) -> bool:
        """Whether the expression is in FEEL; any other language is a problem."""
        language = element.get("expressionLanguage") or "feel"
        if language.lower().startswith(_FEEL):
            return True
        self.report(element, "dmn-language", f"the expression language {language} is not FEEL", language=language)
        return False

    def expression(self, element: Element, rule: str, **params: Any) -> Expression | None:
        """Compile an element's text; None if it is empty or wrong."""
        source = text(element)
        if not self.is_feel(element) or not source:
            return None
        try:
            made = compile_expression(source, functions=self.functions, names=self.names, types=self.types)
        except FeelError as error:
            self.report(element, rule, error, **params)
            return None
        self.reads |= made.free_names
        return made

    def tests(self, element: Element, rule: str, **params: Any) -> UnaryTests | None:
        """Compile an element's text as unary tests; None if it is wrong."""
        if not self.is_feel(element):
            return None
        try:
            made = compile_unary(text(element), functions=self.functions, names=self.names, types=self.types)
        except FeelError as error:
            self.report(element, rule, error, **params)
            return None
        self.reads |= made.free_names
        return made

    def listed(self, element: Element, source: str) -> Logic | None:
        """Compile allowed values, which are written like unary tests, as the list they are."""
        try:
            return compile_expression(f"[{source}]", functions=self.functions, names=self.names).at
        except FeelError as error:
            self.report(element, "dmn-allowed-values", error)
            return None

    def type_of(self, element: Element | None) -> Type | None:
        """Return the type an element declares; an unknown one is a problem."""
        name = type_name(element)
        if element is None or not name:
            return None
        found = self.types.named(name)
        if found is None:
            self.report(element, "dmn-unknown-type", f"there is no type {name}", type=name)
        return found


def typed(logic: Logic, wanted: Type | None) -> Logic:
    """Convert a result to its type (§10.3.2.9.4); null if it does not fit."""
    if wanted is None or (wanted.kind == "Any" and wanted.get is None):
        return logic

    def convert(scope: Scope) -> Any:
        value = logic(scope)
        scope.run.weigh(value)
        return coerced(value, wanted)[1]

    return convert
