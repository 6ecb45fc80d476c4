"""What a scenario says must hold, against what is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import engine
from scheduler.stories import moment

MISSING = "nothing"


def differences(
    expect: Mapping[str, Any],
    seen: engine.Snapshot,
    linked: Iterable[engine.Snapshot],
    person: Callable[[str], str],
) -> Iterator[str]:
    """Everything that is not as expected, in words with what was found instead."""
    for name in ("status", "stage", "outcome"):
        if name in expect and expect[name] != (getattr(seen, name) or ""):
            yield f"{name} is {getattr(seen, name)!r}, not {expect[name]!r}"
    if "open" in expect:
        yield from _difference("open tasks", expect["open"], [task.element for task in seen.tasks])
    if "papers" in expect:
        yield from _missing("papers", expect["papers"], seen.papers)
    if "linked" in expect:
        yield from _difference("linked cases", expect["linked"], [other.process for other in linked])
    yield from _deadlines(expect, seen)
    for key, value in expect.get("facts", {}).items():
        if not is_same(seen.variables.get(key), value, person):
            yield f"fact {key} is {engine.plain(seen.variables.get(key))!r}, not {value!r}"
    if len(seen.incidents) != expect.get("incidents", 0):
        yield f"{len(seen.incidents)} incidents: {'; '.join(seen.incidents)}"


def _difference(what: str, wanted: Iterable[str], found: Iterable[str]) -> Iterator[str]:
    if sorted(set(wanted)) != sorted(set(found)):
        yield f"{what} are {', '.join(sorted(set(found))) or MISSING}, not {', '.join(wanted) or MISSING}"


def _missing(what: str, wanted: Iterable[str], found: Iterable[str]) -> Iterator[str]:
    there = list(found)
    gone = [name for name in wanted if name not in there]
    if gone:
        yield f"{what} {', '.join(gone)} are missing; there are {', '.join(there) or MISSING}"


def _deadlines(expect: Mapping[str, Any], seen: engine.Snapshot) -> Iterator[str]:
    by_name = {row.name: row for row in seen.deadlines}
    by_name |= {row.name: row for row in seen.deadlines if row.status in {"running", "stopped"}}
    for name, wanted in expect.get("deadlines", {}).items():
        row = by_name.get(name)
        if row is None:
            yield f"there is no deadline {name}; there are {', '.join(by_name) or MISSING}"
        elif not _is_due(row.status, row.last_day, row.due_at, str(wanted)):
            last = row.last_day.isoformat() if row.last_day else None
            at = row.due_at.astimezone(engine.OFFICE).isoformat() if row.due_at else None
            yield f"deadline {name} is {row.status}, last day {last}, due at {at}, not {wanted}"
    if "projected" in expect:
        yield from _difference(
            "projected deadlines", expect["projected"], [n for n, r in by_name.items() if r.projected]
        )


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
