"""A form as the host sees it: a tree of fields with what is asked of each answer. No reading, no checking."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.feel import Expression

ZONE = ZoneInfo("Asia/Shanghai")
INERT = frozenset({"text", "separator", "spacer"})
CHOICES = frozenset({"radio", "select", "checklist"})
TEMPORAL = frozenset({"date", "time", "datetime"})
WAS = "_was"  # in a row of a list: the place this row had in the fact it came from
Bound = Decimal | date | datetime | time | Expression | None


@dataclass(frozen=True)
class Option:
    """One of the answers to choose from."""

    value: Any
    label: str


class Offered(list[Option]):
    """What there is to choose from, with a word for the reader about where it comes from."""

    def __init__(self, options: Iterable[Option], note: str = "") -> None:
        super().__init__(options)
        self.note = note


OptionSource = Callable[[str], Sequence[Option]]
FileSource = Callable[[str], Mapping[str, Any] | None]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What is asked of an answer. A bound may be FEEL over the facts and the other answers."""

    required: bool = False
    min_length: Bound = None
    max_length: Bound = None
    minimum: Bound = None
    maximum: Bound = None
    digits: int | None = None
    step: Decimal | None = None
    pattern: str = ""
    pattern_message: str = ""
    format: str = ""  # email | phone | id_number | credit_code
    not_past: bool = False
    min_items: int = 0
    max_items: int = 1
    accept: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RowStyle:
    """How the rows of a list are drawn and named. Columns are named by their keys."""

    is_table: bool = False  # rows of a table instead of one card after another
    is_folded: bool = False  # rows that were there before are folded under their names
    title: str = ""  # the column that names a row
    hint: str = ""  # the column that says more about a row
    group: str = ""  # the column whose changing value is a heading
    key: str = ""  # the column by which rules name a row, as in figures[accepted].value


@dataclass(frozen=True, kw_only=True)
class Field:
    """One component of a form. `id` is unique in the form, `key` names the fact (empty where nothing is asked)."""

    kind: str
    id: str
    key: str = ""
    label: str = ""
    description: str = ""
    text: str = ""
    prefix: str = ""
    suffix: str = ""
    readonly: bool = False
    sensitive: bool = False
    fixed_rows: bool = False  # rows can be neither added nor removed
    first_rows: int = 1
    row_style: RowStyle = RowStyle()
    default: Any = None
    options: tuple[Option, ...] = ()
    values_key: str = ""
    hide: Expression | None = None
    rules: Rules = Rules()
    properties: Mapping[str, str] = field(default_factory=dict)
    children: tuple["Field", ...] = ()

    @property
    def multiple(self) -> bool:
        """Whether the answer is a list of values."""
        return self.kind in {"checklist", "filepicker"}


def walk(fields: Sequence[Field]) -> Iterator[Field]:
    """All fields, parents first."""
    for each in fields:
        yield each
        yield from walk(each.children)


def no_options(_key: str) -> Sequence[Option]:
    """No directory at hand: nothing to choose from."""
    return ()


def no_files(_file: str) -> Mapping[str, Any] | None:
    """No store at hand: no file is known."""
    return None
