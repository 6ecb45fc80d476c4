"""`tiaojie demo`: fill a new installation with invented people and cases."""

import json
from argparse import Namespace
from pathlib import Path

import engine
from scheduler.demo import Demo, read_demo
from scheduler.sandbox import write_out
from webforms.cli.deploying import publish
from webforms.cli.house import database_file, machine_now, open_database, read_settings
from webforms.cli.output import Commands, Refused, command, complain, progressing, tell, tell_json
from webforms.settings import Settings

HELP = """Fill a new installation with invented people and cases, whose history ends now.

An installation that is there already keeps its data; only changed processes are published.
The accounts and their password are printed, and listed on the sign-in page while TIAOJIE_DEMO=1."""
CODES = "exit codes: 0 made, or kept; 1 some cases could not be told; 2 refused: not SQLite, no such folder"
ACCOUNTS = "demo.json"


def register(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "demo", run, HELP, epilog=CODES, takes_json=True)
    parser.add_argument("folder", nargs="?", default="processes", type=Path, help="default: processes")


def run(chosen: Namespace) -> int:
    """Make it, or keep what is there."""
    settings = read_settings()
    file = database_file(settings)
    if file is None:
        raise Refused("the demonstration is made for SQLite; unset TIAOJIE_DATABASE")
    if not (chosen.folder / "demo.toml").exists():
        raise Refused(f"{chosen.folder / 'demo.toml'} does not exist")
    if file.exists() and _has_people(settings):
        return _keep(settings, chosen)
    if any(file.with_name(f"{file.name}{end}").exists() for end in ("-wal", "-shm")):
        raise Refused(f"{file} is in use by another process; end it first")
    demo = read_demo(chosen.folder)
    return _make(demo, settings, file, quiet=chosen.json)


def _has_people(settings: Settings) -> bool:
    database = open_database(settings)
    with database.reads.begin() as session:
        found = bool(engine.list_people(session, actor=engine.SYSTEM))
    database.bind.dispose()
    return found


def _keep(settings: Settings, chosen: Namespace) -> int:
    database = open_database(settings)
    try:
        changed, versions = publish(database, chosen.folder, now=machine_now(settings), quiet=True)
    except engine.InvalidDefinition as error:
        complain(str(error))
        complain("The processes were not published; the installation keeps the versions it has.")
        return 1
    new = [version.process for version in versions if version.is_new]
    if chosen.json:
        tell_json({"kept": True, "published": new, "reference": changed, "accounts": read_accounts(settings)})
    else:
        tell(f"{settings.data}: data kept" + (f"; published {', '.join(new)}" if new else ""))
        _tell_accounts(read_accounts(settings))
    return 0


def _make(demo: Demo, settings: Settings, file: Path, *, quiet: bool) -> int:
    now = machine_now(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    stage = demo.open(settings.data / "files", settings.audit_key(), now)
    plans = demo.plans()
    for _ in progressing(demo.play(stage, plans, now), len(plans), "cases", quiet=quiet):
        pass
    write_out(stage, file)
    stage.close()
    rows = [
        {"username": a.username, "name": a.name, "roles": a.roles, "password": a.password}
        for a in demo.shown_accounts()
    ]
    (settings.data / ACCOUNTS).write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
    if quiet:
        tell_json({"kept": False, "cases": len(plans), "problems": demo.problems, "accounts": rows})
    else:
        for problem in demo.problems:
            complain(problem)
        tell(f"{file}: {len(demo.people)} people, {len(plans)} cases told up to now")
        _tell_accounts(rows)
    return int(bool(demo.problems))


def read_accounts(settings: Settings) -> list[dict[str, str]]:
    """The accounts of this demonstration, as made."""
    path = settings.data / ACCOUNTS
    rows: list[dict[str, str]] = json.loads(path.read_text("utf-8")) if path.exists() else []
    return rows


def _tell_accounts(rows: list[dict[str, str]]) -> None:
    if rows:
        tell(f"Demonstration accounts, password {rows[0]['password']}:")
    for row in rows:
        tell(f"  {row['username']:<28} {row['name']}  {row['roles']}")
