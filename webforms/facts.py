"""Facts of a case as a page shows them: label and words, lists as tables, files as links."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import engine
from webforms.i18n import day, listed, moment, money
from webforms.words import gettext

LONG = 60


@dataclass(frozen=True)
class ShownFile:
    """A file in an answer."""

    id: UUID
    name: str
    size: int


@dataclass(frozen=True)
class Shown:
    """A value for people: text, files, or a table."""

    key: str
    label: str
    kind: str
    text: str = ""
    files: Sequence[ShownFile] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence["Shown"]] = field(default=())

    @property
    def long(self) -> bool:
        """Whether line breaks of the text matter."""
        return self.kind == "longtext" or len(self.text) > LONG

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.text or self.files or self.rows)


Labels = Callable[[engine.Fact, str, Any], str | None]


def shown_facts(facts: Mapping[str, engine.Fact], values: Mapping[str, Any], labels: Labels) -> list[Shown]:
    """Everything known and meant for people, in the order of the declaration; a box not ticked says nothing."""
    found = [shown(fact, values.get(key), labels) for key, fact in facts.items() if not fact.internal]
    return [one for one in found if not one.is_empty and values.get(one.key) is not False]


def shown(fact: engine.Fact, value: Any, labels: Labels, prefix: str = "") -> Shown:
    """One value; `prefix` is the list it is a column of."""
    label = fact.label or fact.key
    if fact.type == "list" and isinstance(value, (list, tuple)):
        columns = [c for c in fact.fields.values() if not c.internal and any(_of(row, c.key) for row in value)]
        inside = fact.key + "."
        rows = [[shown(column, _of(row, column.key), labels, inside) for column in columns] for row in value]
        return Shown(fact.key, label, "list", columns=[column.label or column.key for column in columns], rows=rows)
    if fact.type == "files" and isinstance(value, (list, tuple)):
        return Shown(fact.key, label, "files", files=[_file(one) for one in value if isinstance(one, Mapping)])
    return Shown(fact.key, label, fact.type, text=words(fact, prefix + fact.key, value, labels))


def _of(row: Any, key: str) -> Any:
    return row.get(key) if isinstance(row, Mapping) else None


def _file(value: Mapping[str, Any]) -> ShownFile:
    return ShownFile(UUID(str(value["file"])), str(value.get("name", "")), int(value.get("size", 0)))


def words(fact: engine.Fact, path: str, value: Any, labels: Labels) -> str:
    """A single value as text."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, (list, tuple)):
        return listed(words(fact, path, item, labels) for item in value)
    plain = _plain(value)
    return plain if plain is not None else labels(fact, path, value) or _said(fact, value)


def veiled(text: str) -> str:
    """A sensitive text with only its ends readable; one that is masked already stays as it is."""
    shown = min(4, len(text) // 4)
    masked = text[:shown] + "*" * (len(text) - 2 * shown) + (text[-shown:] if shown else "")
    return text if "*" in text else masked


def _plain(value: Any) -> str | None:
    """Words for what needs no declaration."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, datetime):
        return moment(value)
    return day(value) if isinstance(value, date) else None


def _said(fact: engine.Fact, value: Any) -> str:
    if fact.sensitive:
        return veiled(str(value))
    if fact.type == "money":
        return gettext("%(amount)s yuan", amount=money(value))
    return str(value.get("name", "")) if isinstance(value, Mapping) else str(value)
