"""The questions about cases: lists, search, the case page, why a date, the diagram, papers, files, incidents."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, text
from sqlalchemy.orm import Session

from engine import documents, runtime, store
from engine.authority import Actor, may_see, sees_all
from engine.clocks import computed
from engine.deadlines import OFFICE
from engine.definitions import Definition
from engine.directory import Directory
from engine.errors import NotFound
from engine.facts import masked, references, revealed
from engine.model import Case, CaseLink, Deadline, Event, File, Incident, Paper, Person, SensitiveFact, Task, Version
from engine.queries import LIMIT, definition_of_case, due_info, inbox_rows, offices_of, raisable_by
from engine.rows import (
    CasePage,
    CaseRow,
    DeadlinePage,
    Diagram,
    EventRow,
    FileRow,
    IncidentRow,
    LinkRow,
    Page,
    PaperPage,
    PaperRow,
    Raisable,
    Visit,
)
from engine.search import phrase
from engine.values import loads


def visible_case(session: Session, case_id: UUID, actor: Actor) -> Case:
    """A case this person may see. Raises NotFound."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    if may_see(actor, offices_of(session, case), store.directory(session).roles):
        return case
    if session.scalar(select(Task.id).where(Task.case_id == case_id, Task.assignee == actor.id).limit(1)) is None:
        raise NotFound
    return case


def cases(
    session: Session, actor: Actor, *, now: datetime, office: str | None = None, process: str | None = None, stage: str | None = None,
    status: str | None = None, outcome: str | None = None, since: datetime | None = None, until: datetime | None = None,
    q: str = "", after: str | None = None, limit: int = LIMIT,
) -> Page[CaseRow]:  # fmt: skip
    """A page of cases this person may see, the newest first."""
    known = store.directory(session)
    query = select(Case)
    if not sees_all(actor, known.roles):
        query = query.where(Case.office.in_(sorted(actor.offices)))
    equals = {Case.office: office, Case.process: process, Case.stage: stage, Case.status: status, Case.outcome: outcome}
    for column, value in equals.items():
        if value:
            query = query.where(column == value)
    if since is not None:
        query = query.where(Case.opened_at >= since)
    if until is not None:
        query = query.where(Case.opened_at < until)
    words = phrase(q)
    if words:
        query = query.where(Case.serial.in_(_found(words)))
    if after and "~" in after:
        at, _, last = after.partition("~")
        moment = datetime.fromisoformat(at)
        query = query.where(or_(Case.opened_at < moment, and_(Case.opened_at == moment, Case.id < UUID(last))))
    rows = list(session.scalars(query.order_by(Case.opened_at.desc(), Case.id.desc()).limit(limit + 1)))
    following = f"{rows[limit - 1].opened_at.isoformat()}~{rows[limit - 1].id}" if len(rows) > limit else None
    return Page(tuple(case_row(session, known, case, now) for case in rows[:limit]), following)


def _found(words: str) -> Any:
    return text("SELECT rowid FROM case_search WHERE case_search MATCH :words").bindparams(words=words).columns(Case.serial)


def search(session: Session, actor: Actor, q: str, *, now: datetime, after: str | None = None) -> Page[CaseRow]:
    """Cases by number, party or text; every blank separated word must occur."""
    return cases(session, actor, now=now, q=q, after=after) if phrase(q) else Page(())


def case_row(session: Session, known: Directory, case: Case, now: datetime) -> CaseRow:
    """A case as lists show it."""
    definition = definition_of_case(session, case)
    overdue = case.due_at is not None and case.due_at <= now
    return CaseRow(case.id, case.number, case.title, case.process, definition.title, case.office, known.office_name(case.office),
                   definition.label("stages", case.stage), case.status,
                   definition.label("outcomes", case.outcome) if case.outcome else None,
                   case.opened_at, case.closed_at, case.due_at, overdue)  # fmt: skip


