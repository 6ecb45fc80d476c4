"""What replaying the past against a draft has found, as plain records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

WAY, VALUE, STEP, DUE, STUCK = "way", "value", "step", "due", "stuck"
KINDS = (WAY, STUCK, VALUE, DUE, STEP)


@dataclass(frozen=True)
class Read:
    """A variable that was looked at, and what it held; of what is kept apart only that it was."""

    name: str
    label: str
    value: Any
    hidden: bool = False


@dataclass(frozen=True)
class Difference:
    """Something that would have been otherwise.

    `kind` is way (another sequence flow), stuck (no flow at all, or a failure), value (a decision or script gives
    something else), due (a time limit ends on another day) or step (a step comes first that there was not). `then` and
    `now` are names of what comes next, values by variable, or instants. `fires`: "" or, of a timer, "earlier" (it would
    have fired before what really happened) and "later" (it would not have fired when it did).
    """

    kind: str
    element: str
    name: str
    at: datetime
    then: Any
    now: Any
    reads: Sequence[Read] = ()
    rules_then: Sequence[int] = ()
    rules_now: Sequence[int] = ()
    fires: str = ""


@dataclass(frozen=True)
class Unjudged:
    """A point of the past that nothing can be said about, and why; `about` names the variable or element."""

    code: str
    element: str
    name: str
    at: datetime
    about: str = ""


@dataclass(frozen=True)
class CaseReplay:
    """What became of one case. `refused`: (element, field) of new required fields that were not asked then."""

    case_id: UUID
    number: str
    office: str
    closed_at: datetime | None
    version: str
    points: int
    differences: Sequence[Difference]
    unjudged: Sequence[Unjudged]
    gone: Sequence[str]
    refused: Sequence[tuple[str, str]]

    @property
    def differs(self) -> bool:
        """Whether anything would have been otherwise."""
        return bool(self.differences)

    @property
    def goes_elsewhere(self) -> bool:
        """Whether the case would have left the way it took."""
        return any(one.kind in {WAY, STUCK} or one.fires for one in self.differences)


@dataclass(frozen=True)
class Replayed:
    """Some cases, and where to go on; `names` are those of the elements of all versions and of the draft."""

    cases: Sequence[CaseReplay]
    next: str
    names: Mapping[str, str]
