"""The facts of a case: what the manifest declares about each variable, and how values are shown."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.deadlines import OFFICE

TYPES = frozenset(
    [
        "text",
        "longtext",
        "number",
        "money",
        "integer",
        "boolean",
        "date",
        "datetime",
        "choice",
        "multichoice",
        "phone",
        "id_number",
        "person",
        "office",
        "register",
        "files",
        "list",
        "context",
    ]
)
SENSITIVE = "sensitive:"  # prefix of a reference kept in place of a sensitive value
REFERENCE = re.compile(SENSITIVE + r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Fact:
    """One declared variable, or one column of a declared list."""

    key: str
    type: str = "text"
    label: str = ""
    search: bool = False
    sensitive: bool = False
    internal: bool = False
    fields: Mapping[str, "Fact"] = field(default_factory=dict)


def read_facts(section: Mapping[str, Any]) -> dict[str, Fact]:
    """The `[facts]` of a manifest."""
    return {
        key: Fact(
            key,
            row.get("type", "text"),
            row.get("label", key),
            bool(row.get("search", False)),
            bool(row.get("sensitive", False)),
            bool(row.get("internal", False)),
            read_facts(row.get("fields", {})),
        )
        for key, row in section.items()
    }


def typed(value: Any, fact: Fact | None) -> Any:
    """A value as its declared type: texts that arrive by message or script become dates and numbers."""
    if fact is None or value is None:
        return value
    if fact.fields and isinstance(value, list):
        return [
            {k: typed(v, fact.fields.get(k)) for k, v in row.items()} if isinstance(row, dict) else row for row in value
        ]
    if not isinstance(value, str) or fact.type not in _READ:
        return value
    try:
        return _READ[fact.type](value)
    except (ValueError, InvalidOperation):
        return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=OFFICE)


_READ: Mapping[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "datetime": _moment,
    "number": Decimal,
    "money": Decimal,
    "integer": Decimal,
}


def search_text(facts: Mapping[str, Fact], values: Mapping[str, Any]) -> str:
    """Everything searchable in a case as one text."""
    return " ".join(dict.fromkeys(word for key, fact in facts.items() for word in _words(fact, values.get(key))))


def _words(fact: Fact, value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for row in value:
            if isinstance(row, dict):
                for key, column in fact.fields.items():
                    yield from _words(column, row.get(key))
            elif fact.search and not fact.sensitive:
                yield str(row)
    elif fact.search and not fact.sensitive and value not in (None, "") and not isinstance(value, (dict, bool)):
        yield str(value)


def protect(facts: Mapping[str, Fact], values: Mapping[str, Any], keep: Any) -> dict[str, Any]:
    """The values with every sensitive text replaced by `keep(path, text)`'s reference."""
    return {key: _protected(facts.get(key), key, value, keep) for key, value in values.items()}


def _protected(fact: Fact | None, path: str, value: Any, keep: Any) -> Any:
    if fact is None or value in (None, ""):
        return value
    if isinstance(value, list) and fact.fields:
        return [
            {k: _protected(fact.fields.get(k), f"{path}[{i}].{k}", v, keep) for k, v in row.items()}
            if isinstance(row, dict)
            else row
            for i, row in enumerate(value)
        ]
    if fact.sensitive and isinstance(value, str) and not is_reference(value):
        return SENSITIVE + keep(path, value)
    return value


def is_reference(value: Any) -> bool:
    """Whether this stands for a sensitive value; anybody may type the prefix, and even a whole reference."""
    return isinstance(value, str) and REFERENCE.fullmatch(value) is not None


def references(value: Any) -> Iterator[str]:
    """The ids of all sensitive values referred to in a value."""
    if is_reference(value):
        yield value.removeprefix(SENSITIVE)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def revealed(value: Any, known: Mapping[str, str]) -> Any:
    """The value with references replaced by what they stand for (`known`: id -> text)."""
    if is_reference(value):
        return known.get(value.removeprefix(SENSITIVE), "")
    if isinstance(value, Mapping):
        return {key: revealed(item, known) for key, item in value.items()}
    return [revealed(item, known) for item in value] if isinstance(value, list) else value


def masked(text: str) -> str:
    """A sensitive text as others see it: the first and last few characters.

    >>> masked("511903198001011234")
    '5119**********1234'
    """
    shown = min(4, len(text) // 4)
    return text[:shown] + "*" * (len(text) - 2 * shown) + (text[-shown:] if shown else "")
