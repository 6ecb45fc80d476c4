"""What can be asked about models: the processes with their versions, drafts, and what was published why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.authority import Actor, may_approve, may_draw
from engine.directory import directory
from engine.errors import Finding, NotFound, Problem
from engine.model import Case, ModelDraft, Publication, Version
from engine.model_drafts import CHANGES, behaviour_digest, draft_row
from engine.publishing import draft_findings, draft_gates


@dataclass(frozen=True)
class DraftRow:
    """A draft in a list. `stamps`: file -> who saved it last, and when, where that was after it was made."""

    id: int
    process: str
    title: str
    base_id: int | None
    revision: int
    state: str
    created_by: int | None
    created_name: str
    created_at: datetime
    saved_by: int | None
    saved_name: str
    saved_at: datetime


@dataclass(frozen=True)
class PublicationRow:
    """A draft handed in, and what became of it."""

    id: int
    draft_id: int
    reason: str
    effective_on: date | None
    asked_by: int | None
    asked_name: str
    asked_at: datetime
    state: str
    decided_name: str
    decided_at: datetime | None
    note: str


@dataclass(frozen=True)
class FileLine:
    """A file of a draft: what became of it since the version it is compared with, and who saved it last."""

    name: str
    size: int  # characters
    change: str  # "" | added | changed | removed
    who: str
    at: datetime | None


@dataclass(frozen=True)
class ModelFiles:
    """A draft with its files."""

    row: DraftRow
    files: Mapping[str, str]
    base: Mapping[str, str]  # the files of the version it is compared with
    lines: Sequence[FileLine]
    trial: Mapping[str, Any]
    is_trial_current: bool
    publications: Sequence[PublicationRow]
    may_draw: bool
    may_decide: bool


@dataclass(frozen=True)
class VersionRow:
    """A version of a process: who published it, when and why; how many cases run on it."""

    id: int
    process: str
    title: str
    digest: str
    active: bool
    deployed_by: str
    deployed_at: datetime
    why: str  # the newest entry of its record of changes
    asked_by: str
    approved_by: str
    reason: str
    running: int


def sees_models(session: Session, actor: Actor) -> bool:
    """Whether the library of models is open to this person."""
    roles = directory(session).roles
    return may_draw(actor, roles) or may_approve(actor, roles)


def draws_models(session: Session, actor: Actor) -> bool:
    """Whether this person may change models."""
    return may_draw(actor, directory(session).roles)


def drafts_to_decide(session: Session, actor: Actor) -> int:
    """How many drafts wait for this person's decision."""
    if not may_approve(actor, directory(session).roles):
        return 0
    waiting = session.scalars(select(ModelDraft.authors).where(ModelDraft.state == "submitted"))
    return sum(actor.id not in authors for authors in waiting)


def drafts(session: Session, actor: Actor, *, process: str = "", state: str = "") -> list[DraftRow]:
    """The drafts, those saved last first; without a state those that are worked on. Raises NotFound."""
    _require_sight(session, actor)
    states = (state,) if state else ("open", "submitted", "approved")
    query = select(ModelDraft).where(ModelDraft.state.in_(states)).order_by(ModelDraft.saved_at.desc(), ModelDraft.id)
    if process:
        query = query.where(ModelDraft.process == process)
    return [_row(row) for row in session.scalars(query.limit(200))]


def draft(session: Session, draft_id: int, actor: Actor) -> ModelFiles:
    """A draft with its files. Raises NotFound: for people who neither draw nor approve there is none."""
    _require_sight(session, actor)
    row = draft_row(session, draft_id)
    base = session.get(Version, row.base_id) if row.base_id is not None else None
    before: dict[str, str] = base.files | base.scenarios if base is not None else {}
    query = select(Publication).where(Publication.draft_id == draft_id).order_by(Publication.id.desc())
    roles = directory(session).roles
    return ModelFiles(
        _row(row),
        dict(row.files),
        before,
        _lines(row, before),
        dict(row.trial),
        bool(row.trial) and row.trial.get("digest") == behaviour_digest(row.files),
        [_publication(each) for each in session.scalars(query)],
        may_draw(actor, roles),
        row.state == "submitted" and may_approve(actor, roles) and actor.id not in row.authors,
    )


