"""The verbs that change a case. The caller owns the transaction, the actor and the clock; a verb never commits."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import definitions, forms, runtime, store
from engine.answers import attach_files, keep_sensitive, keeper, known_files, told
from engine.audit import append_ledger
from engine.authority import Actor, may_take, require_sight, require_take
from engine.definitions import Definition
from engine.deployment import newest_version
from engine.deputies import acting_for
from engine.directory import directory
from engine.drafts import drop_draft
from engine.errors import AlreadyDone, NotAllowed, NotFound, TaskClosed
from engine.facts import protect
from engine.model import Case, CaseLink, Event, Timer
from engine.numbers import format_number
from engine.options import options_for
from engine.projections import Loaded
from engine.rows import Done
from engine.statements import OpenRow, open_tasks
from engine.store import offices_of


def start_case(
    session: Session,
    process: str,
    answers: Mapping[str, Any],
    *,
    office: str,
    actor: Actor,
    now: datetime,
    key: str | None = None,
) -> Done:
    """Open a case by its start form. Raises NotFound, NotAllowed, InvalidAnswers, AlreadyDone."""
    refuse_repeat(session, key)
    version = newest_version(session, process)
    if version is None:
        raise NotFound(f"{process} has not been deployed")
    definition = definitions.define(version.files, version.process)
    if not any(actor.holds(role, office) for role in definition.start_roles):
        raise NotAllowed("your role does not open cases of this kind in this office", process=process, office=office)
    known = directory(session)
    form = definition.form(definition.start_form)
    options = options_for(session, known, office, actor, now=now)
    clean = forms.check(
        form, answers, facts={}, options=options, files=known_files(session, actor, None, answers), now=now
    )
    return open_case(session, definition, version.id, clean, office=office, actor=actor, now=now, key=key)


def open_case(
    session: Session,
    definition: Definition,
    version_id: int,
    values: Mapping[str, Any],
    *,
    office: str,
    actor: Actor,
    now: datetime,
    key: str | None = None,
    source: tuple[UUID, str] | None = None,
    message: str | None = None,
    derive: Callable[[runtime.Turn], None] | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Done:
    """Open a case with typed values, by its plain start or by a `message`; `source` is the case it comes from.

    `derive` assigns what follows from the values; `detail` is told in the event beside them.
    """
    number = definition.manifest.get("number", {})
    kind = str(number.get("kind", definition.process))
    pattern = str(number.get("pattern", "{kind}-{office}-{year}-{seq:04d}"))
    name = format_number(session, pattern, kind, office, directory(session), now)
    loaded = store.new_case(
        session, definition, version_id, office=office, number=name, variables={}, actor=actor, now=now
    )
    clean = protect(definition.facts, values, keeper(loaded))
    for fact, value in clean.items():
        loaded.turn.assign(fact, value)
    if derive is not None:
        derive(loaded.turn)
    loaded.turn.start(message)
    known = {"answers": told(definition, values), **(detail or {})}
    after = store.save(session, loaded, "case_opened", known, actor=actor, now=now, submission=key)
    keep_sensitive(session, loaded)
    attach_files(session, loaded.case.id, values)
    drop_draft(session, f"start:{definition.process}", actor=actor)
    append_ledger(session, "case_opened", {"case": str(loaded.case.id), "number": name}, actor, now)
    if source is not None:
        session.add(CaseLink(source_id=source[0], target_id=loaded.case.id, kind=source[1]))
    return _done(loaded, after, actor)


def complete_task(
    session: Session, task_id: UUID, answers: Mapping[str, Any], *, actor: Actor, now: datetime, key: str | None = None
) -> Done:
    """Hand in the form of an open task and run the case on.

    Raises TaskClosed, AlreadyDone (same `key` again), NotFound, NotAllowed, InvalidAnswers, CaseChanged, RunFailed.
    """
    try:
        loaded = store.load_task(session, task_id, actor=actor, now=now)
    except TaskClosed:
        refuse_repeat(session, key)
        raise
    task = loaded.task
    if task is None:
        raise TaskClosed
    _require_task(session, loaded.case, task, actor, loaded)
    element = loaded.definition.diagram.elements[task.element]
    form = loaded.definition.form(element.form)
    scope = {**loaded.turn.surroundings, **loaded.variables, **task.local}
    options = options_for(session, loaded.directory, loaded.case.office, actor, now=now, facts=scope)
    clean = forms.check(
        form,
        answers,
        facts=scope,
        options=options,
        files=known_files(session, actor, loaded.case.id, [answers, scope]),
        now=now,
    )
    kept = protect(loaded.definition.facts, clean, keeper(loaded))
    loaded.turn.complete(task_id, kept)
    detail = {"task": str(task_id), "element": element.id, "answers": told(loaded.definition, clean)}
    detail |= acting_for(session, actor, task.assignee)
    after = store.save(session, loaded, "task_completed", detail, actor=actor, now=now, submission=key)
    keep_sensitive(session, loaded)
    return _done(loaded, after, actor)


def raise_event(
    session: Session,
    case_id: UUID,
    name: str,
    answers: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    key: str | None = None,
) -> Done:
    """Report that something happened (a message the case waits for). The form's answers are the payload."""
    refuse_repeat(session, key)
    loaded = store.load(session, case_id, actor=actor, now=now)
    _require_case(session, loaded.case, actor, loaded)
    element = awaited(loaded, name)
    if element is None:
        raise TaskClosed("the case no longer waits for this")
    roles = element.names("role") or ((element.role,) if element.role else ())
    if not any(_holds_for(actor, role, loaded) for role in roles):
        raise NotAllowed("your role does not report this", event=name)
    form = loaded.definition.form(element.form)
    scope = {**loaded.turn.surroundings, **loaded.variables}
    options = options_for(session, loaded.directory, loaded.case.office, actor, now=now, facts=scope)
    clean = forms.check(
        form,
        answers,
        facts=scope,
        options=options,
        files=known_files(session, actor, case_id, [answers, scope]),
        now=now,
    )
    kept = protect(loaded.definition.facts, clean, keeper(loaded))
    loaded.turn.deliver("message", name, kept)
    label = element.properties.get("label") or element.name
    detail = {"event": name, "element": element.id, "label": label, "answers": told(loaded.definition, clean)}
    after = store.save(session, loaded, "event_raised", detail, actor=actor, now=now, submission=key)
    keep_sensitive(session, loaded)
    drop_draft(session, f"event:{case_id}:{name}", actor=actor)
    return _done(loaded, after, actor)


