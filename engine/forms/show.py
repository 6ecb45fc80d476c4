"""Typed facts or half-typed drafts as the raw strings a page shows; whatever does not fit the form is left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.forms.fields import INERT, WAS, Field, walk
from engine.forms.form import Form
from engine.forms.layout import as_they_were
from engine.forms.values import as_text

MAX_ROWS = 1_000


def shown(form: Form, values: Mapping[str, Any], facts: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Raw answers for the inputs of a page: text, lists of text for checklists and files, rows for lists.

    Keys that `values` lacks come from `facts`, then from the form's defaults.
    """
    return _level(form.fields, values, facts or {})


def _level(fields: Sequence[Field], values: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in fields:
        if each.kind == "group":
            found |= _level(each.children, values, facts)
        elif each.kind not in INERT:
            found[each.key] = _answer(each, values, facts)
    return found


def _answer(each: Field, values: Mapping[str, Any], facts: Mapping[str, Any]) -> Any:
    if each.key in values and not each.readonly:
        given = values[each.key]
        return _rows(each, given, facts.get(each.key)) if each.kind == "dynamiclist" else raw_of(each, given)
    given = facts.get(each.key)
    if each.kind != "dynamiclist":
        return raw_of(each, each.default if given is None else given)
    rows = _numbered(each, given)
    return _rows(each, rows or [{}] * max(each.first_rows, each.rules.min_items), given)


def _numbered(each: Field, given: Any) -> list[dict[str, Any]]:
    """The rows of a fact, each with its place in it; rows of lists inside them too."""
    lists = [inner for inner in walk(each.children) if inner.kind == "dynamiclist"]
    return [
        {**row, **{inner.key: _numbered(inner, row[inner.key]) for inner in lists if inner.key in row}, WAS: str(place)}
        for place, row in enumerate(_mappings(given))
    ]


def _mappings(given: Any) -> list[Mapping[str, Any]]:
    rows = given[:MAX_ROWS] if isinstance(given, list | tuple) else []
    return [row if isinstance(row, Mapping) else {} for row in rows]


def _rows(each: Field, given: Any, fact: Any) -> list[dict[str, Any]]:
    before = _mappings(fact)
    sent = _mappings(given)
    rows = []
    for row in as_they_were(each, sent, before) if each.fixed_rows and before else sent:
        was = row.get(WAS)
        place = int(was) if isinstance(was, str) and was.isascii() and was.isdigit() and len(was) < 6 else None  # noqa: PLR2004 digits
        old = before[place] if place is not None and place < len(before) else {}
        rows.append(_level(each.children, row, old) | ({} if place is None else {WAS: str(place)}))
    return rows


def raw_of(each: Field, given: Any) -> Any:
    """One answer as raw text, or as a list of it."""
    if each.multiple:
        items = given if isinstance(given, list | tuple) else [given]
        texts = [as_text(item.get("file") if isinstance(item, Mapping) else item) for item in items]
        return list(dict.fromkeys(text for text in texts if text and text.strip()))
    if isinstance(given, list | tuple):
        given = next((item for item in reversed(given) if item not in (None, "")), None)
    text = as_text(given)
    if each.kind == "checkbox":
        return "true" if text is not None and text.strip().lower() in {"true", "on", "1", "yes"} else ""
    return text or ""
