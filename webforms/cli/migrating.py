"""`tiaojie migrate`: running cases go to another version, each in a transaction of its own."""

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import engine
from webforms.cli.house import machine_now, open_database, read_settings
from webforms.cli.output import Commands, Refused, command, complain, progressing, tell, tell_json, tell_table
from webforms.migration_words import OUTCOMES, REASONS

MIGRATE = """Carry the running cases of a process over to the version in use, or to another one.

Tasks with drafts and claims, due dates, timers and what a case waits for stay. A case that would lose something is
refused and stays on its version; the reasons are told. Look first with --dry-run. It can be stopped at any time and
started again: every case is carried over by itself."""
CODES = "exit codes: 0 every case goes, or went; 1 some cannot, or could not; 2 no such process, version or element"
DAY = "%Y-%m-%d %H:%M"


def register(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "migrate", migrate, MIGRATE, epilog=CODES, takes_json=True)
    parser.add_argument("process", metavar="PROCESS")
    parser.add_argument("--from", dest="source", default="", metavar="DIGEST", help="default: every other version")
    parser.add_argument("--to", dest="target", default="", metavar="DIGEST", help="default: the version in use")
    parser.add_argument(
        "--map", dest="names", action="append", default=[], metavar="OLD=NEW", help="an element that has another id"
    )
    parser.add_argument("--reason", default="", help="why; goes to the trail of every case")
    parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
    parser.add_argument(
        "--undo", action="append", default=[], metavar="NUMBER", help="take a case back that has not moved since"
    )


def migrate(chosen: Namespace) -> int:
    """Plan, carry over, or take back; and tell."""
    settings = read_settings()
    database, now = open_database(settings), machine_now(settings)
    if not chosen.dry_run and not chosen.reason.strip():
        raise Refused("say why: --reason TEXT (or look first with --dry-run)")
    try:
        if chosen.undo:
            return _undo(database, chosen, now)
        plans = list(_plans(database, chosen, read_mapping(chosen.names), now))
    except engine.NotFound as error:
        raise Refused(str(error)) from error
    except engine.InvalidAnswers as error:
        raise Refused("; ".join(problem.message for problem in error.problems.values())) from error
    cases = [case for plan in plans for case in plan.cases]
    failed = {} if chosen.dry_run else _carry(database, chosen, cases, now)
    if chosen.json:
        tell_json(_document(chosen, plans, failed))
    else:
        _tell(chosen, cases, failed)
    return int(bool(failed) or any(case.refusals for case in cases))


def read_mapping(pairs: Sequence[str]) -> dict[str, str]:
    """`old=new` pairs. Raises Refused."""
    found = {}
    for pair in pairs:
        old, equals, new = pair.partition("=")
        if not equals or not old.strip() or not new.strip():
            raise Refused(f"{pair!r} is not OLD=NEW")
        found[old.strip()] = new.strip()
    return found


def _plans(
    database: engine.Database, chosen: Namespace, mapping: Mapping[str, str], now: datetime
) -> Iterator[engine.MigrationPlan]:
    with database.reads.begin() as session:
        old = [version.digest for version in engine.old_versions(session, chosen.process, chosen.target)]
    for source in [chosen.source] if chosen.source else old:
        after = None
        while True:
            with database.reads.begin() as session:
                plan = engine.plan_migration(
                    session, chosen.process, source, chosen.target, mapping, after=after, now=now
                )
            yield plan
            after = plan.next
            if after is None:
                break


def _carry(
    database: engine.Database, chosen: Namespace, cases: Sequence[engine.CasePlan], now: datetime
) -> dict[str, str]:
    """Carry over what can go; what went wrong, by case number."""
    going = [case for case in cases if not case.refusals]
    names, failed = read_mapping(chosen.names), {}
    for case in progressing(going, len(going), "cases", quiet=chosen.json or not going):
        try:
            with database.sessions.begin() as session:
                engine.migrate_case(
                    session, case.case_id, chosen.target, names, reason=chosen.reason, actor=engine.SYSTEM, now=now
                )
        except engine.EngineError as error:  # it moved since the plan; the others go on
            failed[case.number] = f"{error.code}: {error}"
    return failed


def _undo(database: engine.Database, chosen: Namespace, now: datetime) -> int:
    with database.reads.begin() as session:
        known = {row.number: row for row in engine.migrations(session, chosen.process) if row.undone_at is None}
    wrong = [number for number in chosen.undo if number not in known]
    if wrong:
        raise Refused(f"not carried over: {', '.join(wrong)}")
    failed = {}
    for number in chosen.undo:
        try:
            with database.sessions.begin() as session:
                engine.undo_migration(
                    session, known[number].case_id, reason=chosen.reason, actor=engine.SYSTEM, now=now
                )
        except engine.CaseChanged:
            failed[number] = "the case has moved since"
    if chosen.json:
        tell_json({"undone": [number for number in chosen.undo if number not in failed], "failed": failed})
    else:
        for number in chosen.undo:
            tell(f"{number}: {failed.get(number, 'is back on the version it came from')}")
    return int(bool(failed))


def _document(chosen: Namespace, plans: Sequence[engine.MigrationPlan], failed: Mapping[str, str]) -> dict[str, Any]:
    cases = [
        {"from": plan.from_digest, "to": plan.to_digest, "outcome": case.outcome, **_row(case)}
        for plan in plans
        for case in plan.cases
    ]
    return {"process": chosen.process, "dry_run": chosen.dry_run, "cases": cases, "failed": dict(failed)}


def _row(case: engine.CasePlan) -> dict[str, Any]:
    tasks = [{**asdict(task), "task_id": str(task.task_id)} for task in case.tasks]
    deadlines = [{**asdict(limit), "deadline_id": str(limit.deadline_id)} for limit in case.deadlines]
    return {**asdict(case), "case_id": str(case.case_id), "tasks": tasks, "deadlines": deadlines}


def _tell(chosen: Namespace, cases: Sequence[engine.CasePlan], failed: Mapping[str, str]) -> None:
    rows = [(case.number, ", ".join(case.places), OUTCOMES[case.outcome], "\n".join(_remarks(case))) for case in cases]
    if rows:
        tell_table(chosen.process, ("case", "stands at", "outcome", "remarks"), rows)
    for number, why in failed.items():
        complain(f"{number}: {why}")
    refused = sum(bool(case.refusals) for case in cases)
    went = len(cases) - refused - len(failed)
    verb = "can go" if chosen.dry_run else "went"
    tell(f"{went} of {len(cases)} running cases {verb}, {refused} cannot, {len(failed)} failed")


def _remarks(case: engine.CasePlan) -> Iterator[str]:
    for why in case.refusals:
        yield f"{why.name or why.element}: {REASONS[why.code]}"
    for task in case.tasks:
        if task.changes:
            yield f"task {task.name} -> {task.name_after}, {task.role} -> {task.role_after}, form {task.form_after}"
    for limit in case.deadlines:
        due = limit.due_at.astimezone(engine.OFFICE).strftime(DAY) if limit.due_at else "stopped"
        after = limit.due_at_after.astimezone(engine.OFFICE).strftime(DAY) if limit.due_at_after else "stopped"
        later = f" (new cases: {limit.next_period})" if limit.next_period else ""
        yield f"{limit.label}: due {due}, afterwards {after}{later}"
    yield from (f"fact that is gone: {label}" for label in case.facts_gone)
    yield from (f"no longer waited for: {name}" for name in case.events_gone)
    yield from (f"also waited for: {name}" for name in case.events_added)
