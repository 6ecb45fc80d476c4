"""The questions about requests for repair: what was asked for, by whom, and what it would do now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.authority import Actor, may_lead
from engine.change_requests import change_preview, repairable
from engine.corrections import correctables
from engine.directory import Directory, directory
from engine.errors import EngineError, NotFound
from engine.facts import Fact, masked
from engine.model import Case, ChangeRequest, Deadline, Task
from engine.projections import Loaded
from engine.queries import sensitive_values
from engine.repair_previews import ChangePreview, fingerprint
from engine.repairs import prepare
from engine.rows import Page
from engine.values import from_json

LIMIT = 50


@dataclass(frozen=True)
class ChangeRow:
    """A request as lists show it."""

    id: int
    case_id: UUID
    number: str
    title: str
    office_name: str
    kind: str
    arguments: Mapping[str, Any]
    reason: str
    asked_by: int
    asked_name: str
    asked_at: datetime
    state: str
    decided_name: str
    decided_at: datetime | None
    note: str


@dataclass(frozen=True)
class ChangePage:
    """A request with what it would do now, or what speaks against it by now."""

    row: ChangeRow
    facts: Mapping[str, Fact]
    values: Mapping[str, Any]  # what references to sensitive values stand for, masked
    names: Mapping[str, str]  # of elements, tasks, deadlines and variables that the arguments mention
    preview: ChangePreview | None
    refusal: EngineError | None
    has_moved: bool
    fingerprint: str
    may_decide: bool
    may_withdraw: bool


def change_requests(
    session: Session,
    actor: Actor,
    *,
    state: str = "open",
    kind: str = "",
    case_id: UUID | None = None,
    after: int | None = None,
    limit: int = LIMIT,
) -> Page[ChangeRow]:
    """A page of the requests about cases this person may repair, the newest first; `state` "" for all."""
    known = directory(session)
    query = _visible(select(ChangeRequest, Case).join(Case, ChangeRequest.case_id == Case.id), actor, known)
    equals = {ChangeRequest.state: state, ChangeRequest.kind: kind, ChangeRequest.case_id: case_id}
    for column, value in equals.items():
        if value:
            query = query.where(column == value)
    if after is not None:
        query = query.where(ChangeRequest.id < after)
    rows = session.execute(query.order_by(ChangeRequest.id.desc()).limit(limit + 1)).all()
    following = str(rows[limit - 1][0].id) if len(rows) > limit else None
    return Page(tuple(_row(known, request, case) for request, case in rows[:limit]), following)


def changes_to_decide(session: Session, actor: Actor) -> int:
    """How many open requests wait for this person: of others, about cases they lead."""
    query = select(func.count()).select_from(ChangeRequest)
    query = query.where(ChangeRequest.state == "open", ChangeRequest.asked_by != actor.id)
    return session.scalar(_visible(query, actor, directory(session))) or 0


def _visible(query: Any, actor: Actor, known: Directory) -> Any:
    if any(
        known.roles[role].leads and known.roles[role].scope == "district"
        for role, _ in actor.roles
        if role in known.roles
    ):
        return query
    led = [office for office in actor.offices if may_lead(actor, office, known.roles)]
    return query.where(ChangeRequest.office.in_(led))


def _row(known: Directory, request: ChangeRequest, case: Case) -> ChangeRow:
    return ChangeRow(
        request.id,
        case.id,
        case.number,
        case.title,
        known.office_name(case.office),
        request.kind,
        from_json(request.arguments),
        request.reason,
        request.asked_by,
        request.asked_name,
        request.asked_at,
        request.state,
        request.decided_name,
        request.decided_at,
        request.note,
    )


def change_page(session: Session, request_id: int, actor: Actor, *, now: datetime) -> ChangePage:
    """A request with what it would do to the case as it is now. Raises NotFound."""
    request = session.get(ChangeRequest, request_id)
    if request is None:
        raise NotFound
    loaded = repairable(session, request.case_id, actor=actor, now=now)
    row, mark = _row(loaded.directory, request, loaded.case), fingerprint(loaded)
    names = _names(session, loaded, row.arguments)
    values = {**loaded.variables, "asked": row.arguments}
    known = {ref: masked(text) for ref, text in sensitive_values(session, request.case_id, values).items()}
    is_open = request.state == "open"
    shown, refusal = None, None
    if is_open:
        try:
            shown = change_preview(session, loaded, request.kind, request.arguments)
        except EngineError as error:
            refusal = error
    return ChangePage(
        row,
        loaded.definition.facts,
        known,
        names,
        shown,
        refusal,
        is_open and mark != request.seen,
        mark,
        is_open and request.asked_by != actor.id,
        is_open and request.asked_by == actor.id,
    )


def _names(session: Session, loaded: Loaded, arguments: Mapping[str, Any]) -> dict[str, str]:
    """What the ids among the arguments are called."""
    elements = loaded.definition.diagram.elements
    found = {str(v): elements[str(v)].name or str(v) for v in arguments.values() if str(v) in elements}
    ids = [UUID(str(arguments[key])) for key in ("deadline", "task") if arguments.get(key)]
    for row in session.scalars(select(Deadline).where(Deadline.id.in_(ids))):
        found[str(row.id)] = row.label
    for task in session.scalars(select(Task).where(Task.id.in_(ids))):
        found[str(task.id)] = task.name or task.element
    if arguments.get("fact"):
        path = str(arguments["fact"])
        found[path] = next((one.label for one in correctables(session, loaded) if one.path == path), path)
    return found


def preview_change(
    session: Session, case_id: UUID, kind: str, arguments: Mapping[str, Any], actor: Actor, *, now: datetime
) -> ChangePreview | None:
    """What a change would do, before it is asked for; nothing is kept. Raises what speaks against it."""
    loaded = repairable(session, case_id, actor=actor, now=now)
    args = prepare(session, loaded, kind, arguments, actor)
    return change_preview(session, loaded, kind, args)
