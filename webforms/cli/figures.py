"""`tiaojie figures`: whether what statistics say is what the cases say; counting everything again."""

from argparse import Namespace
from collections.abc import Sequence
from itertools import islice
from uuid import UUID

import engine
from webforms.cli.house import open_database, read_settings
from webforms.cli.output import Commands, Refused, command, complain, progressing, tell, tell_json

FIGURES = "What statistics count: check it against the cases, or count every case again."
CHECK = """Count every case anew and compare: its row, the occurrences, the sums. Cases whose day is missing are listed.

Nothing is written. Differences are expected only after the counts or the reporting months have changed: rebuild."""
REBUILD = """Count again the cases counted by other rules than those in force, or with --all every case; then add up.

In batches of their own transactions: people can work meanwhile, and the sums agree with the cases at any moment.
With --all the times that cases spent in each step are read again from the trails too: at the end, in one transaction
that lets nobody else write."""
CODES = "exit codes: 0 everything agrees, or was counted; 1 something differs; 2 no database"
BATCH = 200
SHOWN = 50


def register(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "figures", _missing, FIGURES, epilog=CODES)
    inner = parser.add_subparsers(metavar="COMMAND", required=True)
    command(inner, "check", check, CHECK, epilog=CODES, takes_json=True)
    rebuilding = command(inner, "rebuild", rebuild, REBUILD, epilog=CODES, takes_json=True)
    rebuilding.add_argument("--all", action="store_true", help="every case, whatever it was counted by")


def _missing(_chosen: Namespace) -> int:
    raise Refused("say what to do: check, rebuild")


def check(chosen: Namespace) -> int:
    """Compare and tell."""
    database = open_database(read_settings())
    with database.reads.begin() as session:
        found = list(islice(engine.differences(session), SHOWN + 1))
        undated = list(islice(engine.undated(session), SHOWN + 1))
    if chosen.json:
        tell_json({"differences": [vars(each) for each in found], "undated": [vars(each) for each in undated]})
        return int(bool(found))
    for each in found[:SHOWN]:
        complain(f"{each.what} {each.where}: {each.found} instead of {each.wanted}")
    for case in undated[:SHOWN]:
        tell(f"{case.number}: {case.kind} is not counted, the day is missing")
    if len(found) > SHOWN:
        complain(f"more than {SHOWN} differences")
    tell("the figures differ from the cases: tiaojie figures rebuild" if found else "the figures agree with the cases")
    return int(bool(found))


def rebuild(chosen: Namespace) -> int:
    """Count again and tell."""
    database = open_database(read_settings())
    with database.reads.begin() as session:
        cases = engine.cases_to_recount(session, all_of_them=chosen.all)
    changed = recount(database, cases, quiet=chosen.json)
    with database.sessions.begin() as session:
        engine.sum_up(session)
        stays = engine.rebuild_stays(session) if chosen.all else None
    if chosen.json:
        tell_json({"counted": len(cases), "changed": changed, "stays": stays})
    else:
        tell(f"{len(cases)} cases counted again, {changed} of them otherwise than before")
        if stays is not None:
            tell(f"{stays} stays in the steps of the procedures read again from the trails")
    return 0


def recount(database: engine.Database, cases: Sequence[UUID], *, quiet: bool) -> int:
    """Count cases again, in batches; how many had been counted otherwise."""
    batches = [cases[at : at + BATCH] for at in range(0, len(cases), BATCH)]
    changed = 0
    for batch in progressing(batches, len(batches), f"times {BATCH} cases counted", quiet=quiet or not batches):
        with database.sessions.begin() as session:
            changed += engine.recount_cases(session, batch)
    return changed
