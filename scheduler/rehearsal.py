"""Plays the scenarios of a draft in a copy of the house: the draft stands in the place of its process."""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import engine
from scheduler.sandbox import House, in_memory, serialized
from scheduler.scenarios import Played, Scenarios
from scheduler.stories import InvalidStory, Story, read_stories, read_story

BORN = datetime(2000, 1, 1, tzinfo=engine.OFFICE)
Progress = Callable[[int, int], None]


class CopiedHouse(House):
    """A house whose template is a copy of a running one."""

    def __init__(self, folder: Path, database: engine.Database, files: Mapping[str, str]) -> None:
        super().__init__(folder, ())
        copy = in_memory()
        with database.reads.begin() as source, copy.sessions.begin() as target:
            self.versions = engine.copy_house(source, target, dict(files), now=BORN)
        self.__dict__["template"] = serialized(copy)
        for process, texts in self.versions.items():
            for name, text in texts.items():
                if name.startswith("scenarios/"):
                    path = folder / process / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text, "utf-8")


@dataclass
class Rehearsal(Scenarios):
    """The scenarios of one process of a copied house."""

    copied: CopiedHouse = field(kw_only=True)

    def __post_init__(self) -> None:
        self.house = self.copied
        self.definitions = {
            process: engine.define({name: text for name, text in texts.items() if not name.startswith("scenarios/")})
            for process, texts in self.copied.versions.items()
        }


def rehearse(
    database: engine.Database, files: Mapping[str, str], progress: Progress = lambda *_: None
) -> dict[str, Any]:
    """Play all scenarios of these files, as `engine.keep_trial` keeps it; `progress` is told how many are done.

    Those of other processes in which a case of this one is worked on are played too: they travel its flows, and what
    is changed here must not break them.
    Raises InvalidDefinition where the files cannot run at all. A scenario that cannot be read does not hold.
    """
    process, _ = engine.told_by(files)
    if not process:
        return _unplayable(files, "the files name no process")
    with tempfile.TemporaryDirectory(prefix="tiaojie-rehearsal-") as name:
        root = Path(name)
        rehearsal = Rehearsal(root / process, copied=CopiedHouse(root, database, files))
        (root / process).mkdir(exist_ok=True)
        try:
            stories = read_stories(root / process)
        except InvalidStory as error:
            return _unplayable(files, str(error).replace(f"{root}/", ""))
        stories += neighbours(root, process)
        played: list[Played] = []
        for story in stories:
            progress(len(played), len(stories))
            played.append(rehearsal.play(story))
        covered = rehearsal.covered(process, played)
    rows = [_row(one, process) for one in played]
    return _result(files, rows, list(covered.missed), list(covered.unreached))


def neighbours(root: Path, process: str) -> list[Story]:
    """The stories of other processes that act in a case of this one."""
    found = []
    for path in sorted(root.glob("*/scenarios/*.toml")):
        if path.parent.parent.name != process:
            with suppress(InvalidStory):  # published long ago: nothing of this draft
                story = read_story(path)
                found += [story] if any(step.process == process for step in story.steps) else []
    return found


def _row(one: Played, process: str) -> dict[str, Any]:
    name = one.name if one.story.process == process else f"{one.story.process}/{one.name}"
    problems, seconds = list(one.problems), round(one.seconds, 2)
    return {"name": name, "title": one.story.title, "problems": problems, "seconds": seconds}


def _unplayable(files: Mapping[str, str], words: str) -> dict[str, Any]:
    return _result(files, [{"name": "scenarios", "title": "", "problems": [words], "seconds": 0}], [], [])


def _result(
    files: Mapping[str, str], rows: list[dict[str, Any]], missed: list[str], unreached: list[str]
) -> dict[str, Any]:
    digest = engine.behaviour_digest(files)
    return {"digest": digest, "scenarios": rows, "missed": missed, "unreached": unreached}
