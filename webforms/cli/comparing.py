"""`tiaojie diff`: what differs between two process folders, or between a folder and a published version."""

from argparse import Namespace
from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path

import engine
from webforms.cli.deploying import read_folder
from webforms.cli.house import open_database, read_settings
from webforms.cli.output import Commands, Refused, command, tell, tell_json

DIFF = """Say what differs between two process folders, or versions, file by file.

A and B are folders, or versions of the database: PROCESS (the version in force) or PROCESS@DIGEST (its beginning)."""
CODES = "exit codes: 0 the same; 1 different; 2 no such folder or version"


def register(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "diff", diff, DIFF, epilog=CODES, takes_json=True)
    parser.add_argument("before", metavar="A")
    parser.add_argument("after", metavar="B")


def diff(chosen: Namespace) -> int:
    """Compare and tell."""
    before, after = _files(chosen.before), _files(chosen.after)
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    if chosen.json:
        tell_json({"changes": [{"file": name, "change": _kind(name, before, after)} for name in changed]})
        return int(bool(changed))
    for name in changed:
        tell(f"{_kind(name, before, after)}: {name}")
        old, new = (files.get(name, "").splitlines() for files in (before, after))
        for line in list(unified_diff(old, new, lineterm="", n=2))[2:]:
            tell(f"  {line}")
    tell(f"{len(changed)} of {len({*before, *after})} files differ" if changed else "no difference")
    return int(bool(changed))


def _kind(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    return "added" if name not in before else "removed" if name not in after else "changed"


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
