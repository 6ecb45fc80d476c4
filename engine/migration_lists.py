"""What can be asked about migrations: the versions that cases still run on, and the cases that went to another one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from engine.mappings import version_of
from engine.model import Case, CaseMigration, Version

SHOWN = 500


@dataclass(frozen=True)
class OldVersion:
    """A version that running cases use and new ones do not."""

    id: int
    digest: str
    deployed_at: datetime
    running: int


@dataclass(frozen=True)
class MigrationRow:
    """A case that went from one version to another; `can_undo` while it has not moved since."""

    case_id: UUID
    number: str
    title: str
    office: str
    from_digest: str
    to_digest: str
    reason: str
    by: str
    at: datetime
    undone_at: datetime | None
    undone_by: str
    can_undo: bool


def old_versions(session: Session, process: str, to_version: str = "") -> Sequence[OldVersion]:
    """The versions of a process, other than this one, that running cases use; the newest first. Raises NotFound."""
    target = version_of(session, process, to_version)
    running = func.count(Case.id)
    query = select(Version.id, Version.digest, Version.deployed_at, running).join(Case, Case.version_id == Version.id)
    query = query.where(Version.process == process, Version.id != target.id, Case.status == "running")
    query = query.group_by(Version.id).order_by(Version.deployed_at.desc(), Version.id.desc())
    return [OldVersion(*row) for row in session.execute(query)]


def migrations(session: Session, process: str) -> Sequence[MigrationRow]:
    """The cases of a process that went to another version, the latest first."""
    source, target = aliased(Version), aliased(Version)
    query = (
        select(CaseMigration, Case, source.digest, target.digest)
        .join(Case, CaseMigration.case_id == Case.id)
        .join(source, CaseMigration.from_version == source.id)
        .join(target, CaseMigration.to_version == target.id)
        .where(CaseMigration.process == process)
        .order_by(CaseMigration.id.desc())
        .limit(SHOWN)
    )
    return [
        MigrationRow(
            case.id, case.number, case.title, case.office, came_from, went_to, row.reason, row.actor_name, row.at,
            row.undone_at, row.undone_by, row.undone_at is None and is_as_left(case, row),
        )
        for row, case, came_from, went_to in session.execute(query)
    ]  # fmt: skip


def is_as_left(case: Case, row: CaseMigration) -> bool:
    """Whether a case is as the migration has left it: only then there is a way back."""
    known = case.status == "running" and case.version_id == row.to_version
    return known and sha256(case.state).hexdigest() == row.left_as
