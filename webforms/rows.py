"""The buttons that add and remove rows of a form; they work on what was typed so far, without checking it."""

import copy
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request

import engine

COMMAND = re.compile(r"(add|remove):([\w.\[\]]+)")
STEP = re.compile(r"(\w+)(?:\[(\d{1,4})\])?")


def rows_changed(form: engine.Form, raw: Mapping[str, Any], posted: Mapping[str, str]) -> dict[str, Any] | None:
    """The raw answers to show again when a POST only changes the page (rows, conditions); None when it hands in.

    `posted` is the request's form; the parameter `_refresh` may also stand in the address.
    """
    command = posted.get("_row")
    if command is None and "_refresh" not in posted and "_refresh" not in request.args:
        return None
    lists = {each.key for each in form.questions if each.kind == "dynamiclist"}
    named = STEP.match((command or "").partition(":")[2])
    return with_row_command(raw, command if named is not None and named[1] in lists else None)


def refresh_address() -> str:
    """Where a POST only draws this page again; the rest of the address stays."""
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != "_refresh"]
    return "?" + urlencode([*rest, ("_refresh", "1")])


def with_row_command(raw: Mapping[str, Any], command: str | None) -> dict[str, Any]:
    """The raw answers after `add:people` or `remove:people[1]`; anything else changes nothing."""
    changed = copy.deepcopy(dict(raw))
    found = COMMAND.fullmatch(command or "")
    if found is None:
        return changed
    steps = [(key, int(index) if index else None) for key, index in STEP.findall(found[2])]
    level: Any = changed
    for key, index in steps[:-1]:
        level = _row(level, key, index)
    if not steps or not isinstance(level, dict):
        return changed
    key, index = steps[-1]
    rows = level.get(key)
    rows = rows if isinstance(rows, list) else []
    if found[1] == "add" and index is None:
        level[key] = [*rows, {}]
    elif found[1] == "remove" and index is not None:
        level[key] = rows[:index] + rows[index + 1 :]
    return changed


def _row(level: Any, key: str, index: int | None) -> Any:
    rows = level.get(key) if isinstance(level, dict) else None
    return rows[index] if isinstance(rows, list) and index is not None and index < len(rows) else None
