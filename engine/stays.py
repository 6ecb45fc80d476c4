"""Where tokens rest and for how long: kept with every save of a case, counted again from the trail on demand.

A stay is a token in an activity, a catch event or an event gateway; end events and events on the edge of an activity
are passed in no time, and counted too. Gateways and what the machine does at once are not.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from engine import runtime
from engine.clocks import EXPIRED, Clock
from engine.deadlines import OFFICE
from engine.definitions import Definition, define
from engine.model import Case, CaseMigration, Deadline, Event, Stay, StayTally, Version
from engine.projections import Loaded, clock_of, office_of
from engine.runtime import Token, Waiting
from engine.statements import WRITE_STAYS
from engine.values import loads

REST = runtime.ACTIVITIES | {"intermediateCatchEvent", "eventBasedGateway"}
PASSED = frozenset(["boundaryEvent", "endEvent", "sendTask", "serviceTask"])
CHUNK = 500
CARRIED = frozenset(["case_migrated", "migration_undone"])  # events by which a case changes its version


def moves(loaded: Loaded, after: Waiting, done: Iterable[str], now: datetime) -> dict[str, Any]:
    """What the trail keeps of a turn: `in` token, element, office; `out` token, whether completed, whether late."""
    before, rest = _resting(loaded.definition, loaded.before), _resting(loaded.definition, after)
    completed = set(done)
    entered = [[token.hex, at.element, _office(loaded, at)] for token, at in rest.items() if token not in before]
    left = [
        [token.hex, at.element in completed, _is_late(loaded, at, now)]
        for token, at in before.items()
        if token not in rest
    ]
    return {key: value for key, value in (("in", entered), ("out", left)) if value}


def write(session: Session, loaded: Loaded, after: Waiting, told: Mapping[str, Any], now: datetime) -> None:
    """Write the stays that began, ended or have another limit in this turn; `told` is the detail of its event."""
    before, rest = _resting(loaded.definition, loaded.before), _resting(loaded.definition, after)
    dues, were = _by_task(loaded.turn.clocks.all), _by_task(loaded.turn.clocks.before.values())
    case = loaded.case
    rows = [
        _row(case, UUID(hex=token), element, office, now, due_at=_first(rest[UUID(hex=token)], dues))
        for token, element, office in told.get("in", ())
    ]
    for token, completed, is_late in told.get("out", ()):
        at = before[UUID(hex=token)]
        row = _row(case, at.id, at.element, case.office, now, due_at=_first(at, were))
        rows.append(row | _ended(now) | {"completed": completed, "is_late": is_late})
    for token, at in rest.items():
        if token in before and _first(at, dues) != _first(at, were):
            rows.append(_row(case, token, at.element, case.office, now, due_at=_first(at, dues)))
    rows += _passed(loaded.definition, case, told.get("done", ()), now)
    if rows:
        session.connection().execute(WRITE_STAYS[session.get_bind().dialect.name], rows)


def rebuild_stays(session: Session) -> int:
    """Forget every stay and sum and make them anew from the trails of all cases; how many stays there are."""
    session.execute(delete(Stay))
    session.execute(delete(StayTally))
    found = 0
    known: dict[int, Definition] = {}

    def definition_of(version_id: int) -> Definition:
        if version_id not in known:
            version = session.get_one(Version, version_id)
            known[version_id] = define(version.files, version.process)
        return known[version_id]

    for case in session.scalars(select(Case).order_by(Case.id).execution_options(yield_per=CHUNK)):
        rows = _told(session, case, definition_of)
        found += len(rows)
        if rows:
            session.execute(insert(Stay), rows)
    return found


def carry(session: Session, loaded: Loaded, version_id: int) -> list[list[str]]:
    """The case rests in elements of another version now: its open stays go along; what the trail keeps of that."""
    rest = _resting(loaded.definition, loaded.before)
    for token, at in rest.items():
        where = (Stay.id == token, Stay.left_at.is_(None))
        session.execute(update(Stay).where(*where).values(version_id=version_id, element=at.element))
    return [[token.hex, at.element] for token, at in rest.items()]


def _told(session: Session, case: Case, definition_of: Callable[[int], Definition]) -> list[dict[str, Any]]:
    """The stays of a case as its trail tells them."""
    rows: dict[UUID, dict[str, Any]] = {}
    passed: list[dict[str, Any]] = []
    first = select(CaseMigration.from_version).where(CaseMigration.case_id == case.id).order_by(CaseMigration.id)
    version = session.scalar(first.limit(1)) or case.version_id
    for event in session.scalars(select(Event).where(Event.case_id == case.id).order_by(Event.seq)):
        detail = loads(event.detail)
        if event.kind in CARRIED:
            version = int(detail["version"])
            for token, element in detail["rests"]:
                rows[UUID(hex=token)] |= {"version_id": version, "element": element}
        for token, element, office in detail.get("in", ()):
            rows[UUID(hex=token)] = _row(case, UUID(hex=token), element, office, event.at) | {"version_id": version}
        for token, completed, is_late in detail.get("out", ()):
            row = rows.get(UUID(hex=token))
            if row is not None:
                row |= _ended(event.at) | {"completed": completed, "is_late": is_late}
                row["seconds"] = int(event.at.timestamp()) - int(row["entered_at"].timestamp())
        done = _passed(definition_of(version), case, detail.get("done", ()), event.at)
        passed += [row | {"version_id": version} for row in done]
    definition = definition_of(case.version_id)
    if any(row["left_at"] is None for row in rows.values()):
        waiting = runtime.waiting(runtime.load(case.state, definition.compiled))
        deadlines = session.scalars(select(Deadline).where(Deadline.case_id == case.id))
        dues = _by_task(map(clock_of, deadlines))
        for token in waiting.tokens:
            if token.id in rows:
                rows[token.id]["due_at"] = _first(token, dues)
    return [*rows.values(), *passed]


def _resting(definition: Definition, waiting: Waiting) -> dict[UUID, Token]:
    elements = definition.diagram.elements
    return {
        token.id: token
        for token in waiting.tokens
        if elements[token.element].kind in REST and not runtime.is_synthetic(token.element)
    }


def _office(loaded: Loaded, token: Token) -> str:
    """Who must act: for a task the office it says, else the one of the case."""
    if loaded.definition.diagram.elements[token.element].kind != "userTask":
        return loaded.case.office
    return office_of(loaded, token.element, token.id)


def _by_task(clocks: Iterable[Clock]) -> dict[UUID, list[Clock]]:
    found: dict[UUID, list[Clock]] = {}
    for clock in clocks:
        if clock.is_open or clock.status == EXPIRED:
            found.setdefault(clock.task_id, []).append(clock)
    return found


def _first(token: Token, dues: Mapping[UUID, Iterable[Clock]]) -> datetime | None:
    """When the first of the element's own limits is due."""
    moments = (clock.due_at for limit in token.limits for clock in dues.get(limit, ()))
    return min((moment for moment in moments if moment is not None), default=None)


