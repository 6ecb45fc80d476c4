"""`tiaojie diff`: what differs between two process folders, or between a folder and a published version."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

import engine
from webforms.cli.deploying import read_folder
from webforms.cli.house import open_database, read_settings
from webforms.cli.output import Commands, Refused, command, tell, tell_json

DIFF = """Say what differs between two process folders, or versions, in the terms of their readers.

Elements, timers, conditions, rules, cells, fields, settings, lines of texts; what is only drawn elsewhere is counted.

A and B are folders, or versions of the database: PROCESS (the version in force) or PROCESS@DIGEST (its beginning)."""
CODES = "exit codes: 0 the same; 1 different; 2 no such folder or version"


def register(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "diff", diff, DIFF, epilog=CODES, takes_json=True)
    parser.add_argument("before", metavar="A")
    parser.add_argument("after", metavar="B")


def diff(chosen: Namespace) -> int:
    """Compare and tell."""
    changes = engine.compare(_files(chosen.before), _files(chosen.after))
    if chosen.json:
        tell_json({"changes": [vars(one) | {"message": one.message} for one in changes]})
        return int(bool(changes))
    for change in changes:
        about = " ".join(filter(None, (change.element, change.place and f"({change.place})")))
        tell(f"{change.file}: {change.message}{' at ' + about if about else ''}")
        for sign, text in (("-", change.before), ("+", change.after)):
            for line in text.splitlines():
                tell(f"    {sign} {line}")
    tell(f"{len(changes)} changes" if changes else "no difference")
    return int(bool(changes))


def _files(named: str) -> Mapping[str, str]:
    folder = Path(named)
    if folder.is_dir():
        return {**read_folder(folder), **engine.read_scenarios(folder)}
    process, _, digest = named.partition("@")
    with open_database(read_settings()).reads.begin() as session:
        rows = engine.versions(session, process, engine.SYSTEM)
        found = [row for row in rows if (row.digest.startswith(digest) if digest else row.active)]
        if not found:
            raise Refused(f"{named} is neither a folder nor a published version")
        if len(found) > 1:
            raise Refused(f"{named} names {len(found)} versions; give more of the digest")
        return engine.version_files(session, found[0].id, engine.SYSTEM)[1]
