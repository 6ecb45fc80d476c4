"""What scenarios speak of, in words: elements, facts, answers, and what must hold."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import engine
from webforms.cases import STATUSES
from webforms.i18n import clauses, labelled, listed
from webforms.scenario_files import BY_KEY
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

NONE = "—"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
PARTS = {
    "open": _l("Tasks that are open"),
    "stage": _l("Stage"),
    "status": _l("State of the case"),
    "outcome": _l("Outcome"),
    "deadlines": _l("Time limit"),
    "projected": _l("Time limits on projected calendars"),
    "papers": _l("Documents"),
    "linked": _l("Linked cases"),
    "facts": _l("Fact"),
    "incidents": _l("Incidents"),
    "covers": _l("Outcome"),
    "task": _l("Task to be done"),
}
SECTIONS = {
    "papers": "papers",
    "projected": "deadlines",
    "stage": "stages",
    "outcome": "outcomes",
    "covers": "outcomes",
}
CLOCKS = {
    "running": _l("Runs"),
    "met": _l("Kept"),
    "expired": _l("Expired"),
    "cancelled": _l("No longer needed"),
    "stopped": _l("Clock stopped"),
}
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Teller:
    """Tells scenarios of a process. `models` are the files of all processes; this one's are the draft's."""

    process: str
    models: Mapping[str, Mapping[str, str]]
    known: engine.Directory
    _definitions: dict[str, engine.Definition | None] = field(default_factory=dict)

    def definition(self, process: str) -> engine.Definition | None:
        """The process; None where it cannot run at all."""
        if process not in self._definitions:
            own = {n: text for n, text in self.models.get(process, {}).items() if not n.startswith("scenarios/")}
            self._definitions[process] = None
            with suppress(engine.InvalidDefinition):
                found = engine.define(own) if own else None
                self._definitions[process] = found if found is not None and found.diagram.elements else None
        return self._definitions[process]

    def role(self, role: str) -> str:
        """A role's name."""
        return self.known.role_name(role)

    def element(self, element: str, process: str = "") -> str:
        """What an element of the diagram is called."""
        found = self.definition(process or self.process)
        node = found.diagram.elements.get(element) if found is not None else None
        return (node.name if node is not None else "") or element

    def label(self, section: str, key: str, process: str = "") -> str:
        """What the manifest calls an outcome, a stage, a deadline or a document."""
        found = self.definition(process or self.process)
        rows = found.manifest.get(section) if found is not None else None
        row = rows.get(key) if isinstance(rows, Mapping) else None
        return str(row.get("label") or row.get("title") or key) if isinstance(row, Mapping) else key

    def fact(self, path: str, process: str = "") -> str:
        """What a fact is called; a column of a list after its list."""
        found = self.definition(process or self.process)
        facts: Mapping[str, engine.Fact] = found.facts if found is not None else {}
        words = []
        for part in path.split("."):
            fact = facts.get(part.split("[")[0])
            words.append((fact.label if fact is not None else "") or part)
            facts = fact.fields if fact is not None else {}
        return " · ".join(words)

    def title(self, process: str) -> str:
        """What a process is called."""
        found = self.definition(process)
        return found.title if found is not None else process

    def value(self, value: Any, choices: Mapping[str, str], labels: Mapping[str, engine.Fact]) -> str:
        """An answer or a fact in words."""
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        if isinstance(value, Mapping):
            cells = ((labels[k].label if k in labels else k, self.value(v, choices, {})) for k, v in value.items())
            return clauses(labelled(name, words) for name, words in cells)
        if isinstance(value, list):
            told = [self.value(each, choices, labels) for each in value]
            return ("\n".join(told) if any(isinstance(each, Mapping) for each in value) else listed(told)) or NONE
        text = str(value)
        if text.startswith("@"):
            role = text[1:].rstrip("0123456789")
            number = text[1 + len(role) :]
            return self.role(role) + (gettext(" no. %(number)s", number=number) if number else "")
        return choices.get(text) or (text.replace("T", " ") if MOMENT.fullmatch(text) else text)

    def answers(self, given: Mapping[str, Any], process: str, form: str) -> Pairs:
        """Answers with the labels of their fields, choices by their words."""
        found = self.definition(process)
        facts = found.facts if found is not None else {}
        choices, columns = self._choices(process, form), {key: fact.fields for key, fact in facts.items()}
        return [
            (self.fact(key, process), self.value(value, choices.get(key, {}), columns.get(key, {})))
            for key, value in given.items()
        ]

    def _choices(self, process: str, form: str) -> dict[str, dict[str, str]]:
        """Key of an answer -> what its choices say."""
        found = self.definition(process)
        if found is None or f"forms/{form}.form" not in found.files:
            return {}
        with suppress(engine.InvalidDefinition):
            questions = found.form(form).questions
            return {each.key: {str(option.value): option.label for option in each.options} for each in questions}
        return {}

    def expectations(self, expect: Mapping[str, Any], process: str) -> Pairs:
        """What must hold, a line for each."""
        told = []
        for part, value in expect.items():
            if part in BY_KEY:
                told += [(self.what(part, key, process), self.held(part, each, process)) for key, each in value.items()]
            else:
                told.append((self.what(part, "", process), self.held(part, value, process)))
        return told

    def what(self, part: str, key: str, process: str) -> str:
        """What an expectation is about."""
        if part == "facts":
            return self.fact(key, process)
        words = str(PARTS.get(part, part))
        return labelled(words, self.label("deadlines", key, process)) if part == "deadlines" else words

    def held(self, part: str, value: Any, process: str) -> str:
        """A value of an expectation in words."""
        if value is None or value in ("", []):
            return gettext("(none)")
        names = [str(each) for each in (value if isinstance(value, list) else [value])]
        if part in {"open", "task"}:
            return listed(self.element(name, process) for name in names)
        if part in SECTIONS:
            return listed(self.label(SECTIONS[part], name, process) for name in names)
        if part == "linked":
            return listed(self.title(name) for name in names)
        if part in {"status", "deadlines"}:
            return str((STATUSES if part == "status" else CLOCKS).get(names[0], names[0].replace("T", " ")))
        return self.value(value, {}, {})
