"""What differs between two versions of a process folder, in the terms of its readers."""

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from engine.comparison.changes import KINDS, PARTS, Change, mirrored
from engine.comparison.diagrams import compare_diagrams
from engine.comparison.fields import compare_forms
from engine.comparison.lines import compare_lines
from engine.comparison.settings import compare_settings
from engine.comparison.tables import compare_tables

__all__ = ["KINDS", "PARTS", "Change", "compare", "mirrored"]

BY_SUFFIX: Mapping[str, Callable[[str, str, str], list[Change]]] = {
    ".bpmn": compare_diagrams,
    ".dmn": compare_tables,
    ".form": compare_forms,
}
FOLDERS = ("", "decisions", "forms", "documents", "scenarios")  # the order in which a reader goes through a folder


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """Every change from one folder (name -> text) to another, file by file; empty when the files are the same.

    The diagram comes first, then the manifest and the other files. A file that cannot be read as what it is, is
    compared as text; one that says the same in other words is told as one change of its notation.
    """
    found: list[Change] = []
    for name in sorted({*before, *after}, key=_rank):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            found.append(Change(name, "added" if old is None else "removed", "file"))
        elif old != new:
            found += _file(name, old, new) or [Change(name, "changed", "notation")]
    return tuple(found)


def _file(name: str, old: str, new: str) -> list[Change]:
    by_kind = compare_settings if name == "manifest.toml" else BY_SUFFIX.get(PurePosixPath(name).suffix)
    if by_kind is not None:
        try:
            return by_kind(name, old, new)
        except ValueError:  # a draft is text until it is published: it may be anything
            pass
    return compare_lines(name, old, new)


def _rank(name: str) -> tuple[int, int, str]:
    folder = name.rpartition("/")[0]
    place = FOLDERS.index(folder) if folder in FOLDERS else len(FOLDERS)
    return place, [".bpmn", ".toml"].index(PurePosixPath(name).suffix) if name.endswith((".bpmn", ".toml")) else 2, name
