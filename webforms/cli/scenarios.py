"""`tiaojie scenarios`: play what the process folders say must hold."""

from argparse import Namespace
from pathlib import Path

import engine
from scheduler.scenarios import Coverage, Played, Scenarios
from scheduler.stories import InvalidStory
from webforms.cli.output import Commands, Refused, command, complain, progressing, tell, tell_json, tell_table

HELP = """Play the scenarios of a process folder, or of a whole processes/ tree, in memory.

Every scenario is played twice, the second time with everything read back from storage between the steps; both must
leave the same trail. Printed: what did not hold, and which sequence flows and outcomes no scenario reached."""
CODES = "exit codes: 0 all hold and everything is covered; 1 something does not hold or is not covered; 2 refused"


def register(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "scenarios", run, HELP, epilog=CODES, takes_json=True)
    parser.add_argument("folder", nargs="?", default="processes", type=Path, help="default: processes")
    parser.add_argument("-k", dest="name", default="", metavar="NAME", help="only scenarios with NAME in process/name")
    parser.add_argument(
        "-j", dest="jobs", type=int, default=0, metavar="N", help="processes at once (default: one per core)"
    )


def run(chosen: Namespace) -> int:
    """Play and tell."""
    try:
        scenarios = Scenarios(chosen.folder, chosen.name)
        stories = scenarios.stories()
        if not stories:
            raise Refused(f"no scenarios {f'named {chosen.name} ' if chosen.name else ''}in {chosen.folder}")
        results = list(
            progressing(scenarios.play_all(stories, chosen.jobs), len(stories), "scenarios", quiet=chosen.json)
        )
    except (InvalidStory, OSError) as error:
        raise Refused(str(error)) from error
    except engine.InvalidDefinition as error:
        raise Refused(f"a process cannot be deployed:\n{error}") from error
    coverage = [] if chosen.name else scenarios.coverage(results)
    if chosen.json:
        tell_json({"scenarios": [_row(played) for played in results], "coverage": [_part(part) for part in coverage]})
    else:
        _tell(results, coverage)
    failed = any(not played.passed for played in results) or any(not part.complete for part in coverage)
    return int(failed)


def _tell(results: list[Played], coverage: list[Coverage]) -> None:
    for played in results:
        for problem in played.problems:
            complain(f"{played.story.process}/{played.name}: {problem}")
    for part in coverage:
        for flow in part.missed:
            complain(f"{part.process}: no scenario travels the sequence flow {flow}")
        for outcome in part.unreached:
            complain(f"{part.process}: no scenario reaches the outcome {outcome}")
    if coverage:
        rows = [
            (part.process, part.title, f"{part.flows - len(part.missed)}/{part.flows}", f"{part.share:.1%}",
             f"{part.outcomes - len(part.unreached)}/{part.outcomes}")
            for part in coverage
        ]  # fmt: skip
        tell_table("Coverage", ("process", "title", "flows", "", "outcomes"), rows)
    failed = sum(not played.passed for played in results)
    tell(f"{len(results) - failed} of {len(results)} scenarios hold, each played twice")


def _row(played: Played) -> dict[str, object]:
    return {
        "process": played.story.process,
        "name": played.name,
        "title": played.story.title,
        "passed": played.passed,
        "problems": list(played.problems),
        "outcomes": sorted(outcome for _, outcome in played.outcomes),
        "seconds": round(played.seconds, 3),
    }


def _part(part: Coverage) -> dict[str, object]:
    return {
        "process": part.process,
        "flows": part.flows,
        "share": round(part.share, 4),
        "missed": list(part.missed),
        "outcomes": part.outcomes,
        "unreached": list(part.unreached),
    }
