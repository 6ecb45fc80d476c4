"""The questions about cases: lists, search, the case page, why a date, the diagram, papers, files, incidents."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import runtime
from engine.authority import Actor, may_see
from engine.caselist import case_row
from engine.clocks import computed
from engine.definitions import Definition
from engine.directory import Directory, directory
from engine.errors import NotFound
from engine.facts import masked, revealed
from engine.inbox import definition_of_case, due_info, inbox_rows
from engine.model import Case, CaseLink, Deadline, Event, File, Incident, Paper, Task
from engine.projections import clock_of
from engine.queries import raisable_by, sensitive_values
from engine.rows import (
    CasePage,
    DeadlinePage,
    EventRow,
    FileRow,
    IncidentRow,
    LinkRow,
    PaperRow,
    Raisable,
)
from engine.store import offices_of
from engine.values import loads


def visible_case(session: Session, case_id: UUID, actor: Actor) -> Case:
    """A case this person may see. Raises NotFound."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    if may_see(actor, offices_of(session, case), directory(session).roles):
        return case
    if session.scalar(select(Task.id).where(Task.case_id == case_id, Task.assignee == actor.id).limit(1)) is None:
        raise NotFound
    return case


def case_page(session: Session, case_id: UUID, actor: Actor, *, now: datetime) -> CasePage:
    """Everything about one case. Raises NotFound."""
    case = visible_case(session, case_id, actor)
    known, definition = directory(session), definition_of_case(session, case)
    tasks = [
        (task, case) for task in session.scalars(select(Task).where(Task.case_id == case_id).order_by(Task.sort_at))
    ]
    workflow = runtime.load(case.state, definition.compiled)
    waiting = runtime.waiting(workflow)
    deadlines = session.scalars(select(Deadline).where(Deadline.case_id == case_id).order_by(Deadline.start_at))
    papers = session.scalars(select(Paper).where(Paper.case_id == case_id).order_by(Paper.issued_at))
    files = session.scalars(select(File).where(File.case_id == case_id).order_by(File.uploaded_at))
    events = session.scalars(select(Event).where(Event.case_id == case_id).order_by(Event.seq))
    timeline = tuple(_event_row(definition, event) for event in events)
    return CasePage(
        row=case_row(session, known, case, now),
        version_digest=definition.digest,
        facts=definition.facts,
        values=masked_values(session, case_id, loads(case.data)),
        tasks=tuple(inbox_rows(session, known, tasks, now)),
        waits=tuple(_waits(definition, waiting)),
        deadlines=tuple(due_info(d, known, now) for d in deadlines),
        raisable=tuple(_raisable(definition, waiting, actor, case, known)) if case.status == "running" else (),
        papers=tuple(PaperRow(p.id, p.kind, p.title, p.number, p.issued_at, p.issued_by) for p in papers),
        files=tuple(file_row(f) for f in files),
        timeline=timeline,
        incidents=tuple(incidents(session, actor, case_id=case_id)),
        links=tuple(_links(session, case, actor)),
        stages=tuple(_stages(definition, case, timeline)),
    )


