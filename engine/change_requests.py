"""Repair with four eyes: one person who leads the office asks and says why, another one looks and decides."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from engine import store
from engine.answers import keep_sensitive
from engine.assignment import note as tell
from engine.assignment import notification
from engine.audit import Happened
from engine.authority import Actor, may_lead
from engine.corrections import apply_correction
from engine.directory import directory
from engine.errors import CaseMoved, EngineError, InvalidAnswers, NotAllowed, NotFound, OwnRequest, Problem, TaskClosed
from engine.facts import references
from engine.model import Case, ChangeRequest, Incident, SensitiveFact, Timer
from engine.projections import Loaded
from engine.recovery import carry_out_again, open_incident
from engine.repair_previews import ChangePreview, fingerprint, kept, preview
from engine.repairs import KINDS, enact, prepare
from engine.values import from_json

TEXT = 1000  # characters of a reason or a note


def ask_change(
    session: Session,
    case_id: UUID,
    kind: str,
    arguments: Mapping[str, Any],
    *,
    reason: str,
    notice: str = "",
    actor: Actor,
    now: datetime,
) -> int:
    """Ask for a change of a case; the number of the request. Who leads the office is told by this `notice`.

    What cannot be done now is refused now; the same asked twice is asked once. Raises NotFound, NotAllowed,
    InvalidAnswers, and what speaks against it.
    """
    loaded = repairable(session, case_id, actor=actor, now=now)
    if not reason.strip():
        raise InvalidAnswers({"reason": Problem("required", "say why")})
    args = prepare(session, loaded, kind, arguments, actor)
    seen = fingerprint(loaded)
    same = (ChangeRequest.case_id == case_id, ChangeRequest.kind == kind, ChangeRequest.state == "open")
    for earlier in session.scalars(select(ChangeRequest).where(*same, ChangeRequest.asked_by == actor.id)):
        if earlier.arguments == args:
            return earlier.id
    shown = change_preview(session, loaded, kind, args)
    row = ChangeRequest(
        case_id=case_id,
        office=loaded.case.office,
        kind=kind,
        arguments=args,
        reason=reason.strip()[:TEXT],
        preview=kept(shown) if shown is not None else {},
        seen=seen,
        asked_by=actor.id,
        asked_name=actor.name,
        asked_at=now,
        state="open",
    )
    session.add(row)
    keep_sensitive(session, loaded)
    session.flush()
    _tell(session, row, "change_asked", {"reason": row.reason}, actor=actor, now=now)
    _notify(session, row, {"office": row.office}, notice, now)
    return row.id


def repairable(session: Session, case_id: UUID, *, actor: Actor, now: datetime) -> Loaded:
    """A case for somebody who may repair it. Raises NotFound: for everybody else it is not there."""
    loaded = store.load(session, case_id, actor=actor, now=now)
    if not may_lead(actor, loaded.case.office, loaded.directory.roles):
        raise NotFound
    return loaded


def change_preview(session: Session, loaded: Loaded, kind: str, args: Mapping[str, Any]) -> ChangePreview | None:
    """What a change would do to the case as it is now; None for a retry, which is only known by doing it.

    The loaded case is used up. Raises what speaks against it.
    """
    if kind not in KINDS:
        raise NotFound
    if kind != "retry":
        return preview(loaded, kind, args)
    incident = session.get(Incident, int(args.get("incident") or 0))
    if incident is None or incident.case_id != loaded.case.id or incident.state != "open":
        raise InvalidAnswers({"incident": Problem("no-incident", "this incident is closed")})
    return None


def approve_change(
    session: Session, request_id: int, *, seen: str, note: str = "", notice: str = "", actor: Actor, now: datetime
) -> UUID:
    """Approve and carry out, on the case as it is now; the case.

    `seen` is the fingerprint of the case in the preview that was looked at. Raises CaseMoved when the case has moved
    since, OwnRequest, NotFound, TaskClosed when it is decided already, and what speaks against the change.
    """
    row, loaded = _to_decide(session, request_id, actor=actor, now=now)
    if fingerprint(loaded) != seen:
        raise CaseMoved
    about = {"request": row.id, "asked_by": row.asked_name, "reason": row.reason, "note": note.strip()[:TEXT]}
    if row.kind == "retry":
        _try_again(session, loaded, row, about, actor=actor, now=now)
    else:
        kind, detail = enact(loaded, row.kind, row.arguments)
        store.save(session, loaded, kind, {**detail, **about}, actor=actor, now=now)
        if row.kind == "fact":
            _try_timers(session, row.case_id, now)
    _close(row, "approved", note, actor, now)
    _notify(session, row, {"person": row.asked_by}, notice, now)
    return row.case_id


def _try_again(
    session: Session, loaded: Loaded, row: ChangeRequest, about: dict[str, Any], *, actor: Actor, now: datetime
) -> None:
    args = from_json(row.arguments)
    incident = open_incident(session, int(args["incident"]))
    if args.get("fact"):
        before = apply_correction(loaded, args["fact"], args["value"])
        loaded.turn.drive()
        detail = {"fact": args["fact"], "before": before, "after": args["value"], **about}
        store.save(session, loaded, "fact_corrected", detail, actor=actor, now=now)
        _try_timers(session, row.case_id, now)
    carry_out_again(session, incident, actor=actor, now=now)
    case = session.get_one(Case, row.case_id, populate_existing=True)
    happened = Happened("incident_retried", {"incident": incident.id, **about})
    tell(session, case, happened, actor=actor, now=now)


def _try_timers(session: Session, case_id: UUID, now: datetime) -> None:
    """Timers that have failed are tried at once: perhaps they failed for want of this very value."""
    session.execute(update(Timer).where(Timer.case_id == case_id, Timer.attempts > 0).values(attempts=0, due_at=now))


def refuse_change(
    session: Session, request_id: int, *, note: str, notice: str = "", actor: Actor, now: datetime
) -> UUID:
    """Refuse, and say why; the case. Raises OwnRequest, NotFound, TaskClosed, InvalidAnswers."""
    row, _ = _to_decide(session, request_id, actor=actor, now=now)
    if not note.strip():
        raise InvalidAnswers({"note": Problem("required", "say why")})
    case_id = _put_away(session, row, "refused", note, actor=actor, now=now)
    _notify(session, row, {"person": row.asked_by}, notice, now)
    return case_id


def withdraw_change(session: Session, request_id: int, *, actor: Actor, now: datetime) -> UUID:
    """Take one's own request back; the case. Raises NotAllowed, NotFound, TaskClosed."""
    row = _open_request(session, request_id)
    if not may_lead(actor, row.office, directory(session).roles):
        raise NotFound
    if row.asked_by != actor.id:
        raise NotAllowed("only who has asked takes it back")
    return _put_away(session, row, "withdrawn", "", actor=actor, now=now)


