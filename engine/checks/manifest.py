"""The manifest: its shape first, then that all its texts can be read and everything it names is there."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from engine.checks.expressions import is_juel, is_period
from engine.checks.report import Report
from engine.facts import TYPES
from engine.feel import Expression, FeelError, compile_expression
from engine.functions import FUNCTIONS
from engine.includes import is_includable, place_of
from engine.levels import COLOURS
from engine.submissions import KEYS as REPORT_KEYS

MANIFEST = "manifest.toml"
TABLES: dict[str, dict[str, type]] = {
    "number": {"kind": str, "pattern": str},
    "report": {**dict.fromkeys(REPORT_KEYS, str), "returned": str, "shown": list},  # see `submissions`
    "start": {"roles": list, "form": str, "message": str, "first": bool, "calendar": tuple},  # entries: see `openings`
}
ROWS: dict[str, dict[str, type]] = {
    "facts": {"type": str, "label": str, "search": bool, "sensitive": bool, "internal": bool, "fields": dict},
    "outcomes": {"label": str},
    "stages": {"label": str},
    "deadlines": {
        "label": str,
        "basis": str,
        "status": str,
        "from": str,
        "start": str,
        "remind": list,
        "extendable": str,
    },
    "papers": {"title": str, "template": str, "number": str},
    "levels": {"label": str, "rank": int, "colour": str},
    "counts": {"when": str, "day": str, "until": str, "dimensions": dict, "sums": dict},
}
CHECKS = "checks"  # rules over the answers of forms, read by `cross_rules`
TEXTS = ("id", "title", "headline", "level", "level_reason")
LISTS = ("include",)
WORDS = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    list: "a list of texts",
    dict: "a table",
    tuple: "a list of tables",
}
ITEMS: dict[Any, Any] = {list: str, tuple: dict}
DEEP_KEY = re.compile(r'(?:[\w\-"]{1,80}[ \t]{0,9}\.[ \t]{0,9}){40}')
PLACES = frozenset(["office", "short", "year", "kind", "seq"])
STATUSES = frozenset(["confirmed", "unconfirmed"])
EXTENDABLE = frozenset(["", "supervisor"])


@dataclass(frozen=True)
class Text:
    """A text of the manifest that is evaluated."""

    what: str
    element: str
    expression: Expression
    given: frozenset[str] = frozenset()  # names it may read beside those of the folder


def read_toml(text: str) -> dict[str, Any]:
    """The content of a TOML file. Raises ValueError or RecursionError; a key of many parts costs too much to read."""
    if DEEP_KEY.search(text):
        raise ValueError("a key has too many parts")
    return tomllib.loads(text)


class Manifest:
    """The manifest as far as its shape is right; what is wrong is reported and left out."""

    def __init__(self, given: Mapping[str, Any], report: Report) -> None:
        self.report = report
        self.texts = {key: self._typed(key, given[key], str) for key in TEXTS if key in given}
        self.tables = {name: self._table(name, given[name], keys) for name, keys in TABLES.items() if name in given}
        self.rows = {name: self._rows(name, given[name], keys) for name, keys in ROWS.items() if name in given}
        self.lists = {key: self._typed(key, given[key], list) for key in LISTS if key in given}
        self.checks = self._typed(CHECKS, given.get(CHECKS, {}), dict)
        for key in given.keys() - {*TEXTS, *LISTS, *TABLES, *ROWS, CHECKS}:
            report.add("manifest-key", MANIFEST, entry=key)

    def names(self, section: str) -> set[str]:
        """What a section declares."""
        return set(self.rows.get(section, {}))

    @property
    def columns(self) -> dict[str, set[str]]:
        """The columns of each fact that is a list."""
        return {key: set(row["fields"]) for key, row in self.rows.get("facts", {}).items() if "fields" in row}

    def _typed(self, entry: str, value: Any, wanted: type) -> Any:
        items = value if isinstance(value, list) else []
        fits = isinstance(value, list if wanted in ITEMS else wanted) and not (
            wanted is int and isinstance(value, bool)
        )
        if fits and all(isinstance(item, ITEMS[wanted]) for item in items):
            return value
        self.report.add("manifest-shape", MANIFEST, entry=entry, wanted=WORDS[wanted])
        return wanted()

    def _table(self, name: str, given: Any, keys: Mapping[str, type]) -> dict[str, Any]:
        table = self._typed(name, given, dict)
        for key in table.keys() - keys.keys():
            self.report.add("manifest-key", MANIFEST, entry=f"{name}.{key}")
        found = {key: self._typed(f"{name}.{key}", table[key], wanted) for key, wanted in keys.items() if key in table}
        if "fields" in found:
            found["fields"] = self._rows(f"{name}.fields", found["fields"], ROWS["facts"])
        return found

    def _rows(self, name: str, given: Any, keys: Mapping[str, type]) -> dict[str, dict[str, Any]]:
        return {key: self._table(f"{name}.{key}", row, keys) for key, row in self._typed(name, given, dict).items()}


def check_manifest(manifest: Manifest, files: Collection[str], roles: Collection[str], report: Report) -> list[Text]:
    """Everything about the manifest's own content; returns its expressions."""
    if not manifest.texts.get("id"):
        report.add("manifest-id", MANIFEST)
    _facts("facts", manifest.rows.get("facts", {}), report)
    _patterns(manifest, report)
    for name, row in manifest.rows.get("papers", {}).items():
        template = row.get("template", f"documents/{name}.html")
        if template not in files:
            report.add("paper-template-missing", MANIFEST, name, template=template)
    where = dict.fromkeys(REPORT_KEYS, "facts") | {"paper": "papers", "returned": "stages"}
    for key, name in manifest.tables.get("report", {}).items():
        if key in where and name not in manifest.names(where[key]):
            report.add("report-unknown", MANIFEST, "report", key=key, name=name)
    start = manifest.tables.get("start", {})
    for role in start.get("roles", ()):
        if roles and role not in roles:
            report.add("unknown-role", MANIFEST, "start", role=role)
    if start.get("form") and f"forms/{start['form']}.form" not in files:
        report.add("form-unknown", MANIFEST, "start", form=start["form"])
    _deadlines(manifest, report)
    _levels(manifest, report)
    _includes(manifest, files, report)
    return list(_texts(manifest, report))


