"""The one way into a register: an edition is published, and rows get new versions.

Called by the import of a declaration and by the effect `publish_register` of a process; nobody else writes here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import append_ledger
from engine.authority import Actor
from engine.model import OPEN_END, Edition, Entry, Reference
from engine.registry.columns import InvalidRegister
from engine.registry.declaration import Register
from engine.values import dumps, from_json, json_ready

STATE = "edition:"  # prefix of the reference document that names what is published
PROBLEMS_TOLD = 12
PLACE = 987654321  # stands for the number while a pattern is taken apart
CHANGES = frozenset(["add", "change", "remove", "keep"])


@dataclass(frozen=True)
class Publication:
    """What is to be published: a whole list (`rows`), or `changes` to the present one with a mark on each row."""

    office: str
    effective: date
    rows: Sequence[Mapping[str, Any]] | None = None
    changes: Sequence[Mapping[str, Any]] | None = None
    published_on: date | None = None
    address: str = ""
    note: str = ""
    case_id: UUID | None = None
    stem: str = ""  # how keys of new rows begin


@dataclass
class _Part:
    """An office's part as it becomes: key -> fields, in order."""

    register: Register
    rows: dict[str, dict[str, Any]]
    stem: str
    last: int
    problems: list[str] = field(default_factory=list)

    def put(self, raw: Mapping[str, Any], where: str, taken: set[str]) -> None:
        """Add or replace a row; without a key it gets the next one."""
        key = str(raw.get(self.register.key) or "")
        if not key:
            self.last += 1
            key = self.register.new_key.format(stem=self.stem, seq=self.last)
        clean, wrong = self.register.checked(raw, f"{where} ({raw.get(self.register.label) or key})")
        if key in taken:
            wrong.append(f"{where}: {key} is there twice")
        taken.add(key)
        self.problems += wrong
        self.rows[key] = clean


def publish(session: Session, register: Register, wanted: Publication, *, key: str, actor: Actor, now: datetime) -> int:
    """Publish an edition; its id. The same `key` again changes nothing. Raises InvalidRegister with all that is wrong.

    Rows that stay the same go on; a changed or removed row ends before the effective day, which cannot lie before that
    of the edition before.
    """
    known = session.scalar(select(Edition.id).where(Edition.key == key))
    if known is not None:
        return known
    office = wanted.office
    latest = session.scalar(_editions(register, office).order_by(Edition.number.desc()).limit(1))
    if latest is not None and wanted.effective < latest.effective:
        raise InvalidRegister(
            f"{register.title}: the edition before applies from {latest.effective}, this one cannot apply from "
            f"{wanted.effective} already",
            register=register.id,
        )
    present = {row.key: row for row in session.scalars(_present(register, office))}
    part = _composed(session, register, wanted, present)
    if part.problems:
        told = "; ".join(part.problems[:PROBLEMS_TOLD])
        more = f" (and {len(part.problems) - PROBLEMS_TOLD} more)" if len(part.problems) > PROBLEMS_TOLD else ""
        raise InvalidRegister(f"{register.title}: {told}{more}", register=register.id, problems=part.problems)
    edition = Edition(
        key=key, register=register.id, office=office, number=latest.number + 1 if latest is not None else 1,
        effective=wanted.effective, published_on=wanted.published_on, address=wanted.address, case_id=wanted.case_id,
        by=actor.name, note=wanted.note, added=0, changed=0, removed=0, at=now,
    )  # fmt: skip
    session.add(edition)
    session.flush()
    _write(session, register, edition, present, part.rows)
    session.flush()
    _note_state(session, register, edition, part.rows, now)
    detail = {
        "register": register.id, "office": office, "number": edition.number, "effective": edition.effective.isoformat(),
        "added": edition.added, "changed": edition.changed, "removed": edition.removed,
        "case": str(wanted.case_id or ""), "address": wanted.address,
    }  # fmt: skip
    append_ledger(session, "register_published", detail, actor, now)
    return edition.id


