"""`tiaojie check`, `deploy`, `verify`: what is published, and whether the records are sound."""

import tomllib
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import engine
from scheduler.sandbox import process_folders
from webforms.cli.figures import recount
from webforms.cli.house import machine_now, open_database, read_settings
from webforms.cli.output import Commands, Refused, command, complain, progressing, tell, tell_json
from webforms.settings import Settings

CHECK = """Say everything that is wrong with a process folder, a tree of them, or single BPMN files.

Findings: file, element, rule, what is wrong, what to do. Without a manifest the house's rules are advice."""
CHECK_CODES = "exit codes: 0 can be published; 1 cannot; 2 nothing to check"
DEPLOY = """Publish a process folder, or a whole processes/ tree with its offices, roles, calendars and registers.

Makes the database if there is none. New cases use what is published; running cases keep their version."""
DEPLOY_CODES = "exit codes: 0 published, or unchanged; 1 refused by the checks; 2 no such folder"
VERIFY = "Verify the audit trail: every event, every case, every daily anchor."
VERIFY_CODES = "exit codes: 0 sound; 1 something was changed, inserted or removed; 2 no database"


def register(commands: Commands) -> None:
    """Add the commands."""
    parser = command(commands, "check", check, CHECK, epilog=CHECK_CODES, takes_json=True)
    parser.add_argument("path", nargs="+", type=Path, metavar="FOLDER|FILE")
    parser = command(commands, "deploy", deploy, DEPLOY, epilog=DEPLOY_CODES, takes_json=True)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--draft", action="store_true", help="make a draft of a process folder instead; others decide")
    command(commands, "verify", verify, VERIFY, epilog=VERIFY_CODES, takes_json=True)


def check(chosen: Namespace) -> int:
    """Check and tell."""
    found: list[tuple[str, engine.Finding]] = []
    for name, files, known in _candidates(chosen.path):
        roles, offices = known.get("roles", frozenset()), known.get("offices", frozenset())
        found += [(name, finding) for finding in engine.check_files(files, roles=roles, offices=offices)]
    refused = engine.refusals(finding for _, finding in found)
    if chosen.json:
        tell_json({"findings": [{"in": name, **finding_row(f)} for name, f in found], "publishable": not refused})
    else:
        for name, finding in found:
            tell(finding_line(finding, name))
        tell(f"{len(refused)} of {len(found)} findings stop publishing" if refused else "can be published")
    return int(bool(refused))


def finding_row(finding: engine.Finding) -> dict[str, Any]:
    """A finding for scripts."""
    return {**vars(finding), "params": dict(finding.params)}


def finding_line(finding: engine.Finding, name: str = "") -> str:
    """A finding for people."""
    place = "/".join(part for part in (name, finding.file) if part) + (f":{finding.line}" if finding.line else "")
    about = f" {finding.element}" if finding.element else ""
    remedy = f" -> {finding.remedy}" if finding.remedy else ""
    return f"{place}{about} [{finding.level}: {finding.rule}] {finding.message}{remedy}"


def _candidates(paths: Sequence[Path]) -> list[tuple[str, Mapping[str, str], dict[str, frozenset[str]]]]:
    singles = [path for path in paths if path.is_file()]
    found: list[tuple[str, Mapping[str, str], dict[str, frozenset[str]]]] = []
    for path in paths:
        if not path.exists():
            raise Refused(f"{path} does not exist")
        if path.is_dir():
            folders = [path] if (path / "manifest.toml").exists() else process_folders(path)
            if not folders:
                raise Refused(f"{path} holds no process folder (one with a manifest.toml)")
            found += [(folder.name, read_folder(folder), known_near(folder)) for folder in folders]
    if singles:
        found.append(("", {path.name: read_text(path) for path in singles}, {}))
    return found


def read_folder(folder: Path) -> dict[str, str]:
    """The files of a process folder; what cannot be read at all is a refusal."""
    try:
        return engine.read_files(folder)
    except engine.InvalidDefinition as error:
        raise Refused("\n".join(finding_line(finding, folder.name) for finding in error.findings)) from error


