"""`tiaojie backup`: a verified copy of the database and the files, taken while the site runs."""

import json
import shutil
import sqlite3
from argparse import Namespace
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import engine
from webforms.cli.house import database_file, machine_now, open_database, read_settings
from webforms.cli.output import Commands, Refused, command, complain, progressing, tell, tell_json
from webforms.settings import Settings

BACKUP = """Copy database, files and the audit key to a new folder below FOLDER, and verify the copy.

Verified: the database's own integrity check, the audit trail, and every file against its digest.
To restore: stop Tiaojie, put the copy in the place of TIAOJIE_DATA, start it."""
CODES = "exit codes: 0 copied and verified; 1 the copy or the original is damaged; 2 refused: no database, not SQLite"


def register(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "backup", run, BACKUP, epilog=CODES, takes_json=True)
    parser.add_argument("folder", type=Path, metavar="FOLDER")


def run(chosen: Namespace) -> int:
    """Copy, verify, tell."""
    settings = read_settings()
    source = database_file(settings)
    if source is None:
        raise Refused("only SQLite is copied by this command; use the tools of your database server")
    open_database(settings).bind.dispose()
    name = f"tiaojie-{machine_now(settings).astimezone(engine.OFFICE):%Y%m%d-%H%M%S}"
    target = chosen.folder / name
    unfinished = chosen.folder / f"{name}.unfinished"
    try:
        unfinished.mkdir(parents=True)
    except OSError as error:
        raise Refused(f"{unfinished}: {error.strerror}") from error
    _copy_database(source, unfinished / "tiaojie.db")
    copied = _copy_files(settings.data / "files", unfinished / "files", quiet=chosen.json)
    for key in ("audit.key", "demo-secret"):
        if (settings.data / key).exists():
            shutil.copy2(settings.data / key, unfinished / key)
    problems = _problems(unfinished, settings, quiet=chosen.json)
    (unfinished / "backup.json").write_text(json.dumps({"files": copied, "problems": problems}, indent=2), "utf-8")
    unfinished.rename(target)
    if chosen.json:
        tell_json({"folder": str(target), "files": copied, "problems": problems})
    else:
        for problem in problems:
            complain(problem)
        tell(f"{target}: the database and {copied} files, {'DAMAGED' if problems else 'verified'}")
    return int(bool(problems))


def _copy_database(source: Path, target: Path) -> None:
    """SQLite's own online copy: one consistent state, whoever writes meanwhile."""
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
        original.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def _copy_files(source: Path, target: Path, *, quiet: bool) -> int:
    """Files never change, so they may be copied after the database: every file it names is there."""
    found = [path for path in sorted(source.glob("??/*")) if path.is_file()]
    for path in progressing(found, len(found), "files", quiet=quiet):
        place = target / path.parent.name / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)
    return len(found)


def _problems(folder: Path, settings: Settings, *, quiet: bool) -> list[str]:
    """Everything wrong with the copy."""
    with closing(sqlite3.connect(folder / "tiaojie.db")) as copy:
        problems = [str(row[0]) for row in copy.execute("PRAGMA integrity_check") if row[0] != "ok"]
        wanted = {str(row[0]) for row in copy.execute("SELECT DISTINCT digest FROM file")}
    database = engine.connect(f"sqlite:///{folder / 'tiaojie.db'}", key=settings.audit_key())
    with database.reads.begin() as session:
        problems += [f"audit trail: {found.case_id} {found.message}" for found in engine.verify(session)]
    database.bind.dispose()
    for digest in progressing(sorted(wanted), len(wanted), "digests", quiet=quiet):
        path = folder / "files" / digest[:2] / digest
        if not path.is_file():
            problems.append(f"the file {digest} is missing")
        elif sha256(path.read_bytes()).hexdigest() != digest:
            problems.append(f"the file {digest} is damaged")
    return problems
