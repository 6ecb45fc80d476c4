"""Plays the scenarios of a draft in a copy of the house: the draft stands in the place of its process."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import engine
from scheduler.sandbox import House, in_memory, serialized
from scheduler.scenarios import Played, Scenarios
from scheduler.stories import InvalidStory, read_stories

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

    Raises InvalidDefinition where the files cannot run at all. A scenario that cannot be read does not hold.
    """
    process, _ = engine.told_by(files)
    with tempfile.TemporaryDirectory(prefix="tiaojie-rehearsal-") as name:
        root = Path(name)
        rehearsal = Rehearsal(root / process, copied=CopiedHouse(root, database, files))
        (root / process).mkdir(exist_ok=True)
        try:
            stories = read_stories(root / process)
        except InvalidStory as error:
            words = str(error).replace(f"{root}/", "")
            return _result(files, [{"name": process, "title": "", "problems": [words], "seconds": 0}], [], [])
        played: list[Played] = []
        for story in stories:
            progress(len(played), len(stories))
            played.append(rehearsal.play(story))
        covered = rehearsal.covered(process, played)
    rows = [
        {"name": one.name, "title": one.story.title, "problems": list(one.problems), "seconds": round(one.seconds, 2)}
        for one in played
    ]
    return _result(files, rows, list(covered.missed), list(covered.unreached))


def _result(
    files: Mapping[str, str], rows: list[dict[str, Any]], missed: list[str], unreached: list[str]
) -> dict[str, Any]:
    digest = engine.behaviour_digest(files)
    return {"digest": digest, "scenarios": rows, "missed": missed, "unreached": unreached}
