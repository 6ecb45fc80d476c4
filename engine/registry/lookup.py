"""What is published, as of a day: read once for each state of a register, then answered from memory."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from engine.model import OPEN_END, Entry
from engine.registry.declaration import Register
from engine.values import from_json

CACHED = 2048
_cache: dict[tuple[str, str, str, str], tuple["Version", ...]] = {}


class Version(NamedTuple):
    """One version of one row."""

    office: str
    key: str
    data: Mapping[str, Any]
    valid_from: date
    valid_to: date

    def valid_on(self, day: date | None) -> bool:
        """Whether it applies on this day; without a day, whether it applies until further notice."""
        return self.valid_to == OPEN_END if day is None else self.valid_from <= day < self.valid_to


def of_office(session: Session, register: Register, office: str) -> tuple[Version, ...]:
    """All versions of an office's rows, in the order of the list; the empty office stands for the whole house."""
    query = select(Entry).where(Entry.register == register.id, Entry.office == office)
    return _versions(session, register, "office", office, lambda: query.order_by(Entry.position, Entry.id))


def of_key(session: Session, register: Register, key: str) -> tuple[Version, ...]:
    """All versions of a row, the oldest first, whichever office's part they are in."""
    query = select(Entry).where(Entry.register == register.id, Entry.key == key)
    return _versions(session, register, "key", key, lambda: query.order_by(Entry.valid_from, Entry.id))


def _versions(
    session: Session, register: Register, kind: str, name: str, query: Callable[[], Any]
) -> tuple[Version, ...]:
    wanted = (register.id, register.state, kind, name)
    if wanted not in _cache:
        while len(_cache) >= CACHED:
            _cache.pop(next(iter(_cache)))
        rows = session.scalars(query()).all()
        _cache[wanted] = tuple(Version(r.office, r.key, from_json(r.data), r.valid_from, r.valid_to) for r in rows)
    return _cache[wanted]


def everywhere(session: Session, register: Register, day: date | None) -> list[Version]:
    """Every row that applies on a day, of all offices and of the whole house; read anew each time."""
    valid = Entry.valid_to == OPEN_END if day is None else and_(Entry.valid_to > day, Entry.valid_from <= day)
    query = select(Entry).where(Entry.register == register.id, valid)
    rows = session.scalars(query.order_by(Entry.office, Entry.position, Entry.id))
    return [Version(r.office, r.key, from_json(r.data), r.valid_from, r.valid_to) for r in rows]


def find(session: Session, register: Register, key: str, day: date | None, office: str = "") -> Version | None:
    """The row with this key as of a day: the office's own, else the whole house's, else another office's.

    A key that is no longer or not yet listed gives its last version before the day, or its first: what a case was
    opened under keeps its name. Only a key that was never published gives None.
    """
    known = of_key(session, register, key)
    ranked = sorted(known, key=lambda version: (version.office != office, version.office != "", version.office))
    for version in ranked:
        if version.valid_on(day):
            return version
    own = [version for version in known if version.office in {office, ""}] or list(known)
    begun = [version for version in own if day is None or version.valid_from <= day]
    return begun[-1] if begun else own[0] if own else None


def has_published(session: Session, register: Register, office: str, day: date | None) -> bool:
    """Whether the office has a part of its own by this day."""
    own = of_office(session, register, office) if office else ()
    return any(day is None or version.valid_from <= day for version in own)


def listed(session: Session, register: Register, office: str, kind: str, day: date | None) -> list[Version]:
    """The rows that apply to an office: its own part, or what the whole house's part says about such an office."""
    own = [version for version in of_office(session, register, office) if version.valid_on(day)] if office else []
    if own or has_published(session, register, office, day):
        return own
    return [v for v in of_office(session, register, "") if v.valid_on(day) and names(v.data, office, kind)]


def names(data: Mapping[str, Any], office: str, kind: str) -> bool:
    """Whether a row of the whole house names the office, its kind, or any office at all."""
    return office in data.get("offices", ()) or kind in data.get("kinds", ()) or bool(data.get("any_office"))


def as_context(register: Register, version: Version) -> dict[str, Any]:
    """A row as expressions read it: its fields, its key, whose part it is in, and from when until before when."""
    until = None if version.valid_to == OPEN_END else version.valid_to
    marks = {"office": version.office, "valid_from": version.valid_from, "valid_to": until}
    return {**version.data, register.key: version.key, **marks}