def draft_checks(session: Session, draft_id: int, actor: Actor) -> tuple[list[Finding], list[Problem]]:
    """What the checks find in a draft, and what is missing before it can be handed in. Raises NotFound."""
    _require_sight(session, actor)
    row = draft_row(session, draft_id)
    return draft_findings(session, row.files), draft_gates(session, row)


def versions(session: Session, process: str, actor: Actor) -> list[VersionRow]:
    """The versions of a process, the newest first. Raises NotFound."""
    return _versions(session, actor, Version.process == process)


def active_versions(session: Session, actor: Actor) -> list[VersionRow]:
    """The version in force of every process. Raises NotFound."""
    return sorted(_versions(session, actor, Version.active), key=lambda row: row.process)


def models_in_force(session: Session, actor: Actor) -> dict[str, dict[str, str]]:
    """Process -> the files of the version that new cases use, scenarios among them. Raises NotFound."""
    _require_sight(session, actor)
    found = session.execute(select(Version.process, Version.files, Version.scenarios).where(Version.active))
    return {process: files | scenarios for process, files, scenarios in found}


def version_files(session: Session, version_id: int, actor: Actor) -> tuple[VersionRow, dict[str, str]]:
    """A version and its files, scenarios among them. Raises NotFound."""
    found = _versions(session, actor, Version.id == version_id)
    if not found:
        raise NotFound
    row = session.get_one(Version, version_id)
    return found[0], row.files | row.scenarios


def _versions(session: Session, actor: Actor, condition: Any) -> list[VersionRow]:
    _require_sight(session, actor)
    rows = list(
        session.scalars(select(Version).where(condition).order_by(Version.deployed_at.desc(), Version.id.desc()))
    )
    ids = [row.id for row in rows]
    counted = select(Case.version_id, func.count()).where(Case.version_id.in_(ids), Case.closed_at.is_(None))
    running = {row[0]: row[1] for row in session.execute(counted.group_by(Case.version_id))}
    asked = select(Publication).where(Publication.version_id.in_(ids)).order_by(Publication.id)
    publications = {each.version_id: each for each in session.scalars(asked)}
    return [_version(row, publications.get(row.id), running.get(row.id, 0)) for row in rows]


def _version(row: Version, publication: Publication | None, running: int) -> VersionRow:
    asked, decided, reason = "", "", ""
    if publication is not None:
        asked, decided, reason = publication.asked_name, publication.decided_name, publication.reason
    why = newest_entry(str(row.files.get(CHANGES, "")))
    return VersionRow(
        row.id, row.process, row.title, row.digest, row.active, row.deployed_by, row.deployed_at, why, asked, decided,
        reason, running,
    )  # fmt: skip


def newest_entry(changes: str) -> str:
    r"""The uppermost entry of a record of changes.

    >>> newest_entry("# Changes\n\n## Ten days\n\n- from five\n\n## First\n")
    'Ten days\n- from five'
    """
    _, _, rest = f"\n{changes}".partition("\n## ")
    entry, _, _ = rest.partition("\n## ")
    return "\n".join(line for line in entry.splitlines() if line.strip())


def _lines(row: ModelDraft, before: Mapping[str, str]) -> list[FileLine]:
    lines = []
    for name in sorted({*row.files, *before}):
        text, stamp = row.files.get(name), row.stamps.get(name)
        change = "removed" if text is None else "added" if name not in before else "changed" * (before[name] != text)
        who, at = (stamp["name"], datetime.fromisoformat(stamp["at"])) if stamp else ("", None)
        lines.append(FileLine(name, len(text or ""), change if before else "", who, at))
    return lines


def _row(row: ModelDraft) -> DraftRow:
    return DraftRow(**{name: getattr(row, name) for name in DraftRow.__dataclass_fields__})


def _publication(row: Publication) -> PublicationRow:
    return PublicationRow(**{name: getattr(row, name) for name in PublicationRow.__dataclass_fields__})


def _require_sight(session: Session, actor: Actor) -> None:
    if not sees_models(session, actor):
        raise NotFound