def read_text(path: Path) -> str:
    """A file as text."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is not UTF-8 text") from error


def known_near(folder: Path) -> dict[str, frozenset[str]]:
    """The ids of the roles and offices declared beside a process folder, if any."""
    found: dict[str, frozenset[str]] = {}
    for name in ("roles", "offices"):
        path = folder.parent / f"{name}.toml"
        if path.exists():
            found[name] = frozenset(str(row["id"]) for row in tomllib.loads(path.read_text("utf-8")).get(name, ()))
    return found


def deploy(chosen: Namespace) -> int:
    """Publish and tell."""
    folder = chosen.folder
    if not folder.is_dir():
        raise Refused(f"{folder} is not a folder")
    settings = read_settings()
    if chosen.draft:
        return _hand_in(chosen, settings)
    database = open_database(settings, create=True)
    now = machine_now(settings)
    try:
        changed, versions = publish(database, folder, now=now, quiet=chosen.json)
    except engine.InvalidDefinition as error:
        for finding in error.findings:
            complain(finding_line(finding))
        return 1
    except (OSError, engine.InvalidCalendar) as error:
        raise Refused(str(error)) from error
    with database.reads.begin() as session:
        stale = engine.cases_to_recount(session)
    recount(database, stale, quiet=chosen.json)
    if chosen.json:
        tell_json({"reference": changed, "versions": [vars(version) for version in versions]})
    else:
        for name in changed:
            tell(f"{name}: loaded")
        for version in versions:
            tell(f"{version.process} {version.digest[:12]} {version.title}: {'new' if version.is_new else 'unchanged'}")
    return 0


def _hand_in(chosen: Namespace, settings: Settings) -> int:
    """Make or update the command line's draft of a folder; nothing is published."""
    files = {**read_folder(chosen.folder), **engine.read_scenarios(chosen.folder)}
    process, title = engine.told_by(files)
    if not process:
        raise Refused(f"{chosen.folder} names no process: neither a manifest.toml nor a diagram says its id")
    try:
        with open_database(settings).sessions.begin() as session:
            draft, revision = engine.deploy_to_draft(
                session, files, title=title or process, whole=True, actor=engine.SYSTEM, now=machine_now(settings)
            )
    except engine.BundleRefused as error:
        raise Refused(f"{error} {' '.join(map(str, error.params.values()))}".strip()) from error
    if chosen.json:
        tell_json({"draft": draft, "revision": revision, "process": process})
    else:
        tell(f"{process}: draft {draft}, revision {revision} - to be checked and handed in at /models/{draft}")
    return 0


def publish(
    database: engine.Database, folder: Path, *, now: Any, quiet: bool
) -> tuple[list[str], list[engine.DeployedVersion]]:
    """Load reference data and publish process folders, all or nothing. Raises InvalidDefinition."""
    is_one = (folder / "manifest.toml").exists()
    folders = [folder] if is_one else process_folders(folder)
    if not folders:
        raise Refused(f"{folder} holds no process folder (one with a manifest.toml)")
    root = folder.parent if is_one else folder
    with database.sessions.begin() as session:
        changed = []
        if (root / "offices.toml").exists() and (not is_one or not engine.directory(session).offices):
            changed = engine.load_reference(session, root, actor=engine.SYSTEM, now=now)
        shown = progressing(folders, len(folders), "processes", quiet=quiet)
        return changed, [engine.deploy(session, each, actor=engine.SYSTEM, now=now) for each in shown]


def verify(chosen: Namespace) -> int:
    """Verify and tell."""
    database = open_database(read_settings())
    with database.reads.begin() as session:
        problems = engine.verify(session)
    if chosen.json:
        tell_json({"sound": not problems, "problems": [vars(problem) for problem in problems]})
    else:
        for problem in problems:
            complain(f"{problem.case_id} {problem.seq or ''}: {problem.message}")
        tell(f"{len(problems)} problems" if problems else "the audit trail is sound")
    return int(bool(problems))
