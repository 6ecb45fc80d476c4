"""What processes there are, for filters and labels: titles, stages, outcomes, and the words behind coded answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import store
from engine.authority import Actor
from engine.definitions import Definition
from engine.directory import directory
from engine.errors import NotFound
from engine.facts import Fact
from engine.forms import Field, OptionSource
from engine.levels import Level
from engine.model import Case, Task, Version
from engine.options import options_for
from engine.values import from_json, loads

Labels = Mapping[str, str]
_known: dict[str, dict[str, dict[str, str]]] = {}


@dataclass(frozen=True)
class ProcessKind:
    """A process in use."""

    process: str
    title: str
    stages: Labels
    outcomes: Labels
    facts: Labels  # key, or `list.column` -> label
    choices: Mapping[str, Labels]  # the same -> value -> label
    levels: tuple[Level, ...] = ()  # the most serious first


def process_kinds(session: Session) -> tuple[ProcessKind, ...]:
    """The processes in use, by id."""
    query = select(Version.id, Version.process, Version.digest).where(Version.active).order_by(Version.process)
    found = []
    for version_id, process, digest in session.execute(query):
        definition = store.definition_of(session, version_id, process, digest)
        stages, outcomes = _labels(definition, "stages"), _labels(definition, "outcomes")
        facts, levels = dict(_fact_labels(definition.facts, "")), tuple(definition.levels.values())
        found.append(ProcessKind(process, definition.title, stages, outcomes, facts, choices_of(definition), levels))
    return tuple(found)


def choice_labels(session: Session, case_id: UUID) -> Mapping[str, Labels]:
    """For every coded answer of a case the words of its options: fact (or `list.column`) -> value -> label."""
    query = select(Version.id, Version.process, Version.digest).join(Case, Case.version_id == Version.id)
    row = session.execute(query.where(Case.id == case_id)).first()
    if row is None:
        raise NotFound
    return choices_of(store.definition_of(session, row.id, row.process, row.digest))


def task_options(session: Session, task_id: UUID, actor: Actor, *, now: datetime) -> OptionSource:
    """Where the choices of a task's form come from. Raises NotFound."""
    query = select(Case.office, Case.data, Task.local).join(Task, Task.case_id == Case.id)
    row = session.execute(query.where(Task.id == task_id)).first()
    if row is None:
        raise NotFound
    facts = {**loads(row.data), **from_json(row.local)}
    return options_for(session, directory(session), row.office, actor, now=now, facts=facts)


def _labels(definition: Definition, section: str) -> Labels:
    return {key: definition.label(section, key) for key in definition.manifest.get(section, {})}


def _fact_labels(facts: Mapping[str, Fact], prefix: str) -> Iterator[tuple[str, str]]:
    for key, fact in facts.items():
        yield prefix + key, fact.label or key
        yield from _fact_labels(fact.fields, f"{key}.")


def choices_of(definition: Definition) -> Mapping[str, Labels]:
    """For every coded answer the words of its options: fact (or `list.column`) -> value -> label."""
    if definition.digest not in _known:
        if len(_known) > 32:  # noqa: PLR2004 more versions than are ever open at a time
            _known.clear()
        _known[definition.digest] = _choices_of(definition)
    return _known[definition.digest]


def _choices_of(definition: Definition) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name in definition.files:
        if name.startswith("forms/") and name.endswith(".form"):
            for field in definition.form(name.removeprefix("forms/").removesuffix(".form")).questions:
                _collect(field, "", found)
    return found


def _collect(field: Field, prefix: str, found: dict[str, dict[str, str]]) -> None:
    if field.options:
        known = found.setdefault(prefix + field.key, {})
        known |= {str(option.value): option.label for option in field.options}
    for child in field.children:
        _collect(child, f"{field.key}." if field.kind == "dynamiclist" else prefix, found)
