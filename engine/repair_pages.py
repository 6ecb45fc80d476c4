"""What can be repaired in a case, for a page that lets somebody choose."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import runtime
from engine.authority import Actor, may_lead
from engine.change_requests import repairable
from engine.corrections import Correctable, correctables
from engine.directory import directory
from engine.errors import NotFound
from engine.facts import Fact, masked, revealed
from engine.forms import Form
from engine.inbox import definition_of_case, due_info
from engine.model import Case, Deadline, Incident, Task
from engine.pictures import drawing
from engine.projections import Loaded
from engine.queries import sensitive_values
from engine.repair_previews import fingerprint
from engine.repairs import skipped_form
from engine.rows import DueInfo


@dataclass(frozen=True)
class Place:
    """A token that rests somewhere, and where it could be put: (element, name, what speaks against it)."""

    token: UUID
    element: str
    name: str
    targets: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Skippable:
    """An open task with its form."""

    task_id: UUID
    name: str
    form: Form
    answers: Mapping[str, Any]


@dataclass(frozen=True)
class RepairPage:
    """Everything in a case that can be repaired."""

    case_id: UUID
    number: str
    title: str
    process_title: str
    office: str
    status: str
    facts: Mapping[str, Fact]
    places: tuple[Place, ...]
    tasks: tuple[Skippable, ...]
    deadlines: tuple[DueInfo, ...]
    variables: tuple[Correctable, ...]  # sensitive values masked
    incidents: tuple[tuple[int, str, str], ...]  # number, verb, what went wrong
    reopenings: tuple[tuple[str, str, str], ...]  # element, name, what speaks against it
    fingerprint: str


def repair_page(session: Session, case_id: UUID, actor: Actor, *, now: datetime) -> RepairPage:
    """What can be repaired in a case, for somebody who may. Raises NotFound."""
    loaded = repairable(session, case_id, actor=actor, now=now)
    case, definition = loaded.case, loaded.definition
    running = case.status not in {"completed", "cancelled"}
    deadlines = session.scalars(select(Deadline).where(Deadline.case_id == case_id).order_by(Deadline.start_at))
    known = {ref: masked(text) for ref, text in sensitive_values(session, case_id, loaded.variables).items()}
    variables = [replace(one, value=revealed(one.value, known)) for one in correctables(session, loaded)]
    incidents = select(Incident).where(Incident.case_id == case_id, Incident.state == "open").order_by(Incident.id)
    again = runtime.reopenings(definition.diagram, definition.process) if not running else {}
    return RepairPage(
        case_id,
        case.number,
        case.title,
        definition.title,
        case.office,
        case.status,
        definition.facts,
        tuple(_places(loaded)) if running else (),
        tuple(_skippable(session, loaded)) if running else (),
        tuple(due_info(row, loaded.directory, now) for row in deadlines if row.status == "running"),
        tuple(variables),
        tuple((row.id, row.verb, row.error) for row in session.scalars(incidents)),
        _targets(loaded, again),
        fingerprint(loaded),
    )


def _places(loaded: Loaded) -> list[Place]:
    diagram = loaded.definition.diagram
    return [
        Place(
            one.id,
            one.element,
            diagram.elements[one.element].name or one.element,
            _targets(loaded, runtime.destinations(diagram, one.element)),
        )
        for one in runtime.movable(loaded.turn.workflow)
    ]


def _targets(loaded: Loaded, found: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    """Those with a name for people, what is possible first."""
    elements = loaded.definition.diagram.elements
    named = [(one, elements[one].name, why) for one, why in found.items() if elements[one].name]
    return tuple(sorted(named, key=lambda one: bool(one[2])))


def _skippable(session: Session, loaded: Loaded) -> list[Skippable]:
    names = {
        row.id: row.name or row.element
        for row in session.execute(select(Task.id, Task.name, Task.element).where(Task.case_id == loaded.case.id))
    }
    return [
        Skippable(task.id, names[task.id], skipped_form(loaded, task), {**loaded.variables, **task.local})
        for task in loaded.before.tasks
    ]


def may_repair(session: Session, case_id: UUID, actor: Actor) -> bool:
    """Whether this person may ask for repairs of a case."""
    case = session.get(Case, case_id)
    return case is not None and may_lead(actor, case.office, directory(session).roles)


def model_of(session: Session, case_id: UUID, actor: Actor) -> str:
    """The BPMN file a case runs on, for somebody who may repair it. Raises NotFound."""
    case = session.get(Case, case_id)
    if case is None or not may_lead(actor, case.office, directory(session).roles):
        raise NotFound
    return drawing(definition_of_case(session, case))
