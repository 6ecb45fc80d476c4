"""Scenario files of a draft, as text: reading what a page shows, and edits that leave comments and layout as they are.

What a scenario may say, and whether it can be played, is the business of who plays it.
"""

import tomllib
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

FOLDER, SUFFIX = "scenarios/", ".toml"
SINGLE = ("status", "stage", "outcome", "open", "papers", "linked", "projected", "incidents")
BY_KEY = ("deadlines", "facts")
PARTS = (*SINGLE, *BY_KEY)


class NotReadable(Exception):
    """The text is no TOML, or no scenario."""


@dataclass(frozen=True)
class ScenarioFile:
    """A scenario as it is written; `problem` says why it cannot be read, and then there is nothing else."""

    name: str
    text: str
    document: Mapping[str, Any]
    problem: str = ""

    @property
    def title(self) -> str:
        """What it calls itself."""
        return str(self.document.get("title", ""))

    @property
    def covers(self) -> list[str]:
        """The outcomes it claims to reach."""
        covers = self.document.get("covers")
        return [str(each) for each in covers] if isinstance(covers, list) else []

    @property
    def steps(self) -> list[Mapping[str, Any]]:
        """Its steps, in order."""
        return list(self.document.get("steps", ()))

    @property
    def digest(self) -> str:
        """The content hash, as results name what was played."""
        return sha256(self.text.encode()).hexdigest()


def path_of(name: str) -> str:
    """The file of a scenario."""
    return f"{FOLDER}{name}{SUFFIX}"


def scenario_files(files: Mapping[str, str]) -> list[ScenarioFile]:
    """The scenarios of a folder, by name."""
    names = sorted(name for name in files if name.startswith(FOLDER) and name.endswith(SUFFIX))
    return [scenario_file(name[len(FOLDER) : -len(SUFFIX)], files[name]) for name in names]


def scenario_file(name: str, text: str) -> ScenarioFile:
    """One scenario."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return ScenarioFile(name, text, {}, str(error))
    rows = document.get("steps", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return ScenarioFile(name, text, {}, "steps")
    sections = [document.get("start", {}), *(row.get(part, {}) for row in rows for part in ("answers", "expect"))]
    sections += [row["expect"].get(part, {}) for row in rows if isinstance(row.get("expect"), dict) for part in BY_KEY]
    if not all(isinstance(section, dict) for section in sections):
        return ScenarioFile(name, text, {}, "answers, expect")
    return ScenarioFile(name, text, document)


def acts_in(file: ScenarioFile, process: str) -> bool:
    """Whether a scenario of another process has a step in a case of this one."""
    return any(step.get("process") == process for step in file.steps)


def is_takeable(failure: Mapping[str, Any]) -> bool:
    """Whether what happened can stand in the place of what was expected."""
    if failure["part"] == "covers":
        return bool(failure["found"])  # a case that came to no outcome is no other outcome
    return failure["found"] is not None and failure["part"] in PARTS


def taken_over(text: str, failures: Iterable[Mapping[str, Any]]) -> str:
    """The text with what happened as the expectation. Raises NotReadable, also for a step that is not there."""
    document = _parsed(text)
    for failure in failures:
        part, key, found = failure["part"], failure["key"], failure["found"]
        if part == "covers":
            kept = [name for name in document.get("covers", []) if name != failure["wanted"]]
            document["covers"] = kept + [name for name in found if name not in kept]
            continue
        expect = _step(document, failure["step"]).get("expect")
        if not isinstance(expect, MutableMapping):
            raise NotReadable
        if part not in BY_KEY:
            expect[part] = found
        elif found == "" and part == "deadlines":  # there is none
            expect[part].pop(key, None)
            if not expect[part]:
                del expect[part]
        else:
            expect[part][key] = found
    return tomlkit.dumps(document)


def with_expectation(text: str, number: int, expect: Mapping[str, Any] | None) -> str:
    """The text with this expectation at a step, or without one; a step that was nothing else goes with it."""
    document = _parsed(text)
    step = _step(document, number)
    if expect is None:
        step.pop("expect", None)
        if not step:
            del document["steps"][number - 1]
        return tomlkit.dumps(document)
    if not isinstance(step.get("expect"), MutableMapping):
        step["expect"] = tomlkit.table()
    _become(step["expect"], expect)
    return tomlkit.dumps(document)


def with_head(text: str, title: str, covers: Sequence[str]) -> str:
    """The text with another title, and other outcomes that it must come to."""
    document = _parsed(text)
    _become(document, {**document, "title": title, "covers": list(covers)})
    return tomlkit.dumps(document)


def _become(there: MutableMapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Change what differs, and nothing else."""
    for key in [key for key in there if key not in wanted]:
        del there[key]
    for key, value in wanted.items():
        if isinstance(value, Mapping) and isinstance(there.get(key), MutableMapping):
            _become(there[key], value)
        elif key not in there or not _same(there[key], value):
            there[key] = _spaced(value) if isinstance(value, Mapping) else value


def _same(one: Any, other: Any) -> bool:
    """Whether two values are written the same: in Python 1 is True."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _spaced(value: Mapping[str, Any]) -> Any:
    """An inline table with room inside its braces, as the files have it."""
    pairs = ", ".join(
        f"{tomlkit.key(key).as_string()} = {tomlkit.item(each).as_string()}" for key, each in value.items()
    )
    return tomlkit.value(f"{{ {pairs} }}")


def _parsed(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise NotReadable(str(error)) from error


def _step(document: Mapping[str, Any], number: int) -> Any:
    steps: Any = document.get("steps", ())
    if not 1 <= number <= len(steps):
        raise NotReadable
    return steps[number - 1]
