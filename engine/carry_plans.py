"""What is told of a case that would go to another version: places, tasks, deadlines before and after, what is gone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from engine import runtime
from engine.definitions import Definition
from engine.projections import Loaded
from engine.runtime import Element


@dataclass(frozen=True)
class Refusal:
    """Why a case cannot be carried over; `element` is an id of the old version, `name` what is drawn there."""

    code: str
    element: str
    name: str


@dataclass(frozen=True)
class CarriedTask:
    """An open task before and after; what is the same is said twice."""

    task_id: UUID
    element: str
    element_after: str
    name: str
    name_after: str
    role: str
    role_after: str
    form: str
    form_after: str

    @property
    def changes(self) -> bool:
        """Whether the person who has the task will notice."""
        return (self.name, self.role, self.form) != (self.name_after, self.role_after, self.form_after)


@dataclass(frozen=True)
class CarriedDeadline:
    """A deadline that goes along. `next_period` is what the new version says to those who begin later, if another."""

    deadline_id: UUID
    label: str
    last_day: date | None
    due_at: datetime | None
    last_day_after: date | None
    due_at_after: datetime | None
    period: str
    next_period: str


@dataclass(frozen=True)
class CasePlan:
    """What would happen to one case."""

    case_id: UUID
    number: str
    title: str
    office: str
    places: tuple[str, ...]  # where it stands, as the old version names it
    refusals: tuple[Refusal, ...]
    renamed: tuple[tuple[str, str], ...]
    tasks: tuple[CarriedTask, ...]
    deadlines: tuple[CarriedDeadline, ...]
    facts_gone: tuple[str, ...]  # labels of facts with a value that the new version does not declare
    events_gone: tuple[str, ...]
    events_added: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """`refused`, `changed` where people will notice, else `unchanged`."""
        if self.refusals:
            return "refused"
        noticed = self.renamed or self.facts_gone or self.events_gone or self.events_added
        later = any(each.next_period for each in self.deadlines)
        return "changed" if noticed or later or any(task.changes for task in self.tasks) else "unchanged"


def plan_of(loaded: Loaded, target: Definition, mapping: Mapping[str, str], refusals: Sequence[Refusal]) -> CasePlan:
    """The plan of a loaded case, before anything is carried over."""
    source, case = loaded.definition, loaded.case
    standing = {token.element for token in loaded.before.tokens if not runtime.is_synthetic(token.element)}
    elements = source.diagram.elements
    around = {elements[element].scope for element in standing}
    drawn = [element for element in elements.values() if element.id in standing - around]
    places = [element for element in drawn if element.kind != "boundaryEvent"]
    places = [element for element in places if element.name] or places  # a join without a name tells people nothing
    here = {element for element in standing if runtime.renamed(element, mapping) != element}
    gone = [
        fact.label
        for key, fact in source.facts.items()
        if key not in target.facts and loaded.variables.get(key) not in (None, "", [])
    ]
    return CasePlan(
        case_id=case.id,
        number=case.number,
        title=case.title,
        office=case.office,
        places=tuple(element.name or element.id for element in places),
        refusals=tuple(refusals),
        renamed=tuple(sorted((element, runtime.renamed(element, mapping)) for element in here)),
        tasks=tuple(_tasks(loaded, target, mapping)),
        deadlines=tuple(_deadlines(loaded, target, mapping)),
        facts_gone=tuple(gone),
        events_gone=(),
        events_added=(),
    )


def _tasks(loaded: Loaded, target: Definition, mapping: Mapping[str, str]) -> Iterator[CarriedTask]:
    for task in loaded.before.tasks:
        old = loaded.definition.diagram.elements[task.element]
        new = target.diagram.elements.get(runtime.renamed(task.element, mapping), old)
        form, other = (d.files.get(f"forms/{e.form}.form", "") for d, e in ((loaded.definition, old), (target, new)))
        form_after = new.form if form == other else f"{new.form} *"
        yield CarriedTask(task.id, old.id, new.id, old.name, new.name, role_of(old), role_of(new), old.form, form_after)


def role_of(element: Element) -> str:
    """The role that does a user task; the first of several."""
    return element.role.split(",")[0].strip()


def _deadlines(loaded: Loaded, target: Definition, mapping: Mapping[str, str]) -> Iterator[CarriedDeadline]:
    for clock in loaded.turn.clocks.all:
        old = loaded.definition.diagram.elements.get(clock.element)
        new = target.diagram.elements.get(runtime.renamed(clock.element, mapping))
        if not clock.is_open or old is None:
            continue
        later = period_of_element(new) if new is not None else ""
        yield CarriedDeadline(
            clock.id,
            clock.label,
            clock.last_day,
            clock.due_at,
            clock.last_day,
            clock.due_at,
            clock.period,
            later if later != period_of_element(old) else "",
        )


def period_of_element(element: Element) -> str:
    """The text of the time limit an element sets, as it is drawn."""
    return element.timer or element.due or element.properties.get("period", "")
