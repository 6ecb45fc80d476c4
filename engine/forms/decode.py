"""From the flat names of an HTML form to nested raw answers. Accepts anything a browser, or an attacker, may send."""

import re
from collections.abc import Iterable
from typing import Any

from engine.errors import EngineError
from engine.forms.fields import WAS

MAX_ITEMS = 5_000
MAX_DEPTH = 4
_KEY = r"[^\W\d_]\w{0,79}"
_NAME = re.compile(rf"{_KEY}(?:\[\d{{1,6}}\])?(?:\.(?:{WAS}|{_KEY})(?:\[\d{{1,6}}\])?)*")
_STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")
NOT_ANSWERS = frozenset({"csrf_token"})
REMOVE = "_remove"  # its values are "name:value" of answers to leave out: the boxes beside uploaded files


class TooManyAnswers(EngineError):
    """The form has more answers than can be accepted at once."""

    code = "too-many-answers"


def decode(items: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Nest `people[0].name` and the like; a name that occurs several times makes a list.

    Names that start with an underscore, and what is no name of an answer, are left out; gaps between rows are closed.

    >>> decode([("people[7].name", "Li"), ("people[2].name", "Wu"), ("_row", "x"), ("kind", "a"), ("kind", "b")])
    {'people': [{'name': 'Wu'}, {'name': 'Li'}], 'kind': ['a', 'b']}
    """
    given = []
    for item in items:
        given.append(item)
        if len(given) > MAX_ITEMS:
            raise TooManyAnswers(limit=MAX_ITEMS)
    removed = {value for name, value in given if name == REMOVE}
    tree: dict[str, Any] = {}
    for name, value in given:
        steps = name.count(".") + 1
        if steps > MAX_DEPTH or name in NOT_ANSWERS or not _NAME.fullmatch(name) or f"{name}:{value}" in removed:
            continue
        _put(tree, [(key, int(index) if index else None) for key, index in _STEP.findall(name)], value)
    return {key: _closed(value) for key, value in tree.items()}


class _Rows(dict[int, dict[str, Any]]):
    """Rows by the index the browser gave them."""


def _put(tree: dict[str, Any], steps: list[tuple[str, int | None]], value: str) -> None:
    """Put a value in its place; where two names contradict each other, the first one stays."""
    for key, index in steps[:-1]:
        if index is None:  # only rows nest
            return
        if tree.get(key, "") == "":  # an empty value only says that the list is on the page
            tree[key] = _Rows()
        rows = tree[key]
        if not isinstance(rows, _Rows):
            return
        tree = rows.setdefault(index, {})
    key, index = steps[-1]
    if index is not None:
        return
    there = tree.get(key)
    if isinstance(there, _Rows):
        return
    if there is None:
        tree[key] = value
    else:
        tree[key] = [*there, value] if isinstance(there, list) else [there, value]


def _closed(value: Any) -> Any:
    if not isinstance(value, _Rows):
        return value
    return [{key: _closed(inner) for key, inner in value[index].items()} for index in sorted(value)]
