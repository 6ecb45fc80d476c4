"""Running cases go to another version: what would happen to each, doing it, and taking it back.

Planning and doing are the same code: a plan is carried out in memory and thrown away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from engine import runtime, stays, store
from engine.authority import SYSTEM, Actor, pool_of
from engine.carry_plans import CasePlan, role_of
from engine.carryover import Carried, carried, on
from engine.errors import CaseMoved, InvalidAnswers, NotFound, NotMigratable, Problem
from engine.mappings import checked_mapping, definition_of, version_of
from engine.migration_lists import is_as_left
from engine.model import Case, CaseMigration, Task, Version
from engine.projections import Loaded

PAGE = 200  # cases that one plan looks at
TEXT = 1000  # characters of a reason


@dataclass(frozen=True)
class MigrationPlan:
    """What would happen to the running cases of a version, a page of them; `next` continues, None at the end."""

    process: str
    title: str
    from_digest: str
    to_digest: str
    cases: tuple[CasePlan, ...]
    total: int  # running cases of the version
    next: UUID | None


def plan_migration(
    session: Session,
    process: str,
    from_version: str,
    to_version: str = "",
    mapping: Mapping[str, str] | None = None,
    *,
    limit: int = PAGE,
    after: UUID | None = None,
    now: datetime,
) -> MigrationPlan:
    """What would happen to each running case of a version if it went to another one, by default the one in use.

    Versions are digests or the beginnings of digests; `mapping` leads from elements to what they are called there;
    `after` is `next` of the page before. Raises NotFound for an unknown version, InvalidAnswers for a wrong mapping.
    """
    source, target = version_of(session, process, from_version), version_of(session, process, to_version)
    definition = definition_of(session, target)
    names = checked_mapping(definition_of(session, source), definition, mapping or {})
    found = running_cases(session, source.id, limit=limit + 1, after=after)
    plans = []
    for case_id in found[:limit]:
        loaded = store.load(session, case_id, actor=SYSTEM, now=now)
        plans.append(carried(loaded, definition, names).plan)
    return MigrationPlan(
        process,
        definition.title,
        source.digest,
        target.digest,
        tuple(plans),
        _count(session, source.id),
        found[limit - 1] if len(found) > limit else None,
    )


def running_cases(session: Session, version_id: int, *, limit: int, after: UUID | None = None) -> list[UUID]:
    """The running cases of a version, in the order in which they are carried over."""
    query = select(Case.id).where(Case.version_id == version_id, Case.status == "running").order_by(Case.id)
    if after is not None:
        query = query.where(Case.id > after)
    return list(session.scalars(query.limit(limit)))


def _count(session: Session, version_id: int) -> int:
    running = (Case.version_id == version_id, Case.status == "running")
    return session.scalar(select(func.count(Case.id)).where(*running)) or 0


def migrate_case(
    session: Session,
    case_id: UUID,
    to_version: str = "",
    mapping: Mapping[str, str] | None = None,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> CasePlan:
    """Carry one running case over to another version; what became of it.

    Its tasks with drafts and claims, due dates, timers and subscriptions stay. Raises NotFound, InvalidAnswers
    without a reason or for a wrong mapping, NotMigratable with the reasons against it, CaseChanged.
    """
    if not reason.strip():
        raise InvalidAnswers({"reason": Problem("required", "say why")})
    loaded = store.load(session, case_id, actor=actor, now=now)
    case, source = loaded.case, loaded.definition
    target = version_of(session, case.process, to_version)
    definition = definition_of(session, target)
    names = checked_mapping(source, definition, mapping or {})
    if case.status != "running":
        raise NotMigratable("the case is over", reasons=["over"])
    if target.id == case.version_id:
        raise NotMigratable("the case runs on this version", reasons=["same"])
    state, before = case.state, case.version_id
    done = carried(loaded, definition, names)
    moved = _moved(done)
    row = CaseMigration(
        case_id=case_id,
        process=case.process,
        from_version=before,
        to_version=target.id,
        mapping=names,
        reason=reason.strip()[:TEXT],
        actor=actor.id,
        actor_name=actor.name,
        at=now,
        state=state,
        left_as="",
        clocks=done.clocks,
    )
    about = {"from": source.digest, "to": definition.digest, "mapping": names, "reason": row.reason}
    _save(session, moved, "case_migrated", about, target.id, actor=actor, now=now)
    row.left_as = sha256(case.state).hexdigest()
    session.add(row)
    session.flush()
    return done.plan


def _moved(done: Carried) -> Loaded:
    if done.loaded is None:
        told = [f"{why.code}: {why.name or why.element}" for why in done.plan.refusals]
        raise NotMigratable("; ".join(told), reasons=[why.code for why in done.plan.refusals])
    return done.loaded


def undo_migration(session: Session, case_id: UUID, *, reason: str, actor: Actor, now: datetime) -> UUID:
    """Take a case back to the version it came from, as its tree was; the case.

    Raises InvalidAnswers without a reason, NotFound where it was not carried over, CaseMoved when it has moved since.
    """
    if not reason.strip():
        raise InvalidAnswers({"reason": Problem("required", "say why")})
    row = last_migration(session, case_id)
    if row is None:
        raise NotFound("this case was not carried over")
    loaded = store.load(session, case_id, actor=actor, now=now)
    case = loaded.case
    if not is_as_left(case, row):
        raise CaseMoved
    version = session.get_one(Version, row.from_version)
    definition, came_from = definition_of(session, version), loaded.definition.digest
    workflow = runtime.load(row.state, definition.compiled)
    for clock in loaded.turn.clocks.all:
        if str(clock.id) in row.clocks:
            clock.name, clock.element = row.clocks[str(clock.id)]
    back = on(loaded, definition, workflow, runtime.waiting(workflow))
    about = {"from": came_from, "to": definition.digest, "reason": reason.strip()[:TEXT]}
    _save(session, back, "migration_undone", about, version.id, actor=actor, now=now)
    row.undone_at, row.undone_by = now, actor.name
    session.flush()
    return case_id


def last_migration(session: Session, case_id: UUID) -> CaseMigration | None:
    """How a case came to its version, unless that was taken back."""
    query = select(CaseMigration).where(CaseMigration.case_id == case_id, CaseMigration.undone_at.is_(None))
    return session.scalars(query.order_by(CaseMigration.id.desc()).limit(1)).first()


def _save(
    session: Session,
    loaded: Loaded,
    kind: str,
    about: Mapping[str, Any],
    version_id: int,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    case = loaded.case
    rests = stays.carry(session, loaded, version_id)
    after = store.save(session, loaded, kind, {**about, "version": version_id, "rests": rests}, actor=actor, now=now)
    session.connection().execute(update(Case).where(Case.id == case.id).values(version_id=version_id))
    set_committed_value(case, "version_id", version_id)
    for task in after.tasks:
        _rewrite(session, loaded, task)


def _rewrite(session: Session, loaded: Loaded, task: runtime.OpenTask) -> None:
    """The row of an open task says what the version says: element, name, role. Who has it keeps it."""
    element = loaded.definition.diagram.elements[task.element]
    role = role_of(element) or None
    row = session.execute(select(Task.office, Task.assignee, Task.pool).where(Task.id == task.id)).one()
    pool = pool_of(role, row.office, loaded.directory.roles) if role and row.assignee is None else None
    values = {"element": element.id, "name": element.name or element.id, "role": role, "pool": pool}
    session.execute(update(Task).where(Task.id == task.id).values(values))
