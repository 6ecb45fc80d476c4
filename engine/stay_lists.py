"""The cases behind a number of the heat map: those that rest in an element, and those that did."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.errors import NotFound
from engine.heat import chosen_version, versions_of
from engine.inbox import LIMIT, cursor_of, definition_of_version
from engine.model import Case, Stay
from engine.rows import Page
from engine.steering import Scope, scope_of

NOW, PASSED, LATE = "now", "passed", "late"


@dataclass(frozen=True)
class StayRow:
    """One stay: a case that rests in an element, or did."""

    case_id: UUID
    number: str
    title: str
    office: str
    office_name: str
    name: str
    entered_at: datetime
    left_at: datetime | None
    lasted: timedelta
    due_at: datetime | None
    is_late: bool
    completed: bool


def stays_at(
    session: Session,
    process: str,
    element: str,
    actor: Actor,
    *,
    now: datetime,
    which: str = NOW,
    version: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    office: str | None = None,
    after: str | None = None,
    limit: int = LIMIT,
) -> Page[StayRow]:
    """The cases behind a number of the map: those `now` there, the longest first, or those ended, the newest first.

    `passed`: completed; `late`: ended after their limit; `interrupted`: not completed. Raises NotFound, NotAllowed.
    """
    scope = scope_of(session, actor, office)
    chosen = chosen_version(versions_of(session, process), version)
    query = select(Stay, Case.number, Case.title).join(Case, Case.id == Stay.case_id)
    query = query.where(Stay.version_id == chosen.id, Stay.element == element, *scope.of(Stay.office))
    cursor = cursor_of(after)
    if which == NOW:
        query = query.where(Stay.left_at.is_(None)).order_by(Stay.entered_at, Stay.id)
        if cursor is not None:
            further = or_(Stay.entered_at > cursor[0], and_(Stay.entered_at == cursor[0], Stay.id > cursor[1]))
            query = query.where(Stay.entered_at >= cursor[0], further)
    else:
        query = query.where(Stay.left_at.is_not(None)).order_by(Stay.left_at.desc(), Stay.id.desc())
        query = query.where({PASSED: Stay.completed, LATE: Stay.is_late}.get(which, ~Stay.completed))
        query = query.where(Stay.left_at >= since) if since is not None else query
        query = query.where(Stay.left_at < until) if until is not None else query
        if cursor is not None:
            further = or_(Stay.left_at < cursor[0], and_(Stay.left_at == cursor[0], Stay.id < cursor[1]))
            query = query.where(Stay.left_at <= cursor[0], further)
    found = session.execute(query.limit(limit + 1)).all()
    drawn = definition_of_version(session, chosen.id).diagram.elements.get(element)
    if drawn is None:
        raise NotFound
    following = None
    if len(found) > limit:
        last = found[limit - 1][0]
        following = f"{(last.left_at or last.entered_at).isoformat()}~{last.id}"
    return Page(tuple(_stay(scope, row, drawn.name, now) for row in found[:limit]), following)


def _stay(scope: Scope, found: tuple[Stay, str, str], name: str, now: datetime) -> StayRow:
    stay, number, title = found
    ended = stay.left_at is not None
    is_late = stay.is_late if ended else stay.due_at is not None and stay.due_at <= now
    return StayRow(
        stay.case_id,
        number,
        title,
        stay.office,
        scope.known.office_name(stay.office),
        name,
        stay.entered_at,
        stay.left_at,
        (stay.left_at or now) - stay.entered_at,
        stay.due_at,
        is_late,
        stay.completed,
    )
