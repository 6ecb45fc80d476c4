"""Two manifests compared: key by key, with the words the manifest itself has for them."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from engine.comparison.changes import Change, in_order, order_change

SECTIONS = {
    "facts": "fact", "outcomes": "outcome", "deadlines": "deadline", "counts": "count", "stages": "stage",
    "papers": "paper", "levels": "level",
}  # fmt: skip


def compare_settings(file: str, before: str, after: str) -> list[Change]:
    """What differs between two manifests. Raises TOMLDecodeError."""
    return list(_changes(file, tomllib.loads(before), tomllib.loads(after), ()))


def _changes(file: str, old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Change]:
    for key in in_order(old, new):
        here = (*path, key)
        first, second = _named(old.get(key)), _named(new.get(key))
        if first == second and (key in old) == (key in new):
            continue
        if isinstance(first, dict) and isinstance(second, dict):
            label = _label(new.get(key)) or _label(old.get(key))
            yield from (_placed(change, label) for change in _changes(file, first, second, here))
            continue
        if not path and key in SECTIONS and isinstance(first or second, dict):  # a whole section: each of its rows
            yield from _changes(file, first or {}, second or {}, here)
            continue
        kind = "changed" if key in old and key in new else "added" if key in new else "removed"
        place = _label(new.get(key, old.get(key)))
        part = SECTIONS.get(here[0], "setting") if len(here) > 1 else "setting"
        yield Change(file, kind, part, ".".join(here), place, "", _words(first), _words(second))
    names = ({key: _label(side[key]) or key for key in side} for side in (old, new))
    if path:  # the order of the sections themselves says nothing
        yield from order_change(file, path[-1], ".".join(path), *names)


def _placed(change: Change, label: str) -> Change:
    place = change.place or label
    return Change(change.file, change.kind, change.part, change.element, place, change.key, change.before, change.after)


def _named(value: Any) -> Any:
    """A list of tables as a table by id, so that a row put in between is not a change of all that follow."""
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        names = [str(one.get("id") or one.get("name") or number) for number, one in enumerate(value, 1)]
        if len(set(names)) == len(names):
            return dict(zip(names, value, strict=True))
    return value


def _label(value: Any) -> str:
    return str(value.get("label") or value.get("title") or "") if isinstance(value, Mapping) else ""


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return "\n".join(f"{key} = {_words(one)}" for key, one in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
