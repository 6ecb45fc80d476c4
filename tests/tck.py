"""Run the models of the DMN technology compatibility kit: ``python tests/tck.py DIR [--verbose] [--only NAME]``.

DIR holds ``compliance-level-2`` and ``compliance-level-3`` as in github.com/dmn-tck/tck. Prints passed and total
per level; the exit code is 1 if a case of level 2 fails.
"""

import argparse
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.decisions import DecisionError, Decisions, parse_decisions
from engine.feel.conversions import written
from engine.feel.limits import Run
from engine.feel.temporal import parse_temporal
from engine.feel.values import YearsMonths

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
TOLERANCE = Decimal("0.00000001")
NUMBERS = {"decimal", "double", "integer", "int", "long", "float"}
TEMPORAL = {"date", "time", "dateTime", "duration"}


def local(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def parts(element: Any, name: str) -> list[Any]:
    return [child for child in element if local(child) == name]


def value_of(element: Any) -> Any:
    """Read a value of the kit: a simple value, a list, or components."""
    for child in element:
        if local(child) == "value":
            return simple(child)
        if local(child) == "list":
            nil = child.get(f"{XSI}nil") == "true"
            return None if nil else [value_of(item) for item in parts(child, "item")]
    return {child.get("name"): value_of(child) for child in parts(element, "component")} or None


def simple(element: Any) -> Any:
    if element.get(f"{XSI}nil") == "true":
        return None
    kind = (element.get(f"{XSI}type") or "string").rpartition(":")[2]
    text = element.text or ""
    if kind in NUMBERS:
        return Decimal(text.strip())
    if kind == "boolean":
        return text.strip() in {"true", "1"}
    if kind in TEMPORAL:
        return parse_temporal(text.strip()) if parse_temporal(text.strip()) is not None else ("unreadable", text)
    return text


def same(expected: Any, actual: Any) -> bool:
    if isinstance(expected, Decimal) and isinstance(actual, Decimal):
        return abs(expected - actual) <= TOLERANCE * max(Decimal(1), abs(expected))
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(same, expected, actual))
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(same(expected[key], actual[key]) for key in expected)
    if isinstance(expected, YearsMonths) or expected is None or actual is None:
        return bool(expected == actual)
    return type(expected) is type(actual) and written(Run(), expected) == written(Run(), actual)


def run_case(decisions: Decisions, case: Any, failures: list[str], name: str) -> int:
    """Check every result of a case; return how many there are."""
    inputs = {node.get("name"): value_of(node) for node in parts(case, "inputNode")}
    results = parts(case, "resultNode")
    now = datetime.now(UTC)
    for node in results:
        expected = next((value_of(part) for part in parts(node, "expected")), None)
        invocable = case.get("invocableName") if case.get("type") in {"decisionService", "bkm"} else None
        try:
            if invocable:
                actual = decisions.invoke(invocable, inputs, now=now, errors=[])
                actual = actual.get(node.get("name")) if len(results) > 1 and isinstance(actual, dict) else actual
            else:
                actual = decisions.evaluate(node.get("name"), inputs, now=now, errors=[])
        except DecisionError as error:
            actual = None if node.get("errorResult") == "true" else error
        if not same(expected, actual):
            failures.append(f"{name} {case.get('id')} {node.get('name')}: expected {expected!r}, got {actual!r}")
    return len(results)


def run_folder(folder: Path, failures: list[str]) -> int:
    total = 0
    for path in sorted(folder.glob("*.xml")):
        root = etree.parse(str(path)).getroot()
        model = folder / (parts(root, "modelName")[0].text or "").strip()
        others = [other.read_bytes() for other in sorted(folder.glob("*.dmn")) if other != model]
        decisions = parse_decisions(model.read_bytes(), imports=others)
        for case in parts(root, "testCase"):
            total += run_case(decisions, case, failures, folder.name)
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the DMN TCK.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--verbose", action="store_true", help="print the failing cases")
    parser.add_argument("--only", default="", help="models whose folder name contains this")
    options = parser.parse_args()
    failed_level_2 = False
    for level in sorted(options.folder.glob("compliance-level-*")):
        failures: list[str] = []
        folders = [folder for folder in sorted(level.iterdir()) if folder.is_dir() and options.only in folder.name]
        total = sum(run_folder(folder, failures) for folder in folders)
        print(f"{level.name}: {total - len(failures)} of {total} passed")  # noqa: T201 a command line tool
        for failure in failures if options.verbose else []:
            print(f"  {failure}")  # noqa: T201 a command line tool
        failed_level_2 |= bool(failures) and level.name.endswith("2")
    return int(failed_level_2)


if __name__ == "__main__":
    sys.exit(main())
