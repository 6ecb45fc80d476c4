"""The verbs that change a case. The caller owns the transaction, the actor and the clock; a verb never commits."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from engine import definitions, forms, runtime, store
from engine.audit import Happened, append_events, append_ledger, insert_events
from engine.authority import Actor, may_take, pool_of, require_sight, require_take
from engine.checks import check_definition
from engine.definitions import Definition
from engine.errors import AlreadyDone, InvalidDefinition, NotAllowed, NotFound, TaskClosed
from engine.facts import protect
from engine.model import Case, CaseLink, CaseOffice, Draft, Event, File, Person, SensitiveFact, Task, Version
from engine.options import options_for, people_with
from engine.rows import DeployedVersion, Done
from engine.values import json_ready


def deploy(session: Session, folder: Path, *, actor: Actor, now: datetime) -> DeployedVersion:
    """Make a process folder the version that new cases use; running cases stay on theirs.

    The same content is the same version. Raises InvalidDefinition with every finding.
    """
    return deploy_files(session, definitions.read_files(folder), actor=actor, now=now)


def deploy_files(session: Session, files: Mapping[str, str], *, actor: Actor, now: datetime) -> DeployedVersion:
    """`deploy` for files that are already read (name -> text)."""
    definition = definitions.define(files)
    newest = newest_version(session, definition.process)
    if newest is not None and newest.digest == definition.digest:
        return _deployed(newest, is_new=False)
    findings = [f for f in check_definition(definition, roles=frozenset(store.directory(session).roles)) if f.level != "warning"]
    if findings:
        raise InvalidDefinition(findings)
    again = session.scalar(select(Version).where(Version.digest == definition.digest))
    session.execute(update(Version).where(Version.process == definition.process).values(active=False))
    version = again or Version(
        process=definition.process, digest=definition.digest, title=definition.title, files=dict(definition.files),
        deployed_by=actor.name, deployed_at=now, active=True,
    )  # fmt: skip
    version.active = True
    session.add(version)
    append_ledger(session, "version_deployed", {"process": definition.process, "digest": definition.digest}, actor, now)
    return _deployed(version, is_new=True)


def _deployed(version: Version, *, is_new: bool) -> DeployedVersion:
    return DeployedVersion(version.id, version.process, version.title, version.digest, version.deployed_at, is_new)


def newest_version(session: Session, process: str) -> Version | None:
    """The version that new cases of a process use."""
    return session.scalar(select(Version).where(Version.process == process, Version.active))


def start_case(
    session: Session, process: str, answers: Mapping[str, Any], *, office: str, actor: Actor, now: datetime, key: str | None = None
) -> Done:
    """Open a case by its start form. Raises NotFound, NotAllowed, InvalidAnswers, AlreadyDone."""
    _refuse_repeat(session, key)
    version = newest_version(session, process)
    if version is None:
        raise NotFound(f"{process} has not been deployed")
    definition = definitions.define(version.files, version.process)
    if not any(actor.holds(role, office) for role in definition.start_roles):
        raise NotAllowed("your role does not open cases of this kind in this office", process=process, office=office)
    known = store.directory(session)
    form = definition.form(definition.start_form)
    options = options_for(session, known, office, actor)
    clean = forms.check(form, answers, facts={}, options=options, files=_files(session, actor, None))
    return open_case(session, definition, version.id, clean, office=office, actor=actor, now=now, key=key)


def open_case(
    session: Session, definition: Definition, version_id: int, values: Mapping[str, Any], *, office: str, actor: Actor,
    now: datetime, key: str | None = None, source: tuple[UUID, str] | None = None, message: str | None = None,
) -> Done:  # fmt: skip
    """Open a case with typed values, by its plain start or by a `message`; `source` is the case it comes from."""
    number = definition.manifest.get("number", {})
    kind = str(number.get("kind", definition.process))
    pattern = str(number.get("pattern", "{kind}-{office}-{year}-{seq:04d}"))
    name = store.format_number(session, pattern, kind, office, store.directory(session), now)
    loaded = store.new_case(session, definition, version_id, office=office, number=name, variables={}, actor=actor, now=now)
    clean = protect(definition.facts, values, _keeper(loaded))
    for fact, value in clean.items():
        loaded.turn.assign(fact, value)
    loaded.turn.start(message)
    after = store.save(session, loaded, "case_opened", {"answers": _told(definition, values)}, actor=actor, now=now, submission=key)
    _keep_sensitive(session, loaded)
    _attach_files(session, loaded.case.id, values)
    session.execute(
        Draft.__table__.delete().where(Draft.key == f"start:{definition.process}", Draft.person_id == actor.id)  # type: ignore[attr-defined]  # a Table
    )
    append_ledger(session, "case_opened", {"case": str(loaded.case.id), "number": name}, actor, now)
    if source is not None:
        session.add(CaseLink(source_id=source[0], target_id=loaded.case.id, kind=source[1]))
    return _done(session, loaded, after, actor)


def complete_task(
    session: Session, task_id: UUID, answers: Mapping[str, Any], *, actor: Actor, now: datetime, key: str | None = None
) -> Done:
    """Hand in the form of an open task and run the case on.

    Raises TaskClosed, AlreadyDone (same `key` again), NotFound, NotAllowed, InvalidAnswers, CaseChanged, RunFailed.
    """
    try:
        loaded = store.load_task(session, task_id, actor=actor, now=now)
    except TaskClosed:
        _refuse_repeat(session, key)
        raise
    task = loaded.task
    assert task is not None  # noqa: S101 load_task sets it
    _require_task(session, loaded.case, task, actor, loaded)
    element = loaded.definition.diagram.elements[task.element]
    form = loaded.definition.form(element.form)
    options = options_for(session, loaded.directory, loaded.case.office, actor)
    scope = {**loaded.variables, **task.local}
    clean = forms.check(form, answers, facts=scope, options=options, files=_files(session, actor, loaded.case.id))
    kept = protect(loaded.definition.facts, clean, _keeper(loaded))
    loaded.turn.complete(task_id, kept)
    detail = {"task": str(task_id), "element": element.id, "answers": _told(loaded.definition, clean)}
    after = store.save(session, loaded, "task_completed", detail, actor=actor, now=now, submission=key)
    _keep_sensitive(session, loaded)
    _attach_files(session, loaded.case.id, clean)
    return _done(session, loaded, after, actor)


def raise_event(
    session: Session, case_id: UUID, name: str, answers: Mapping[str, Any], *, actor: Actor, now: datetime, key: str | None = None
) -> Done:
    """Report that something happened (a message the case waits for). The form's answers are the payload."""
    _refuse_repeat(session, key)
    loaded = store.load(session, case_id, actor=actor, now=now)
    _require_case(session, loaded.case, actor, loaded)
    element = awaited(loaded, name)
    if element is None:
        raise TaskClosed("the case no longer waits for this")
    roles = element.names("role") or ((element.role,) if element.role else ())
    if not any(_holds_for(actor, role, loaded) for role in roles):
        raise NotAllowed("your role does not report this", event=name)
    form = loaded.definition.form(element.form)
    options = options_for(session, loaded.directory, loaded.case.office, actor)
    clean = forms.check(form, answers, facts=loaded.variables, options=options, files=_files(session, actor, case_id))
    kept = protect(loaded.definition.facts, clean, _keeper(loaded))
    loaded.turn.deliver("message", name, kept)
    label = element.properties.get("label") or element.name
    detail = {"event": name, "element": element.id, "label": label, "answers": _told(loaded.definition, clean)}
    after = store.save(session, loaded, "event_raised", detail, actor=actor, now=now, submission=key)
    _keep_sensitive(session, loaded)
    _attach_files(session, case_id, clean)
    drop_draft(session, f"event:{case_id}:{name}", actor=actor)
    return _done(session, loaded, after, actor)


