"""What a repair would do to a case, found by doing it in memory and looking at what has changed."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from engine import runtime
from engine.clocks import Clock
from engine.projections import Loaded
from engine.repairs import perform
from engine.values import dumps


@dataclass(frozen=True)
class DeadlineChange:
    """A deadline before and after; `change` is started, met, cancelled, expired, stopped, running or moved."""

    label: str
    change: str
    before: date | None
    after: date | None


@dataclass(frozen=True)
class FactChange:
    """A variable before and after; references to sensitive values stay references."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True)
class ChangePreview:
    """What would be different. Places are named as the diagram names them; `gone` and `current` are their ids."""

    ends: tuple[str, ...]
    begins: tuple[str, ...]
    stays: tuple[str, ...]
    deadlines: tuple[DeadlineChange, ...]
    facts: tuple[FactChange, ...]
    papers: tuple[str, ...]
    thrown: tuple[str, ...]
    is_over: bool
    outcome: str
    gone: tuple[str, ...]
    current: tuple[str, ...]


def preview(loaded: Loaded, kind: str, arguments: Mapping[str, Any]) -> ChangePreview:
    """Do it in memory and tell what changes. The loaded case is used up. Raises what speaks against it."""
    facts = dict(loaded.variables)
    before = _places(loaded)
    perform(loaded, kind, arguments)
    after, turn, definition = _places(loaded), loaded.turn, loaded.definition
    over = bool(turn.workflow.completed)
    shown = {} if over else after
    ended = [element for token, element in before.items() if token not in shown]
    begun = [element for token, element in shown.items() if token not in before]
    return ChangePreview(
        ends=_named(loaded, ended),
        begins=_named(loaded, begun),
        stays=_named(loaded, [element for token, element in shown.items() if token in before]),
        deadlines=tuple(_changes(loaded)),
        facts=tuple(
            FactChange(key, facts.get(key), loaded.variables.get(key))
            for key in sorted(turn.written)
            if facts.get(key) != loaded.variables.get(key) and key in definition.facts
        ),
        papers=tuple(definition.papers[kind].title for kind, _ in turn.papers if kind in definition.papers),
        thrown=tuple(dict.fromkeys(thrown.name for thrown in turn.thrown)),
        is_over=over,
        outcome=definition.label("outcomes", turn.outcome) if over and turn.outcome else "",
        gone=tuple(dict.fromkeys(ended)),
        current=tuple(dict.fromkeys(shown.values())),
    )


def _places(loaded: Loaded) -> dict[Any, str]:
    return {one.id: one.element for one in runtime.movable(loaded.turn.workflow)}


def _named(loaded: Loaded, elements: Iterable[str]) -> tuple[str, ...]:
    known = loaded.definition.diagram.elements
    return tuple(known[element].name or element for element in elements)


def _changes(loaded: Loaded) -> Iterable[DeadlineChange]:
    clocks = loaded.turn.clocks
    for clock in clocks.all:
        before: Clock | None = clocks.before.get(clock.id)
        if before is None:
            yield DeadlineChange(clock.label, "started", None, clock.last_day)
        elif before.status != clock.status:
            yield DeadlineChange(clock.label, clock.status, before.last_day, clock.last_day)
        elif before.due_at != clock.due_at:
            yield DeadlineChange(clock.label, "moved", before.last_day, clock.last_day)


def kept(shown: ChangePreview) -> dict[str, Any]:
    """A preview as a request keeps it."""
    plain = asdict(shown)
    plain["deadlines"] = [
        [change.label, change.change, change.before and str(change.before), change.after and str(change.after)]
        for change in shown.deadlines
    ]
    plain["facts"] = [change.key for change in shown.facts]
    return plain


def fingerprint(loaded: Loaded) -> str:
    """What a case looks like to somebody who wants to change it: tokens, variables, running deadlines, state."""
    clocks = sorted((str(c.id), str(c.last_day), str(c.due_at), c.status) for c in loaded.turn.clocks.all if c.is_open)
    case = loaded.case
    text = dumps([case.status, sha256(case.state).hexdigest(), case.data, [list(clock) for clock in clocks]])
    return sha256(text.encode()).hexdigest()
