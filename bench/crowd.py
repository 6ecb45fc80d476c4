"""A district with many cases, written as rows: some open, some late, some dangerous, most of them long closed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import Table, event, insert, select
from sqlalchemy.orm import Session

import engine
from engine.model import (
    Base,
    CalendarEntry,
    CalendarStart,
    Case,
    Deadline,
    Event,
    Incident,
    Person,
    PersonRole,
    Stay,
    Task,
    Version,
)

NOW = datetime(2026, 6, 15, 1, 30, tzinfo=UTC)  # a Monday, 9:30 in the offices
OFFICES = tuple(f"office{number:02d}" for number in range(6))
STAFF = 4  # people in an office
CHIEF = engine.Actor(1001, "Chief", frozenset([("chief", OFFICES[0])]))
HEAD = engine.Actor(1002, "Head", frozenset([("head", OFFICES[3])]))
CLERK = engine.Actor(1, "Clerk", frozenset([("clerk", OFFICES[0])]))
MANIFEST = """
id = "permit"
title = "Permit"
level = "=level"
[start]
roles = ["clerk"]
[[start.calendar]]
id = "monthly"
label = "Monthly"
every = "month"
on = "25"
for_each = "all"
[levels.red]
label = "Red"
rank = 3
colour = "red"
[levels.orange]
label = "Orange"
rank = 2
colour = "orange"
[stages.first]
label = "First"
[deadlines.review]
label = "Review"
basis = "law"
status = "confirmed"
[facts.level]
type = "text"
"""
STEPS = ("check", "examine", "decide")
WAITS = (
    "<bpmn:extensionElements><camunda:properties>"
    '<camunda:property name="waits_for" value="party"/></camunda:properties></bpmn:extensionElements>'
)
BPMN = f"""<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t"
 xmlns:camunda="http://camunda.org/schema/1.0/bpmn"><bpmn:process id="permit" isExecutable="true">
