"""`tiaojie trace`: run any model in a sandbox and say what happened."""

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import engine
from scheduler.stories import moment
from scheduler.trace import FINISHED, INCIDENT, LIMIT, REFUSED, START, WAITING, Answers, Traced, Trial
from webforms.cli.deploying import finding_line, finding_row, read_folder, read_text
from webforms.cli.output import Commands, Refused, command, complain, tell, tell_json, tell_table

HELP = f"""Run a model in an in-memory sandbox, through the checks, engine and store of production.

Give one or more .bpmn files, with the .dmn and .form files they use; or a process folder. House rules are warnings.
The clock is virtual: it starts at {START:%Y-%m-%d %H:%M} (+08:00) unless --at says otherwise, stands still while there
is something to do, and then jumps to the next due instant.

User tasks are done at once. Without --answers every task is done with no answers. With --answers only the tasks
that the file mentions are done, the others wait:
  {{"task_id": {{"approved": true}},            the answers, at every visit
   "other_id": [{{"n": 1}}, {{"n": 2}}],         at the first, second, ... visit; the last stays
   "catch_id": {{"amount": 5}},                a message or signal that this element waits for, and its payload:
                                             once, or as many times as the list is long, in the order of the file
   "*": {{}}}}                                  every task that is not mentioned
A task with a form among the files takes only what its form accepts; without a form every answer is a variable.
Services and mail go nowhere. Messages go to waiting cases of the sandbox, or start a process of the files.

Every line says of which process and case it is; case 1 is the one that is tried. Boundary and start events are entered
when they fire, a join once for all its tokens, a repeated activity once for each instance."""
CODES = "exit codes: 0 finished; 2 refused; 3 incident; 4 waiting"
YEARS = range(1900, 3000)
CODE_OF = {FINISHED: 0, REFUSED: 2, INCIDENT: 3, WAITING: 4}


def register(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "trace", run, HELP, epilog=CODES, takes_json=True)
    parser.add_argument("model", nargs="+", type=Path, metavar="MODEL.bpmn", help="and more files; or a process folder")
    parser.add_argument("--process", metavar="ID", help="which process to run (default: the one that no other calls)")
    parser.add_argument("--data", default="{}", metavar="JSON", help="variables to start with: an object, or @FILE")
    parser.add_argument("--answers", metavar="FILE", help="what people answer: a JSON file")
    parser.add_argument("--at", metavar="INSTANT", help="where the clock starts, for example 2026-03-02T09:00")
    parser.add_argument("--reference", type=Path, metavar="FOLDER",
                        help="a processes/ folder whose calendars, offices and registers apply")  # fmt: skip
    parser.add_argument("--limit", type=int, default=LIMIT, metavar="N",
                        help=f"stop after N tasks and jumps of the clock (default: {LIMIT})")  # fmt: skip


def run(chosen: Namespace) -> int:
    """Run and tell."""
    files, reference = _files(chosen.model)
    data = chosen.data
    data = _object(_file_text(data[1:]) if data.startswith("@") else data, "--data")
    given = _answers(_object(_file_text(chosen.answers), "--answers")) if chosen.answers else None
    if chosen.limit < 1:
        raise Refused("--limit must be at least 1")
    if chosen.reference is not None and not (chosen.reference / "offices.toml").is_file():
        raise Refused(f"{chosen.reference} is not a processes/ folder: it has no offices.toml")
    reference = chosen.reference or reference
    trial = Trial(files, chosen.process, data, Answers(given), _start(chosen.at), reference, chosen.limit)
    result = trial.run()
    if chosen.json:
        tell_json(_document(result))
    else:
        _tell(result)
    return CODE_OF[result.status]


def _start(text: str | None) -> datetime:
    try:
        at = moment(text) if text else START
    except ValueError as error:
        raise Refused(f"--at: {error}") from error
    if at.year not in YEARS:
        raise Refused(f"--at: the year must be between {YEARS[0]} and {YEARS[-1]}")
    return at


def _answers(given: dict[str, Any]) -> dict[str, Any]:
    for element, found in given.items():
        for each in found if isinstance(found, list) else [found]:
            if each is not None and not isinstance(each, dict):
                raise Refused(f"--answers: what is answered to {element} must be an object or a list of objects")
    return given


