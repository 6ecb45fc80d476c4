"""The fields of a register: types, choices, and whether a value fits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.errors import EngineError

TEXTS = frozenset(["text", "longtext", "phone", "office", "reference", "username"])
MANY = frozenset(["texts", "choices", "offices", "references"])
TYPES = TEXTS | MANY | {"choice", "boolean", "date", "integer", "number", "list"}
LONGEST = 4000


class InvalidRegister(EngineError):
    """The declaration of a register, or rows meant for it, cannot be used."""

    code = "invalid-register"


@dataclass(frozen=True)
class Column:
    """One field. A `list` has columns of its own; `rests`: the row is valid only while one of these entries is."""

    key: str
    type: str
    label: str
    required: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)
    register: str = ""  # whose keys a reference holds
    rests: bool = False
    internal: bool = False  # never shown to the public, not even inside a public list
    columns: "Mapping[str, Column]" = field(default_factory=dict)

    def checked(self, value: Any, where: str) -> tuple[Any, list[str]]:
        """The typed value, or None, and what is wrong with it."""
        if value is None or value is False or value in ("", []):  # a box that is not ticked says nothing
            return None, [f"{where} must be given"] if self.required else []
        if self.type == "list":
            return self._rows(value, where)
        if self.type in MANY:
            if not isinstance(value, (list, tuple)):
                return None, [f"{where} is not a list"]
            wrong = [problem for each in value for problem in self._one(each, where)]
            return None if wrong else [str(each) for each in value], wrong
        wrong = self._one(value, where)
        return (None, wrong) if wrong else (READ.get(self.type, lambda given: given)(value), [])

    def _one(self, value: Any, where: str) -> list[str]:
        if self.choices and str(value) not in self.choices:
            return [f"{where} is {value!r}, which is none of {', '.join(self.choices)}"]
        if self.type in TEXTS | MANY | {"choice"}:
            fits = isinstance(value, str) and len(value) <= LONGEST
        elif self.type == "boolean":
            fits = isinstance(value, bool)
        else:
            fits = _reads(READ[self.type], value)
        return [] if fits else [f"{where} is not of the type {self.type}"]

    def _rows(self, value: Any, where: str) -> tuple[Any, list[str]]:
        if not isinstance(value, (list, tuple)) or not all(isinstance(row, Mapping) for row in value):
            return None, [f"{where} is not a list of rows"]
        rows, problems = [], []
        for number, row in enumerate(value, start=1):
            problems += [f"{where} {number}: there is no field {key}" for key in row if key not in self.columns]
            clean = {}
            for key, column in self.columns.items():
                given, wrong = column.checked(row.get(key), f"{where} {number} {key}")
                problems += wrong
                if given is not None:
                    clean[key] = given
            rows.append(clean)
        return rows, problems


def _reads(read: Callable[[Any], Any], value: Any) -> bool:
    try:
        read(value)
    except (ValueError, TypeError, InvalidOperation):
        return False
    return True


def _day(value: Any) -> date:
    return value if type(value) is date else date.fromisoformat(str(value))


def _number(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise TypeError
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError
    return number


def _whole(value: Any) -> Decimal:
    number = _number(value)
    if number != int(number):
        raise ValueError
    return number


READ: Mapping[str, Callable[[Any], Any]] = {"date": _day, "number": _number, "integer": _whole}


def read_columns(section: Mapping[str, Any], where: str) -> dict[str, Column]:
    """The fields of a declaration. Raises InvalidRegister."""
    found = {}
    for key, row in section.items():
        kind = str(row.get("type", "text"))
        if kind not in TYPES:
            raise InvalidRegister(f"{where}: the field {key} has the unknown type {kind}")
        if kind in {"choice", "choices"} and not row.get("choices"):
            raise InvalidRegister(f"{where}: the field {key} has nothing to choose from")
        found[key] = Column(
            key,
            kind,
            str(row.get("label", key)),
            required=bool(row.get("required", False)),
            choices={str(value): str(words) for value, words in row.get("choices", {}).items()},
            register=str(row.get("register", "")),
            rests=bool(row.get("rests", False)),
            internal=bool(row.get("internal", False)),
            columns=read_columns(row.get("fields", {}), f"{where} {key}"),
        )
    return found
