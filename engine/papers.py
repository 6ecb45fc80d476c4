"""Printable papers of a case, made from its data: issued ones as it was then, previews as it is now."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import documents, forms
from engine.authority import Actor
from engine.casefile import visible_case
from engine.deadlines import OFFICE
from engine.directory import Directory, directory
from engine.errors import NotFound
from engine.facts import revealed
from engine.inbox import definition_of_case
from engine.model import Case, Deadline, Draft, Paper, Person, Task
from engine.options import options_for
from engine.queries import sensitive_values
from engine.registry import reading
from engine.rows import PaperPage
from engine.values import from_json, loads


def paper_page(session: Session, paper_id: UUID, actor: Actor) -> PaperPage:
    """An issued paper, made from the case data as it was then. Raises NotFound."""
    row = session.get(Paper, paper_id)
    if row is None:
        raise NotFound
    case = visible_case(session, row.case_id, actor)
    kept = loads(row.data)
    page = _paper(session, case, row.kind, kept["facts"], kept["deadlines"], row.number, row.issued_at)
    return replace(page, paper_id=row.id)


def paper_preview(
    session: Session, case_id: UUID, kind: str, actor: Actor, *, now: datetime, task_id: UUID | None = None
) -> PaperPage:
    """A paper as it would be issued now; with a task also with what this person has typed there. Raises NotFound."""
    case = visible_case(session, case_id, actor)
    values = loads(case.data)
    values |= drafted(session, case, values, task_id, actor, now) if task_id is not None else {}
    rows = session.scalars(select(Deadline).where(Deadline.case_id == case.id).order_by(Deadline.start_at))
    return _paper(session, case, kind, values, {row.name: row.last_day for row in rows}, "", now)


def drafted(
    session: Session, case: Case, values: Mapping[str, Any], task_id: UUID, actor: Actor, now: datetime
) -> dict[str, Any]:
    """The facts of the task and of the draft of it that this person keeps; nothing of tasks that are not open here."""
    task = session.get(Task, task_id)
    if task is None or task.case_id != case.id:
        return {}
    local: dict[str, Any] = from_json(task.local)
    draft = session.get(Draft, (str(task_id), actor.id)) if actor.id is not None else None
    if draft is None:
        return local
    definition, known = definition_of_case(session, case), directory(session)
    form = definition.form(definition.diagram.elements[task.element].form)
    facts = {**values, **local}
    options = options_for(session, known, case.office, actor, now=now, facts=facts)
    return local | forms.as_typed(form, draft.answers, facts=facts, options=options, now=now)


def _paper(
    session: Session,
    case: Case,
    kind: str,
    values: Mapping[str, Any],
    last_days: Mapping[str, Any],
    number: str,
    at: datetime,
) -> PaperPage:
    known, definition = directory(session), definition_of_case(session, case)
    paper = definition.papers.get(kind)
    template = definition.files.get(paper.template) if paper is not None else None
    if paper is None or template is None:
        raise NotFound
    kept = sensitive_values(session, case.id, values)
    office = known.offices.get(case.office, {})
    names = Names(session, known)
    context = {
        **{key: revealed(value, kept) for key, value in values.items()},
        "case": {"number": case.number, "title": case.title, "opened_at": case.opened_at},
        "office": {"id": case.office, **office},
        "paper": {"number": number, "title": paper.title, "issued_on": at.astimezone(OFFICE).date()},
        "deadlines": last_days,
        "person": names.person,
        "office_name": names.office,
        "register": lambda name, key: reading.row(session, known, name, key, case.office, at),
    }
    html = documents.render(template, context, documents.parts_of(definition.files))
    return PaperPage(case.id, case.number, kind, paper.title, number, html, not number, at)


class Names:
    """The names behind the ids that a paper mentions."""

    def __init__(self, session: Session, known: Directory) -> None:
        self._session, self._known = session, known

    def person(self, person_id: Any) -> str:
        """A person's name."""
        found = self._session.get(Person, int(person_id)) if str(person_id or "").isdigit() else None
        return found.name if found is not None else ""

    def office(self, office: Any) -> str:
        """An office's name."""
        return self._known.office_name(str(office)) if office else ""


def person_name(session: Session, person_id: Any) -> str:
    """The name behind a person id, or an empty text."""
    return Names(session, directory(session)).person(person_id)
