"""Reading `indicators.toml`: everything that is wrong with it, in one list."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.errors import Finding, InvalidDefinition
from engine.feel import Expression, FeelError, compile_expression
from engine.functions import FUNCTIONS
from engine.indicators import PARTS, Check, Dimension, Indicator, Indicators, ReportKind
from engine.months import Months

FILE = "indicators.toml"
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
GIVEN = frozenset(["office", "first_day", "last_day", "previous", "system"])
INDICATOR = frozenset(
    ["section", "name", "unit", "definition", "base", "count", "sum", "register",
     "having", "where", "less", "at", "formula", "typed", "by",
     "internal", "decimals", "divide", "status", "percent"]
)  # fmt: skip
STATUSES = frozenset(["confirmed", "unconfirmed"])


def _is_name(text: str) -> bool:
    """Whether a formula can read an indicator of this name: no function is called so."""
    return bool(NAME.fullmatch(text)) and text in compile_expression(text, functions=FUNCTIONS).free_names


def read_indicators(document: Mapping[str, Any]) -> Indicators:
    """What the document declares. Raises InvalidDefinition with everything that is wrong."""
    reader = _Reader()
    found = reader.read(document)
    if reader.findings:
        raise InvalidDefinition(reader.findings)
    return found


def readable_indicators(document: Mapping[str, Any]) -> Indicators:
    """What can be read of a document that was accepted by an earlier release: what is wrong is left out."""
    left = dict(document)
    for _ in range(len(document.get("indicators", {})) + 2):
        reader = _Reader()
        found = reader.read(left)
        wrong = {finding.element for finding in reader.findings}
        if not wrong:
            return found
        for section in ("indicators", "checks", "reports", "months"):
            left[section] = {key: row for key, row in left.get(section, {}).items() if key not in wrong}
        if "months" in wrong:
            left["months"] = {}
        if None in wrong:  # formulas read each other
            left["indicators"] = {k: row for k, row in left["indicators"].items() if not row.get("formula")}
    return Indicators()


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
            if not _is_name(key):
                self.wrong(key, "cannot name an indicator", "Use lower-case letters, digits and _, and no function.")
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
        if sum(bool(row.get(source)) for source in ("count", "formula", "typed", "register")) != 1:
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
