"""A house for tests: one database, two offices, a few people, and processes installed without the publishing rules."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event, select

import engine
from engine.model import Case, Deadline, Effect, Event, Person, PersonRole, Task, Version
from engine.values import loads
from tests.engine.runtime.bpmn import definitions, process

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 9:00 in the office
CLERK = engine.Actor(1, "Clerk", frozenset([("clerk", "north")]))
OTHER = engine.Actor(2, "Other", frozenset([("clerk", "north")]))
STRANGER = engine.Actor(3, "Stranger", frozenset([("clerk", "south")]))
CHIEF = engine.Actor(4, "Chief", frozenset([("administrator", "north")]))
PEOPLE = (CLERK, OTHER, STRANGER, CHIEF)


def question(key: str, kind: str = "textfield", **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": key, "key": key, "label": key, **more}


def form(*questions: Mapping[str, Any]) -> str:
    return json.dumps({"schemaVersion": 19, "type": "default", "id": "f", "components": list(questions)})


def folder(
    *body: str,
    manifest: str = "",
    forms: Mapping[str, str] | None = None,
    names: str = "",
    name: str = "p",
    roles: str = '["clerk"]',
) -> dict[str, str]:
    """The files of a process folder with one process."""
    head = f'id = "{name}"\ntitle = "{name}"\n[start]\nroles = {roles}\n'
    files = {"manifest.toml": head + manifest, "process.bpmn": definitions(process(name, *body), names=names)}
    return files | {f"forms/{key}.form": text for key, text in (forms or {}).items()}


def connect(path: Path | str) -> engine.Database:
    return engine.connect(f"sqlite:///{path}", key=b"k" * 32)


@dataclass
class House:
    database: engine.Database
    now: datetime = NOW
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def build(cls, path: Path | str) -> "House":
        database = connect(path)
        engine.create_tables(database)
        return cls.furnish(database)

    @classmethod
    def furnish(cls, database: engine.Database) -> "House":
        """Offices, roles and people in an empty database."""
        house = cls(database)
        with database.sessions.begin() as session:
            offices = [{"id": "north", "name": "North", "short": "N"}, {"id": "south", "name": "South", "short": "S"}]
            engine.store_reference(session, "offices", {"offices": offices}, now=NOW)
            roles = [
                {"id": "clerk", "name": "Clerk"},
                {"id": "head", "name": "Head", "leads": True},
                {"id": "administrator", "name": "Administrator", "scope": "district"},
            ]
            engine.store_reference(session, "roles", {"roles": roles}, now=NOW)
            for person in PEOPLE:
                session.add(Person(id=person.id, username=person.name, name=person.name, created_at=NOW))
                session.flush()
                session.add_all(PersonRole(person_id=person.id, role=r, office=o) for r, o in person.roles)
        return house

    def install(self, files: Mapping[str, str]) -> str:
        """Put a process folder in use; the name of the process."""
        definition = engine.define(files)
        with self.database.sessions.begin() as session:
            version = Version(
                process=definition.process,
                digest=definition.digest,
                title=definition.title,
                files=dict(files),
                deployed_by="test",
                deployed_at=NOW,
                active=True,
            )
            session.add(version)
        return definition.process

    @contextmanager
    def writing(self) -> Iterator[Any]:
        with self.database.sessions.begin() as session:
            yield session

    def start(self, name: str = "p", actor: engine.Actor = CLERK, key: str | None = None, **answers: Any) -> UUID:
        with self.writing() as session:
            office = next(office for _, office in actor.roles)
            done = engine.start_case(session, name, answers, office=office, actor=actor, now=self.now, key=key)
        return done.case_id

    def task(self, case_id: UUID, element: str) -> UUID:
        return self.tasks(case_id)[element]

    def tasks(self, case_id: UUID) -> dict[str, UUID]:
        with self.database.reads() as session:
            rows = session.execute(select(Task.element, Task.id).where(Task.case_id == case_id).order_by(Task.id))
            return {row.element: row.id for row in rows}

    def do(
        self, case_id: UUID, element: str, actor: engine.Actor = CLERK, key: str | None = None, **answers: Any
    ) -> Any:
        task = self.task(case_id, element)
        with self.writing() as session:
            return engine.complete_task(session, task, answers, actor=actor, now=self.now, key=key)

    def tell(
        self, case_id: UUID, name: str, actor: engine.Actor = CLERK, key: str | None = None, **answers: Any
    ) -> Any:
        with self.writing() as session:
            return engine.raise_event(session, case_id, name, answers, actor=actor, now=self.now, key=key)

    def wait(self, **span: float) -> None:
        """Time passes; the clock fires timers, sends reminders and delivers effects at every due instant."""
        until = self.now + timedelta(**span)
        self.tick()
        while True:
            with self.database.reads() as session:
                pending = select(Effect.next_at).where(Effect.state == "pending", Effect.next_at > self.now)
                moments = [engine.next_due(session, after=self.now), *session.scalars(pending)]
            due = min((moment for moment in moments if moment is not None), default=None)
            if due is None or due > until:
                break
            self.now = due
            self.tick()
        self.now = until
        self.tick()

    def tick(self) -> None:
        for _ in range(20):
            with self.database.reads() as session:
                cases = engine.due_cases(session, now=self.now)
                reminders = engine.due_reminders(session, now=self.now)
                effects = engine.due_effects(session, now=self.now)
            if not (cases or reminders or effects):
                return
            for case_id in cases:
                with self.writing() as session:
                    engine.fire_timers(session, case_id, now=self.now)
            for deadline_id in reminders:
                with self.writing() as session:
                    engine.send_reminders(session, deadline_id, now=self.now)
            for effect_id in effects:
                with self.writing() as session:
                    engine.deliver_effect(session, effect_id, now=self.now)

    def case(self, case_id: UUID) -> Case:
        with self.database.reads() as session:
            return session.get_one(Case, case_id)

    def facts(self, case_id: UUID) -> dict[str, Any]:
        return loads(self.case(case_id).data)

    def events(self, case_id: UUID) -> list[str]:
        with self.database.reads() as session:
            return list(session.scalars(select(Event.kind).where(Event.case_id == case_id).order_by(Event.seq)))

    def details(self, case_id: UUID, kind: str) -> list[dict[str, Any]]:
        with self.database.reads() as session:
            query = select(Event.detail).where(Event.case_id == case_id, Event.kind == kind).order_by(Event.seq)
            return [loads(text) for text in session.scalars(query)]

    def deadlines(self, case_id: UUID) -> dict[str, Deadline]:
        with self.database.reads() as session:
            rows = session.scalars(select(Deadline).where(Deadline.case_id == case_id).order_by(Deadline.start_at))
            return {row.name: row for row in rows}

    def verify(self) -> list[Any]:
        with self.database.reads() as session:
            return engine.verify(session)

    @contextmanager
    def counted(self) -> Iterator[dict[str, int]]:
        """How many statements and commits happen meanwhile."""
        found = {"statements": 0, "commits": 0}

        def statement(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
            found["statements"] += not text.startswith("BEGIN")

        def commit(_connection: Any) -> None:
            found["commits"] += 1

        event.listen(self.database.bind, "before_cursor_execute", statement)
        event.listen(self.database.bind, "commit", commit)
        try:
            yield found
        finally:
            event.remove(self.database.bind, "before_cursor_execute", statement)
            event.remove(self.database.bind, "commit", commit)
