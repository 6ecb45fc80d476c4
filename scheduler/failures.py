"""What did not hold of a story, and why it could not go on."""

from collections.abc import Sequence
from dataclasses import dataclass

import engine
from scheduler.expectations import Difference, as_written


class StoryBroken(Exception):
    """The story cannot go on."""


class NotOpen(StoryBroken):
    """The task that is to be done is not open; `found` are those that are."""

    def __init__(self, wanted: str, found: Sequence[str]) -> None:
        super().__init__(f"{wanted} is not open; open are {', '.join(found) or 'none'}")
        self.wanted, self.found = wanted, tuple(found)


@dataclass(frozen=True)
class Failure:
    """What did not hold, and at which step: 0 is what comes before the first one, or the story as a whole."""

    step: int
    difference: Difference
    words: str


def broken(error: Exception) -> Difference:
    """Why a story cannot go on: the task is not open, the answers are refused, or something else."""
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, NotOpen):
        return Difference("task", "", error.wanted, list(error.found), words)
    if isinstance(error, engine.InvalidAnswers):
        told = {path: {"code": each.code, "params": as_written(each.params)} for path, each in error.problems.items()}
        return Difference("answers", "", None, told, words)
    if isinstance(error, engine.EngineError):
        return Difference("error", error.code, as_written(error.params), None, words)
    return Difference("error", "", None, None, words)
