"""What can be wrong with a decision model, and what can go wrong when it decides."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to repair: the element, a stable rule id, a sentence and its parameters.

    ``position`` is an offset in the FEEL text where there is one; for cells ``params`` has row and column from 1.
    """

    element: str
    rule: str
    message: str
    params: dict[str, Any] = field(default_factory=dict)
    position: int | None = None


class DecisionError(Exception):
    """A decision has no valid answer for these inputs."""

    def __init__(self, rule: str, message: str, *, element: str = "", **params: Any) -> None:
        super().__init__(message)
        self.rule = rule
        self.element = element
        self.params = params
