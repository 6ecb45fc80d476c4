"""From draft to version: handed in with its gates passed, decided by somebody else, published at once or on a day.

Gates: no finding that stops publishing, every scenario holds and every flow is travelled, the record of changes says
what is new, and nobody has published another version meanwhile. They are looked at again when it is published.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import append_ledger
from engine.authority import CLOCK, Actor, may_approve, may_draw
from engine.checks import check_files, refusals
from engine.deadlines import OFFICE
from engine.deployment import deploy_files, newest_version
from engine.directory import directory
from engine.errors import (
    DraftClosed,
    EngineError,
    Finding,
    InvalidAnswers,
    InvalidDefinition,
    NotAllowed,
    NotFound,
    NotReady,
    OwnRequest,
    Problem,
)
from engine.includes import apart
from engine.model import ModelDraft, Publication, Version
from engine.model_drafts import CHANGES, behaviour_digest, draft_row, open_draft, require_drawing, version_digest
from engine.model_notices import tell_about

TEXT = 1000  # characters of a reason or a note
KEPT = 32
_findings: dict[tuple[Any, ...], list[Finding]] = {}


def draft_findings(session: Session, files: Mapping[str, Any]) -> list[Finding]:
    """What the checks say about the files of a draft, with the roles and offices there are. Kept by content."""
    known = directory(session)
    own, _ = apart(files)
    roles, offices = frozenset(known.roles), frozenset(known.offices)
    key = (version_digest(files), roles, offices)
    if key not in _findings:
        while len(_findings) >= KEPT:
            _findings.pop(next(iter(_findings)), None)
        _findings[key] = check_files(own, roles=roles, offices=offices)
    return _findings[key]


def draft_gates(session: Session, row: ModelDraft) -> list[Problem]:
    """What is missing before the draft can be handed in; nothing when it is ready."""
    missing = []
    stopping = refusals(draft_findings(session, row.files))
    if stopping:
        missing.append(Problem("gate-findings", "findings stop publishing", {"count": len(stopping)}))
    if not row.process:
        missing.append(Problem("gate-process", "the files do not say which process they are", {}))
    missing += _trial_gates(row)
    base = session.get(Version, row.base_id) if row.base_id is not None else None
    newest = newest_version(session, row.process)
    before = str(base.files.get(CHANGES, "")) if base is not None else ""
    if not str(row.files.get(CHANGES, "")).strip() or row.files.get(CHANGES) == before:
        missing.append(Problem("gate-changes", "the record of changes says nothing new", {}))
    if newest is not None and newest.digest == version_digest(row.files):
        missing.append(Problem("gate-same", "this is the version that is in force already", {}))
    if newest is not None and newest.id != row.base_id:
        about = {"who": newest.deployed_by, "at": newest.deployed_at.isoformat()}
        missing.append(Problem("gate-overtaken", "another version was published meanwhile", about))
    return missing


def _trial_gates(row: ModelDraft) -> list[Problem]:
    if not row.trial or row.trial.get("digest") != behaviour_digest(row.files):
        return [Problem("gate-trial", "the scenarios were not played with these files", {})]
    if not row.trial["scenarios"]:
        return [Problem("gate-no-scenarios", "there is no scenario", {})]
    failed = [one for one in row.trial["scenarios"] if one["problems"]]
    gates = []
    if failed:
        gates.append(Problem("gate-scenarios", "scenarios do not hold", {"count": len(failed)}))
    if row.trial["missed"] or row.trial["unreached"]:
        count = len(row.trial["missed"]) + len(row.trial["unreached"])
        gates.append(Problem("gate-coverage", "flows or outcomes are in no scenario", {"count": count}))
    return gates


def keep_trial(session: Session, draft_id: int, result: Mapping[str, Any], *, actor: Actor, now: datetime) -> None:
    """Keep what came of the scenarios of a draft: `digest` of the tried files, `scenarios`, `missed`, `unreached`.

    Raises NotFound.
    """
    require_drawing(session, actor)
    row = draft_row(session, draft_id, lock=True)
    if row.state in {"open", "discarded"}:  # what was handed in keeps what was looked at
        row.trial = {**result, "by": actor.name, "at": now.isoformat()}


def submit_draft(
    session: Session, draft_id: int, *, reason: str, effective_on: date | None = None, actor: Actor, now: datetime
) -> int:
    """Hand a draft in for publishing, at once when approved or on a day; the number of the publication.

    Raises NotFound, DraftClosed, InvalidAnswers for a missing reason or a day that is past, and NotReady.
    """
    require_drawing(session, actor)
    row = open_draft(session, draft_id)
    problems = {}
    if not reason.strip():
        problems["reason"] = Problem("required", "say why")
    if effective_on is not None and effective_on < now.astimezone(OFFICE).date():
        problems["effective_on"] = Problem("in-the-past", "the day is past")
    if problems:
        raise InvalidAnswers(problems)
    if missing := draft_gates(session, row):
        raise NotReady(missing)
    if actor.id not in row.authors:
        row.authors = [*row.authors, actor.id]
    publication = Publication(
        draft_id=row.id,
        process=row.process,
        digest=version_digest(row.files),
        reason=reason.strip()[:TEXT],
        effective_on=effective_on,
        findings=[{**vars(found), "params": {}} for found in draft_findings(session, row.files)],
        trial=row.trial,
        asked_by=actor.id,
        asked_name=actor.name,
        asked_at=now,
        state="open",
        decided_name="",
        note="",
    )
    row.state = "submitted"
    session.add(publication)
    session.flush()
    _record(session, publication, "draft_submitted", actor, now)
    return publication.id


def withdraw_draft(session: Session, draft_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a draft back that is not published yet, to go on with it. Raises NotFound, DraftClosed."""
    require_drawing(session, actor)
    row, publication = _handed_in(session, draft_id, ("open", "approved"))
    row.state, publication.state = "open", "withdrawn"
    publication.decided_by, publication.decided_name, publication.decided_at = actor.id, actor.name, now
    _record(session, publication, "draft_withdrawn", actor, now)


