"""The questions about registers: which there are, the list as of a day, its editions, what changed between two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from engine import registry
from engine.directory import Directory, day_of, directory
from engine.errors import NotFound
from engine.model import OPEN_END, Case, Edition, Entry
from engine.registry import Register
from engine.values import dumps, from_json

PAGE = 100
Side = int | date  # an edition by its id, or the list as of a day


@dataclass(frozen=True)
class RegisterInfo:
    """A register with how much is published in it."""

    register: Register
    rows: int
    offices: int  # that have published a part of their own
    latest: "EditionRow | None"


@dataclass(frozen=True)
class EditionRow:
    """One edition; `office` is empty for what is meant for the whole house."""

    id: int
    office: str
    office_name: str
    number: int
    effective: date
    published_on: date | None
    address: str
    case_id: UUID | None
    case_number: str
    by: str
    note: str
    added: int
    changed: int
    removed: int
    at: datetime


@dataclass(frozen=True)
class RegisterRow:
    """One row as of a day; `lapsed`: everything it rests on has ended by then."""

    key: str
    office: str
    office_name: str
    label: str
    data: Mapping[str, Any]
    valid_from: date
    valid_to: date | None  # the first day on which it no longer applies
    lapsed: bool


@dataclass(frozen=True)
class RegisterPage:
    """Rows of a register as of a day."""

    register: Register
    day: date
    rows: tuple[RegisterRow, ...]
    total: int
    own: bool  # the office asked about has a part of its own; otherwise these are rows meant for the whole house


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


def register_of(known: Directory, name: str) -> Register:
    """A register by its id. Raises NotFound."""
    found = known.registers.get(name)
    if found is None:
        raise NotFound(f"no register {name}")
    return found


def registers(session: Session, *, now: datetime) -> tuple[RegisterInfo, ...]:
    """Every register, with what is valid today."""
    known, today = directory(session), day_of(now)
    found = []
    for register in known.registers.values():
        valid = select(func.count()).select_from(Entry).where(*_valid(register, today))
        parts = select(func.count(Edition.office.distinct())).where(
            Edition.register == register.id, Edition.office != ""
        )
        latest = register_editions(session, register.id, limit=1)
        counts = (session.scalar(valid) or 0, session.scalar(parts) or 0)
        found.append(RegisterInfo(register, *counts, latest[0] if latest else None))
    return tuple(found)


def register_rows(
    session: Session,
    name: str,
    *,
    as_of: date,
    office: str = "",
    q: str = "",
    page: int = 1,
    limit: int | None = PAGE,
) -> RegisterPage:
    """The list as of a day: of everybody, or what applies to one office. `limit` None: all rows. Raises NotFound."""
    known = directory(session)
    register = register_of(known, name)
    own = bool(office) and registry.has_published(session, register, office, as_of)
    conditions = [*_valid(register, as_of)]
    if office:
        conditions.append(Entry.office == (office if own else ""))
    if q.strip():
        conditions += [Entry.body.contains(word, autoescape=True) for word in q.split()[:8]]
    query = select(Entry).where(*conditions).order_by(Entry.office, Entry.position, Entry.id)
    if office and not own:
        kind = known.office_kind(office)
        entries = [e for e in session.scalars(query) if registry.names(from_json(e.data), office, kind)]
        total = len(entries)
        entries = entries if limit is None else entries[(page - 1) * limit : page * limit]
    else:
        total = session.scalar(select(func.count()).select_from(Entry).where(*conditions)) or 0
        query = query if limit is None else query.limit(limit).offset((max(page, 1) - 1) * limit)
        entries = list(session.scalars(query))
    rows = tuple(_row(known, register, entry, as_of) for entry in entries)
    return RegisterPage(register, as_of, rows, total, own)


def register_editions(
    session: Session, name: str, *, office: str | None = None, limit: int = 500
) -> tuple[EditionRow, ...]:
    """The editions of a register, newest first; of one office's part, where `office` is given. Raises NotFound."""
    known = directory(session)
    register = register_of(known, name)
    query = select(Edition, Case.number).outerjoin(Case, Case.id == Edition.case_id)
    query = query.where(Edition.register == register.id)
    if office is not None:
        query = query.where(Edition.office == office)
    rows = session.execute(query.order_by(Edition.id.desc()).limit(limit))
    return tuple(_edition(known, edition, number or "") for edition, number in rows)


def register_diff(session: Session, name: str, a: Side, b: Side, *, office: str | None = None) -> tuple[RowChange, ...]:
    """What changed from `a` to `b`, each an edition's id or a day; two editions must be of the same office's part.

    Raises NotFound.
    """
    known = directory(session)
    register = register_of(known, name)
    before, after = (_side(session, register, side, office) for side in (a, b))
    return tuple(_changes(known, register, before, after))


def register_label(session: Session, key: str, *, now: datetime, register: str = "", office: str = "") -> str | None:
    """The name of the row with this key, in one register or whichever has it."""
    known = directory(session)
    for one in [known.registers[register]] if register in known.registers else known.registers.values():
        found = registry.find(session, one, key, day_of(now), office)
        if found is not None:
            return str(found.data.get(one.label, key))
    return None


def _valid(register: Register, day: date | None) -> list[Any]:
    return [Entry.register == register.id, Entry.valid_to > day, Entry.valid_from <= day]


def _row(known: Directory, register: Register, entry: Entry, day: date) -> RegisterRow:
    data = from_json(entry.data)
    until = None if entry.valid_to == OPEN_END else entry.valid_to
    return RegisterRow(
        entry.key, entry.office, known.office_name(entry.office) if entry.office else "",
        str(data.get(register.label, entry.key)), data, entry.valid_from, until, register.lapsed(data, day),
    )  # fmt: skip


def _edition(known: Directory, edition: Edition, number: str) -> EditionRow:
    return EditionRow(
        edition.id, edition.office, known.office_name(edition.office) if edition.office else "", edition.number,
        edition.effective, edition.published_on, edition.address, edition.case_id, number, edition.by, edition.note,
        edition.added, edition.changed, edition.removed, edition.at,
    )  # fmt: skip


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
