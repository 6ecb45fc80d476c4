"""How commands talk: tables and progress for people, one JSON document for scripts, complaints on stderr."""

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

import engine

Thing = TypeVar("Thing")


class Refused(Exception):
    """The command cannot be carried out; the message says what to do."""


class Commands(Protocol):
    """Where commands register: what argparse calls sub-parsers."""

    def add_parser(self, name: str, **options: Any) -> ArgumentParser:
        """Add a command."""
        ...


def command(
    commands: Commands, name: str, run: Callable[..., int], text: str, *, epilog: str = "", takes_json: bool = False
) -> ArgumentParser:
    """Register a command with its help."""
    parser = commands.add_parser(
        name,
        help=text.partition(".")[0].lower(),
        description=text,
        epilog=epilog,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    if takes_json:
        parser.add_argument("--json", action="store_true", help="write one JSON document to standard output")
    return parser


def tell(text: str) -> None:
    """A line for people."""
    print(text)


def complain(text: str) -> None:
    """A line on standard error."""
    print(text, file=sys.stderr)


def tell_json(document: Any) -> None:
    """One JSON document."""
    json.dump(engine.plain(document), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def tell_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table for people; wide content wraps."""
    table = Table(title=title, title_justify="left")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console().print(table)


def progressing(things: Iterable[Thing], total: int, what: str, *, quiet: bool = False) -> Iterator[Thing]:
    """Pass things on while a bar on standard error shows how far it is."""
    columns = (
        SpinnerColumn(),
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[about]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress:
        bar = progress.add_task(what, total=total, about="")
        for thing in things:
            progress.update(bar, advance=1, about=str(getattr(thing, "name", "")))
            yield thing