def decide_draft(session: Session, draft_id: int, *, approve: bool, note: str = "", actor: Actor, now: datetime) -> str:
    """Approve or refuse what somebody else has handed in; the state of the draft afterwards.

    Approved without a day, or with one that has come, it is published at once. Nobody who has written in it decides.
    Raises NotFound, NotAllowed, OwnRequest, DraftClosed, InvalidAnswers for a refusal without a reason, NotReady.
    """
    _require_deciding(session, actor)
    row, publication = _handed_in(session, draft_id, ("open",))
    if actor.id is None or actor.id in row.authors:
        raise OwnRequest
    if not approve and not note.strip():
        raise InvalidAnswers({"note": Problem("required", "say why")})
    publication.decided_by, publication.decided_name, publication.decided_at = actor.id, actor.name, now
    publication.note = note.strip()[:TEXT]
    row.state, publication.state = ("approved", "approved") if approve else ("open", "refused")
    _record(session, publication, "draft_approved" if approve else "draft_refused", actor, now)
    day = publication.effective_on
    if approve and (day is None or day <= now.astimezone(OFFICE).date()):
        publish_draft(session, draft_id, actor=actor, now=now)
    return row.state


def _require_deciding(session: Session, actor: Actor) -> None:
    """Raise NotAllowed for who draws only, NotFound for those to whom there are no drafts."""
    roles = directory(session).roles
    if may_approve(actor, roles):
        return
    if not may_draw(actor, roles):
        raise NotFound
    raise NotAllowed("this role does not decide about models")


def publish_draft(session: Session, draft_id: int, *, actor: Actor, now: datetime) -> int:
    """Make an approved draft the version that new cases use; the version.

    Raises NotFound, DraftClosed, NotReady when a gate does not hold any more, and NotAllowed before its day.
    """
    row, publication = _handed_in(session, draft_id, ("approved",))
    if actor != CLOCK:
        _require_deciding(session, actor)
    if publication.effective_on is not None and publication.effective_on > now.astimezone(OFFICE).date():
        raise NotAllowed("its day has not come")
    if missing := draft_gates(session, row):
        raise NotReady(missing)
    try:
        deployed = deploy_files(session, row.files, actor=actor, now=now)
    except InvalidDefinition as error:
        raise NotReady([Problem("gate-findings", str(error), {"count": len(error.findings)})]) from error
    row.state = publication.state = "published"
    session.flush()
    version = newest_version(session, deployed.process)
    publication.version_id = version.id if version is not None else None
    about = {"version": publication.version_id, "approved_by": publication.decided_name}
    _record(session, publication, "draft_published", actor, now, **about)
    return publication.version_id or 0


def due_publications(session: Session, *, now: datetime) -> list[int]:
    """The approved drafts whose day has come."""
    today = now.astimezone(OFFICE).date()
    query = select(Publication.draft_id).where(Publication.state == "approved", Publication.effective_on <= today)
    return list(session.scalars(query.order_by(Publication.effective_on, Publication.id)))


def fail_publication(session: Session, draft_id: int, error: Exception, *, actor: Actor, now: datetime) -> None:
    """An approved draft could not be published on its day: it is open again, and says why."""
    row, publication = _handed_in(session, draft_id, ("approved",))
    row.state, publication.state = "open", "failed"
    code = error.code if isinstance(error, EngineError) else type(error).__name__
    publication.note = f"{publication.note}\n{code}: {error}".strip()[:TEXT]
    _record(session, publication, "publication_failed", actor, now, error=str(error)[:TEXT])


def _handed_in(session: Session, draft_id: int, states: tuple[str, ...]) -> tuple[ModelDraft, Publication]:
    row = draft_row(session, draft_id, lock=True)
    query = select(Publication).where(Publication.draft_id == draft_id).order_by(Publication.id.desc())
    publication = session.scalar(query.limit(1))
    if publication is None or publication.state not in states:
        raise DraftClosed(state=row.state)
    return row, publication


def _record(session: Session, publication: Publication, kind: str, actor: Actor, now: datetime, **more: Any) -> None:
    day = publication.effective_on
    about = {
        "publication": publication.id,
        "draft": publication.draft_id,
        "process": publication.process,
        "digest": publication.digest,
        "reason": publication.reason,
        "effective_on": day.isoformat() if day is not None else None,
        "note": publication.note,
    }
    append_ledger(session, kind, {**about, **more}, actor, now)
    tell_about(session, publication, kind, actor, now)
