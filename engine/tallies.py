"""Writes what a case counts into its table, in the transaction that writes the case; the sums follow by triggers."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.counting import Counted, CountRules, Place, Row, places
from engine.model import Occurrence

PLACE = ("kind", "dimension", "value")
ROW = ("office", "day", "period", "ended", "sums")
_occurrence = cast("Table", Occurrence.__table__)


def _placing(dialect: Any) -> Any:
    statement = dialect.insert(_occurrence)
    moving = {name: statement.excluded[name] for name in ROW}
    return statement.on_conflict_do_update(index_elements=["case_id", *PLACE], set_=moving)


PLACES = {"sqlite": _placing(sqlite), "postgresql": _placing(postgresql)}
_OLD = [
    _occurrence.c.case_id == bindparam("which"),
    *(_occurrence.c[name] == bindparam(f"old_{name}") for name in PLACE),
]
REMOVE = delete(_occurrence).where(*_OLD)
MOVE = update(_occurrence).where(*_OLD).values({name: bindparam(f"new_{name}") for name in (*PLACE, *ROW)})


def write_counted(
    session: Session, case_id: UUID, before: Counted, after: Counted, rules: CountRules, *, whole: bool = False
) -> None:
    """Write the difference; `whole` writes every row of the case, whatever was there by other rules."""
    if before.happenings == after.happenings and not whole:
        return
    execute = session.connection().execute
    old, new = places(before, rules), places(after, rules)
    gone = [place for place in old if place not in new]
    changed = [place for place, row in new.items() if whole or old.get(place) != row]
    if gone and not whole:  # one statement moves what has another value, and what else has changed
        kept = [place for place in changed if place in old]
        added = [place for place in changed if place not in old]
        moved = [*zip(gone, added, strict=False), *((place, place) for place in kept)]
        gone, changed = gone[len(added) :], added[len(gone) :]
        if moved:
            execute(MOVE, [_moving(case_id, was, place, new[place]) for was, place in moved])
    if gone:
        execute(REMOVE, [{"which": case_id} | _named("old_", place) for place in gone])
    rows = [{"case_id": case_id} | _named("", place) | dict(zip(ROW, new[place], strict=True)) for place in changed]
    if rows:
        execute(PLACES[session.get_bind().dialect.name], rows)


def _moving(case_id: UUID, was: Place, place: Place, row: Row) -> dict[str, Any]:
    values = _named("new_", place) | {f"new_{name}": value for name, value in zip(ROW, row, strict=True)}
    return {"which": case_id} | _named("old_", was) | values


def _named(prefix: str, place: Place) -> dict[str, Any]:
    return {f"{prefix}{name}": value for name, value in zip(PLACE, place, strict=True)}