def fail_change(session: Session, request_id: int, error: EngineError, *, actor: Actor, now: datetime) -> UUID:
    """An approved change could not be carried out; it is closed, and says what spoke against it; the case."""
    row, _ = _to_decide(session, request_id, actor=actor, now=now)
    return _put_away(session, row, "failed", f"{error.code}: {error}", actor=actor, now=now)


def _put_away(session: Session, row: ChangeRequest, state: str, note: str, *, actor: Actor, now: datetime) -> UUID:
    """Close a request that is not carried out; what it put aside is forgotten."""
    _close(row, state, note, actor, now)
    ids = [UUID(ref) for ref in references(from_json(row.arguments))]
    session.execute(delete(SensitiveFact).where(SensitiveFact.id.in_(ids), SensitiveFact.case_id == row.case_id))
    _tell(session, row, f"change_{state}", {"note": row.note}, actor=actor, now=now)
    return row.case_id


def _notify(session: Session, row: ChangeRequest, whom: Mapping[str, Any], text: str, now: datetime) -> None:
    if text:
        case = session.get_one(Case, row.case_id)
        session.add(notification(case, "change", None, {**whom, "text": text}, now))


def _close(row: ChangeRequest, state: str, note: str, actor: Actor, now: datetime) -> None:
    row.state, row.note = state, note.strip()[:TEXT]
    row.decided_by, row.decided_name, row.decided_at = actor.id, actor.name, now


def _open_request(session: Session, request_id: int) -> ChangeRequest:
    row = session.get(ChangeRequest, request_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.state != "open":
        raise TaskClosed("this request is decided already")
    return row


def _to_decide(session: Session, request_id: int, *, actor: Actor, now: datetime) -> tuple[ChangeRequest, Loaded]:
    row = _open_request(session, request_id)
    if not may_lead(actor, row.office, directory(session).roles):
        raise NotFound
    if row.asked_by == actor.id:
        raise OwnRequest
    return row, store.load(session, row.case_id, actor=actor, now=now)


def _tell(
    session: Session, row: ChangeRequest, kind: str, detail: Mapping[str, Any], *, actor: Actor, now: datetime
) -> None:
    case = session.get_one(Case, row.case_id)
    about = {"request": row.id, "change": row.kind, "asked_by": row.asked_name}
    tell(session, case, Happened(kind, {**about, **detail}), actor=actor, now=now)
