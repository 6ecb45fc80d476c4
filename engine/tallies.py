"""Writes what a case counts into its table, in the transaction that writes the case; the sums follow by triggers."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.counting import Counted, CountRules, places
from engine.model import Occurrence

PLACE = ("kind", "dimension", "value")
ROW = ("office", "day", "period", "ended", "sums")
_occurrence = cast("Table", Occurrence.__table__)


def _placing(dialect: Any) -> Any:
    statement = dialect.insert(_occurrence)
    moving = {name: statement.excluded[name] for name in ROW}
    return statement.on_conflict_do_update(index_elements=["case_id", *PLACE], set_=moving)


PLACES = {"sqlite": _placing(sqlite), "postgresql": _placing(postgresql)}
REMOVE = delete(_occurrence).where(
    _occurrence.c.case_id == bindparam("which"),
    *(_occurrence.c[name] == bindparam(f"old_{name}") for name in PLACE),
)


def write_counted(
    session: Session, case_id: UUID, before: Counted, after: Counted, rules: CountRules, *, whole: bool = False
) -> None:
    """Write the difference; `whole` writes every row of the case, whatever was there by other rules."""
    if before.happenings == after.happenings and not whole:
        return
    execute = session.connection().execute
    old, new = places(before, rules), places(after, rules)
    gone = [{"which": case_id} | _named("old_", place) for place in old if place not in new]
    if gone:
        execute(REMOVE, gone)
    rows = [
        {"case_id": case_id} | _named("", place) | dict(zip(ROW, row, strict=True))
        for place, row in new.items()
        if whole or old.get(place) != row
    ]
    if rows:
        execute(PLACES[session.get_bind().dialect.name], rows)


def _named(prefix: str, place: tuple[str, str, str]) -> dict[str, Any]:
    return {f"{prefix}{name}": value for name, value in zip(PLACE, place, strict=True)}
