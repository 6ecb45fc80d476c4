"""Where a name gets its value: nested scopes down to the caller's variables."""

from collections.abc import Mapping
from typing import Any

from engine.feel.limits import Run
from engine.feel.values import from_python

MISSING: Any = object()


class Root(dict[str, Any]):
    """The caller's variables, made FEEL values when they are first read."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__()
        self.given = given

    def get(self, key: str, default: Any = None) -> Any:
        """Look a variable up."""
        if key not in self:
            if key not in self.given:
                return default
            self[key] = from_python(self.given[key])
        return self[key]


class Scope:
    """Variables of one region, in front of those around it."""

    __slots__ = ("names", "parent", "run")

    def __init__(self, run: Run, names: Mapping[str, Any], parent: "Scope | None" = None) -> None:
        self.run = run
        self.names = names
        self.parent = parent

    def inner(self, names: Mapping[str, Any]) -> "Scope":
        """Open a region inside this one."""
        return Scope(self.run, names, self)

    def find(self, name: str) -> Any:
        """Look a name up from the inside out; MISSING if nobody has it."""
        scope: Scope | None = self
        while scope is not None:
            value = scope.names.get(name, MISSING)
            if value is not MISSING:
                return value
            scope = scope.parent
        return MISSING
