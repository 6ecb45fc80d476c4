"""The form of a task, start or event, read from a `.form` file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from engine.errors import Finding, InvalidDefinition
from engine.feel import Expression
from engine.forms.cross import CrossRules
from engine.forms.fields import INERT, Field, walk
from engine.forms.parse import read

Functions = Mapping[str, Callable[..., Any]]


class InvalidForm(InvalidDefinition):
    """The form cannot be used."""

    code = "invalid-form"


@dataclass(frozen=True)
class Form:
    """The questions of one form, in order."""

    id: str
    fields: tuple[Field, ...]
    checks: tuple[CrossRules, ...] = ()

    @classmethod
    def parse(cls, text: str, file: str = "", functions: Functions | None = None) -> Self:
        """Read a `.form` file. Raises InvalidForm with everything that is wrong. `functions` are offered to FEEL."""
        name, fields, findings = read(text, file, functions)
        refused = [finding for finding in findings if finding.level == "semantics"]
        if refused:
            raise InvalidForm(refused)
        return cls(name, fields)

    @property
    def questions(self) -> tuple[Field, ...]:
        """The fields that carry a fact, out of their groups; the columns of a list are its children."""
        return tuple(_questions(self.fields))

    @property
    def expressions(self) -> tuple[tuple[Field, Expression], ...]:
        """Every FEEL expression with the field it belongs to."""
        return tuple((each, made) for each in walk(self.fields) for made in _expressions(each))


def problems(text: str, file: str = "", functions: Functions | None = None) -> list[Finding]:
    """Everything wrong with a `.form` file at once, the rules of the house included."""
    return list(read(text, file, functions)[2])


def _questions(fields: Sequence[Field]) -> Iterator[Field]:
    for each in fields:
        if each.kind == "group":
            yield from _questions(each.children)
        elif each.kind not in INERT:
            yield each


def _expressions(each: Field) -> Iterator[Expression]:
    rules = each.rules
    for made in (each.hide, rules.min_length, rules.max_length, rules.minimum, rules.maximum):
        if isinstance(made, Expression):
            yield made
