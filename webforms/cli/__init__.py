"""The command `tiaojie`: the composition root, and the only part of the web face that knows the clockwork.

Exit codes of every command: 0 done, 1 done but something is wrong (each command's help says what), 2 refused: wrong
usage, settings or input. `trace` has codes of its own.
"""

import argparse
import logging
import sys
from collections.abc import Sequence

from webforms.cli import (
    backup,
    calendar,
    comparing,
    demo,
    deploying,
    figures,
    migrating,
    obligations,
    people,
    replaying,
    scenarios,
    serve,
    trace,
    year,
)
from webforms.cli.output import Refused, complain

COMMANDS = (
    serve,
    deploying,
    comparing,
    migrating,
    scenarios,
    trace,
    obligations,
    calendar,
    people,
    replaying,
    figures,
    demo,
    year,
    backup,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    parser = argparse.ArgumentParser(
        prog="tiaojie",
        description="Casework run from BPMN diagrams.",
        epilog="Settings: TIAOJIE_ and DATA, DATABASE, HOST, PORT, SECRET_KEY, DEMO, CLOCK_OFFSET.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.register(commands)
    logging.getLogger("tiaojie").addHandler(logging.NullHandler())  # commands that want it on stderr say so
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except Refused as refusal:
        complain(str(refusal))
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    return code