def awaited(loaded: Loaded, name: str) -> runtime.Element | None:
    """The element in which a case waits for a message of this name."""
    waiting = [w for w in runtime.waiting(loaded.turn.workflow).events if w.kind == "message" and w.name == name]
    return loaded.definition.diagram.elements[waiting[0].element] if waiting else None


def cancel_case(session: Session, case_id: UUID, *, reason: str, actor: Actor, now: datetime) -> None:
    """End a case that should not have been opened. Administrators only; a reason is required."""
    if not actor.holds("administrator"):
        raise NotAllowed("only an administrator cancels a case")
    loaded = store.load(session, case_id, actor=actor, now=now)
    if loaded.case.status not in {"running", "incident"}:
        raise TaskClosed("the case is already over")
    loaded.turn.workflow.cancel()
    loaded.turn.drive()
    loaded.case.status, loaded.case.closed_at = "cancelled", now
    store.save(session, loaded, "case_cancelled", {"reason": reason}, actor=actor, now=now)


def set_fact(
    session: Session, case_id: UUID, fact: str, value: Any, *, reason: str, actor: Actor, now: datetime
) -> None:
    """Correct a variable of a running case. Administrators only; old and new value go to the audit trail."""
    if not actor.holds("administrator"):
        raise NotAllowed("only an administrator corrects a variable")
    loaded = store.load(session, case_id, actor=actor, now=now)
    before = loaded.variables.get(fact)
    loaded.turn.assign(fact, value)
    loaded.turn.drive()
    detail = {"fact": fact, "before": before, "after": loaded.variables[fact], "reason": reason}
    store.save(session, loaded, "fact_corrected", detail, actor=actor, now=now)
    failed = (Timer.case_id == case_id, Timer.attempts > 0)  # perhaps for want of this very value
    session.execute(update(Timer).where(*failed).values(attempts=0, due_at=now))


# --- helpers of the verbs ---------------------------------------------------------------------------------------------


def refuse_repeat(session: Session, key: str | None) -> None:
    """Raise AlreadyDone with its result when this submission was carried out before."""
    if key is None:
        return
    before = session.execute(select(Event.case_id, Case.number).join(Case).where(Event.submission == key)).first()
    if before is not None:
        raise AlreadyDone(result=Done(before.case_id, before.number))


def _require_case(session: Session, case: Case, actor: Actor, loaded: Loaded) -> None:
    if case.office not in actor.offices:
        require_sight(actor, offices_of(session, case), loaded.directory.roles)


def _require_task(session: Session, case: Case, task: OpenRow, actor: Actor, loaded: Loaded) -> None:
    if may_take(actor, task.role, task.office, task.assignee, loaded.directory.roles):
        return
    _require_case(session, case, actor, loaded)
    require_take(actor, task.role, task.office, task.assignee, loaded.directory.roles)


def _holds_for(actor: Actor, role: str, loaded: Loaded) -> bool:
    known = loaded.directory.roles.get(role)
    return actor.holds(role, None if known is not None and known.scope == "district" else loaded.case.office)


def _done(loaded: Loaded, after: runtime.Waiting, actor: Actor) -> Done:
    if actor.id is None or not after.tasks:
        return Done(loaded.case.id, loaded.case.number)
    rows = list(loaded.added)
    if len(rows) < len(after.tasks):  # others were open before
        still = {task.id for task in after.tasks} - {row.id for row in rows}
        rows += [row for row in open_tasks(loaded.open_before) if row.id in still]
    mine = [t for t in rows if may_take(actor, t.role, t.office, t.assignee, loaded.directory.roles)]
    return Done(loaded.case.id, loaded.case.number, tuple(t.id for t in mine))