<bpmn:startEvent id="start"/><bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="review"/>
<bpmn:subProcess id="review" name="Review"><bpmn:startEvent id="in"/>
<bpmn:sequenceFlow id="f2" sourceRef="in" targetRef="check"/>
<bpmn:userTask id="check" name="Check" camunda:candidateGroups="clerk"/>
<bpmn:sequenceFlow id="f3" sourceRef="check" targetRef="examine"/>
<bpmn:userTask id="examine" name="Examine" camunda:candidateGroups="clerk">{WAITS}</bpmn:userTask>
<bpmn:sequenceFlow id="f4" sourceRef="examine" targetRef="decide"/>
<bpmn:userTask id="decide" name="Decide" camunda:candidateGroups="head"/>
<bpmn:sequenceFlow id="f5" sourceRef="decide" targetRef="out"/><bpmn:endEvent id="out"/></bpmn:subProcess>
<bpmn:sequenceFlow id="f6" sourceRef="review" targetRef="end"/><bpmn:endEvent id="end"/>
</bpmn:process></bpmn:definitions>"""
ROWS = 2_000


def build(folder: Path, name: str, cases: int) -> engine.Database:
    """A database with so many cases; a fifth of them are open."""
    database = engine.connect(f"sqlite:///{folder / name}.db", key=b"k" * 32)
    engine.create_tables(database)
    with database.sessions.begin() as session:
        version = _house(session)
        made = engine.start_case(session, "permit", {}, office=OFFICES[0], actor=CLERK, now=NOW)
        template = session.get_one(Case, made.case_id)
        like = {column.key: getattr(template, column.key) for column in Case.__table__.columns}
        random = Random(1)  # noqa: S311 the same district every time
        for first in range(0, cases, ROWS):
            rows: dict[type[Base], list[dict[str, Any]]] = {}
            for number in range(first, min(first + ROWS, cases)):
                _case(rows, like, version, number, random)
            for model, found in rows.items():
                session.execute(insert(cast("Table", model.__table__)), found)
        _filings(session)
    with database.bind.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    return database


def _house(session: Session) -> int:
    offices = [{"id": office, "name": office.capitalize()} for office in OFFICES]
    engine.store_reference(session, "offices", {"offices": offices}, now=NOW)
    roles = [
        {"id": "clerk", "name": "Clerk"},
        {"id": "head", "name": "Head", "leads": True},
        {"id": "chief", "name": "Chief", "scope": "district", "sees": "all", "leads": True},
    ]
    engine.store_reference(session, "roles", {"roles": roles}, now=NOW)
    for number in range(1, len(OFFICES) * STAFF + 1):
        session.add(Person(id=number, username=f"p{number}", name=f"Person {number}", created_at=NOW))
        session.flush()
        session.add(PersonRole(person_id=number, role="clerk", office=_office_of(number)))
    version = Version(
        process="permit",
        digest="",
        title="Permit",
        files={"manifest.toml": MANIFEST, "p.bpmn": BPMN},
        deployed_by="bench",
        deployed_at=NOW,
        active=True,
    )
    version.digest = engine.define(version.files).digest
    session.add(version)
    session.flush()
    return version.id


def _office_of(person: int) -> str:
    return OFFICES[(person - 1) // STAFF]


def _case(
    rows: dict[type[Base], list[dict[str, Any]]], like: dict[str, Any], version: int, number: int, random: Random
) -> None:
    person = number // 5 % len(OFFICES) * STAFF + random.randrange(1, STAFF + 1)
    office, case_id = _office_of(person), uuid4()
    is_open = number % 5 == 0
    opened = NOW - timedelta(days=random.randrange(1, 40 if is_open else 360), minutes=random.randrange(1440))
    due = opened + timedelta(days=20)
    levelled = is_open and number % 25 == 0
    closed = None if is_open else min(NOW, opened + timedelta(days=random.randrange(5, 25)))
    rows.setdefault(Case, []).append(
        like
        | {
            "id": case_id,
            "number": f"N{number}",
            "serial": 10 + number,
            "office": office,
            "title": f"Case {number}",
            "opened_at": opened,
            "closed_at": closed,
            "due_at": due if is_open else None,
            "status": "running" if is_open else "completed",
            "level": "red" if levelled else None,
            "level_rank": 3 if levelled else 0,
        }
    )
    rows.setdefault(Event, []).append(
        {
            "case_id": case_id,
            "seq": 1,
            "kind": "case_opened",
            "actor": 1,
            "actor_name": "x",
            "at": opened,
            "detail": "{}",
            "submission": None,
            "mac": "",
        }
    )
    stays = rows.setdefault(Stay, [])
    if closed is not None:
        stays.append(_stay(case_id, version, "review", office, opened, left=closed, late=closed > due))
        stays.extend(_stay(case_id, version, step, office, opened, left=closed) for step in STEPS)
        return
    step, task, limit = STEPS[number % 3], uuid4(), uuid4()
    stays.append(_stay(case_id, version, "review", office, opened, due=due))
    stays.append(_stay(case_id, version, step, office, opened, token=task))
    rows.setdefault(Deadline, []).append(
        {
            "id": limit,
            "case_id": case_id,
            "task_id": uuid4(),
            "name": "review",
            "label": "Review",
            "element": "review",
            "basis": "law",
            "source_status": "confirmed",
            "period": "20d",
            "start_at": opened,
            "stops": [],
            "extensions": [],
            "last_day": due.date(),
            "due_at": due,
            "projected": False,
            "calendar_version": "",
            "status": "running",
            "remind": [],
            "remind_at": None,
            "ended_at": None,
        }
    )
    rows.setdefault(Task, []).append(
        {
            "id": task,
            "case_id": case_id,
            "element": step,
            "name": step.capitalize(),
            "role": "clerk",
            "office": office,
            "pool": None if number % 4 else f"{office}/clerk",
            "assignee": person if number % 4 else None,
            "local": {},
            "deadline": str(limit),
            "due_at": due,
            "sort_at": due,
            "priority": 0,
            "created_at": opened,
            "claimed_at": None,
        }
    )
    if number % 75 == 0:
        rows.setdefault(Incident, []).append(
            {
                "case_id": case_id,
                "verb": "fire_timers",
                "arguments": {},
                "element": step,
                "error": "x",
                "trace": "",
                "actor": None,
                "state": "open",
                "created_at": NOW,
                "resolved_at": None,
                "note": "",
            }
        )


def _stay(
    case_id: UUID,
    version: int,
    element: str,
    office: str,
    entered: datetime,
    *,
    token: UUID | None = None,
    due: datetime | None = None,
    left: datetime | None = None,
    late: bool = False,
) -> dict[str, Any]:
    seconds = int((left - entered).total_seconds()) if left is not None else None
    return {
        "id": token or uuid4(),
        "case_id": case_id,
        "version_id": version,
        "element": element,
        "office": office,
        "entered_at": entered,
        "due_at": due,
        "left_at": left,
        "month": f"{left:%Y-%m}" if left else None,
        "seconds": seconds,
        "completed": left is not None,
        "is_late": late,
    }


def _filings(session: Session) -> None:
    session.add(CalendarEntry(process="permit", entry="monthly", looked_until=NOW))
    some = session.scalars(select(Case.id).where(Case.closed_at.is_(None)).limit(len(OFFICES) // 2)).all()
    for number, office in enumerate(OFFICES):
        case_id = some[number] if number < len(some) else None
        session.add(
            CalendarStart(
                process="permit",
                entry="monthly",
                office=office,
                period_first=NOW.date(),
                period_last=NOW.date(),
                period_name="2026-05",
                due_at=NOW - timedelta(days=20),
                state="opened" if case_id else "missed",
                case_id=case_id,
                attempts=0,
                error="",
            )
        )


@contextmanager
def statements(database: engine.Database) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the database meanwhile."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, text: str, parameters: Any, *_: Any) -> None:
        if not text.startswith("BEGIN"):
            seen.append((text, parameters))

    event.listen(database.bind, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.bind, "before_cursor_execute", note)


LARGE_TABLES = ("case", "task", "deadline", "event", "stay", "stay_tally", "timer")


def walks(database: engine.Database, seen: list[tuple[str, Any]]) -> list[str]:
    """The steps of the plans of these statements that walk through a large table instead of an index range."""
    found = []
    with database.bind.connect() as connection:
        for text, parameters in seen:
            if not text.lstrip().startswith(("SELECT", "WITH")):
                continue
            plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", parameters)]
            found += [
                f"{step} <- {text}"
                for step in plan
                for table in LARGE_TABLES
                if f"{step} ".startswith(f"SCAN {table} ")
            ]
    return found