def _files(paths: Sequence[Path]) -> tuple[dict[str, str], Path | None]:
    """Name -> text, forms and tables where a process folder has them; and the reference data beside a folder."""
    files: dict[str, str] = {}
    reference = None
    for path in paths:
        if path.is_dir():
            files |= read_folder(path)
            reference = path.absolute().parent if (path.absolute().parent / "offices.toml").exists() else None
        elif path.is_file():
            folder = {".form": "forms/", ".dmn": "decisions/", ".html": "documents/"}.get(path.suffix, "")
            name, text = folder + path.name, read_text(path)
            if files.get(name, text) != text:
                raise Refused(f"two different files are called {path.name}")
            files[name] = text
        else:
            raise Refused(f"{path} does not exist")
    return files, reference


def _file_text(name: str) -> str:
    path = Path(name)
    if not path.is_file():
        raise Refused(f"{path} does not exist")
    return read_text(path)


def _object(text: str, option: str) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise Refused(f"{option} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise Refused(f"{option} is not a JSON object")
    return found


def _document(result: Traced) -> dict[str, Any]:
    numbers = _numbers(result)
    return {
        "status": result.status,
        "note": result.note,
        "findings": [finding_row(finding) for finding in result.findings],
        "trace": [
            {"at": _at(s.at), "element": s.element, "event": s.event, "process": s.process, "case": numbers[s.case_id]}
            for s in result.trace
        ],
        "events": [
            {"at": _at(e.at), "element": e.element, "event": e.event, "kind": e.kind, "name": e.name,
             "payload": readable(e.payload), "process": e.process, "case": numbers[e.case_id]}
            for e in result.events
        ],
        "variables": readable(result.variables),
        "waiting": [
            {"element": row["element"], "kind": row["kind"], "name": row["name"],
             "due": _at(row["due"]) if row["due"] else None, "process": row["process"], "case": numbers[row["case_id"]]}
            for row in result.waiting
        ],
    }  # fmt: skip


def _numbers(result: Traced) -> dict[str, int]:
    """The cases by the order in which they began: 1 is the one that is tried."""
    return {case: number for number, case in enumerate(dict.fromkeys(s.case_id for s in result.trace), start=1)}


def readable(value: Any) -> Any:
    """A value as plain JSON: dates and durations as ISO text, numbers as numbers."""
    if isinstance(value, Mapping):
        return {str(key): readable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [readable(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if hasattr(value, "months"):
        return _months(int(value.months))
    return value if value is None or isinstance(value, (str, bool, int, float)) else str(value)


def _duration(value: timedelta) -> str:
    """ISO 8601: P1DT12H."""
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    exact = f"{seconds + value.microseconds / 1e6:g}" if value.microseconds else str(seconds)
    days = f"{value.days}D" if value.days else ""
    times = "".join(f"{n}{unit}" for n, unit in ((str(hours), "H"), (str(minutes), "M"), (exact, "S")) if n != "0")
    return f"{sign}P{days}{'T' if times else ''}{times}" if days or times else "PT0S"


def _months(count: int) -> str:
    """ISO 8601: P1Y2M."""
    sign, (years, months) = "-" if count < 0 else "", divmod(abs(count), 12)
    parts = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
    return f"{sign}P{parts or '0M'}"


def _at(instant: datetime) -> str:
    return instant.astimezone(engine.OFFICE).isoformat()


def _tell(result: Traced) -> None:
    for finding in result.findings:
        complain(finding_line(finding))
    if result.trace:
        tell_table("Trace", ("at", "element", "event"), [(_at(s.at), s.element, s.event) for s in result.trace])
    if result.events:
        rows = [(_at(e.at), e.element, e.event, e.kind, e.name) for e in result.events]
        tell_table("Events", ("at", "element", "event", "kind", "name"), rows)
    if result.variables:
        tell(f"variables: {json.dumps(readable(result.variables), ensure_ascii=False)}")
    if result.waiting:
        waits = [" ".join(filter(None, (row["element"], row["kind"], row["name"]))) for row in result.waiting]
        tell(f"waiting: {', '.join(waits)}")
    tell(f"status: {result.status}{f' ({result.note})' if result.note else ''}")
