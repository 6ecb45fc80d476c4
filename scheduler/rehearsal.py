"""Plays the scenarios of a draft in a copy of the house: the draft stands in the place of its process."""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType
from typing import Any

import engine
from scheduler.sandbox import House, in_memory, serialized
from scheduler.scenarios import Played, Scenarios
from scheduler.stories import InvalidStory, Story, read_story, stories_before

BORN = datetime(2000, 1, 1, tzinfo=engine.OFFICE)
PROGRAM = token_hex(8)  # results outlive no restart: the program itself may be another one then
NOTHING_KNOWN: Mapping[str, Any] = MappingProxyType({})
Progress = Callable[[int, int], None]


class CopiedHouse(House):
    """A house whose template is a copy of a running one."""

    def __init__(self, folder: Path, database: engine.Database, files: Mapping[str, str]) -> None:
        super().__init__(folder, ())
        copy = in_memory()
        with database.reads.begin() as source, copy.sessions.begin() as target:
            self.versions = engine.copy_house(source, target, dict(files), now=BORN)
            self.digest = engine.house_digest(target)
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
        self.house, self.twice = self.copied, False
        self.definitions = {
            process: engine.define({name: text for name, text in texts.items() if not name.startswith("scenarios/")})
            for process, texts in self.copied.versions.items()
        }


def rehearse(
    database: engine.Database,
    files: Mapping[str, str],
    progress: Progress = lambda *_: None,
    known: Mapping[str, Any] = NOTHING_KNOWN,
) -> dict[str, Any]:
    """Play all scenarios of these files, as `engine.keep_trial` keeps it; `progress` is told how many are done.

    Those of other processes in which a case of this one is worked on are played too: they travel its flows, and what
    is changed here must not break them. `known` is an earlier result: what it says of a scenario is taken over where
    neither the scenario nor anything it depends on is another now.
    Raises InvalidDefinition where the files cannot run at all. A scenario that cannot be read does not hold.
    """
    process, _ = engine.told_by(files)
    if not process:
        return _unplayable(files, "the files name no process")
    with tempfile.TemporaryDirectory(prefix="tiaojie-rehearsal-") as name:
        root = Path(name)
        rehearsal = Rehearsal(root / process, copied=CopiedHouse(root, database, files))
        (root / process).mkdir(exist_ok=True)
        stories, unread = readable(root / process)
        stories += neighbours(root, process)
        keyed = [(story, _key(rehearsal.copied, story)) for story in stories]
        earlier = {row["key"]: row for row in known.get("scenarios", ()) if row.get("key")}
        total, done = sum(key not in earlier for _, key in keyed), 0
        rows = []
        for story, key in keyed:
            if key not in earlier:
                progress(done, total)
                text = rehearsal.copied.versions[story.process][f"scenarios/{story.name}.toml"]
                earlier[key] = _row(rehearsal.play(story), process, key, text)
                done += 1
            rows.append(earlier[key])
        missed, unreached = _left_out(rehearsal.definitions[process], rows)
    rows = [_unread(story, words.replace(f"{root}/", "")) for story, words in unread.items()] + rows
    return _result(files, rows, missed, unreached)


def readable(folder: Path) -> tuple[list[Story], dict[str, str]]:
    """The stories of a process folder, and of those that cannot be read, why: name -> words."""
    found, unread = [], {}
    for path in sorted(folder.glob("scenarios/*.toml")):
        try:
            story = read_story(path)
            stories_before(story)
        except (InvalidStory, OSError) as error:
            unread[path.stem] = str(error)
        else:
            found.append(story)
    return found, unread


def neighbours(root: Path, process: str) -> list[Story]:
    """The stories of other processes that act in a case of this one."""
    found = []
    for path in sorted(root.glob("*/scenarios/*.toml")):
        if path.parent.parent.name != process:
            with suppress(InvalidStory):  # published long ago: nothing of this draft
                story = read_story(path)
                stories_before(story)
                found += [story] if any(step.process == process for step in story.steps) else []
    return found


def _key(copied: CopiedHouse, story: Story) -> str:
    """What a result depends on: this program, the house, the story and those before it."""
    texts = [one.path.read_text("utf-8") for one in (story, *stories_before(story))]
    parts = (PROGRAM, copied.digest, f"{story.process}/{story.name}", *texts)
    return sha256("\0".join(parts).encode()).hexdigest()


def _left_out(definition: engine.Definition, rows: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """The flows that no scenario travels, and the outcomes that none comes to that holds."""
    drawn = {flow for flow in definition.diagram.flows if "." not in flow}
    travelled = {flow for row in rows for flow in row["flows"]}
    reached = {outcome for row in rows if not row["problems"] for outcome in row["outcomes"]}
    return sorted(drawn - travelled), [name for name in definition.manifest.get("outcomes", {}) if name not in reached]


def _row(one: Played, process: str, key: str, text: str) -> dict[str, Any]:
    return {
        "name": one.name if one.story.process == process else f"{one.story.process}/{one.name}",
        "title": one.story.title,
        "problems": list(one.problems),
        "failures": [{"step": each.step, **vars(each.difference)} for each in one.failures],
        "seconds": round(one.seconds, 2),
        "flows": dict(sorted(one.flows.get(process, {}).items())),
        "outcomes": sorted(outcome for kind, outcome in one.outcomes if kind == process),
        "key": key,
        "text": sha256(text.encode()).hexdigest(),
    }


def _unread(name: str, words: str) -> dict[str, Any]:
    return {"name": name, "title": "", "problems": [words], "failures": [], "seconds": 0, "flows": {}, "outcomes": []}


def _unplayable(files: Mapping[str, str], words: str) -> dict[str, Any]:
    return _result(files, [_unread("scenarios", words)], [], [])


def _result(
    files: Mapping[str, str], rows: list[dict[str, Any]], missed: list[str], unreached: list[str]
) -> dict[str, Any]:
    digest = engine.behaviour_digest(files)
    return {"digest": digest, "scenarios": rows, "missed": missed, "unreached": unreached}
