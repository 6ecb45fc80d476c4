"""The questions about one task, and about forms that open a case or report an event."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import commands, runtime, store
from engine.authority import Actor, may_give_away, may_see, may_take, require_sight
from engine.clocks import RUNNING, STOPPED
from engine.deployment import newest_version
from engine.directory import Directory, directory
from engine.errors import NotAllowed, NotFound, TaskClosed
from engine.facts import references, revealed
from engine.inbox import definition_of_case, due_info, inbox_rows
from engine.model import Case, Deadline, Draft, SensitiveFact, Task, Version
from engine.options import people_with
from engine.projections import surroundings
from engine.rows import PaperPreview, Startable, StartPage, TaskPage
from engine.store import offices_of
from engine.values import from_json, loads


def task_page(session: Session, task_id: UUID, actor: Actor, *, now: datetime) -> TaskPage:
    """One open task with its form. Raises TaskClosed, NotFound."""
    row = session.execute(select(Task, Case).join(Case).where(Task.id == task_id)).first()
    if row is None:
        raise TaskClosed
    task, case = row
    known = directory(session)
    may_do = may_take(actor, task.role, task.office, task.assignee, known.roles)
    if not may_do:
        require_sight(actor, offices_of(session, case), known.roles)
    definition = definition_of_case(session, case)
    element = definition.diagram.elements[task.element]
    values = loads(case.data)
    draft = session.get(Draft, (str(task_id), actor.id)) if actor.id is not None else None
    [line] = inbox_rows(session, known, [(task, case)], now)
    limits = session.scalars(
        select(Deadline)
        .where(Deadline.case_id == case.id, Deadline.status.in_((RUNNING, STOPPED)))
        .order_by(Deadline.due_at)
    )
    previews = tuple(
        PaperPreview(kind, definition.papers[kind].title)
        for kind in (*element.names("paper"), *element.names("preview"))
        if kind in definition.papers
    )
    gives = task.role is not None and may_give_away(actor, task.office, task.assignee, known.roles)
    colleagues = people_with(session, known, task.role or "", task.office) if gives else []
    return TaskPage(
        task_id=task.id,
        case_id=case.id,
        number=case.number,
        title=case.title,
        process_title=definition.title,
        name=task.name,
        element=element.id,
        documentation=element.documentation,
        law=element.properties.get("law", ""),
        role_name=known.role_name(task.role),
        office_name=known.office_name(task.office),
        assignee=task.assignee,
        assignee_name=line.assignee_name,
        may_do=may_do,
        may_claim=may_do and task.assignee is None,
        form=definition.form(element.form),
        answers={
            **surroundings(case, actor),
            **revealed_values(session, case.id, values),
            **from_json(task.local),
        },
        draft=draft.answers if draft else None,
        draft_at=draft.saved_at if draft else None,
        facts=definition.facts,
        values=values,
        local=task.local,
        due=line.due,
        limits=tuple(due_info(d, known, now) for d in limits),
        papers=previews,
        colleagues=tuple(colleagues),
        opening=frozenset(field.key for field in definition.form(definition.start_form).questions),
        level=line.level,
    )


def revealed_values(session: Session, case_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
    """Case variables with sensitive references replaced: for those who work on the case."""
    known = sensitive_values(session, case_id, values)
    return {key: revealed(value, known) for key, value in values.items()}


def sensitive_values(session: Session, case_id: UUID, values: Any) -> dict[str, str]:
    """What the references stand for, by id; only of this case, whatever somebody has typed."""
    ids = [UUID(ref) for ref in references(values)]
    if not ids:
        return {}
    own = select(SensitiveFact).where(SensitiveFact.id.in_(ids), SensitiveFact.case_id == case_id)
    return {str(row.id): row.value for row in session.scalars(own)}


def startable(session: Session, actor: Actor) -> list[Startable]:
    """The processes this person may open a case of: those marked so first, those that others open as well last."""
    known = directory(session)
    found, order = [], dict[str, int]()
    for version in session.scalars(select(Version).where(Version.active).order_by(Version.process)):
        definition = store.definition_of(session, version.id, version.process, version.digest)
        offices = sorted({o for r, o in actor.roles if r in definition.start_roles})
        first = definition.manifest.get("start", {}).get("first") is True
        order[version.process] = 0 if first else 2 if definition.start_messages else 1
        if offices:
            found.append(
                Startable(version.process, definition.title, tuple((o, known.office_name(o)) for o in offices))
            )
    return sorted(found, key=lambda one: order[one.process])


def start_page(session: Session, process: str, actor: Actor, *, office: str) -> StartPage:
    """The form that opens a case. Raises NotFound, NotAllowed."""
    version = newest_version(session, process)
    if version is None:
        raise NotFound
    definition = store.definition_of(session, version.id, version.process, version.digest)
    if not any(actor.holds(role, office) for role in definition.start_roles):
        raise NotAllowed("your role does not open cases of this kind in this office")
    key = f"start:{process}"
    draft = session.get(Draft, (key, actor.id))
    return StartPage(
        process,
        definition.title,
        definition.title,
        "",
        definition.form(definition.start_form),
        {},
        draft.answers if draft else None,
        draft.saved_at if draft else None,
        definition.facts,
        office,
        directory(session).office_name(office),
    )


def event_page(session: Session, case_id: UUID, name: str, actor: Actor, *, now: datetime) -> StartPage:
    """The form by which something is reported in a case. Raises NotFound, TaskClosed."""
    loaded = store.load(session, case_id, actor=actor, now=now)
    if not may_see(actor, offices_of(session, loaded.case), loaded.directory.roles):
        raise NotFound
    element = commands.awaited(loaded, name)
    if element is None or not raisable_by(actor, element, loaded.case.office, loaded.directory):
        raise TaskClosed("the case does not wait for this")
    draft = session.get(Draft, (f"event:{case_id}:{name}", actor.id))
    label = element.properties.get("label") or element.name
    return StartPage(
        loaded.case.process,
        loaded.case.title,
        label,
        "",
        loaded.definition.form(element.form),
        {**loaded.turn.surroundings, **revealed_values(session, case_id, loaded.variables)},
        draft.answers if draft else None,
        draft.saved_at if draft else None,
        loaded.definition.facts,
        loaded.case.office,
        loaded.directory.office_name(loaded.case.office),
        element.documentation,
        case_id,
        loaded.case.number,
    )


def raisable_by(actor: Actor, element: runtime.Element, office: str, known: Directory) -> bool:
    """Whether this person may report the event an element waits for."""
    for role in element.names("role"):
        declared = known.roles.get(role)
        if actor.holds(role, None if declared is not None and declared.scope == "district" else office):
            return True
    return False
