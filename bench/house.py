"""A database with an office, three people and the measured processes."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

import engine
from bench.shape import STEPS, Dialect, bpmn, dmn, flow, node, path
from engine.model import Person, PersonRole, Version

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
OFFICE = "north"
HEAD = engine.Actor(3, "Head", frozenset([("head", "south")]))
CLERK = engine.Actor(1, "Clerk", frozenset([("clerk", OFFICE)]))
FIELDS: Mapping[str, Sequence[tuple[str, str]]] = {
    "receive": [
        ("kind", "textfield"),
        ("area", "number"),
        ("name", "textfield"),
        ("street", "textfield"),
        ("town", "textfield"),
        ("email", "textfield"),
        ("phone", "textfield"),
        ("parcels", "dynamiclist"),
        ("papers", "dynamiclist"),
        ("description", "textarea"),
    ],
    "check": [("complete_file", "checkbox"), ("remark", "textarea")],
    "ask_building": [("building_says", "textarea")],
    "ask_nature": [("nature_says", "textarea")],
    "examine": [("is_negative", "checkbox"), ("finding", "textarea")],
    "review": [("approved", "checkbox")],
}
ROWS: Mapping[str, Sequence[tuple[str, str]]] = {
    "parcels": [("district", "textfield"), ("field", "textfield"), ("number", "textfield"), ("size", "number")],
    "papers": [("title", "textfield"), ("digest", "textfield"), ("pages", "number")],
}
MANIFEST = """
id = "permit"
title = "Permit"
headline = "=name"
[start]
roles = ["clerk"]
[facts.name]
type = "text"
search = true
[facts.area]
type = "number"
[facts.parcels]
type = "list"
[facts.papers]
type = "list"
"""
LOOP_MANIFEST = """
id = "rework"
title = "Rework"
[start]
roles = ["clerk"]
"""


def _component(key: str, kind: str, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"type": kind, "id": prefix + key, "key": key, "label": key.capitalize()}
    if kind == "textfield":
        found["validate"] = {"required": True, "maxLength": 200}
    if kind == "dynamiclist":
        found = {"type": kind, "id": key, "path": key, "label": key.capitalize()}
        found["components"] = [_component(k, t, f"{key}_") for k, t in ROWS[key]]
    return found


def form(name: str) -> str:
    """The form of a step."""
    components = [_component(key, kind) for key, kind in FIELDS.get(name, ())]
    return json.dumps({"schemaVersion": 19, "type": "default", "id": name, "components": components})


def permit() -> dict[str, str]:
    """The measured process as a folder's files."""
    dialect = Dialect(is_stock=False)
    files = {"manifest.toml": MANIFEST, "process.bpmn": bpmn(dialect), "decisions/fee.dmn": dmn(dialect)}
    return files | {f"forms/{step}.form": form(step) for step in STEPS}


def rework() -> dict[str, str]:
    """A user task with a boundary timer in a loop without end."""
    dialect = Dialect(is_stock=False)
    body = (
        node("startEvent", "start")
        + node("exclusiveGateway", "again")
        + dialect.user("work")
        + dialect.boundary("late", "work", "P14D", interrupting=True)
        + dialect.user("chase")
        + node("endEvent", "given_up")
        + node("exclusiveGateway", "good", attributes='default="no"')
        + node("endEvent", "end")
        + path("start", "again", "work", "good")
        + path("late", "chase", "given_up")
        + flow("good", "end", "good")
        + flow("good", "again", name="no")
    )
    text = (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'id="d" targetNamespace="t"><bpmn:process id="rework" isExecutable="true">{body}</bpmn:process>'
        "</bpmn:definitions>"
    )
    answer = {"type": "checkbox", "id": "good", "key": "good", "label": "Good"}
    return {
        "manifest.toml": LOOP_MANIFEST,
        "process.bpmn": text,
        "forms/work.form": json.dumps({"schemaVersion": 19, "type": "default", "id": "work", "components": [answer]}),
    }


def build(folder: Path, name: str) -> engine.Database:
    """A new file database, as production opens it (WAL, synchronous=FULL)."""
    database = engine.connect(f"sqlite:///{folder / name}.db", key=b"k" * 32)
    engine.create_tables(database)
    with database.sessions.begin() as session:
        offices = [{"id": OFFICE, "name": "North"}, {"id": "south", "name": "South"}]
        engine.store_reference(session, "offices", {"offices": offices}, now=NOW)
        roles = [{"id": "clerk", "name": "Clerk"}, {"id": "head", "name": "Head", "sees": "all"}]
        engine.store_reference(session, "roles", {"roles": roles}, now=NOW)
        for number, login in ((1, "clerk"), (2, "other"), (3, "third")):
            session.add(Person(id=number, username=login, name=login, created_at=NOW))
            session.flush()
            session.add(PersonRole(person_id=number, role="clerk", office=OFFICE))
        for files in (permit(), rework()):
            definition = engine.define(files)
            session.add(
                Version(
                    process=definition.process,
                    digest=definition.digest,
                    title=definition.title,
                    files=dict(definition.files),
                    deployed_by="bench",
                    deployed_at=NOW,
                    active=True,
                )
            )
    return database


def writing(database: engine.Database) -> AbstractContextManager[Session]:
    """One transaction."""
    return database.sessions.begin()
