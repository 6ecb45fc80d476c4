"""What a person has been told, as a list to read and to clear."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from engine.authority import Actor, may_approve, may_draw, may_see
from engine.directory import directory
from engine.errors import NotFound
from engine.inbox import LIMIT
from engine.model import Case, Notice, Task
from engine.rows import Page
from engine.store import offices_of


@dataclass(frozen=True)
class NoticeRow:
    """One notice. Without sight of the case there is its number, and no link; nor is there to a draft."""

    id: int
    kind: str
    text: str
    params: Mapping[str, Any]
    urgent: bool
    unread: bool
    created_at: datetime
    case_id: UUID | None
    number: str
    title: str
    task_id: UUID | None  # while the task is open
    draft_id: int | None = None


def notices(
    session: Session, actor: Actor, *, view: str = "unread", after: str | None = None, limit: int = LIMIT
) -> Page[NoticeRow]:
    """A page of one's own notices, the newest first; `view` is `unread`, `urgent` (unread) or `all` (unread first)."""
    query = select(Notice, Case).outerjoin(Case, Notice.case_id == Case.id).where(Notice.person_id == actor.id)
    if view != "all":
        query = query.where(Notice.unread)
    if view == "urgent":
        query = query.where(Notice.urgent)
    cursor = _cursor(after)
    if cursor is not None:
        unread, at, last = cursor
        earlier = or_(Notice.created_at < at, and_(Notice.created_at == at, Notice.id < last))
        read = Notice.unread.is_(False)
        query = query.where(or_(read, and_(Notice.unread, earlier)) if unread else and_(read, earlier))
    query = query.order_by(Notice.unread.desc(), Notice.created_at.desc(), Notice.id.desc()).limit(limit + 1)
    rows = session.execute(query).all()
    following = None
    if len(rows) > limit:
        last_row = rows[limit - 1][0]
        following = f"{int(last_row.unread)}~{last_row.created_at.isoformat()}~{last_row.id}"
    wanted = [notice.task_id for notice, _ in rows if notice.task_id is not None]
    open_tasks = set(session.scalars(select(Task.id).where(Task.id.in_(wanted)))) if wanted else set()
    seen = _seen(session, actor, (case for _, case in rows))
    models = _models(session, actor)
    return Page(tuple(_row(notice, case, open_tasks, seen, models) for notice, case in rows[:limit]), following)


def unread_notices(session: Session, actor: Actor) -> tuple[int, int]:
    """How many unread notices there are, and how many of them are urgent."""
    query = select(func.count(), func.count().filter(Notice.urgent))
    row = session.execute(query.where(Notice.person_id == actor.id, Notice.unread)).one()
    return int(row[0]), int(row[1])


def read_notices(
    session: Session, notice_ids: Iterable[int] | None, *, actor: Actor, now: datetime, before: datetime | None = None
) -> int:
    """Note that some of one's own notices, or all (written before a moment), have been read; how many."""
    own = update(Notice).where(Notice.person_id == actor.id, Notice.unread)
    if notice_ids is not None:
        own = own.where(Notice.id.in_(list(notice_ids)))
    if before is not None:
        own = own.where(Notice.created_at < before)
    result = session.execute(own.values(unread=False, read_at=now, mail_at=None).returning(Notice.id))
    return len(result.all())


def open_notice(session: Session, notice_id: int, *, actor: Actor, now: datetime) -> NoticeRow:
    """Read a notice, to go on to what it is about. Raises NotFound."""
    row = session.execute(
        select(Notice, Case).outerjoin(Case).where(Notice.id == notice_id, Notice.person_id == actor.id)
    ).first()
    if row is None:
        raise NotFound
    read_notices(session, [notice_id], actor=actor, now=now)
    notice, case = row
    open_tasks = set(session.scalars(select(Task.id).where(Task.id == notice.task_id)))
    return _row(notice, case, open_tasks, _seen(session, actor, [case]), _models(session, actor))


def _models(session: Session, actor: Actor) -> bool:
    roles = directory(session).roles
    return may_draw(actor, roles) or may_approve(actor, roles)


def _row(notice: Notice, case: Case | None, open_tasks: set[UUID], seen: set[UUID], models: bool) -> NoticeRow:
    sees = case is not None and case.id in seen
    return NoticeRow(
        notice.id,
        notice.kind,
        notice.text,
        notice.params,
        notice.urgent,
        notice.unread,
        notice.created_at,
        notice.case_id if sees else None,
        case.number if case is not None else "",
        case.title if case is not None and sees else "",
        notice.task_id if sees and notice.task_id in open_tasks else None,
        notice.params.get("draft") if models else None,
    )


def _seen(session: Session, actor: Actor, cases: Iterable[Case | None]) -> set[UUID]:
    """The cases among these that the person may see."""
    roles = directory(session).roles
    once = {case.id: case for case in cases if case is not None}.values()
    return {
        case.id
        for case in once
        if may_see(actor, (case.office,), roles) or may_see(actor, offices_of(session, case), roles)
    }


def _cursor(after: str | None) -> tuple[bool, datetime, int] | None:
    parts = (after or "").split("~")
    try:
        unread, at, last = parts
        moment = datetime.fromisoformat(at)
        return (unread == "1", moment, int(last)) if moment.utcoffset() is not None and 0 < int(last) < 2**31 else None
    except ValueError:
        return None