def case_page(session: Session, case_id: UUID, actor: Actor, *, now: datetime) -> CasePage:
    """Everything about one case. Raises NotFound."""
    case = visible_case(session, case_id, actor)
    known, definition = store.directory(session), definition_of_case(session, case)
    tasks = [(task, case) for task in session.scalars(select(Task).where(Task.case_id == case_id).order_by(Task.sort_at))]
    workflow = runtime.load(case.state, definition.compiled)
    waiting = runtime.waiting(workflow)
    deadlines = session.scalars(select(Deadline).where(Deadline.case_id == case_id).order_by(Deadline.start_at))
    papers = session.scalars(select(Paper).where(Paper.case_id == case_id).order_by(Paper.issued_at))
    files = session.scalars(select(File).where(File.case_id == case_id).order_by(File.uploaded_at))
    events = session.scalars(select(Event).where(Event.case_id == case_id).order_by(Event.seq))
    return CasePage(
        row=case_row(session, known, case, now),
        version_digest=definition.digest,
        facts=definition.facts,
        values=masked_values(session, loads(case.data)),
        tasks=tuple(inbox_rows(session, known, tasks, now)),
        waits=tuple(_waits(definition, waiting)),
        deadlines=tuple(due_info(d, known, now) for d in deadlines),
        raisable=tuple(_raisable(definition, waiting, actor, case, known)) if case.status == "running" else (),
        papers=tuple(PaperRow(p.id, p.kind, p.title, p.number, p.issued_at, p.issued_by) for p in papers),
        files=tuple(file_row(f) for f in files),
        timeline=tuple(_event_row(definition, e) for e in events),
        incidents=tuple(incidents(session, actor, case_id=case_id)),
        links=tuple(_links(session, case, actor)),
        stages=tuple(_stages(definition, case)),
    )