def masked_values(session: Session, case_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
    """Case variables with sensitive values as others see them."""
    known = {ref: masked(text) for ref, text in sensitive_values(session, case_id, values).items()}
    return {key: revealed(value, known) for key, value in values.items()}


def _waits(definition: Definition, waiting: runtime.Waiting) -> list[str]:
    """What the case waits for in the flow itself: catch events and timers that are not on the edge of an activity."""
    found = []
    for element_id in waiting.elements:
        element = definition.diagram.elements[element_id]
        if element.kind in {"intermediateCatchEvent", "receiveTask"}:
            found.append(element.name or element.id)
    return found


def _raisable(
    definition: Definition, waiting: runtime.Waiting, actor: Actor, case: Case, known: Directory
) -> list[Raisable]:
    found: dict[str, Raisable] = {}
    for wait in waiting.events:
        element = definition.diagram.elements[wait.element]
        if wait.kind == "message" and raisable_by(actor, element, case.office, known):
            label = element.properties.get("label") or element.name
            found[wait.name] = Raisable(wait.name, label, element.id, element.interrupting)
    return list(found.values())


def _event_row(definition: Definition, event: Event) -> EventRow:
    detail = loads(event.detail)
    element = definition.diagram.elements.get(detail.get("element", ""))
    name = detail.get("label") or detail.get("title") or (element.name if element else "")
    return EventRow(event.seq, event.kind, event.actor_name, event.at, detail, str(name))


def _links(session: Session, case: Case, actor: Actor) -> list[LinkRow]:
    found = []
    for link in session.scalars(
        select(CaseLink).where(or_(CaseLink.source_id == case.id, CaseLink.target_id == case.id))
    ):
        outgoing = link.source_id == case.id
        other = session.get_one(Case, link.target_id if outgoing else link.source_id)
        title = definition_of_case(session, other).title
        sees = may_see(actor, offices_of(session, other), directory(session).roles)
        found.append(
            LinkRow(other.id, other.number, other.title if sees else "", title, link.kind, outgoing, other.status)
        )
    return found


def _stages(definition: Definition, case: Case, timeline: Sequence[EventRow]) -> list[tuple[str, str, str]]:
    """The stages of the procedure; what the case has passed by on another way is left out."""
    reached = {definition.diagram.stage(element) for event in timeline for element in event.detail.get("done", ())}
    declared = list(definition.manifest.get("stages", {}))
    last = declared.index(case.stage) if case.stage in declared else -1
    over = case.status != "running"
    order = [stage for k, stage in enumerate(declared) if k == last or stage in reached or (k > last and not over)]
    at = order.index(case.stage) if case.stage in order else -1
    return [
        (
            stage,
            definition.label("stages", stage),
            "done" if k < at or (over and k <= at) else "current" if k == at else "ahead",
        )
        for k, stage in enumerate(order)
    ]


def file_row(row: File) -> FileRow:
    """A file as lists show it."""
    return FileRow(row.id, row.name, row.media_type, row.size, row.digest, row.uploaded_at, row.uploaded_by)


def file_for(session: Session, file_id: UUID, actor: Actor) -> FileRow:
    """A file this person may read: of a case they see, or just uploaded by themselves. Raises NotFound."""
    row = session.get(File, file_id)
    if row is None:
        raise NotFound
    if row.case_id is None:
        if row.uploaded_by != actor.id:
            raise NotFound
    else:
        visible_case(session, row.case_id, actor)
    return file_row(row)


def deadline_page(session: Session, deadline_id: UUID, actor: Actor, *, now: datetime) -> DeadlinePage:
    """Why this date. Raises NotFound."""
    row = session.get(Deadline, deadline_id)
    if row is None:
        raise NotFound
    case = visible_case(session, row.case_id, actor)
    known, definition = directory(session), definition_of_case(session, case)
    result = computed(clock_of(row), known.calendar)
    element = definition.diagram.elements.get(row.element)
    rule = definition.rules.deadlines.get(row.name)
    stops = tuple((datetime.fromisoformat(a), datetime.fromisoformat(b) if b else None) for a, b in row.stops)
    return DeadlinePage(
        due=due_info(row, known, now),
        case_id=case.id,
        number=case.number,
        basis=row.basis,
        source=rule.source if rule else "",
        start_at=row.start_at,
        period=row.period,
        stops=stops,
        extensions=tuple((p, r) for p, r in row.extensions),
        steps=result.steps,
        calendar_version=row.calendar_version,
        element_name=element.name if element else row.element,
    )


def incidents(session: Session, actor: Actor, *, case_id: UUID | None = None, state: str = "open") -> list[IncidentRow]:
    """Incidents, the newest first: of one case for those who see it, all of them for administrators."""
    if case_id is None and not actor.holds("administrator"):
        return []
    query = select(Incident, Case.number).outerjoin(Case, Incident.case_id == Case.id).where(Incident.state == state)
    if case_id is not None:
        query = query.where(Incident.case_id == case_id)
    found = []
    for row, number in session.execute(query.order_by(Incident.id.desc()).limit(200)):
        shown = actor.holds("administrator")
        found.append(
            IncidentRow(
                row.id,
                row.case_id,
                number or "",
                row.verb,
                row.element,
                row.error,
                row.state,
                row.created_at,
                row.arguments if shown else {},
                row.trace if shown else "",
            )
        )
    return found
