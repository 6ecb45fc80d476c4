"""Two forms compared: fields by id, or by key where the ids are others."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.comparison.changes import Change, in_order, kind_of, order_change

TOOLS = {"components", "exporter", "executionPlatform", "executionPlatformVersion", "schemaVersion", "type"}
STRUCTURE = {"components", "id", "layout"}


@dataclass
class Field:
    """A field with what it says, the field it is in, and where it is put."""

    said: dict[str, str]
    scope: str
    layout: str

    @property
    def label(self) -> str:
        """What a reader calls it."""
        return self.said.get("label") or self.said.get("text", "")[:60] or self.said.get("key", "")


def compare_forms(file: str, before: str, after: str) -> list[Change]:
    """What differs between two forms. Raises ValueError for what is no form."""
    old_form, new_form = _form(before), _form(after)
    old, new = dict(_fields(old_form, "")), dict(_fields(new_form, ""))
    old = _renamed(old, new)
    found = [
        Change(file, kind_of(first, second), "setting", key, key, "", first, second)
        for key, first, second in _differing(_flat(old_form, TOOLS), _flat(new_form, TOOLS))
    ]
    for one in in_order(old, new):
        if one not in old or one not in new:
            here, kind = (new[one], "added") if one in new else (old[one], "removed")
            words = "\n".join(f"{key}: {value}" for key, value in here.said.items())
            texts = ("", words) if kind == "added" else (words, "")
            found.append(Change(file, kind, "field", one, here.label, "", *texts))
        else:
            found += _changes(file, one, old, new)
    names = ({one: side[one].label for one in side} for side in (old, new))
    found += order_change(file, "", "", *names)
    moved = sum(1 for one in old if one in new and old[one].layout != new[one].layout)
    return found + ([Change(file, "moved", "drawing", "", "", str(moved))] if moved else [])


def _form(text: str) -> Mapping[str, Any]:
    form = json.loads(text)
    if not isinstance(form, dict):
        raise ValueError("not a form")  # noqa: TRY004 the text is wrong, not the type of an argument
    return form


def _fields(form: Mapping[str, Any], scope: str) -> Iterator[tuple[str, Field]]:
    parts = form.get("components")
    for number, part in enumerate(parts if isinstance(parts, list) else [], 1):
        if isinstance(part, dict):
            name = str(part.get("id") or part.get("key") or f"{scope}#{number}")
            layout = json.dumps(part.get("layout"), sort_keys=True, ensure_ascii=False)
            yield name, Field(_flat(part, STRUCTURE), scope, layout)
            yield from _fields(part, name)


def _renamed(old: Mapping[str, Field], new: Mapping[str, Field]) -> dict[str, Field]:
    """The older fields under the newer ids where only the id is another: the key is what data is stored under."""
    keys: dict[str, list[str]] = {}
    for one, row in new.items():
        if one not in old and row.said.get("key"):
            keys.setdefault(row.said["key"], []).append(one)
    olds = [row.said.get("key", "") for one, row in old.items() if one not in new]
    same = {key: ids[0] for key, ids in keys.items() if len(ids) == 1 and olds.count(key) == 1}
    names = {one: one if one in new else same.get(row.said.get("key", ""), one) for one, row in old.items()}
    return {
        names[one]: Field(row.said, names.get(row.scope, row.scope), row.layout) for one, row in old.items()
    }  # fmt: skip


def _flat(value: Mapping[str, Any], skipped: set[str], path: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, one in value.items():
        if not path and key in skipped:
            continue
        if isinstance(one, dict) and one:
            found |= _flat(one, skipped, f"{path}{key}.")
        elif key == "values" and isinstance(one, list):
            found[path + key] = "\n".join(_option(each) for each in one)
        else:
            found[path + key] = one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)
    return found


def _option(one: Any) -> str:
    if isinstance(one, dict) and set(one) == {"label", "value"}:
        return f"{one['label']} ({one['value']})"
    return json.dumps(one, ensure_ascii=False)


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for key in in_order(old, new):
        if old.get(key) != new.get(key):
            yield key, old.get(key, ""), new.get(key, "")


def _changes(file: str, one: str, old: Mapping[str, Field], new: Mapping[str, Field]) -> Iterator[Change]:
    before, after = old[one], new[one]
    if before.scope != after.scope:
        places = [side[name].label if name in side else "" for side, name in ((old, before.scope), (new, after.scope))]
        yield Change(file, "moved", "field", one, after.label, "", *places)
    for key, first, second in _differing(before.said, after.said):
        yield Change(file, kind_of(first, second), "field-property", one, after.label, key, first, second)
