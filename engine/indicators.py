"""Indicators as data: every figure is declared once in `indicators.toml`, with its name, definition, base and unit.

An indicator counts happenings (`count`), adds something up (`sum`), is the difference between what began and what
ended until then (`less`, `at`), a FEEL `formula` over others, or is `typed` by whoever reports.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engine.errors import Finding, InvalidDefinition
from engine.feel import Expression, FeelError, compile_expression
from engine.functions import FUNCTIONS
from engine.months import Months

FILE = "indicators.toml"
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
GIVEN = frozenset(["office", "first_day", "last_day", "previous", "system"])
PARTS = "_parts"  # a formula reads the breakdown of an indicator as `<id>_parts`
INDICATOR = frozenset(
    ["section", "name", "unit", "definition", "base", "count", "sum", "where", "less", "at", "formula", "typed", "by",
     "internal", "decimals", "divide", "status", "percent"]
)  # fmt: skip
STATUSES = frozenset(["confirmed", "unconfirmed"])


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


def read_indicators(document: Mapping[str, Any]) -> Indicators:
    """What the document declares. Raises InvalidDefinition with everything that is wrong."""
    reader = _Reader()
    found = reader.read(document)
    if reader.findings:
        raise InvalidDefinition(reader.findings)
    return found


class _Reader:
    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def wrong(self, element: str, message: str, remedy: str = "") -> None:
        self.findings.append(Finding("indicators", "semantics", FILE, element or None, message, remedy))

    def read(self, document: Mapping[str, Any]) -> Indicators:
        sections = {key: str(name) for key, name in document.get("sections", {}).items()}
        dimensions = {key: self._dimension(key, row) for key, row in document.get("dimensions", {}).items()}
        period = document.get("months", {})
        indicators = dict(self._indicators(document.get("indicators", {}), sections, dimensions))
        found = Indicators(
            self._months(period),
            str(period.get("status", "unconfirmed")),
            str(period.get("source", "")),
            sections,
            dimensions,
            indicators,
            dict(self._checks(document.get("checks", {}), indicators)),
            dict(self._reports(document.get("reports", {}), indicators)),
        )
        try:
            found.order  # noqa: B018 reads the formulas
        except ValueError as error:
            self.wrong("", f"formulas read each other: {error}", "One of them must be counted.")
        return found

    def _months(self, period: Mapping[str, Any]) -> Months:
        try:
            return Months(int(period.get("closing_day", Months().closing_day)))
        except (TypeError, ValueError) as error:
            self.wrong("months", str(error), "Use 31 for calendar months.")
            return Months()

    def _dimension(self, key: str, row: Mapping[str, Any]) -> Dimension:
        values = {str(value): str(label) for value, label in row.get("values", {}).items()}
        return Dimension(key, str(row.get("name", key)), values, str(row.get("register", "")), bool(row.get("offices")))

    def _indicators(
        self, rows: Mapping[str, Any], sections: Mapping[str, str], dimensions: Mapping[str, Dimension]
    ) -> Iterator[tuple[str, Indicator]]:
        names = frozenset(rows) | {f"{name}{PARTS}" for name in rows} | GIVEN
        for key, row in rows.items():
            for unknown in sorted(row.keys() - INDICATOR):
                self.wrong(key, f"{unknown} is not read", "Correct its name, or remove it.")
            if not NAME.fullmatch(key):
                self.wrong(key, "cannot name an indicator", "Use lower-case letters, digits and _.")
            if row.get("section") not in sections:
                self.wrong(key, f"there is no section {row.get('section')!r}", "Declare it in [sections].")
            for needed in ("name", "definition"):
                if not row.get(needed):
                    self.wrong(key, f"has no {needed}", "Say it: it is shown beside the figure.")
            where = next(iter(row.get("where", {}).items()), ("", ""))
            for dimension in {where[0], row.get("by", "")} - {""} - dimensions.keys():
                self.wrong(key, f"there is no dimension {dimension!r}", "Declare it in [dimensions].")
            self._sources(key, row)
            yield key, self._indicator(key, row, where, names)

    def _sources(self, key: str, row: Mapping[str, Any]) -> None:
        if sum(bool(row.get(source)) for source in ("count", "formula", "typed")) != 1:
            self.wrong(key, "is neither counted nor computed nor typed, or several of these", "Say exactly one.")
        if bool(row.get("less")) != (row.get("at") in {"opening", "closing"}):
            self.wrong(key, "what is there at a time needs both less and at", 'Say at = "opening" or "closing".')
        if len(row.get("where", {})) > 1 or (row.get("where") and row.get("by")):
            self.wrong(key, "is narrowed by more than one dimension", "Declare a dimension that says both.")
        if row.get("status", "confirmed") not in STATUSES:
            self.wrong(key, f"{row['status']} is not a status", "Say confirmed or unconfirmed.")

    def _indicator(self, key: str, row: Mapping[str, Any], where: tuple[str, str], names: frozenset[str]) -> Indicator:
        plain = {name: row[name] for name in INDICATOR - {"where", "formula"} if name in row}
        formula = self._compiled(key, row["formula"], names) if row.get("formula") else None
        plain |= {"section": str(row.get("section", "")), "name": str(row.get("name", key))}
        return Indicator(id=key, where=(str(where[0]), str(where[1])), formula=formula, **plain)

    def _compiled(self, key: str, text: str, names: frozenset[str]) -> Expression | None:
        try:
            expression = compile_expression(str(text).strip().removeprefix("="), functions=FUNCTIONS)
        except FeelError as error:
            self.wrong(key, f"{text!r}: {error}", "Correct the expression.")
            return None
        for unknown in sorted(expression.free_names - names):
            self.wrong(key, f"reads {unknown}, which is no indicator", "Declare it, or correct the name.")
        return expression

    def _checks(self, rows: Mapping[str, Any], indicators: Mapping[str, Indicator]) -> Iterator[tuple[str, Check]]:
        names = frozenset(indicators) | {f"{name}{PARTS}" for name in indicators} | GIVEN
        for key, row in rows.items():
            holds = self._compiled(key, row.get("holds", ""), names)
            if not row.get("says"):
                self.wrong(key, "says nothing", "Say in one sentence what must be true.")
            if holds is not None:
                yield key, Check(key, str(row.get("says", "")), holds, bool(row.get("blocks", True)))

    def _reports(
        self, rows: Mapping[str, Any], indicators: Mapping[str, Indicator]
    ) -> Iterator[tuple[str, ReportKind]]:
        shown = tuple(key for key, each in indicators.items() if not each.internal)
        for key, row in rows.items():
            wanted = tuple(str(each) for each in row.get("indicators", shown))
            for unknown in sorted(set(wanted) - indicators.keys()):
                self.wrong(key, f"shows {unknown}, which is no indicator", "Declare it, or correct the name.")
            yield key, ReportKind(key, str(row.get("title", key)), wanted)
