"""The calendar of a process: every entry `[[start.calendar]]` must name periods, days and offices that exist."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from engine.checks.drawing import Drawing
from engine.checks.manifest import MANIFEST, Manifest, Text, text_of
from engine.checks.report import Report
from engine.recurrence import AT, BEGINS, EVERY, is_day


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


NEEDED = ("id", "every", "on")
TEXTS = frozenset([*NEEDED, "label", "at", "roll", "begins", "period", "office", "message"])
KEYS = TEXTS | {"for_each", "facts", "by_hand"}
ONE_OF: Mapping[str, Collection[str]] = {
    "every": EVERY,
    "roll": ("", "back"),
    "begins": BEGINS,
    "period": ("current", "previous"),
}
WANTED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "for_each": (lambda v: isinstance(v, str) or _are_texts(v), "a text, or a list of ids of offices"),
    "by_hand": (_are_texts, "a list of roles"),
    "facts": (lambda v: isinstance(v, dict) and _are_texts(list(v.values())), "a table of texts"),
}


def check_openings(
    manifest: Manifest, drawing: Drawing, main: str, roles: Collection[str], offices: Collection[str], report: Report
) -> list[Text]:
    """Everything wrong with the entries; returns their expressions."""
    seen: set[str] = set()
    texts: list[Text] = []
    for number, row in enumerate(manifest.tables.get("start", {}).get("calendar", ()), start=1):
        name = str(row.get("id", "")) or f"calendar {number}"
        if name in seen:
            report.add("calendar-twice", MANIFEST, name, name=name)
        seen.add(name)
        if _check_shape(row, name, report):
            _check_values(row, name, report)
            _check_people(row, name, roles, offices, report)
            _check_begin(row, name, main, drawing, report)
            texts += _check_facts(row, name, manifest, report)
    return texts


def _check_shape(row: Mapping[str, Any], name: str, report: Report) -> bool:
    sound = True
    for key in sorted(row.keys() - KEYS):
        report.add("manifest-key", MANIFEST, name, entry=f"start.calendar.{key}")
    for key in NEEDED:
        if not row.get(key):
            report.add("calendar-missing", MANIFEST, name, name=name, key=key)
            sound = False
    for key, value in row.items():
        fits, wanted = WANTED.get(key, (lambda v: isinstance(v, str), "a text"))
        if key in KEYS and not fits(value):
            report.add("manifest-shape", MANIFEST, name, entry=f"start.calendar.{key}", wanted=wanted)
            sound = False
    return sound


def _check_values(row: Mapping[str, Any], name: str, report: Report) -> None:
    for key, known in ONE_OF.items():
        if key in row and row[key] not in known:
            told = "1 to 28" if key == "begins" else ", ".join(sorted(filter(None, known)))
            report.add("calendar-value", MANIFEST, name, name=name, key=key, text=row[key], wanted=told)
    if row["every"] in EVERY and not is_day(row["on"], row["every"]):
        report.add("calendar-day", MANIFEST, name, name=name, every=row["every"], text=row["on"])
    if not AT.fullmatch(row.get("at", "08:30")):
        report.add("calendar-value", MANIFEST, name, name=name, key="at", text=row["at"], wanted="a time such as 08:30")
    if row["every"] == "week" and row.get("begins", "1") != "1":
        report.add("calendar-value", MANIFEST, name, name=name, key="begins", text=row["begins"], wanted="1 for weeks")
    if ("for_each" in row) == ("office" in row):
        report.add("calendar-office", MANIFEST, name, name=name)
    each = row.get("for_each", "offices")
    if isinstance(each, str) and each.split(".")[0] != "offices":
        wanted = "offices, offices.reporting, offices.kind:town or a list of ids"
        report.add("calendar-value", MANIFEST, name, name=name, key="for_each", text=each, wanted=wanted)


def _check_people(
    row: Mapping[str, Any], name: str, roles: Collection[str], offices: Collection[str], report: Report
) -> None:
    for role in row.get("by_hand", ()):
        if roles and role not in roles:
            report.add("unknown-role", MANIFEST, name, role=role)
    each = row.get("for_each", [])
    for office in [*(each if isinstance(each, list) else []), *([row["office"]] if "office" in row else [])]:
        if offices and office not in offices:
            report.add("unknown-office", MANIFEST, name, office=office)


def _check_begin(row: Mapping[str, Any], name: str, main: str, drawing: Drawing, report: Report) -> None:
    """The start event must be drawn: the plain one, or that of the message."""
    nodes = drawing.processes[main].nodes.values() if main else ()
    starts = [element for node, element in drawing.nodes() if node in nodes and element.kind == "startEvent"]
    message = row.get("message", "")
    if main and not any((e.event == "message" and e.event_name == message) if message else not e.event for e in starts):
        report.add("calendar-start", MANIFEST, name, name=name, wanted=message or "plain")


def _check_facts(row: Mapping[str, Any], name: str, manifest: Manifest, report: Report) -> Iterator[Text]:
    facts = manifest.names("facts")
    for fact, text in row.get("facts", {}).items():
        if facts and fact not in facts:
            report.add("undeclared-result", MANIFEST, name, name=fact)
        yield from text_of(name, f"The fact {fact}", text if text.startswith("=") else f"={text}", report)
