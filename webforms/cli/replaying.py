"""`tiaojie replay`: which closed cases would have gone another way by a process folder."""

from argparse import Namespace
from datetime import date, datetime
from pathlib import Path

import engine
from webforms.cli.deploying import read_folder
from webforms.cli.house import open_database, read_settings
from webforms.cli.migrating import read_mapping
from webforms.cli.output import Commands, Refused, command, tell, tell_json, tell_table

REPLAY = """Ask closed cases what a process folder would have said: decisions, gateways and time limits, point by point.

Each point is computed again by the version of then first; where that does not give what really happened, it is named
and not judged. After the first other way a case is not looked at any further. Nothing is changed."""
CODES = "exit codes: 0 no difference; 1 differences; 2 no such folder, or the folder cannot run"
BATCH = 20


def register(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "replay", replay, REPLAY, epilog=CODES, takes_json=True)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="closed on this day or later")
    parser.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="closed on this day or earlier")
    parser.add_argument("--limit", type=int, default=200, metavar="N", help="cases, those closed last (default: 200)")
    parser.add_argument(
        "--map", dest="names", action="append", default=[], metavar="OLD=NEW", help="an element that has another id"
    )


def replay(chosen: Namespace) -> int:
    """Look and tell."""
    if not (chosen.folder / "manifest.toml").exists():
        raise Refused(f"{chosen.folder} is no process folder")
    cases = _cases(chosen, read_folder(chosen.folder))
    if chosen.json:
        tell_json({"cases": [_row(case) for case in cases]})
    else:
        _tell(cases)
    return int(any(case.differs for case in cases))


def _cases(chosen: Namespace, files: dict[str, str]) -> list[engine.CaseReplay]:
    database = open_database(read_settings())
    process, _ = engine.told_by(files)
    mapping = read_mapping(chosen.names)
    found: list[engine.CaseReplay] = []
    after = ""
    try:
        while len(found) < chosen.limit:
            with database.reads.begin() as session:
                some = engine.replay(
                    session, process, files, actor=engine.SYSTEM, mapping=mapping, since=chosen.since,
                    until=chosen.until, after=after, limit=min(BATCH, chosen.limit - len(found)),
                )  # fmt: skip
            found += some.cases
            after = some.next
            if not after:
                break
    except engine.InvalidDefinition as error:
        raise Refused(f"the folder cannot run:\n{error}") from error
    return found


def _row(case: engine.CaseReplay) -> dict[str, object]:
    return {
        "number": case.number,
        "closed_at": case.closed_at,
        "points": case.points,
        "differences": [{**vars(one), "reads": [vars(read) for read in one.reads]} for one in case.differences],
        "unjudged": [vars(one) for one in case.unjudged],
        "gone": list(case.gone),
        "refused": [list(one) for one in case.refused],
    }


def _said(value: object) -> str:
    """One of the two sides in one cell."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(each)}" for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_said, value))
    return f"{value.astimezone(engine.OFFICE):%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)


def _tell(cases: list[engine.CaseReplay]) -> None:
    rows = [
        (case.number, one.element, one.kind + (f" ({one.fires})" if one.fires else ""), _said(one.then),
         _said(one.now))
        for case in cases for one in case.differences
    ]  # fmt: skip
    if rows:
        tell_table("Differences", ("case", "element", "kind", "then", "by the folder"), rows)
    unjudged = sum(len(case.unjudged) for case in cases)
    points = sum(case.points for case in cases)
    ways = sum(case.goes_elsewhere for case in cases)
    tell(f"{ways} of {len(cases)} cases would have gone another way; {points} points judged, {unjudged} cannot be")