def _is_late(loaded: Loaded, token: Token, now: datetime) -> bool:
    """Whether the limit that governs the token, its own or one around it, has passed."""
    if token.id in loaded.dues:
        due_at = loaded.dues[token.id][1]
    else:
        due_at = _first(token, _by_task(loaded.turn.clocks.before.values()))
    return due_at is not None and due_at <= now


def _row(
    case: Case, token: UUID, element: str, office: str, now: datetime, *, due_at: datetime | None = None
) -> dict[str, Any]:
    return {"id": token, "case_id": case.id, "version_id": case.version_id, "element": element, "office": office,
            "entered_at": now, "due_at": due_at, "left_at": None, "month": None, "seconds": None, "completed": False,
            "is_late": False}  # fmt: skip


def _ended(now: datetime) -> dict[str, Any]:
    return {"left_at": now, "month": f"{now.astimezone(OFFICE):%Y-%m}"}


def _passed(definition: Definition, case: Case, done: Iterable[str], now: datetime) -> list[dict[str, Any]]:
    """What was passed in no time."""
    elements = definition.diagram.elements
    return [
        _row(case, uuid4(), name, case.office, now) | _ended(now) | {"seconds": 0, "completed": True}
        for name in done
        if name in elements and elements[name].kind in PASSED and not runtime.is_synthetic(name)
    ]
