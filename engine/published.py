"""The questions about registers: which there are, the list as of a day, its editions, what changed between two."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import registry
from engine.directory import Directory, directory
from engine.model import OPEN_END, Case, Edition, Entry
from engine.registry import Column, Register
from engine.registry.reading import day_of, name_behind
from engine.values import from_json

PAGE = 100
WORDS = 8  # of a search


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
    public: bool = False,
) -> RegisterPage:
    """The list as of a day: of everybody, or what applies to one office. `limit` None: all rows. Raises NotFound.

    `public`: what has been made public (not what came with the declaration) and forms may offer; words are looked for
    in public fields only.
    """
    known = directory(session)
    register = known.register(name)
    own = bool(office) and registry.has_published(session, register, office, as_of)
    conditions = [*_valid(register, as_of)]
    if office:
        conditions.append(Entry.office == (office if own else ""))
    words = q.split()[:WORDS]
    if not public:
        conditions += [Entry.body.contains(word, autoescape=True) for word in words]
    query = select(Entry).where(*conditions).order_by(Entry.office, Entry.position, Entry.id)
    if public:
        query = query.join(Edition, Edition.id == Entry.edition_from).where(Edition.published_on.is_not(None))
    first = (max(page, 1) - 1) * (limit or 0)
    if public or (office and not own):
        kind = known.office_kind(office)
        entries = [
            entry
            for entry, data in ((entry, from_json(entry.data)) for entry in session.scalars(query))
            if (own or not office or registry.names(data, office, kind))
            and (not public or _is_public(register, entry.key, data, words))
        ]
        total = len(entries)
        entries = entries[first:][:limit]
    else:
        total = session.scalar(select(func.count()).select_from(Entry).where(*conditions)) or 0
        entries = list(session.scalars(query if limit is None else query.limit(limit).offset(first)))
    rows = tuple(_row(known, register, entry, as_of) for entry in entries)
    return RegisterPage(register, as_of, rows, total, own)


def _is_public(register: Register, key: str, data: Mapping[str, Any], words: Sequence[str]) -> bool:
    """Whether the public sees the row and finds these words in what it sees of it."""
    seen = {name: data[name] for name in register.public if name in data}
    body = register.body(key, seen).casefold()
    return register.is_offered(data) and all(word.casefold() in body for word in words)


def register_editions(
    session: Session, name: str, *, office: str | None = None, limit: int = 500
) -> tuple[EditionRow, ...]:
    """The editions of a register, newest first; of one office's part, where `office` is given. Raises NotFound."""
    known = directory(session)
    register = known.register(name)
    query = select(Edition, Case.number).outerjoin(Case, Case.id == Edition.case_id)
    query = query.where(Edition.register == register.id)
    if office is not None:
        query = query.where(Edition.office == office)
    rows = session.execute(query.order_by(Edition.id.desc()).limit(limit))
    return tuple(_edition(known, edition, number or "") for edition, number in rows)


def register_label(session: Session, key: str, *, now: datetime, register: str = "", office: str = "") -> str | None:
    """The name of the row with this key, in one register or whichever has it."""
    known = directory(session)
    for one in [known.registers[register]] if register in known.registers else known.registers.values():
        found = registry.find(session, one, key, day_of(now), office)
        if found is not None:
            return str(found.data.get(one.label, key))
    return None


def register_wording(session: Session, *, now: datetime) -> Callable[[Column, Any], str]:
    """A function that says a value of a column in words: choices by labels, offices and keys by names."""
    known = directory(session)
    return lambda column, value: registry.in_words(
        column, value, lambda kind, key: name_behind(session, known, kind, key, now)
    )


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
