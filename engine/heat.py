"""Where in a procedure time is spent and work piles up: now, and in the past of one version, by element."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import runtime
from engine.authority import Actor
from engine.durations import Typical, typical
from engine.errors import NotFound
from engine.inbox import definition_of_version
from engine.model import Stay, StayTally, Task, Version
from engine.model.stays import INTERRUPTED
from engine.pictures import drawing
from engine.statements import epoch
from engine.steering import Scope, scope_of

PEOPLE = frozenset(["userTask", "manualTask", "receiveTask", "subProcess", "callActivity", "intermediateCatchEvent"])
WAITING = PEOPLE - {"subProcess", "callActivity"}  # what is inside those is counted itself
US = "us"  # who is waited for where the model says nothing else


@dataclass(frozen=True)
class HeatRow:
    """An element of the diagram. `waits_for` is what the model says, `us` by default; empty where nothing waits."""

    element: str
    name: str
    kind: str
    waits_for: str
    now: int  # tokens that rest there
    now_late: int  # open tasks among them that are late
    now_mean: timedelta | None  # how long they have been there
    passed: int  # completed in the months looked at
    interrupted: int  # ended otherwise
    late: int  # of the two, ended after their limit
    mean: timedelta | None  # of the completed ones
    typical: Typical | None
    total: timedelta  # time of all that ended


@dataclass(frozen=True)
class HeatVersion:
    """A version of the process that can be looked at."""

    id: int
    digest: str
    deployed_at: datetime
    active: bool


@dataclass(frozen=True)
class Heat:
    """The diagram of a version with what happened in each element."""

    process: str
    title: str
    version: HeatVersion
    versions: tuple[HeatVersion, ...]
    rows: tuple[HeatRow, ...]


def heat(
    session: Session,
    process: str,
    actor: Actor,
    *,
    now: datetime,
    version: int | None = None,
    since: str | None = None,
    until: str | None = None,
    office: str | None = None,
) -> Heat:
    """The elements of a version, in the order of the diagram; months as "2026-03", both included.

    Raises NotFound, NotAllowed.
    """
    scope = scope_of(session, actor, office)
    versions = versions_of(session, process)
    chosen = chosen_version(versions, version)
    definition = definition_of_version(session, chosen.id)
    current, late, past = (
        _current(session, chosen.id, scope, now),
        _late_now(session, chosen.id, scope, now),
        _past(session, chosen.id, scope, since, until),
    )
    rows = [
        _row(element, current.get(element.id), late.get(element.id, 0), past.get(element.id, []))
        for element in definition.diagram.elements.values()
        if element.name and not runtime.is_synthetic(element.id)
        if element.id in past or element.id in current or element.kind in PEOPLE
    ]
    return Heat(process, definition.title, chosen, versions, tuple(rows))


def heat_diagram(session: Session, process: str, actor: Actor, *, version: int | None = None) -> str:
    """The BPMN of a version. Raises NotFound, NotAllowed."""
    scope_of(session, actor)
    chosen = chosen_version(versions_of(session, process), version)
    return drawing(definition_of_version(session, chosen.id))


def versions_of(session: Session, process: str) -> tuple[HeatVersion, ...]:
    """The versions of a process, the one in use first."""
    query = select(Version.id, Version.digest, Version.deployed_at, Version.active).where(Version.process == process)
    rows = session.execute(query.order_by(Version.active.desc(), Version.deployed_at.desc(), Version.id.desc()))
    return tuple(HeatVersion(*row) for row in rows)


def chosen_version(versions: tuple[HeatVersion, ...], version: int | None) -> HeatVersion:
    """The wanted version, or the one in use. Raises NotFound."""
    found = next((one for one in versions if version in (None, one.id)), None)
    if found is None:
        raise NotFound
    return found


def _current(session: Session, version: int, scope: Scope, now: datetime) -> dict[str, tuple[int, timedelta]]:
    """How many rest in each element, and how long on average."""
    since = func.sum(epoch(session.get_bind().dialect.name, Stay.entered_at))
    query = select(Stay.element, func.count(), since).where(Stay.version_id == version, Stay.left_at.is_(None))
    rows = session.execute(query.where(*scope.of(Stay.office)).group_by(Stay.element))
    at = int(now.timestamp())
    return {element: (count, timedelta(seconds=at - total / count)) for element, count, total in rows}


def _late_now(session: Session, version: int, scope: Scope, now: datetime) -> dict[str, int]:
    query = (
        select(Stay.element, func.count())
        .select_from(Task)
        .join(Stay, Stay.id == Task.id)
        .where(Task.sort_at <= now, Stay.version_id == version, *scope.of(Task.office))
        .group_by(Stay.element)
    )
    return dict(session.execute(query).all())


def _past(
    session: Session, version: int, scope: Scope, since: str | None, until: str | None
) -> dict[str, list[tuple[int, int, int, int]]]:
    """Bucket, stays, seconds and late ones of each element."""
    sums = func.sum(StayTally.stays), func.sum(StayTally.seconds), func.sum(StayTally.late)
    query = select(StayTally.element, StayTally.bucket, *sums).where(StayTally.version_id == version)
    query = query.where(StayTally.month >= since) if since else query
    query = query.where(StayTally.month <= until) if until else query
    found: dict[str, list[tuple[int, int, int, int]]] = {}
    grouped = query.where(*scope.of(StayTally.office)).group_by(StayTally.element, StayTally.bucket)
    for element, *sums_of in session.execute(grouped):
        found.setdefault(element, []).append((*sums_of,))  # type: ignore[arg-type]  # four numbers
    return found


def _row(
    element: runtime.Element,
    current: tuple[int, timedelta] | None,
    late_now: int,
    past: Iterable[tuple[int, int, int, int]],
) -> HeatRow:
    past = list(past)
    done = {bucket: stays for bucket, stays, _, _ in past if bucket != INTERRUPTED}
    seconds = sum(length for bucket, _, length, _ in past if bucket != INTERRUPTED)
    passed = sum(done.values())
    return HeatRow(
        element.id,
        element.name or element.id,
        element.kind,
        element.properties.get("waits_for", US) if element.kind in WAITING else "",
        current[0] if current else 0,
        late_now,
        current[1] if current else None,
        passed,
        sum(stays for bucket, stays, _, _ in past if bucket == INTERRUPTED),
        sum(late for _, _, _, late in past),
        timedelta(seconds=seconds / passed) if passed else None,
        typical(done),
        timedelta(seconds=sum(length for _, _, length, _ in past)),
    )
