"""How serious a case is, where its process says so: `level = "=..."` and `[levels.<id>]` in the manifest.

A level is data of the process; what follows from it (limits, who is told) is drawn in its diagram.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COLOURS = ("red", "orange", "yellow", "blue", "grey")


@dataclass(frozen=True)
class Level:
    """A level: its id, its name for people, its rank (higher is more serious; 0 is none) and its colour."""

    id: str | None = None
    label: str = ""
    rank: int = 0
    colour: str = "grey"


NONE = Level()


def read_levels(manifest: Mapping[str, Any]) -> dict[str, Level]:
    """The levels that a manifest declares, the most serious first."""
    rows: Mapping[str, Mapping[str, Any]] = manifest.get("levels", {})
    found = [
        Level(key, str(row.get("label", key)), int(row.get("rank", 0)), str(row.get("colour", "grey")))
        for key, row in rows.items()
    ]
    return {level.id or "": level for level in sorted(found, key=lambda level: -level.rank)}