def awaited(loaded: store.Loaded, name: str) -> runtime.Element | None:
    """The element in which a case waits for a message of this name."""
    waiting = [w for w in runtime.waiting(loaded.turn.workflow).events if w.kind == "message" and w.name == name]
    return loaded.definition.diagram.elements[waiting[0].element] if waiting else None


def claim_task(session: Session, task_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Take a task out of its queue. Raises TaskClosed, NotAllowed."""
    task, case = _open_task(session, task_id, actor)
    if task.assignee == actor.id:
        return
    if task.assignee is not None:
        raise NotAllowed("somebody else has taken this task", assignee=task.assignee)
    require_take(actor, task.role, task.office, task.assignee, store.directory(session).roles)
    task.assignee, task.claimed_at, task.pool = actor.id, now, None
    _note(session, case, Happened("task_claimed", _about(task)), actor=actor, now=now)


def release_task(session: Session, task_id: UUID, *, actor: Actor, now: datetime, reason: str = "") -> None:
    """Put a task back into its queue. Raises TaskClosed, NotAllowed."""
    task, case = _open_task(session, task_id, actor)
    if task.assignee != actor.id or task.role is None:
        raise NotAllowed("only a task of your own that others can take can be put back")
    task.assignee, task.claimed_at = None, None
    task.pool = pool_of(task.role, task.office, store.directory(session).roles)
    _note(session, case, Happened("task_released", {**_about(task), "reason": reason}), actor=actor, now=now)


def reassign_task(session: Session, task_id: UUID, person_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Give a task to somebody who may do it; the unit's heads and the person who has it may. A reason is required."""
    task, case = _open_task(session, task_id, actor)
    known = store.directory(session)
    if not reason.strip():
        raise NotAllowed("say why the task is given to somebody else", field="reason")
    leads = any(role in REASSIGNING and (office == task.office or known.roles[role].scope == "district")
                for role, office in actor.roles if role in known.roles)  # fmt: skip
    if not leads and task.assignee != actor.id:
        raise NotAllowed("only the unit's heads or the person who has the task can give it away")
    if task.role is None or person_id not in {p for p, _ in people_with(session, known, task.role, task.office)}:
        raise NotAllowed("this person cannot do the task", person=person_id)
    before = task.assignee
    task.assignee, task.claimed_at, task.pool = person_id, now, None
    _hand_over_draft(session, task, before, person_id)
    detail = {**_about(task), "from": before, "to": person_id, "to_name": _name(session, person_id), "reason": reason.strip()}
    _note(session, case, Happened("task_reassigned", detail), actor=actor, now=now)


REASSIGNING = frozenset(["mediation_head", "organ_leader", "justice_leader", "district_coordinator", "administrator"])


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


def set_fact(session: Session, case_id: UUID, fact: str, value: Any, *, reason: str, actor: Actor, now: datetime) -> None:
    """Correct a variable of a running case. Administrators only; old and new value go to the audit trail."""
    if not actor.holds("administrator"):
        raise NotAllowed("only an administrator corrects a variable")
    loaded = store.load(session, case_id, actor=actor, now=now)
    before = loaded.variables.get(fact)
    loaded.turn.assign(fact, value)
    loaded.turn.drive()
    detail = {"fact": fact, "before": before, "after": loaded.variables[fact], "reason": reason}
    store.save(session, loaded, "fact_corrected", detail, actor=actor, now=now)


def save_draft(session: Session, key: str, answers: Mapping[str, Any], *, actor: Actor, now: datetime) -> None:
    """Keep what somebody has typed; never validated. `key`: task id, `start:<process>` or `event:<case>:<name>`."""
    row = session.get(Draft, (key, actor.id))
    if row is None:
        row = Draft(key=key, person_id=actor.id)
        session.add(row)
    row.answers, row.saved_at = json_ready(dict(answers)), now


def drop_draft(session: Session, key: str, *, actor: Actor, now: datetime | None = None) -> None:  # noqa: ARG001 a verb's signature
    """Forget a draft."""
    row = session.get(Draft, (key, actor.id)) if actor.id is not None else None
    if row is not None:
        session.delete(row)


# --- helpers of the verbs ---------------------------------------------------------------------------------------------


def _refuse_repeat(session: Session, key: str | None) -> None:
    if key is None:
        return
    before = session.execute(select(Event.case_id, Case.number).join(Case).where(Event.submission == key)).first()
    if before is not None:
        raise AlreadyDone(result=Done(before.case_id, before.number))


def _offices(session: Session, case: Case) -> list[str]:
    return [case.office, *session.scalars(select(CaseOffice.office).where(CaseOffice.case_id == case.id))]


def _require_case(session: Session, case: Case, actor: Actor, loaded: store.Loaded) -> None:
    if case.office not in actor.offices:
        require_sight(actor, _offices(session, case), loaded.directory.roles)


def _require_task(session: Session, case: Case, task: Task, actor: Actor, loaded: store.Loaded) -> None:
    if may_take(actor, task.role, task.office, task.assignee, loaded.directory.roles):
        return
    _require_case(session, case, actor, loaded)
    require_take(actor, task.role, task.office, task.assignee, loaded.directory.roles)


def _open_task(session: Session, task_id: UUID, actor: Actor) -> tuple[Task, Case]:
    row = session.execute(select(Task, Case).join(Case).where(Task.id == task_id).with_for_update(of=Case)).first()
    if row is None:
        raise TaskClosed
    roles = store.directory(session).roles
    if not may_take(actor, row[0].role, row[0].office, row[0].assignee, roles):
        require_sight(actor, _offices(session, row[1]), roles)
    return row[0], row[1]


def _note(session: Session, case: Case, happened: Happened, *, actor: Actor, now: datetime) -> None:
    events = append_events(session, case, [happened], actor=actor, now=now)
    session.flush()
    insert_events(session, events)


def _about(task: Task) -> dict[str, Any]:
    return {"task": str(task.id), "element": task.element}


def _name(session: Session, person_id: int) -> str:
    return session.scalar(select(Person.name).where(Person.id == person_id)) or str(person_id)


def _hand_over_draft(session: Session, task: Task, before: int | None, after: int) -> None:
    draft = session.get(Draft, (str(task.id), before)) if before is not None else None
    if draft is not None and session.get(Draft, (str(task.id), after)) is None:
        session.add(Draft(key=draft.key, person_id=after, answers=draft.answers, saved_at=draft.saved_at))


def _holds_for(actor: Actor, role: str, loaded: store.Loaded) -> bool:
    known = loaded.directory.roles.get(role)
    return actor.holds(role, None if known is not None and known.scope == "district" else loaded.case.office)


def _done(session: Session, loaded: store.Loaded, after: runtime.Waiting, actor: Actor) -> Done:
    if actor.id is None or not after.tasks:
        return Done(loaded.case.id, loaded.case.number)
    rows = session.scalars(select(Task).where(Task.case_id == loaded.case.id).order_by(Task.created_at.desc(), Task.sort_at))
    mine = [t for t in rows if may_take(actor, t.role, t.office, t.assignee, loaded.directory.roles)]
    return Done(loaded.case.id, loaded.case.number, tuple(t.id for t in mine))


def _keeper(loaded: store.Loaded) -> Any:
    def keep(path: str, value: str) -> str:
        row = {"id": uuid4(), "case_id": loaded.case.id, "fact": path, "value": value}
        loaded.sensitive.append(row)
        return str(row["id"])

    return keep


def _keep_sensitive(session: Session, loaded: store.Loaded) -> None:
    if loaded.sensitive:
        session.execute(insert(SensitiveFact), loaded.sensitive)


def _told(definition: Definition, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as the audit trail keeps them: sensitive ones only as a note that they were given."""
    return protect(definition.facts, answers, lambda path, _: path)


def _file_ids(value: Any) -> list[UUID]:
    if isinstance(value, Mapping):
        if set(value) >= {"file", "name"}:
            return [UUID(str(value["file"]))]
        return [found for item in value.values() for found in _file_ids(item)]
    if isinstance(value, (list, tuple)):
        return [found for item in value for found in _file_ids(item)]
    return []


def _attach_files(session: Session, case_id: UUID, answers: Mapping[str, Any]) -> None:
    ids = _file_ids(answers)
    if ids:
        session.execute(update(File).where(File.id.in_(ids), File.case_id.is_(None)).values(case_id=case_id))


def _files(session: Session, actor: Actor, case_id: UUID | None) -> Callable[[str], Mapping[str, Any] | None]:
    """A function from a file's id to what an answer keeps of it; only the actor's own new files and the case's."""

    def known(file_id: str) -> dict[str, Any] | None:
        try:
            row = session.get(File, UUID(file_id))
        except ValueError:
            return None
        if row is None or not (row.case_id == case_id if row.case_id else row.uploaded_by == actor.id):
            return None
        return {"file": str(row.id), "name": row.name, "type": row.media_type, "size": row.size}

    return known
