"""Scenario files: who answers what, how much time passes, what must hold. Reading them, and nothing else."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import engine

STORY_KEYS = frozenset(["title", "covers", "office", "at", "by", "start", "open", "calendar", "after", "steps"])
STEP_KEYS = frozenset(["do", "raise", "wait", "until", "answers", "expect", "by", "process", "note", "refused"])
EXPECT_KEYS = frozenset(
    ["open", "stage", "outcome", "status", "deadlines", "projected", "facts", "papers", "linked", "incidents"]
)


class InvalidStory(Exception):
    """The scenario file cannot be played."""


@dataclass(frozen=True)
class Step:
    """One step; of its parts the waiting comes first, then the deed, then the expectation."""

    do: str = ""
    raised: str = ""
    wait: str = ""
    until: datetime | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    expect: Mapping[str, Any] | None = None
    by: str = ""  # a role, where somebody else than the usual one acts
    process: str = ""  # the linked case that is meant, where it is not the case itself
    refused: tuple[
        str, ...
    ] = ()  # the fields, without rows' numbers, at which the answers are refused; the task stays open
    note: str = ""  # why, for who reads it

    @property
    def words(self) -> str:
        """The step as a message names it."""
        parts = {"do": self.do, "raise": self.raised, "wait": self.wait, "until": self.until}
        return ", ".join(f"{name} {value}" for name, value in parts.items() if value) or "expect"


@dataclass(frozen=True)
class Story:
    """One scenario."""

    name: str
    process: str
    title: str
    office: str
    at: datetime
    start: Mapping[str, Any]
    covers: tuple[str, ...]
    steps: tuple[Step, ...]
    path: Path
    by: str = ""
    open: str = ""  # the entry of the calendar that opens the case, instead of a person
    after: tuple[
        str, ...
    ] = ()  # stories that have happened in this house before; of another process "<process>/<name>"
    calendar: tuple[str, ...] | None = ()  # entries ("<process>/<entry>") that open cases beside it; None: all


def read_story(path: Path) -> Story:
    """Read a scenario of a process folder. Raises InvalidStory."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
        _only(document, STORY_KEYS, path.name)
        if "open" in document and ("start" in document or "by" in document):
            raise InvalidStory(f"{path.name}: the calendar opens the case, or a person does; not both")
        return Story(
            name=path.stem,
            process=path.parent.parent.name,
            title=str(document["title"]),
            office=str(document["office"]),
            at=moment(document["at"]),
            start=document.get("start", {}),
            covers=tuple(document.get("covers", ())),
            steps=tuple(
                _step(row, f"{path.name} step {n}") for n, row in enumerate(document.get("steps", []), start=1)
            ),
            path=path,
            by=str(document.get("by", "")),
            after=tuple(document.get("after", ())),
            open=str(document.get("open", "")),
            calendar=_calendar(document.get("calendar", False)),
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, ValueError) as error:
        raise InvalidStory(f"{path}: {error!r}") from error


def stories_before(story: Story) -> list[Story]:
    """The stories that have happened before one, each after those it names itself. Raises InvalidStory."""
    found: list[Story] = []
    for name in story.after:
        process, _, own = name.rpartition("/")
        folder = story.path.parents[2] / (process or story.process)
        each = read_story(folder / "scenarios" / f"{own}.toml")
        found += [one for one in (*stories_before(each), each) if one not in found]
    return found


def read_stories(folder: Path) -> list[Story]:
    """The scenarios of a process folder, or of every process folder in a tree."""
    paths = [*folder.glob("scenarios/*.toml"), *folder.glob("*/scenarios/*.toml")]
    return [read_story(path) for path in sorted(paths)]


def moment(value: Any) -> datetime:
    """An instant; without a zone it is the office's."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found if found.tzinfo is not None else found.replace(tzinfo=engine.OFFICE)


def _calendar(given: Any) -> tuple[str, ...] | None:
    """`true`: every entry of every process; a list: those; nothing or `false`: none."""
    if isinstance(given, bool):
        return None if given else ()
    if isinstance(given, list) and all(isinstance(entry, str) and entry.count("/") == 1 for entry in given):
        return tuple(given)
    raise ValueError(f"calendar must be true or a list of <process>/<entry>, not {given!r}")


def _step(row: Mapping[str, Any], where: str) -> Step:
    _only(row, STEP_KEYS, where)
    if "do" in row and "raise" in row:
        raise InvalidStory(f"{where}: do and raise are two steps")
    expect = row.get("expect")
    if expect is not None:
        _only(expect, EXPECT_KEYS, f"{where} expect")
    return Step(
        do=str(row.get("do", "")),
        raised=str(row.get("raise", "")),
        wait=str(row.get("wait", "")),
        until=moment(row["until"]) if "until" in row else None,
        answers=row.get("answers", {}),
        expect=expect,
        by=str(row.get("by", "")),
        refused=tuple(row.get("refused", ())),
        process=str(row.get("process", "")),
        note=str(row.get("note", "")),
    )


def _only(row: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    unknown = sorted(set(row) - known)
    if unknown:
        raise InvalidStory(f"{where}: unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}")
