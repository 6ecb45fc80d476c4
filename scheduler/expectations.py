"""What a scenario says must hold, against what is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import engine
from scheduler.stories import moment
from scheduler.story_writing import in_office

MISSING = "nothing"


@dataclass(frozen=True)
class Difference:
    """One thing that is not as expected. `found` is written as the scenario would: taken over, the expectation holds.

    `part` is the key of the expectation, `key` the fact or deadline in it; None for `found`: nothing to take over.
    """

    part: str
    key: str
    wanted: Any
    found: Any
    words: str


def differences(
    expect: Mapping[str, Any],
    seen: engine.Snapshot,
    linked: Iterable[engine.Snapshot],
    person: Callable[[str], str],
) -> Iterator[Difference]:
    """Everything that is not as expected, with what was found instead."""
    for name in ("status", "stage", "outcome"):
        if name in expect and expect[name] != (found := getattr(seen, name) or ""):
            words = f"{name} is {getattr(seen, name)!r}, not {expect[name]!r}"
            yield Difference(name, "", expect[name], found, words)
    if "open" in expect:
        yield from _difference("open", "open tasks", expect["open"], [task.element for task in seen.tasks])
    if "papers" in expect:
        yield from _missing("papers", expect["papers"], seen.papers)
    if "linked" in expect:
        yield from _difference("linked", "linked cases", expect["linked"], [other.process for other in linked])
    yield from _deadlines(expect, seen)
    for key, value in expect.get("facts", {}).items():
        found = seen.variables.get(key)
        if not is_same(found, value, person):
            taken = None if isinstance(value, str) and value.startswith("@") else as_written(found)
            yield Difference("facts", key, value, taken, f"fact {key} is {engine.plain(found)!r}, not {value!r}")
    if len(seen.incidents) != (wanted := expect.get("incidents", 0)):
        count = len(seen.incidents)
        words = f"{count} incidents: {'; '.join(seen.incidents)}"
        yield Difference("incidents", "", wanted, count if "incidents" in expect else None, words)


def as_written(value: Any) -> Any:
    """A fact as a scenario writes it: a file is its name, what TOML and JSON have no type for is text."""
    if isinstance(value, Mapping):
        return value["name"] if {"file", "name"} <= value.keys() else {k: as_written(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_written(each) for each in value]
    if isinstance(value, datetime):
        return in_office(value)
    return value if value is None or isinstance(value, (str, bool, int, float)) else str(value)


def _difference(part: str, what: str, wanted: Iterable[str], found: Iterable[str]) -> Iterator[Difference]:
    there = sorted(set(found))
    if sorted(set(wanted)) != there:
        words = f"{what} are {', '.join(there) or MISSING}, not {', '.join(wanted) or MISSING}"
        yield Difference(part, "", list(wanted), there, words)


def _missing(what: str, wanted: Iterable[str], found: Iterable[str]) -> Iterator[Difference]:
    there = list(found)
    gone = [name for name in wanted if name not in there]
    if gone:
        words = f"{what} {', '.join(gone)} are missing; there are {', '.join(there) or MISSING}"
        yield Difference(what, "", list(wanted), [name for name in wanted if name in there], words)


def by_name(seen: engine.Snapshot) -> dict[str, engine.SeenDeadline]:
    """The deadlines of a case; of several of one name the one that still runs."""
    found = {row.name: row for row in seen.deadlines}
    return found | {row.name: row for row in seen.deadlines if row.status in {"running", "stopped"}}


def _deadlines(expect: Mapping[str, Any], seen: engine.Snapshot) -> Iterator[Difference]:
    known = by_name(seen)
    for name, wanted in expect.get("deadlines", {}).items():
        row = known.get(name)
        if row is None:
            words = f"there is no deadline {name}; there are {', '.join(known) or MISSING}"
            yield Difference("deadlines", name, wanted, "", words)
        elif not _is_due(row.status, row.last_day, row.due_at, str(wanted)):
            last = row.last_day.isoformat() if row.last_day else None
            at = row.due_at.astimezone(engine.OFFICE).isoformat() if row.due_at else None
            words = f"deadline {name} is {row.status}, last day {last}, due at {at}, not {wanted}"
            yield Difference("deadlines", name, wanted, _due(row, str(wanted)), words)
    if "projected" in expect:
        found = [n for n, r in known.items() if r.projected]
        yield from _difference("projected", "projected deadlines", expect["projected"], found)


def _due(row: engine.SeenDeadline, wanted: str) -> str:
    """What is said of a deadline, in the way the scenario says it: a state, a last day or an instant."""
    if wanted[:1].isdigit() and "T" in wanted and row.due_at is not None:
        return in_office(row.due_at)
    return row.last_day.isoformat() if wanted[:1].isdigit() and row.last_day is not None else str(row.status)


def _is_due(status: str, last_day: date | None, due_at: datetime | None, wanted: str) -> bool:
    """`wanted` is a state, a last day or an instant."""
    if not wanted[:1].isdigit():
        return status == wanted
    if "T" in wanted:
        return due_at == moment(wanted)
    return last_day is not None and last_day.isoformat() == wanted


def is_same(found: Any, wanted: Any, person: Callable[[str], str]) -> bool:
    """Whether a fact is what a scenario wrote: dates as text, files by name, people by `@role`."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(is_same(found.get(k), v, person) for k, v in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return False
        return all(is_same(f, w, person) for f, w in zip(found, wanted, strict=True))
    if isinstance(found, Mapping) and "name" in found:
        return bool(found["name"] == wanted)
    if isinstance(wanted, str) and wanted.startswith("@"):
        return str(found) == person(wanted)
    return _is_same_scalar(found, wanted)


def _is_same_scalar(found: Any, wanted: Any) -> bool:
    if isinstance(found, datetime):
        return found == moment(wanted)
    if isinstance(found, date):
        return found.isoformat() == str(wanted)
    if isinstance(found, Decimal) and isinstance(wanted, (str, int, float)) and not isinstance(wanted, bool):
        try:
            return found == Decimal(str(wanted))
        except InvalidOperation:
            return False
    return bool(found == wanted)