def _editions(register: Register, office: str) -> Any:
    return select(Edition).where(Edition.register == register.id, Edition.office == office)


def _present(register: Register, office: str) -> Any:
    query = select(Entry).where(Entry.register == register.id, Entry.office == office, Entry.valid_to == OPEN_END)
    return query.order_by(Entry.position)


def _composed(session: Session, register: Register, wanted: Publication, present: Mapping[str, Entry]) -> _Part:
    """The part as it will be, and what is wrong with what was handed in."""
    part = _Part(register, {}, wanted.stem, _last_number(session, register, wanted.stem))
    taken: set[str] = set()
    if (wanted.rows is None) == (wanted.changes is None):
        part.problems.append("either rows or changes must be given")
    elif wanted.rows is not None:
        for number, row in enumerate(wanted.rows, start=1):
            part.put(row, f"row {number}", taken)
    else:
        part.rows |= {key: from_json(entry.data) for key, entry in present.items()}
        for number, row in enumerate(wanted.changes or (), start=1):
            _change(part, dict(row), f"change {number}", taken, present)
    return part


def _change(part: _Part, row: dict[str, Any], where: str, taken: set[str], present: Iterable[str]) -> None:
    kind, key = str(row.pop("change", "") or "keep"), str(row.get(part.register.key) or "")
    known = key in set(present)
    if kind not in CHANGES:
        part.problems.append(f"{where}: {kind} is none of {', '.join(sorted(CHANGES))}")
    elif kind == "add" and known:
        part.problems.append(f"{where}: {key} is in the list already")
    elif kind in {"change", "remove", "keep"} and not known:
        part.problems.append(f"{where}: {key or 'a row without key'} is not in the list")
    elif kind == "remove":
        part.rows.pop(key, None)
    elif kind in {"add", "change"}:
        part.put(row, where, taken)


def _last_number(session: Session, register: Register, stem: str) -> int:
    """The highest number that a key of this stem has ever had."""
    start, _, after = register.new_key.format(stem=stem, seq=PLACE).partition(str(PLACE))
    pattern = re.compile(re.escape(start) + r"(\d+)" + re.escape(after))
    query = select(Entry.key).where(Entry.register == register.id, Entry.key.startswith(start, autoescape=True))
    found = (pattern.fullmatch(key) for key in session.scalars(query.distinct()))
    return max((int(match[1]) for match in found if match), default=0)


def _write(
    session: Session,
    register: Register,
    edition: Edition,
    present: Mapping[str, Entry],
    rows: Mapping[str, Mapping[str, Any]],
) -> None:
    """End what is changed or gone, begin what is new; the order of the list follows the edition."""
    for key, entry in present.items():
        if key not in rows or dumps(from_json(entry.data)) != dumps(rows[key]):
            entry.valid_to, entry.edition_to = edition.effective, edition.id
    edition.removed = sum(key not in rows for key in present)
    for position, (key, data) in enumerate(rows.items(), start=1):
        before = present.get(key)
        if before is not None and before.edition_to is None:
            before.position = position
            continue
        edition.changed += before is not None
        edition.added += before is None
        session.add(
            Entry(
                register=register.id, office=edition.office, key=key, position=position, data=json_ready(data),
                body=register.body(key, data), valid_from=edition.effective, valid_to=OPEN_END,
                edition_from=edition.id, edition_to=None,
            )
        )  # fmt: skip


def _note_state(session: Session, register: Register, edition: Edition, rows: Any, now: datetime) -> None:
    """Name the new state of the register by what has been published, so that caches everywhere see it."""
    row = session.get(Reference, STATE + register.id) or Reference(name=STATE + register.id, digest="")
    told = dumps([row.digest, edition.office, edition.number, edition.effective, rows])
    row.content, row.digest, row.loaded_at = {"edition": edition.id}, sha256(told.encode()).hexdigest(), now
    session.add(row)
    session.flush()
