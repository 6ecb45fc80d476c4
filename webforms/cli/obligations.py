"""`tiaojie obligations`: the plan's obligations as a Markdown table, checked against the processes."""

import re
import tomllib
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

import engine
from scheduler.sandbox import process_folders
from webforms.cli.output import Commands, Refused, command, complain, tell

ABOUT = """Check that everything processes/obligations.toml names is there, and print it as a Markdown table; with
--into, put the table between the marks <!-- obligations:begin --> and <!-- obligations:end --> of a file."""
CODES = "exit codes: 0 done; 1 something an obligation names is not there; 2 refused: no list, no marks"
BEGIN, END = "<!-- obligations:begin -->", "<!-- obligations:end -->"
HEADING = ("#", "Obligation", "Process", "Element", "Deadline", "Evidence", "Scenario")


def register(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "obligations", run, ABOUT, epilog=CODES)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("processes"))
    parser.add_argument("--into", type=Path, metavar="FILE", help="write the table into this file")


def run(chosen: Namespace) -> int:
    """Check, then print or write."""
    try:
        rows = read(chosen.folder)
    except (OSError, tomllib.TOMLDecodeError, engine.InvalidDefinition) as error:
        raise Refused(f"{chosen.folder / 'obligations.toml'}: {error}") from error
    missing = gaps(chosen.folder, rows)
    for words in missing:
        complain(words)
    table = "\n".join(markdown(rows))
    if chosen.into is None:
        tell(table)
    else:
        chosen.into.write_text(replaced(chosen.into.read_text("utf-8"), table), "utf-8")
    return 1 if missing else 0


def read(folder: Path) -> tuple[engine.Obligation, ...]:
    """The list of a processes/ tree. Raises OSError, TOMLDecodeError, InvalidDefinition."""
    return engine.read_obligations(tomllib.loads((folder / "obligations.toml").read_text("utf-8")))


def gaps(folder: Path, rows: Iterable[engine.Obligation]) -> list[str]:
    """Everything the rows name that the tree does not have."""
    folders = list(process_folders(folder))
    definitions = {path.name: engine.define(engine.read_files(path)) for path in folders}
    scenarios = {path.name: {file.stem for file in path.glob("scenarios/*.toml")} for path in folders}
    registers = {file.stem for file in folder.glob("registers/*.toml")}
    return [words for row in rows for words in engine.obligation_gaps(row, definitions, registers, scenarios)]


def markdown(rows: Iterable[engine.Obligation]) -> list[str]:
    """The lines of the table."""
    found = [f"| {' | '.join(HEADING)} |", "|" + "---|" * len(HEADING)]
    for row in rows:
        if row.process:
            item = f" ({row.item})" if row.item else ""
            cells = [_code(row.process), _code(row.element) + item, _code(row.deadline) or row.when,
                     _code(row.evidence), _code(row.scenario)]  # fmt: skip
        else:
            way = f"page {_code(row.page)}" if row.page else f"register {_code(row.register)}"
            cells = [f"on paper: {row.paper_reason}" if row.paper_reason else way, "", row.when, "", ""]
        found.append(f"| {' | '.join([row.id, row.text, *cells])} |")
    return found


def replaced(text: str, table: str) -> str:
    """The text with the table between its marks. Raises Refused where it has no marks."""
    marks = re.compile(f"{re.escape(BEGIN)}\n.*?{re.escape(END)}", re.DOTALL)
    if not marks.search(text):
        raise Refused(f"the file has no lines {BEGIN} and {END}")
    return marks.sub(lambda _: f"{BEGIN}\n{table}\n{END}", text)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
