"""What changed in a register between two days, or between two editions of one office's part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from engine.directory import Directory, directory
from engine.errors import NotFound
from engine.model import Edition, Entry
from engine.registry import Register
from engine.values import dumps, from_json

Side = int | date  # an edition by its id, or the list as of a day


@dataclass(frozen=True)
class RowChange:
    """What became of one row between two lists; `fields` are those that differ."""

    kind: str  # added | changed | removed
    key: str
    office: str
    office_name: str
    label: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    fields: tuple[str, ...]


def register_diff(session: Session, name: str, a: Side, b: Side, *, office: str | None = None) -> tuple[RowChange, ...]:
    """What changed from `a` to `b`, each an edition's id or a day; two editions must be of the same office's part.

    Raises NotFound.
    """
    known = directory(session)
    register = known.register(name)
    before, after = (_side(session, register, side, office) for side in (a, b))
    return tuple(_changes(known, register, before, after))


def _side(session: Session, register: Register, side: Side, office: str | None) -> dict[tuple[str, str], Any]:
    query: Select[Any] = select(Entry.office, Entry.key, Entry.data).where(Entry.register == register.id)
    if isinstance(side, date):
        query = query.where(Entry.valid_to > side, Entry.valid_from <= side)
        query = query.where(Entry.office == office) if office is not None else query
    else:
        edition = session.get(Edition, side)
        if edition is None or edition.register != register.id:
            raise NotFound(f"no edition {side} of {register.id}")
        query = query.where(
            Entry.office == edition.office,
            and_(Entry.edition_from <= side, or_(Entry.edition_to.is_(None), Entry.edition_to > side)),
        )
    rows = session.execute(query.order_by(Entry.office, Entry.position, Entry.id))
    return {(where, key): from_json(data) for where, key, data in rows}


def _changes(
    known: Directory,
    register: Register,
    before: Mapping[tuple[str, str], Any],
    after: Mapping[tuple[str, str], Any],
) -> Sequence[RowChange]:
    found = []
    for place in [*after, *(place for place in before if place not in after)]:
        old, new = before.get(place, {}), after.get(place, {})
        fields = tuple(name for name in register.columns if dumps(old.get(name)) != dumps(new.get(name)))
        if not fields:
            continue
        kind = "added" if place not in before else "removed" if place not in after else "changed"
        office = known.office_name(place[0]) if place[0] else ""
        label = str((new or old).get(register.label, place[1]))
        found.append(RowChange(kind, place[1], place[0], office, label, old, new, fields))
    return found
