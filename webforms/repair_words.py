"""Repair in words: its kinds, what a request asks for, and what a preview says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import engine
from webforms.facts import Labels, veiled, words
from webforms.i18n import day, labelled, listed
from webforms.labels import case_labels
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

KINDS = {
    "move": (_l("Move the token"), _l("The case stands at the wrong step: put it to another one.")),
    "skip": (_l("Skip a step"), _l("A step cannot or need not be done: let the case go on without its form.")),
    "fact": (_l("Correct a fact"), _l("Something was recorded wrongly: give it the right value.")),
    "deadline": (_l("Change a last day"), _l("A time limit was computed wrongly: set its last day.")),
    "retry": (
        _l("Try again what failed"),
        _l("An incident is open: carry it out again, if need be with another value."),
    ),
    "cancel": (_l("Cancel the case"), _l("The case should not have been opened: end it without an outcome.")),
    "reopen": (_l("Open the case again"), _l("The case was closed by mistake: go on at one of its steps.")),
}
STATES = {
    "open": _l("waits for a decision"),
    "approved": _l("approved and done"),
    "refused": _l("refused"),
    "withdrawn": _l("taken back"),
    "failed": _l("approved, but not possible"),
}
LEVELS = {"open": "orange", "approved": "green", "refused": "red", "withdrawn": "none", "failed": "red"}
CHANGES = {
    "started": _l("begins"),
    "met": _l("is kept"),
    "cancelled": _l("ends, no longer needed"),
    "expired": _l("expires"),
    "stopped": _l("is stopped"),
    "running": _l("runs again"),
    "moved": _l("gets another last day"),
}
LIST_PARTS = {"true": _l("yes"), "false": _l("no")}


@dataclass(frozen=True)
class ShownPreview:
    """A preview in the words of a page: (what, change) lines, and what the diagram marks."""

    lines: list[tuple[str, str]]
    gone: tuple[str, ...]
    current: tuple[str, ...]


def shown_preview(shown: engine.ChangePreview, facts: Mapping[str, engine.Fact], labels: Labels) -> ShownPreview:
    """A preview, line by line."""
    lines = [(gettext("leaves"), listed(shown.ends))] if shown.ends else []
    lines += [(gettext("enters"), listed(shown.begins))] if shown.begins else []
    lines += [(gettext("stays open"), listed(shown.stays))] if shown.stays else []
    lines += [(gettext("time limit"), _deadline(change)) for change in shown.deadlines]
    lines += [(gettext("fact"), _fact(change, facts, labels)) for change in shown.facts]
    lines += [(gettext("paper is issued"), title) for title in shown.papers]
    lines += [(gettext("is sent"), name) for name in shown.thrown]
    if shown.is_over:
        lines.append((gettext("the case ends"), shown.outcome or gettext("without an outcome")))
    return ShownPreview(lines, shown.gone, shown.current)


def _deadline(change: engine.DeadlineChange) -> str:
    text = f"“{change.label}”" + str(CHANGES.get(change.change, change.change))
    if change.change == "moved":
        return text + gettext(": %(before)s → %(after)s", before=day(change.before), after=day(change.after))
    return text + (
        gettext(", last day %(day)s", day=day(change.after)) if change.change == "started" and change.after else ""
    )


def _fact(change: engine.FactChange, facts: Mapping[str, engine.Fact], labels: Labels) -> str:
    fact = facts[change.key]
    if fact.type in {"list", "context", "files"}:
        return fact.label or change.key
    told = [words(fact, change.key, _plain(fact, value), labels) or "—" for value in (change.before, change.after)]
    return labelled(fact.label or change.key, f"{told[0]} → {told[1]}")


def _plain(fact: engine.Fact, value: Any) -> Any:
    return "******" if fact.sensitive and value else value


def value_words(variable: engine.Correctable, case_id: UUID) -> str:
    """What a variable holds now."""
    if variable.fact.sensitive and variable.value:
        return veiled(str(variable.value))
    column = variable.path.partition("[")[0] + ("." + variable.fact.key if "[" in variable.path else "")
    return words(variable.fact, column, variable.value, case_labels(case_id)) or gettext("nothing")


def asked_for(page: engine.ChangePage) -> list[tuple[str, str]]:
    """What a request asks for: (what, which)."""
    args, names = page.row.arguments, page.names
    found = []
    for key, label in (
        ("task", gettext("Step")),
        ("element", gettext("From")),
        ("target", gettext("To")),
        ("deadline", gettext("Time limit")),
        ("last_day", gettext("New last day")),
        ("basis", gettext("Legal basis")),
        ("incident", gettext("Incident")),
        ("fact", gettext("Fact")),
    ):
        if args.get(key):
            found.append((label, names.get(str(args[key]), str(args[key]))))
    if args.get("fact"):
        found.append((gettext("New value"), _new_value(page)))
    for key, value in (args.get("values") or {}).items():
        fact = page.facts.get(key)
        if fact is not None and fact.type not in {"list", "context", "files"}:
            found.append((fact.label, words(fact, key, _plain(fact, value), case_labels(page.row.case_id)) or "—"))
    return found


def _new_value(page: engine.ChangePage) -> str:
    value = page.row.arguments.get("value")
    root, _, column = str(page.row.arguments["fact"]).partition("]")
    fact = page.facts.get(root.partition("[")[0])
    if fact is not None and column:
        fact = fact.fields.get(column.removeprefix("."))
    if fact is None or value in (None, ""):
        return gettext("nothing")
    if fact.sensitive:
        return str(page.values.get(str(value).removeprefix("sensitive:"), "******"))
    path = root.partition("[")[0] + column
    return words(fact, path, value, case_labels(page.row.case_id))
