"""What a plan obliges offices to: each obligation with the way it is carried out, and how it stands.

`obligations.toml` lists them once. Each is carried out by an element of a process (with its deadline, the evidence it
leaves and the scenario that shows it), kept in a register, shown on a page, or stays on paper for a reason.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import store
from engine.definitions import Definition
from engine.directory import directory
from engine.errors import Finding, InvalidDefinition
from engine.model import Case, Reference, Version
from engine.published import register_editions

DOCUMENT = "obligations"


@dataclass(frozen=True)
class Obligation:
    """One row of the list.

    `when` is the cadence in words; `evidence` is `fact:<key>`, `paper:<id>` or `register:<id>`.
    """

    id: str
    text: str
    seed: str  # where the plan says so
    who: str
    when: str
    process: str = ""
    element: str = ""
    deadline: str = ""
    evidence: str = ""
    scenario: str = ""
    item: str = ""  # the row of a decision table in which it is asked for by name
    page: str = ""
    register: str = ""
    paper_reason: str = ""


@dataclass(frozen=True)
class ObligationRow:
    """An obligation and how it stands, as far as data tell.

    `state` is one of on_paper, standing, overdue, running, done, waiting.
    """

    obligation: Obligation
    state: str
    title: str = ""  # of the process or register
    element: str = ""  # names for people
    deadline: str = ""
    confirmed: bool = True  # whether the deadline is
    evidence: str = ""
    last_done: datetime | None = None
    next_due: datetime | None = None
    next_opening: datetime | None = None
    overdue: int = 0


def read_obligations(document: Mapping[str, Any]) -> tuple[Obligation, ...]:
    """The rows `[[obligations]]`. Raises InvalidDefinition for unknown or missing keys and for an id twice."""
    known = {each.name for each in fields(Obligation)}
    needed = ("id", "text", "seed", "who", "when")
    found: dict[str, Obligation] = {}
    wrong = []
    for number, row in enumerate(document.get(DOCUMENT, ()), start=1):
        name = str(row.get("id") or f"row {number}")
        wrong += [f"{name}: there is no key {key}" for key in row if key not in known]
        wrong += [f"{name}: {key} is missing" for key in needed if not row.get(key)]
        if name in found:
            wrong.append(f"{name} is there twice")
        found[name] = Obligation(**{key: str(row.get(key, "")) for key in known})
    if wrong:
        raise InvalidDefinition([Finding("obligation", "semantics", f"{DOCUMENT}.toml", None, text) for text in wrong])
    return tuple(found.values())


def obligation_gaps(
    given: Obligation,
    definitions: Mapping[str, Definition],
    registers: Collection[str],
    scenarios: Mapping[str, Collection[str]],
) -> list[str]:
    """What an obligation names that is not there, or that it says nothing about how it is carried out."""
    if not (given.process or given.page or given.register or given.paper_reason):
        return [f"{given.id}: nothing says how it is carried out"]
    wrong = [f"there is no register {given.register}"] if given.register and given.register not in registers else []
    definition = definitions.get(given.process)
    if given.process and definition is None:
        wrong.append(f"there is no process {given.process}")
    elif definition is not None:
        wrong += _gaps_in(given, definition, registers, scenarios.get(given.process, ()))
    return [f"{given.id}: {text}" for text in wrong]


def _gaps_in(
    given: Obligation, definition: Definition, registers: Collection[str], scenarios: Collection[str]
) -> list[str]:
    kind, _, name = given.evidence.partition(":")
    there: Collection[str] = {
        "fact": definition.facts.keys(),
        "paper": definition.papers.keys(),
        "register": registers,
    }.get(kind, ())
    tables = [text for file, text in definition.files.items() if file.endswith(".dmn")]
    checks = (
        (given.element in definition.diagram.elements, f"{given.process} has no element {given.element}"),
        (
            not given.deadline or given.deadline in definition.manifest.get("deadlines", {}),
            f"{given.process} has no deadline {given.deadline}",
        ),
        (name in there, f"{given.process} has no evidence {given.evidence!r}"),
        (given.scenario in scenarios, f"{given.process} has no scenario {given.scenario}"),
        (
            not given.item or any(f'"{given.item}"' in text for text in tables),
            f"no decision table of {given.process} asks for {given.item}",
        ),
    )
    return [words for holds, words in checks if not holds]


def obligations(session: Session, *, now: datetime) -> list[ObligationRow]:
    """Every obligation of the plan with its state, in the order of the plan; none where there is no list."""
    document = session.scalar(select(Reference.content).where(Reference.name == DOCUMENT))
    listed = read_obligations(document or {})
    definitions = _definitions(session, {each.process for each in listed})
    stands = {process: _stand(session, definition, now) for process, definition in definitions.items()}
    return [_row(session, each, definitions.get(each.process), stands.get(each.process, {})) for each in listed]


def _definitions(session: Session, processes: Iterable[str]) -> dict[str, Definition]:
    query = select(Version.id, Version.process, Version.digest).where(Version.active, Version.process.in_(processes))
    return {
        row.process: store.definition_of(session, row.id, row.process, row.digest) for row in session.execute(query)
    }


def _stand(session: Session, definition: Definition, now: datetime) -> dict[str, Any]:
    """What the cases of a process and its calendar say; each question is answered by one index, not by the cases."""
    own, is_open = Case.process == definition.process, Case.closed_at.is_(None)
    last = select(func.max(Case.closed_at)).where(own, Case.closed_at.is_not(None))
    due = select(func.min(Case.due_at)).where(own, is_open, Case.due_at.is_not(None))
    late = select(func.count()).select_from(Case).where(own, is_open, Case.due_at <= now)
    running = select(Case.id).where(own, is_open).limit(1)
    columns = [each.scalar_subquery() for each in (last, due, late, running)]
    last_done, next_due, overdue, any_open = session.execute(select(*columns)).one()
    calendar = directory(session).calendar
    openings = [next(entry.occurrences(now, calendar)).at for entry in definition.calendar]
    return {
        "last_done": last_done,
        "next_due": next_due,
        "next_opening": min(openings, default=None),
        "overdue": overdue,
        "state": "overdue" if overdue else "running" if any_open else "done" if last_done else "waiting",
    }


def _row(session: Session, given: Obligation, definition: Definition | None, stand: Mapping[str, Any]) -> ObligationRow:
    registers = directory(session).registers
    if definition is None:
        if given.register in registers:
            latest = register_editions(session, given.register, limit=1)
            state, at = ("done", latest[0].at) if latest else ("waiting", None)
            return ObligationRow(given, state, title=registers[given.register].title, last_done=at)
        if given.process:  # it is not in use yet
            return ObligationRow(given, "waiting", title=given.process)
        return ObligationRow(given, "on_paper" if given.paper_reason else "standing")
    kind, _, name = given.evidence.partition(":")
    deadline = definition.manifest.get("deadlines", {}).get(given.deadline, {})
    labels: Mapping[str, Mapping[str, str]] = {
        "fact": {key: fact.label for key, fact in definition.facts.items()},
        "paper": {key: paper.title for key, paper in definition.papers.items()},
        "register": {key: register.title for key, register in registers.items()},
    }
    element = definition.diagram.elements.get(given.element)
    return ObligationRow(
        given,
        title=definition.title,
        element=element.name if element is not None else given.element,
        deadline=str(deadline.get("label", "")),
        confirmed=not deadline or deadline.get("status") == "confirmed",
        evidence=labels.get(kind, {}).get(name, name),
        **stand,
    )
