"""What a register is: declared as data, its rows checked against the declaration."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.registry.columns import Column, InvalidRegister, read_columns

MARKS = frozenset(["office", "valid_from", "valid_to"])  # what a row read from a register carries beside its fields


@dataclass(frozen=True)
class Register:
    """A register as declared. Words that forms and pages show are data, too."""

    id: str
    title: str
    key: str
    label: str  # the field that names a row for people
    columns: Mapping[str, Column]
    files: str = ""  # role that files an office's part
    approves: str = ""  # role that reviews and publishes it
    public: tuple[str, ...] = ()  # fields that anybody may see
    listed: tuple[str, ...] = ()  # fields that a list shows, in this order
    new_key: str = "{stem}-{seq:03d}"
    effective: date | None = None  # from when the rows that come with the declaration apply
    account: str = ""  # the field with a user name, where a row stands for a person who can be chosen
    instead: str = ""  # the role whose holders are offered where an office has not published anything yet
    offered: Mapping[str, Any] = field(default_factory=dict)  # field -> the value of rows that forms may offer
    narrowed: Mapping[str, str] = field(default_factory=dict)  # field with keys -> fact that must be among them
    words: Mapping[str, str] = field(default_factory=dict)  # unpublished, narrowed, nobody, lapsed
    state: str = field(default="", compare=False)  # names what is published at the moment; for caches

    def checked(self, row: Mapping[str, Any], where: str) -> tuple[dict[str, Any], list[str]]:
        """The row with typed values, and what is wrong with it. Empty answers are left out."""
        known = {*self.columns, self.key, *MARKS}
        problems = [f"{where}: there is no field {name}" for name in row if name not in known]
        clean: dict[str, Any] = {}
        for name, column in self.columns.items():
            value, found = column.checked(row.get(name), f"{where} {name}")
            problems += found
            if value is not None:
                clean[name] = value
        return clean, problems

    def lapsed(self, data: Mapping[str, Any], day: date) -> bool:
        """Whether everything this row rests on has ended by this day, or has not begun."""
        resting = [column.key for column in self.columns.values() if column.rests]
        grounds = [ground for key in resting for ground in data.get(key, ())]
        return bool(grounds) and not any(in_force(ground, day) for ground in grounds)

    def is_offered(self, data: Mapping[str, Any]) -> bool:
        """Whether forms may offer the row."""
        return all(data.get(name) == value for name, value in self.offered.items())

    def body(self, key: str, data: Mapping[str, Any]) -> str:
        """What a search looks at."""
        return " ".join([key, *_texts(data)])


def in_force(ground: Mapping[str, Any], day: date) -> bool:
    """Whether something with `valid_from` and `valid_to` (both included, both optional) is valid on a day."""
    first, last = ground.get("valid_from"), ground.get("valid_to")
    return (first is None or first <= day) and (last is None or day <= last)


def read_register(name: str, document: Mapping[str, Any]) -> Register:
    """The declaration in a register's file. Raises InvalidRegister."""
    head = document.get("register")
    if not isinstance(head, Mapping):
        raise InvalidRegister(f"registers/{name}.toml: the head [register] is missing", name=name)
    columns = read_columns(head.get("fields", {}), f"registers/{name}.toml")
    known = {*columns, str(head.get("key", "id"))}
    for setting in ("public", "listed"):
        unknown = [each for each in head.get(setting, ()) if each not in known]
        if unknown:
            raise InvalidRegister(f"registers/{name}.toml: {setting} names {unknown[0]}, which is no field", name=name)
    single = [head.get("label", "name"), *(head[s] for s in ("account",) if head.get(s)), *head.get("offered", {})]
    for each in [*single, *head.get("narrowed", {})]:
        if each not in columns:
            raise InvalidRegister(f"registers/{name}.toml: {each} is no field", name=name)
    effective = head.get("effective")
    return Register(
        id=name,
        title=str(head.get("title", name)),
        key=str(head.get("key", "id")),
        label=str(head.get("label", "name")),
        columns=columns,
        files=str(head.get("files", "")),
        approves=str(head.get("approves", "")),
        public=tuple(head.get("public", ())),
        listed=tuple(head.get("listed", columns)),
        new_key=str(head.get("new_key", "{stem}-{seq:03d}")),
        effective=date.fromisoformat(str(effective)) if effective else None,
        account=str(head.get("account", "")),
        instead=str(head.get("instead", "")),
        offered=head.get("offered", {}),
        narrowed=head.get("narrowed", {}),
        words=head.get("words", {}),
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