def _facts(section: str, rows: Mapping[str, Mapping[str, Any]], report: Report) -> None:
    for key, row in rows.items():
        if not key.isidentifier() or key in {"case", "actor"}:
            report.add("fact-name", MANIFEST, key, name=key)
        if row.get("type", "text") not in TYPES:
            report.add("fact-type", MANIFEST, key, name=key, type=row["type"])
        if "fields" in row:
            _facts(f"{section}.{key}.fields", row["fields"], report)


def _patterns(manifest: Manifest, report: Report) -> None:
    patterns = {"number": manifest.tables.get("number", {}).get("pattern")}
    patterns |= {f"papers.{name}": row.get("number") for name, row in manifest.rows.get("papers", {}).items()}
    for entry, pattern in patterns.items():
        if pattern and not _is_pattern(pattern):
            report.add("number-pattern", MANIFEST, entry, text=pattern)


def _is_pattern(pattern: str) -> bool:
    """Whether numbers can be made of it: only the known places, and the running number among them."""
    try:
        places = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
        if "seq" not in places or places - PLACES:
            return False
        pattern.format(office="", short="", year=2026, kind="", seq=1)
    except (ValueError, LookupError, AttributeError, TypeError, OverflowError, MemoryError):
        return False
    return True


def _deadlines(manifest: Manifest, report: Report) -> None:
    for name, row in manifest.rows.get("deadlines", {}).items():
        status = row.get("status", "unconfirmed")
        if not status.startswith("=") and status not in STATUSES:
            report.add("deadline-status", MANIFEST, name, text=status)
        if row.get("extendable", "") not in EXTENDABLE:
            report.add("deadline-extendable", MANIFEST, name, text=row["extendable"])
        if not row.get("basis"):
            report.add("deadline-without-basis", MANIFEST, name, name=name)
        for period in row.get("remind", ()):
            if not is_period(period):
                report.add("period-wrong", MANIFEST, name, what="The reminder", text=period, reason="not a period")


def _levels(manifest: Manifest, report: Report) -> None:
    declared = manifest.rows.get("levels", {})
    if bool(manifest.texts.get("level")) != bool(declared):
        report.add("level-without-rule" if declared else "level-undeclared", MANIFEST, "level")
    for name, row in declared.items():
        if row.get("colour", COLOURS[0]) not in COLOURS:
            report.add("level-colour", MANIFEST, name, text=row["colour"], known=", ".join(COLOURS))
        if row.get("rank", 0) < 1:
            report.add("level-rank", MANIFEST, name, name=name)


def _includes(manifest: Manifest, files: Collection[str], report: Report) -> None:
    places: set[str] = set()
    for name in manifest.lists.get("include", ()):
        if not is_includable(name):
            report.add("include-name", MANIFEST, "include", text=name)
        elif place_of(name) in places:
            report.add("include-clash", MANIFEST, "include", text=name, place=place_of(name))
        elif place_of(name) not in files:
            report.add("include-missing", MANIFEST, "include", text=name)
        else:
            places.add(place_of(name))


def _texts(manifest: Manifest, report: Report) -> Iterator[Text]:
    given = [("", f"The {key}", manifest.texts.get(key, "")) for key in ("headline", "level")]
    given.append(("", "The reason of the level", manifest.texts.get("level_reason", "")))
    for name, row in manifest.rows.get("deadlines", {}).items():
        given += [(name, f"The {key}", row.get(key, "")) for key in ("label", "basis", "status")]
        if row.get("start"):
            given.append((name, "The start", "=" + row["start"].removeprefix("=")))
    for element, what, text in given:
        yield from text_of(element, what, text, report)


def text_of(element: str, what: str, text: str, report: Report) -> Iterator[Text]:
    """The expression of a text that starts with `=`; what cannot be read is reported."""
    if is_juel(text):
        report.add("expression-juel", MANIFEST, element, what=what, text=text)
    elif text.startswith("="):
        try:
            yield Text(what, element, compile_expression(text[1:], functions=FUNCTIONS))
        except FeelError as error:
            report.add(
                "expression", MANIFEST, element, what=what, text=text, reason=str(error), code=error.code,
                column=error.column or 1, position=error.position or 0,
            )  # fmt: skip