def masked_values(session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
    """Case variables with sensitive values as others see them."""
    ids = [UUID(ref) for ref in references(values)]
    rows = session.scalars(select(SensitiveFact).where(SensitiveFact.id.in_(ids))) if ids else []
    known = {str(row.id): masked(row.value) for row in rows}
    return {key: revealed(value, known) for key, value in values.items()}


def _waits(definition: Definition, waiting: runtime.Waiting) -> list[str]:
    """What the case waits for in the flow itself: catch events and timers that are not on the edge of an activity."""
    found = []
    for element_id in waiting.elements:
        element = definition.diagram.elements[element_id]
        if element.kind in {"intermediateCatchEvent", "receiveTask"}:
            found.append(element.name or element.id)
    return found


def _raisable(definition: Definition, waiting: runtime.Waiting, actor: Actor, case: Case, known: Directory) -> list[Raisable]:
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
    for link in session.scalars(select(CaseLink).where(or_(CaseLink.source_id == case.id, CaseLink.target_id == case.id))):
        outgoing = link.source_id == case.id
        other = session.get_one(Case, link.target_id if outgoing else link.source_id)
        title = definition_of_case(session, other).title
        sees = may_see(actor, offices_of(session, other), store.directory(session).roles)
        found.append(LinkRow(other.id, other.number, other.title if sees else "", title, link.kind, outgoing, other.status))
    return found


def _stages(definition: Definition, case: Case) -> list[tuple[str, str, str]]:
    order = list(definition.manifest.get("stages", {}))
    at = order.index(case.stage) if case.stage in order else -1
    over = case.status != "running"
    return [
        (stage, definition.label("stages", stage), "done" if k < at or (over and k <= at) else "current" if k == at else "ahead")
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
    known, definition = store.directory(session), definition_of_case(session, case)
    result = computed(store.clock_of(row), known.calendar)
    element = definition.diagram.elements.get(row.element)
    rule = definition.rules.deadlines.get(row.name)
    stops = tuple((datetime.fromisoformat(a), datetime.fromisoformat(b) if b else None) for a, b in row.stops)
    return DeadlinePage(
        due=due_info(row, known, now), case_id=case.id, number=case.number, basis=row.basis, source=rule.source if rule else "",
        start_at=row.start_at, period=row.period, stops=stops, extensions=tuple((p, r) for p, r in row.extensions),
        steps=result.steps, calendar_version=row.calendar_version, element_name=element.name if element else row.element,
    )  # fmt: skip


def diagram(session: Session, case_id: UUID, actor: Actor, *, now: datetime) -> Diagram:
    """The picture of a case with the token and the travelled path. Raises NotFound."""
    case = visible_case(session, case_id, actor)
    definition = definition_of_case(session, case)
    waiting = runtime.waiting(runtime.load(case.state, definition.compiled))
    late = {task.element for task in session.scalars(select(Task).where(Task.case_id == case_id)) if task.sort_at <= now}
    done: dict[str, None] = {}
    visits: list[Visit] = []
    elements = definition.diagram.elements
    for event in session.scalars(select(Event).where(Event.case_id == case_id).order_by(Event.seq)):
        detail = loads(event.detail)
        done |= dict.fromkeys([*detail.get("done", ()), *detail.get("flows", ())])
        for state in ("done", "gone"):
            for element_id in detail.get(state, ()):
                element = elements.get(element_id)
                if element is not None and not runtime.is_synthetic(element_id) and (element.name or element.kind in {"startEvent", "endEvent"}):
                    visits.append(Visit(element_id, element.name, element.kind, event.at, event.actor_name, state))
    current = [e for e in waiting.elements if elements[e].kind != "boundaryEvent"] if case.status == "running" else []
    visits += [Visit(e, elements[e].name, elements[e].kind, None, "", "late" if e in late else "current") for e in current]
    return Diagram(_drawing(definition), definition.title, tuple(done), tuple(current), tuple(sorted(late)), tuple(visits))


def _drawing(definition: Definition) -> str:
    """The BPMN file that draws the process."""
    own = [body for name, body in definition.files.items() if name.endswith(".bpmn") and f'id="{definition.process}"' in body]
    return own[0] if own else next((body for name, body in definition.files.items() if name.endswith(".bpmn")), "")


def paper_page(session: Session, paper_id: UUID, actor: Actor) -> PaperPage:
    """An issued paper, made from the case data as it was then. Raises NotFound."""
    row = session.get(Paper, paper_id)
    if row is None:
        raise NotFound
    case = visible_case(session, row.case_id, actor)
    return _paper(session, case, row.kind, row.data, row.number, row.issued_at, is_preview=False)


def paper_preview(session: Session, case_id: UUID, kind: str, actor: Actor, *, now: datetime) -> PaperPage:
    """A paper as it would be issued now. Raises NotFound."""
    case = visible_case(session, case_id, actor)
    return _paper(session, case, kind, case.data, "", now, is_preview=True)


def _paper(session: Session, case: Case, kind: str, data: str, number: str, at: datetime, *, is_preview: bool) -> PaperPage:
    known, definition = store.directory(session), definition_of_case(session, case)
    paper = definition.papers.get(kind)
    template = definition.files.get(paper.template) if paper is not None else None
    if paper is None or template is None:
        raise NotFound
    values = loads(data)
    ids = [UUID(ref) for ref in references(values)]
    rows = session.scalars(select(SensitiveFact).where(SensitiveFact.id.in_(ids))) if ids else []
    kept = {str(row.id): row.value for row in rows}
    office = known.offices.get(case.office, {})
    names = Names(session, known)
    context = {
        **{key: revealed(value, kept) for key, value in values.items()},
        "case": {"number": case.number, "title": case.title, "opened_at": case.opened_at},
        "office": {"id": case.office, **office},
        "paper": {"number": number, "title": paper.title, "issued_on": at.astimezone(OFFICE).date()},
        "person": names.person,
        "office_name": names.office,
        "register": names.register,
        "matter": lambda key: names.register("matters", key),
    }
    html = documents.render(template, context)
    return PaperPage(case.id, case.number, kind, paper.title, number, html, is_preview)


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

    def register(self, name: str, key: Any) -> Mapping[str, Any]:
        """A row of a register."""
        return self._known.registers.get(name, {}).get(str(key), {})


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
            IncidentRow(row.id, row.case_id, number or "", row.verb, row.element, row.error, row.state, row.created_at,
                        row.arguments if shown else {}, row.trace if shown else "")
        )  # fmt: skip
    return found


def sees_all_cases(session: Session, actor: Actor) -> bool:
    """Whether this person sees the cases of every office."""
    return sees_all(actor, store.directory(session).roles)


def person_name(session: Session, person_id: Any) -> str:
    """The name behind a person id, or an empty text."""
    return Names(session, store.directory(session)).person(person_id)


def versions(session: Session) -> list[Version]:
    """The versions in use, by process."""
    return list(session.scalars(select(Version).where(Version.active).order_by(Version.process)))
