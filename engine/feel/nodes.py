"""The abstract syntax of FEEL (§10.3.1.2): what the grammar builds and the compiler turns into closures."""

from dataclasses import dataclass, field
from typing import Any

from engine.feel.types import Type


@dataclass(slots=True)
class Node:
    """Any expression; ``position`` is its offset in the text."""

    position: int


@dataclass(slots=True)
class Literal(Node):
    """A value that stands in the text."""

    value: Any


@dataclass(slots=True)
class Name(Node):
    """A variable, or a function by its name."""

    name: str


@dataclass(slots=True)
class Chain(Node):
    """Operators of one precedence, applied from the left: ``a + b - c``."""

    first: Node
    rest: list[tuple[str, Node]]


@dataclass(slots=True)
class Logic(Node):
    """``and`` or ``or`` over two or more operands."""

    sign: str
    operands: list[Node]


@dataclass(slots=True)
class Negation(Node):
    """The unary minus."""

    operand: Node


@dataclass(slots=True)
class Comparison(Node):
    """``= != < <= > >=``."""

    sign: str
    left: Node
    right: Node


@dataclass(slots=True)
class Between(Node):
    """``value between low and high``."""

    value: Node
    low: Node
    high: Node


@dataclass(slots=True)
class Test(Node):
    """One positive unary test: ``< 5``, or an expression (``sign`` is empty)."""

    sign: str
    operand: Node
    asks: bool = False
    """The operand reads ``?`` and so is itself the answer."""


@dataclass(slots=True)
class Tests(Node):
    """A list of unary tests, or-ed; possibly negated, possibly ``-`` (no tests: always true)."""

    tests: list[Test]
    negated: bool = False


@dataclass(slots=True)
class In(Node):
    """``value in tests``."""

    value: Node
    tests: Tests


@dataclass(slots=True)
class InstanceOf(Node):
    """``value instance of type``."""

    value: Node
    type: Type


@dataclass(slots=True)
class If(Node):
    """``if condition then yes else no``."""

    condition: Node
    yes: Node
    no: Node


@dataclass(slots=True)
class For(Node):
    """``for a in x, b in y return body``; with ``quantifier`` some or every, ``satisfies`` instead of return."""

    iterators: list[tuple[str, Node]]
    body: Node
    quantifier: str = ""


@dataclass(slots=True)
class Span(Node):
    """A range; a missing endpoint is open. ``bare`` is ``1..10`` of an iteration, which may run downwards."""

    start: Node | None
    end: Node | None
    start_included: bool = True
    end_included: bool = True
    bare: bool = False


@dataclass(slots=True)
class Items(Node):
    """A list."""

    items: list[Node]


@dataclass(slots=True)
class Entries(Node):
    """A context: each entry sees those before it."""

    entries: list[tuple[str, Node]]


@dataclass(slots=True)
class Path(Node):
    """``value.name``."""

    value: Node
    name: str


@dataclass(slots=True)
class Filter(Node):
    """``value[condition]`` or ``value[index]``."""

    value: Node
    condition: Node


@dataclass(slots=True)
class Call(Node):
    """``function(1, 2)`` or ``function(a: 1, b: 2)``."""

    function: Node
    arguments: list[Node]
    names: list[str] | None = None


@dataclass(slots=True)
class Lambda(Node):
    """``function(a: number, b) body``; an external one has no body."""

    parameters: list[tuple[str, Type | None]]
    body: Node | None = field(default=None)
