"""Versions of process folders: which one new cases use."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from engine import definitions
from engine.audit import append_ledger
from engine.authority import Actor
from engine.checks import check_files
from engine.directory import directory
from engine.errors import InvalidDefinition
from engine.includes import apart
from engine.model import CalendarEntry, Version
from engine.rows import DeployedVersion


def deploy(session: Session, folder: Path, *, actor: Actor, now: datetime) -> DeployedVersion:
    """Make a process folder the version that new cases use; running cases stay on theirs.

    The same content is the same version. Raises InvalidDefinition with every finding.
    """
    files = definitions.read_files(folder) | definitions.read_scenarios(folder)
    return deploy_files(session, files, actor=actor, now=now)


def deploy_files(session: Session, files: Mapping[str, str], *, actor: Actor, now: datetime) -> DeployedVersion:
    """`deploy` for files that are already read (name -> text); scenarios among them are kept beside the version."""
    files, scenarios = apart(files)
    digest = definitions.digest_of(files)
    known = session.scalar(select(Version).where(Version.digest == digest, Version.active))
    if known is not None:
        known.scenarios = scenarios or known.scenarios
        return _deployed(known, is_new=False)
    known_here = directory(session)
    roles, offices = frozenset(known_here.roles), frozenset(known_here.offices)
    findings = [f for f in check_files(files, roles=roles, offices=offices) if f.level != "warning"]
    if findings:
        raise InvalidDefinition(findings)
    definition = definitions.define(files)
    again = session.scalar(select(Version).where(Version.digest == definition.digest))
    session.execute(update(Version).where(Version.process == definition.process).values(active=False))
    version = again or Version(
        process=definition.process,
        digest=definition.digest,
        title=definition.title,
        files=dict(definition.files),
        deployed_by=actor.name,
        deployed_at=now,
        active=True,
    )
    version.active = True
    version.scenarios = scenarios or version.scenarios or {}
    session.add(version)
    _watch(session, definition, now)
    append_ledger(session, "version_deployed", {"process": definition.process, "digest": definition.digest}, actor, now)
    return _deployed(version, is_new=True)


def _watch(session: Session, definition: definitions.Definition, now: datetime) -> None:
    """Let the calendar's new entries count from now, and forget those that are gone."""
    entries = {entry.id for entry in definition.calendar}
    known = set(session.scalars(select(CalendarEntry.entry).where(CalendarEntry.process == definition.process)))
    gone = delete(CalendarEntry).where(CalendarEntry.process == definition.process)
    session.execute(gone.where(CalendarEntry.entry.in_(known - entries)))
    session.add_all(CalendarEntry(process=definition.process, entry=e, looked_until=now) for e in entries - known)


def begin_calendar(session: Session, *, now: datetime) -> None:
    """Let every entry of the calendar count from now: nothing before is opened or missed. For clocks that are moved."""
    session.execute(update(CalendarEntry).values(looked_until=now))


def _deployed(version: Version, *, is_new: bool) -> DeployedVersion:
    return DeployedVersion(version.id, version.process, version.title, version.digest, version.deployed_at, is_new)


def newest_version(session: Session, process: str) -> Version | None:
    """The version that new cases of a process use."""
    return session.scalar(select(Version).where(Version.process == process, Version.active))
