"""`tiaojie year`: let a whole year of the district happen in memory, and ask whether everything held."""

import tempfile
from argparse import Namespace
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

import engine
from scheduler.year import Year, findings, papers
from webforms.cli.output import Commands, Refused, command, complain, progressing, tell, tell_json, tell_table
from webforms.papers import word_paper

HELP = """Let a year of the whole district happen in memory, under a moved clock, by the verbs people use.

processes/year.toml says how many cases there are, which stories in which mixture, and who is late. Afterwards the
database is asked: nothing hangs, every late one is marked, the figures agree, the trail adds up."""
CODES = "exit codes: 0 everything held; 1 something did not; 2 refused: no folder, a process that cannot be deployed"


def register(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "year", run, HELP, epilog=CODES, takes_json=True)
    parser.add_argument("folder", nargs="?", default="processes", type=Path, help="default: processes")
    parser.add_argument(
        "--papers", type=Path, help="where the year's reports are put as Word files (default: a new folder)"
    )
    parser.add_argument("--share", type=float, default=1.0, help="part of units and cases, 0.05 to 1 (default: 1)")


def run(chosen: Namespace) -> int:
    """Simulate and tell."""
    if not 0.05 <= chosen.share <= 1:  # noqa: PLR2004 less has no unit of each kind
        raise Refused("--share is a part of the whole, 0.05 to 1")
    begun = perf_counter()
    try:
        year = Year(chosen.folder, chosen.share)
        stage = year.open(Path(tempfile.mkdtemp(prefix="tiaojie-year-")), b"year")
    except OSError as error:
        raise Refused(str(error)) from error
    except engine.InvalidDefinition as error:
        raise Refused(f"a process cannot be deployed:\n{error}") from error
    last = deque(progressing(year.run(stage), year.days, "days", quiet=chosen.json), maxlen=1)
    with stage.database.reads.begin() as session:
        found = [*year.problems, *findings(session, year.plan, len(year.offices()))]
        written = _write(papers(session, year.plan["papers"]), chosen.papers)
        rows = {name: count for name, count in engine.table_sizes(session).items() if count}
    stage.close()
    seconds = perf_counter() - begun
    if chosen.json:
        tell_json(
            {"rows": rows, "findings": found, "papers": [str(path) for path in written], "seconds": round(seconds, 1)}
        )
        return int(bool(found))
    tell_table("Rows", ("table", "rows"), [(name, f"{count:,}") for name, count in rows.items()])
    for path in written:
        tell(f"written: {path}")
    for words in found:
        complain(words)
    opened = last[0].opened if last else 0
    ended = f"{opened} cases, {year.closed} of them brought to an end, in {seconds:.0f} s"
    tell(f"{ended}; {len(found) or 'nothing'} did not hold")
    return int(bool(found))


def _write(pages: Iterable[engine.PaperPage], folder: Path | None) -> list[Path]:
    """Put papers into a folder as Word files."""
    target = folder or Path(tempfile.mkdtemp(prefix="tiaojie-papers-"))
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in map(word_paper, pages):
        written.append(target / name)
        written[-1].write_bytes(content)
    return written
