"""`python -m bench [--quick]`: every figure with its target; exit code 1 if one is missed."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

import engine
from bench import desk, figures, scale, steps
from bench.house import build
from bench.shape import STEPS

RESULTS = Path(__file__).parent / "results.json"
FRACTIONS_UNTIL = 100
# name: (what it is, sign, target); no target where the figure only gives the scale of the others
FIGURES: dict[str, tuple[str, str, float | None]] = {
    "bare_steps_per_s": ("stock library in memory, user steps a second", ">=", None),
    "memory_ratio": ("the runtime in memory, against the stock library", ">=", 0.8),
    "durable_step_ratio": ("complete_task with commit, against the stock library in memory", ">=", 0.15),
    "durable_steps_per_s": ("complete_task with commit, a second", ">=", None),
    "loop_step_growth": ("a step in round 1000 of a loop, against round 10", "<=", 1.3),
    "clock_growth_100k": ("a look at the clock, 100,000 waiting against 100", "<=", 2.0),
    "inbox_growth_100k": ("a page of 50, 100,000 open tasks against 1,000", "<=", 2.0),
    "desk_slowest_ms_100k": ("slowest question of the supervisor's desk, 100,000 cases, ms", "<=", None),
    "desk_statements": ("most SQL statements of one question of the desk", "<=", 6),
    "desk_walks_100k": ("plans of the desk that walk through a large table", "<=", 0),
    "figures_growth_100k": ("slowest growing question of statistics, 100,000 cases against 10,000", "<=", 3.0),
    "figures_slowest_ms_100k": ("slowest question of statistics, 100,000 cases, ms", "<=", None),
    "figures_statements": ("most SQL statements of one question of statistics", "<=", 6),
    "figures_walks_100k": ("plans of statistics that walk through a large table", "<=", 0),
    "case_state_bytes": ("largest state of the case, bytes", "<=", 4000),
    "case_data_bytes": ("largest variables of the case, bytes", "<=", None),
    "complete_statements": ("most SQL statements of one completion", "<=", 12),
    "complete_commits": ("commits of one completion", "<=", 1),
}


@contextmanager
def baseline() -> Iterator["subprocess.Popen[str]"]:
    """The stock library in a process of its own, which never sees the engine's repairs."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.stock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=RESULTS.parents[1],
    ) as child:
        yield child
        if child.stdin is not None:
            child.stdin.close()


def bare(child: "subprocess.Popen[str]", cases: int) -> float:
    """Seconds the stock library takes for so many cases."""
    if child.stdin is None or child.stdout is None:
        raise SystemExit("no pipe to the baseline")
    child.stdin.write(f"{cases}\n")
    child.stdin.flush()
    seconds, repaired = child.stdout.readline().split()
    if repaired != "False":
        raise SystemExit("the baseline has loaded the engine")
    return float(seconds)


def ratios(database: engine.Database, rounds: int, cases: int) -> dict[str, float]:
    """The three speeds, measured in turns: a busy machine slows all of them down alike."""
    times: dict[str, list[float]] = {"bare": [], "memory": [], "durable": []}
    with baseline() as child:
        for round_ in range(rounds + 1):
            one = (bare(child, cases), steps.in_memory(cases), steps.durable(database, cases))
            if round_:  # the first round warms up
                for name, seconds in zip(times, one, strict=True):
                    times[name].append(seconds)
    stock, memory, durable = (times[name] for name in ("bare", "memory", "durable"))
    done = cases * len(STEPS)
    return {
        "bare_steps_per_s": done / median(stock),
        "memory_ratio": median(b / m for b, m in zip(stock, memory, strict=True)),
        "durable_step_ratio": median(b / d for b, d in zip(stock, durable, strict=True)),
        "durable_steps_per_s": done / median(durable),
    }


def loop_growth(database: engine.Database, late: int, rounds: int) -> float:
    """A step late in a loop against one in round 10, in turns."""
    old = steps.Looping(database, late)
    times: list[list[float]] = [[], []]
    for _ in range(rounds):
        young = steps.Looping(database, 8)
        for _ in range(4):
            times[0].append(young.step())
            times[1].append(old.step())
    return median(times[1]) / median(times[0])


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, for a first impression")
    quick = parser.parse_args().quick
    console = Console()
    found: dict[str, float] = {}
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=RESULTS.parent) as name,
        Progress(*columns, console=console) as progress,
    ):
        folder = Path(name)
        database = build(folder, "steps")
        for title, measure in (
            ("what a completion writes", lambda: steps.writes(database)),
            ("steps: stock, in memory, durable", lambda: ratios(database, 3 if quick else 11, 5 if quick else 10)),
            ("a long loop", lambda: {"loop_step_growth": loop_growth(database, 1000, 5 if quick else 25)}),
            ("the clock", lambda: {"clock_growth_100k": scale.clock_growth(folder)}),
            ("the inbox", lambda: {"inbox_growth_100k": scale.inbox_growth(folder)}),
            ("the supervisor's desk", lambda: desk.figures(folder)),
            ("statistics", lambda: figures.figures(folder)),
        ):
            task = progress.add_task(title, total=1)
            found |= measure()
            progress.update(task, completed=1)
    missed = [
        name
        for name, (_, sign, target) in FIGURES.items()
        if target is not None and not _meets(found[name], sign, target)
    ]
    console.print(_table(found, missed))
    RESULTS.write_text(json.dumps({name: round(found[name], 4) for name in FIGURES}, indent=2) + "\n", "utf-8")
    return 1 if missed else 0


def _meets(value: float, sign: str, target: float) -> bool:
    return value >= target if sign == ">=" else value <= target


def _table(found: dict[str, float], missed: list[str]) -> Table:
    table = Table(title="Bench")
    for heading in ("figure", "what", "target", "measured"):
        table.add_column(heading, justify="right" if heading in {"target", "measured"} else "left")
    for name, (what, sign, target) in FIGURES.items():
        colour = "red" if name in missed else "green"
        value = found[name]
        written = f"{value:,.0f}" if float(value).is_integer() or value > FRACTIONS_UNTIL else f"{value:.2f}"
        table.add_row(name, what, f"{sign} {target:g}" if target is not None else "", f"[{colour}]{written}[/{colour}]")
    return table


if __name__ == "__main__":
    sys.exit(main())
