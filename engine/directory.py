"""Offices, roles, calendars and declared registers as last loaded from `processes/`, cached until they change."""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import registry
from engine.audit import append_ledger
from engine.authority import Actor, Role
from engine.case_records import case_record
from engine.database import READ_ONLY
from engine.deadlines import OFFICE, Calendar, load_calendar
from engine.errors import NotFound
from engine.functions import DIRECTORY
from engine.indicator_files import read_indicators, readable_indicators
from engine.indicators import Dimension, Indicators
from engine.model import Deadline, Person, Reference
from engine.months import Months
from engine.registry import Publication, Register, reading
from engine.report_rows import report_rows
from engine.statements import REFERENCE
from engine.submissions import last_report, reports

REGISTER = "registers:"  # prefix of the reference document with the declaration of a register
_cache: dict[str, "Directory"] = {}
CACHED = 8
STATE = "reference"  # where a session keeps what it has asked


@dataclass(frozen=True)
class Directory:
    """Reference data of the whole house."""

    offices: Mapping[str, Mapping[str, Any]]
    roles: Mapping[str, Role]
    calendar: Calendar
    registers: Mapping[str, Register]
    indicators: Indicators = field(default_factory=Indicators)

    @property
    def months(self) -> Months:
        """How time is divided for statistics."""
        return self.indicators.months

    def office_name(self, office: str) -> str:
        """The office's Chinese name, or its id."""
        return str(self.offices.get(office, {}).get("name", office))

    def offices_that(self, which: str) -> list[str]:
        """The ids of the offices that have this flag or are of this kind."""
        return [office for office, row in self.offices.items() if row.get(which) is True or row.get("kind") == which]

    def register(self, name: str) -> Register:
        """A register by its id. Raises NotFound."""
        found = self.registers.get(name)
        if found is None:
            raise NotFound(f"no register {name}")
        return found

    def office_kind(self, office: str) -> str:
        """The office's kind, e.g. of which level it is."""
        return str(self.offices.get(office, {}).get("kind", ""))

    def role_name(self, role: str | None) -> str:
        """The role's Chinese name, or its id."""
        return self.roles[role].name if role is not None and role in self.roles else (role or "")


def load_reference(session: Session, folder: Path, *, actor: Actor, now: datetime) -> list[str]:
    """Read offices, roles, calendars and registers from a folder; the names of those that changed.

    The rows that come with a register are published once, as its first edition; from then on only processes fill it.
    Raises OSError, tomllib.TOMLDecodeError, InvalidRegister, InvalidCalendar when a calendar year is wrong, or
    InvalidDefinition when an indicator is.
    """
    documents: dict[str, Any] = {}
    rows: dict[str, Any] = {}
    for name in ("offices", "roles"):
        documents[name] = tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))
    for path in sorted((folder / "calendar").glob("*.toml")):
        documents[f"calendar:{path.stem}"] = _jsonable(tomllib.loads(path.read_text("utf-8")))
    for path in sorted((folder / "registers").glob("*.toml")):
        document = _jsonable(tomllib.loads(path.read_text("utf-8")))
        declared = registry.read_register(path.stem, document)
        documents[REGISTER + path.stem] = {"register": document["register"]}
        rows[path.stem] = (declared, document.get(path.stem, ()))
    if (folder / "indicators.toml").exists():
        documents["indicators"] = tomllib.loads((folder / "indicators.toml").read_text("utf-8"))
        read_indicators(documents["indicators"])
    if (folder / "obligations.toml").exists():
        documents["obligations"] = tomllib.loads((folder / "obligations.toml").read_text("utf-8"))
    load_calendar(_calendars(documents))
    changed = [
        name for name, content in documents.items() if store_reference(session, name, _jsonable(content), now=now)
    ]
    if changed:
        append_ledger(session, "reference_loaded", {"names": changed}, actor, now)
    for declared, given in rows.values():
        first = Publication("", declared.effective or now.astimezone(OFFICE).date(), rows=given)
        if given:
            registry.publish(session, declared, first, key=f"import:{declared.id}", actor=actor, now=now)
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
    key = reference if reference is not None else _state(session)
    if key not in _cache:
        while len(_cache) >= CACHED:
            _cache.pop(next(iter(_cache)))
        rows = session.execute(select(Reference.name, Reference.content, Reference.digest)).all()
        states = {row.name.removeprefix(registry.STATE): row.digest for row in rows if registry.STATE in row.name}
        _cache[key] = build({row.name: row.content for row in rows}, states)
    found = _cache[key]
    DIRECTORY.set(
        {
            "office name": found.office_name,
            "offices": found.offices_that,
            "figures": partial(report_rows, session, found.indicators, _part_label(session, found)),
            "register": lambda *asked: reading.row(session, found, *asked) or None,
            "register changes": lambda *asked: reading.changes(session, found, *asked),
            "registers": lambda *asked: reading.rows(session, found, *asked),
            "person name": _names(session),
            "person id": _ids(session),
            "reports": partial(reports, session),
            "last report": partial(last_report, session),
            "case record": partial(case_record, session),
            "user name": _usernames(session),
        }
    )
    return found


def _state(session: Session) -> str:
    """What names the present reference data. A transaction that only reads asks once: nothing changes for it."""
    begun, state = session.info.get(STATE, (None, ""))
    if begun is not None and begun is session.get_transaction():
        return str(state)
    state = session.scalar(select(REFERENCE)) or ""
    if READ_ONLY.items() <= session.connection().get_execution_options().items():
        session.info[STATE] = (session.get_transaction(), state)
    return state


def _ids(session: Session) -> Callable[[Any], int | None]:
    """The ids of people by user name, read when a diagram names one."""
    return lambda username: session.scalar(select(Person.id).where(Person.username == str(username)))


def _usernames(session: Session) -> Callable[[Any], str | None]:
    """The user names of people by id, read when an expression asks."""
    return lambda person: session.scalar(select(Person.username).where(Person.id == int(person)))


def _part_label(session: Session, known: Directory) -> Callable[[Dimension, str], str]:
    """The words for a value of a breakdown that does not list its values: a register's row, or an office."""
    return lambda dimension, value: reading.name_behind(session, known, dimension.register or "office", value, None)


def _names(session: Session) -> Callable[[Any], str | None]:
    """The names of people by id, read when an expression asks."""
    return lambda person: session.scalar(select(Person.name).where(Person.id == int(person)))


def build(documents: Mapping[str, Mapping[str, Any]], states: Mapping[str, str]) -> Directory:
    """A directory from its documents by name; `states` names what is published in each register."""
    offices = {o["id"]: o for o in _rows(documents.get("offices", {}), "offices")}
    roles = {
        r["id"]: Role(
            r["id"],
            r["name"],
            r.get("scope", "office"),
            r.get("sees", "office"),
            bool(r.get("leads")),
            r.get("models", ""),
        )
        for r in _rows(documents.get("roles", {}), "roles")
    }
    declared = [
        registry.read_register(name.removeprefix(REGISTER), document)
        for name, document in documents.items()
        if name.startswith(REGISTER)
    ]
    published = {each.id: replace(each, state=states.get(each.id, "")) for each in declared}
    return Directory(
        offices,
        roles,
        load_calendar(_calendars(documents)),
        published,
        readable_indicators(documents.get("indicators", {})),
    )


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
