"""Cases as lists: filters, search, export."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select, text
from sqlalchemy.orm import Session

from engine.authority import Actor, sees_all
from engine.directory import Directory, directory
from engine.inbox import LIMIT, cursor_of, definition_of_case
from engine.levels import NONE
from engine.model import Case, CaseOffice
from engine.rows import (
    CaseRow,
    Page,
)
from engine.search import phrase

ANY = "any"  # as a filter: cases of every level, but not those without one


def cases(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    office: str | None = None,
    process: str | None = None,
    stage: str | None = None,
    status: str | None = None,
    outcome: str | None = None,
    level: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    q: str = "",
    after: str | None = None,
    limit: int = LIMIT,
) -> Page[CaseRow]:
    """A page of cases this person may see, the newest first; the level `any` is every one."""
    known = directory(session)
    query = select(Case)
    if not sees_all(actor, known.roles):
        own = sorted(actor.offices)
        taking_part = select(CaseOffice.case_id).where(CaseOffice.office.in_(own))
        query = query.where(or_(Case.office.in_(own), Case.id.in_(taking_part)))
    equals = {Case.office: office, Case.process: process, Case.stage: stage, Case.status: status, Case.outcome: outcome}
    for column, value in equals.items():
        if value:
            query = query.where(column == value)
    if level:
        query = query.where(Case.level.is_not(None) if level == ANY else Case.level == level)
    if since is not None:
        query = query.where(Case.opened_at >= since)
    if until is not None:
        query = query.where(Case.opened_at < until)
    words = phrase(q)
    if words:
        query = query.where(Case.serial.in_(_found(words)))
    cursor = cursor_of(after)
    if cursor is not None:
        moment, last = cursor
        query = query.where(or_(Case.opened_at < moment, and_(Case.opened_at == moment, Case.id < last)))
    rows = list(session.scalars(query.order_by(Case.opened_at.desc(), Case.id.desc()).limit(limit + 1)))
    following = f"{rows[limit - 1].opened_at.isoformat()}~{rows[limit - 1].id}" if len(rows) > limit else None
    return Page(tuple(case_row(session, known, case, now) for case in rows[:limit]), following)


def _found(words: str) -> Any:
    return (
        text("SELECT rowid FROM case_search WHERE case_search MATCH :words")
        .bindparams(words=words)
        .columns(Case.serial)
    )


def search(session: Session, actor: Actor, q: str, *, now: datetime, after: str | None = None) -> Page[CaseRow]:
    """Cases by number, party or text; every blank separated word must occur."""
    return cases(session, actor, now=now, q=q, after=after) if phrase(q) else Page(())


def case_row(session: Session, known: Directory, case: Case, now: datetime) -> CaseRow:
    """A case as lists show it."""
    definition = definition_of_case(session, case)
    level = definition.levels.get(case.level or "", NONE)
    overdue = case.due_at is not None and case.due_at <= now
    return CaseRow(
        case.id,
        case.number,
        case.title,
        case.process,
        definition.title,
        case.office,
        known.office_name(case.office),
        definition.label("stages", case.stage),
        case.status,
        definition.label("outcomes", case.outcome) if case.outcome else None,
        case.opened_at,
        case.closed_at,
        case.due_at,
        overdue,
        level.id,
        level.label,
        level.rank,
        level.colour if level.id else "",
    )


def sees_all_cases(session: Session, actor: Actor) -> bool:
    """Whether this person sees the cases of every office."""
    return sees_all(actor, directory(session).roles)
