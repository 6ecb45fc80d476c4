"""Texts compared line by line."""

from difflib import SequenceMatcher

from engine.comparison.changes import Change, mirrored

KIND = {"insert": "added", "delete": "removed", "replace": "changed"}


def compare_lines(file: str, before: str, after: str) -> list[Change]:
    """The runs of lines that differ; `element` is the line in the older text and the line in the newer.

    Which lines a matcher pairs depends on the direction, so there is only one: both directions tell the same runs.
    """
    if before > after:
        return [_turned(change) for change in compare_lines(file, after, before)]
    old, new = before.splitlines(), after.splitlines()
    found = []
    for code, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new).get_opcodes():
        if code != "equal":
            texts = "\n".join(old[old_from:old_to]), "\n".join(new[new_from:new_to])
            found.append(Change(file, KIND[code], "lines", f"{old_from + 1}:{new_from + 1}", "", "", *texts))
    return found


def _turned(change: Change) -> Change:
    old, _, new = change.element.partition(":")
    turned = mirrored(change)
    return Change(turned.file, turned.kind, turned.part, f"{new}:{old}", "", "", turned.before, turned.after)
