"""Files that a process folder takes from its siblings: one truth on disk, and a version that needs nothing outside.

A manifest that says `include = ["escalation/decisions/impact_level.dmn"]` gets the copy `decisions/impact_level.dmn`.
"""

import tomllib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

TEXT = frozenset([".toml", ".bpmn", ".dmn", ".form", ".html", ".md"])  # what a process folder is made of
SCENARIOS = "scenarios/"  # kept beside a version, no part of it
PARTS = 3  # sibling folder, folder in it, file


def included_names(files: Mapping[str, str]) -> list[str]:
    """The files of siblings that the manifest among these files includes; what cannot be one is left out."""
    try:
        given = tomllib.loads(files.get("manifest.toml", "")).get("include", [])
    except (tomllib.TOMLDecodeError, RecursionError):
        return []  # the checks say so
    return [name for name in given if is_includable(name)] if isinstance(given, list) else []


def is_includable(name: Any) -> bool:
    """Whether this names a text file in a folder of a sibling, and nothing outside the tree of processes."""
    if not isinstance(name, str) or "\\" in name:
        return False
    path = PurePosixPath(name)
    named = len(path.parts) == PARTS and path.as_posix() == name and path.suffix in TEXT
    return named and not any(part.startswith((".", "/")) for part in path.parts)


def place_of(included: str) -> str:
    """Where the copy goes: under the last two parts of its name."""
    return "/".join(PurePosixPath(included).parts[-2:])


def apart(files: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What a version is made of, and the scenarios that are kept beside it."""
    own = {name: text for name, text in files.items() if not name.startswith(SCENARIOS)}
    return own, {name: text for name, text in files.items() if name.startswith(SCENARIOS)}
