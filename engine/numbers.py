"""Official numbers: gap-free per office, kind and year, given in the transaction that uses them."""

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.deadlines import OFFICE
from engine.directory import Directory
from engine.model import Counter

INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def next_numbers(session: Session, names: Sequence[str]) -> list[int]:
    """The next value of each of these gap-free sequences; given back when the transaction rolls back."""
    if not names:
        return []
    rows = [{"name": name, "value": count} for name, count in sorted(Tally(names).items())]
    statement = INSERT[session.get_bind().dialect.name](Counter).values(rows)
    more = {"value": Counter.value + statement.excluded.value}
    taken = statement.on_conflict_do_update(index_elements=["name"], set_=more).returning(Counter.name, Counter.value)
    last = {row.name: row.value for row in session.execute(taken)}
    upcoming = {row["name"]: last[str(row["name"])] - row["value"] for row in rows}
    given = []
    for name in names:
        upcoming[name] += 1
        given.append(int(upcoming[name]))
    return given


def format_numbers(
    session: Session, wanted: Sequence[tuple[str, str]], office: str, known: Directory, now: datetime
) -> list[str]:
    """The next official numbers of an office for these (kind, pattern) pairs; gap-free."""
    year = now.astimezone(OFFICE).year
    numbers = next_numbers(session, [f"{office}:{kind}:{year}" for kind, _ in wanted])
    short = str(known.offices.get(office, {}).get("short", office))
    name = known.office_name(office)
    return [
        pattern.format(office=name, short=short, year=year, kind=kind, seq=number)
        for (kind, pattern), number in zip(wanted, numbers, strict=True)
    ]


def format_number(session: Session, pattern: str, kind: str, office: str, known: Directory, now: datetime) -> str:
    """The next official number of an office, kind and year."""
    return format_numbers(session, [(kind, pattern)], office, known, now)[0]
