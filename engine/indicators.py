"""Indicators as data: every figure is declared once in `indicators.toml`, with its name, definition, base and unit.

An indicator counts happenings (`count`), adds something up (`sum`), is the difference between what began and what
ended until then (`less`, `at`), a FEEL `formula` over others, the rows of a `register`, or is `typed` by whoever
reports.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from engine.feel import Expression
from engine.months import Months

PARTS = "_parts"  # a formula reads the breakdown of an indicator as `<id>_parts`


@dataclass(frozen=True)
class Dimension:
    """Something by which figures are broken down, and where the words for its values come from."""

    id: str
    name: str
    values: Mapping[str, str] = field(default_factory=dict)
    register: str = ""
    is_office: bool = False


@dataclass(frozen=True)
class Indicator:
    """One figure. `count` and `less` are kinds of `[counts]`; `where` is one dimension and its value."""

    id: str
    section: str
    name: str
    unit: str = ""
    definition: str = ""
    base: str = ""
    status: str = "confirmed"
    count: str = ""
    sum: str = ""
    where: tuple[str, str] = ("", "")
    less: str = ""
    at: str = ""  # opening | closing
    formula: Expression | None = None
    typed: bool = False
    register: str = ""  # counts its rows on the last day of the span
    having: Mapping[str, str] = field(default_factory=dict)  # of a register's rows: field -> value
    by: str = ""
    internal: bool = False
    decimals: int = 0
    divide: int = 1
    percent: bool = False

    @property
    def is_stock(self) -> bool:
        """Whether it says what there is at a time, not what happened in a time."""
        return bool(self.less)

    @property
    def dimension(self) -> str:
        """The dimension its sums are read from; empty for the whole."""
        return self.where[0]


@dataclass(frozen=True)
class Check:
    """A sentence that must be true of the figures of a report, and its FEEL condition."""

    id: str
    says: str
    holds: Expression
    blocks: bool = True


@dataclass(frozen=True)
class ReportKind:
    """Which indicators a report shows, in its order."""

    id: str
    title: str
    indicators: tuple[str, ...]


@dataclass(frozen=True)
class Indicators:
    """Everything that is declared, by id."""

    months: Months = field(default_factory=Months)
    months_status: str = "unconfirmed"
    months_source: str = ""
    sections: Mapping[str, str] = field(default_factory=dict)
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    all: Mapping[str, Indicator] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)
    reports: Mapping[str, ReportKind] = field(default_factory=dict)

    @property
    def shown(self) -> Sequence[Indicator]:
        """The indicators people see, by section."""
        order = list(self.sections)
        return sorted((i for i in self.all.values() if not i.internal), key=lambda i: order.index(i.section))

    def terms(self, indicator: str) -> Sequence[Indicator]:
        """The indicators a formula reads, in the order of their declaration; empty for what is counted."""
        formula = self.all[indicator].formula
        names = {name.removesuffix(PARTS) for name in formula.free_names} if formula is not None else set()
        return [each for each in self.all.values() if each.id in names]

    @cached_property
    def order(self) -> Sequence[str]:
        """The ids so that every formula comes after what it reads."""
        found: dict[str, None] = {}
        for each in self.all:
            self._place(each, found, ())
        return list(found)

    def _place(self, indicator: str, found: dict[str, None], above: tuple[str, ...]) -> None:
        if indicator in above:
            raise ValueError(" -> ".join([*above, indicator]))
        for term in self.terms(indicator):
            if term.id not in found:
                self._place(term.id, found, (*above, indicator))
        found.setdefault(indicator)

    def needed(self, wanted: Sequence[str]) -> Sequence[Indicator]:
        """The wanted indicators and everything their formulas read, in the order of computation."""
        reached, pending = set[str](), list(wanted)
        while pending:
            each = pending.pop()
            if each in self.all and each not in reached:
                reached.add(each)
                pending += [term.id for term in self.terms(each)]
        return [self.all[each] for each in self.order if each in reached]
