"""Offices, roles, calendars and registers as last loaded from `processes/`, cached until they change."""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import append_ledger
from engine.authority import Actor, Role
from engine.deadlines import Calendar, load_calendar
from engine.functions import DIRECTORY
from engine.model import Deadline, Person, Reference
from engine.statements import REFERENCE
from engine.submissions import last_report, reports

_cache: dict[str, "Directory"] = {}
CACHED = 8


@dataclass(frozen=True)
class Directory:
    """Reference data of the whole house."""

    offices: Mapping[str, Mapping[str, Any]]
    roles: Mapping[str, Role]
    calendar: Calendar
    registers: Mapping[str, Mapping[str, Mapping[str, Any]]]

    def office_name(self, office: str) -> str:
        """The office's Chinese name, or its id."""
        return str(self.offices.get(office, {}).get("name", office))

    def offices_that(self, which: str) -> list[str]:
        """The ids of the offices that have this flag or are of this kind."""
        return [office for office, row in self.offices.items() if row.get(which) is True or row.get("kind") == which]

    def row(self, register: str, key: str) -> Mapping[str, Any] | None:
        """A row of a register."""
        return self.registers.get(register, {}).get(key)

    def role_name(self, role: str | None) -> str:
        """The role's Chinese name, or its id."""
        return self.roles[role].name if role is not None and role in self.roles else (role or "")


def load_reference(session: Session, folder: Path, *, actor: Actor, now: datetime) -> list[str]:
    """Read offices, roles, calendars and registers from a folder; the names of those that changed.

    Raises OSError, tomllib.TOMLDecodeError, or InvalidCalendar when a calendar year is wrong.
    """
    documents: dict[str, Any] = {}
    for name in ("offices", "roles"):
        documents[name] = tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))
    for kind in ("calendar", "registers"):
        for path in sorted((folder / kind).glob("*.toml")):
            documents[f"{kind}:{path.stem}"] = _jsonable(tomllib.loads(path.read_text("utf-8")))
    load_calendar(_calendars(documents))
    changed = [
        name for name, content in documents.items() if store_reference(session, name, _jsonable(content), now=now)
    ]
    if changed:
        append_ledger(session, "reference_loaded", {"names": changed}, actor, now)
    return changed


def store_reference(session: Session, name: str, content: dict[str, Any], *, now: datetime) -> bool:
    """Write one document if it differs from what is there; whether it did."""
    digest = sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    row = session.get(Reference, name)
    if row is not None and row.digest == digest:
        return False
    row = row or Reference(name=name)
    row.content, row.digest, row.loaded_at = content, digest, now
    session.add(row)
    session.flush()
    return True


def cases_of_older_calendars(session: Session) -> list[UUID]:
    """The cases with an open deadline that was computed with another calendar than the present one."""
    version = directory(session).calendar.version
    query = select(Deadline.case_id).where(
        Deadline.status.in_(("running", "stopped")), Deadline.calendar_version != version
    )
    return list(dict.fromkeys(session.scalars(query)))


def directory(session: Session, reference: str | None = None) -> Directory:
    """The reference data this session sees; `reference` is the value of REFERENCE where another query has read it."""
    key = reference if reference is not None else session.scalar(select(REFERENCE)) or ""
    if key not in _cache:
        while len(_cache) >= CACHED:
            _cache.pop(next(iter(_cache)))
        rows = session.execute(select(Reference.name, Reference.content)).all()
        _cache[key] = build({row.name: row.content for row in rows})
    found = _cache[key]
    DIRECTORY.set(
        {
            "office name": found.office_name,
            "register": found.row,
            "offices": found.offices_that,
            "person name": _names(session),
            "person id": _ids(session),
            "reports": partial(reports, session),
            "last report": partial(last_report, session),
        }
    )
    return found


def _ids(session: Session) -> Callable[[Any], int | None]:
    """The ids of people by user name, read when a diagram names one."""
    return lambda username: session.scalar(select(Person.id).where(Person.username == str(username)))


def _names(session: Session) -> Callable[[Any], str | None]:
    """The names of people by id, read when an expression asks."""
    return lambda person: session.scalar(select(Person.name).where(Person.id == int(person)))


def build(documents: Mapping[str, Mapping[str, Any]]) -> Directory:
    """A directory from its documents by name."""
    offices = {o["id"]: o for o in _rows(documents.get("offices", {}), "offices")}
    roles = {
        r["id"]: Role(r["id"], r["name"], r.get("scope", "office"), r.get("sees", "office"), bool(r.get("leads")))
        for r in _rows(documents.get("roles", {}), "roles")
    }
    registers = {
        name.partition(":")[2]: {row["id"]: row for row in _rows(document, name.partition(":")[2])}
        for name, document in documents.items()
        if name.startswith("registers:")
    }
    return Directory(offices, roles, load_calendar(_calendars(documents)), registers)


def _rows(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The rows of a document: `[[offices]]`, or `[offices.<id>]`."""
    found = document.get(name) or document.get(name.removesuffix("s")) or []
    if isinstance(found, Mapping):
        return [{"id": key, **row} for key, row in found.items()]
    return list(found)


def _calendars(documents: Mapping[str, Any]) -> dict[str, Any]:
    return {name: document for name, document in documents.items() if name.startswith("calendar:")}


def _jsonable(content: Any) -> Any:
    """TOML dates as ISO text."""
    if isinstance(content, Mapping):
        return {key: _jsonable(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_jsonable(value) for value in content]
    return content.isoformat() if hasattr(content, "isoformat") else content
