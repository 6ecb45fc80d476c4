"""A copy of what a house goes by, for a sandbox in which nothing of the house itself can be touched."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from engine.authority import SYSTEM
from engine.definitions import digest_of
from engine.deployment import deploy_files
from engine.model import Base, CalendarEntry, Edition, Entry, Reference, Version
from engine.model_drafts import behaviour_digest
from engine.values import dumps

WHOLE: tuple[type[Base], ...] = (Reference, Edition, Entry)


def copy_house(source: Session, target: Session, files: dict[str, str], *, now: datetime) -> dict[str, dict[str, str]]:
    """Offices, roles, calendars, registers and the versions in force, with these files in the place of their process.

    Answers process -> files of all versions in the copy, with their scenarios. No case, no person, no trail is copied.
    Raises InvalidDefinition for the files.
    """
    for table in WHOLE:
        rows = [{**row, "case_id": None} if table is Edition else row for row in _rows(source, table)]
        if rows:
            target.execute(insert(table), rows)
    for row in source.scalars(select(Version).where(Version.active)):
        same = {name: getattr(row, name) for name in Version.__table__.columns.keys() if name != "id"}  # noqa: SIM118 a collection, no mapping
        target.add(Version(**same))
    for process, entry in source.execute(select(CalendarEntry.process, CalendarEntry.entry)):
        target.add(CalendarEntry(process=process, entry=entry, looked_until=now))
    target.flush()
    deploy_files(target, files, actor=SYSTEM, now=now)
    target.flush()
    versions = target.scalars(select(Version).where(Version.active))
    return {version.process: version.files | version.scenarios for version in versions}


def house_digest(session: Session) -> str:
    """The content hash of what decides how a case runs in a house: its reference data, and all versions in force.

    Records of changes and scenarios decide nothing.
    """
    parts = {f"{table.__tablename__}.{n}": dumps(row) for table in WHOLE for n, row in enumerate(_rows(session, table))}
    for version in session.scalars(select(Version).where(Version.active)):
        parts[f"version.{version.process}"] = behaviour_digest(version.files)
    return digest_of(parts)


def _rows(session: Session, table: type[Base]) -> list[dict[str, Any]]:
    columns = table.__table__.columns
    return [dict(row._mapping) for row in session.execute(select(*columns))]  # noqa: SLF001 its public name
