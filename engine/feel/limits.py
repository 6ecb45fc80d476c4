"""How much one expression may cost: caps on text and nesting at compile time, a step budget at run time.

Every loop iteration, call, comparison and copied item is paid from the same budget, so the time of an evaluation
is bounded whatever an analyst (or an attacker with a form) writes. Recursion that slips through is caught by the
interpreter's own limit and reported as the same error.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.feel.errors import FeelError

MAX_TEXT = 20_000
MAX_NESTING = 48
MAX_STEPS = 100_000
MAX_CALLS = 40
MAX_STRING = 200_000
MAX_ITEMS = 50_000
_CHARACTERS_PER_STEP = 64
_ITEMS_PER_STEP = 4


@dataclass(slots=True)
class Run:
    """One evaluation: its clock (an argument, never the machine's) and what is left of its budget."""

    now: datetime | None = None
    steps: int = MAX_STEPS
    calls: int = 0
    cache: dict[Any, Any] = field(default_factory=dict)

    def spend(self, steps: int = 1) -> None:
        """Pay for some work, or stop the evaluation."""
        self.steps -= steps
        if self.steps < 0:
            raise FeelError("feel-budget", f"the expression needs more than {MAX_STEPS} steps", limit=MAX_STEPS)

    def text(self, value: str) -> str:
        """Pay for a new string."""
        self.length(len(value))
        return value

    def length(self, size: int) -> None:
        """Pay for a string before it is built."""
        if size > MAX_STRING:
            raise FeelError("feel-budget", f"a string is longer than {MAX_STRING} characters", limit=MAX_STRING)
        self.spend(1 + size // _CHARACTERS_PER_STEP)

    def room(self, size: int) -> None:
        """Pay for a string or list of ``size`` items before it is built."""
        if size > MAX_ITEMS:
            raise FeelError("feel-budget", f"a list has more than {MAX_ITEMS} items", limit=MAX_ITEMS)
        self.spend(1 + size // _ITEMS_PER_STEP)

    def items(self, value: Sequence[Any]) -> list[Any]:
        """Pay for a new list."""
        self.room(len(value))
        return list(value)

    def weigh(self, value: Any) -> None:
        """Pay for looking at every item of a value, so that shared parts cannot hide an enormous one."""
        pending = [value]
        while pending:
            item = pending.pop()
            if isinstance(item, list | dict):
                self.room(len(item))
                pending.extend(item.values() if isinstance(item, dict) else item)

    def enter(self) -> None:
        """Start a call of a function written in FEEL."""
        self.spend(2)
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise FeelError("feel-budget", f"functions call each other more than {MAX_CALLS} deep", limit=MAX_CALLS)

    def leave(self) -> None:
        """End a call of a function written in FEEL."""
        self.calls -= 1
