"""What a scenario could expect after a step: what was seen, as far as the step has changed it."""

from collections.abc import Iterable, Mapping
from typing import Any

import engine
from scheduler.expectations import by_name
from scheduler.story_writing import in_office

State = Mapping[str, Any]  # what of a case can be expected, by the name of the expectation


def state(seen: engine.Snapshot, linked: Iterable[engine.Snapshot]) -> dict[str, Any]:
    """Everything that can be expected of a case as it is now."""
    return {
        "open": sorted({task.element for task in seen.tasks}),
        "stage": seen.stage,
        "status": "" if seen.status == "running" else seen.status,
        "outcome": seen.outcome or "",
        "deadlines": {name: due_word(row) for name, row in by_name(seen).items()},
        "projected": sorted(name for name, row in by_name(seen).items() if row.projected),
        "papers": sorted(set(seen.papers)),
        "linked": sorted({other.process for other in linked}),
        "incidents": len(seen.incidents),
    }


def proposed(now: State, before: State) -> dict[str, Any]:
    """An expectation that holds now: the open steps, what has changed, and incidents, which are never passed over."""
    changed = {name: value for name, value in now.items() if value != before.get(name) and name != "incidents"}
    was = before.get("deadlines", {})
    moved = {name: word for name, word in now["deadlines"].items() if was.get(name) != word}
    kept = {name: value for name, value in changed.items() if value or (name == "projected" and before)}
    kept |= {"deadlines": moved} if moved else {}
    return {"open": now["open"], **kept, **({"incidents": now["incidents"]} if now["incidents"] else {})}


def due_word(row: engine.SeenDeadline) -> str:
    """A deadline as a scenario writes it: the last day, the instant where hours count, or what became of it."""
    if row.status != "running" or row.due_at is None:
        return row.status
    at = row.due_at.astimezone(engine.OFFICE)
    whole_days = (at.hour, at.minute, at.second) == (0, 0, 0)
    return row.last_day.isoformat() if row.last_day is not None and whole_days else in_office(at)
