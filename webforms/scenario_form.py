"""The form in which an expectation of a scenario is edited: choices from the folder instead of ids to be typed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

import engine
from webforms.cases import STATUSES
from webforms.scenario_files import BY_KEY
from webforms.scenario_words import CLOCKS, PARTS, Pairs, Teller
from webforms.words import gettext

NOTHING = "-"  # the choice that says: there must be none
ONE = ("status", "stage", "outcome")
MANY = ("open", "papers", "linked", "projected")
EMPTY_ROWS = 2
BARE = frozenset(["number", "integer", "boolean"])  # kinds of facts that are written without quotes
DIGITS = 3  # of the number of incidents


@dataclass(frozen=True)
class Row:
    """A deadline or a fact in the form."""

    key: str
    text: str


@dataclass(frozen=True)
class ExpectationForm:
    """What the form shows. `one` and `many`: part, label, choices, what is chosen; None in `many`: not looked at."""

    one: list[tuple[str, str, Pairs, str]]
    many: list[tuple[str, str, Pairs, list[str] | None]]
    deadlines: list[Row]
    facts: list[Row]
    deadline_names: Pairs
    fact_names: Pairs
    clocks: Pairs
    incidents: str


def expectation_form(teller: Teller, process: str, expect: Mapping[str, Any]) -> ExpectationForm:
    """The form, filled with this expectation."""
    choices = _choices(teller, process)
    one = []
    for part in ONE:
        given = expect.get(part)
        chosen = "" if given is None else str(given) or NOTHING
        offered = [("", gettext("(not looked at)")), *choices[part]]
        if part != "status":
            offered.insert(1, (NOTHING, gettext("(none)")))
        one.append((part, str(PARTS[part]), _with(offered, [chosen]), chosen))
    many = []
    for part in MANY:
        given = expect.get(part)
        names = None if given is None else [str(each) for each in (given if isinstance(given, list) else [given])]
        many.append((part, str(PARTS[part]), _with(choices[part], names or []), names))
    rows = {part: [Row(key, written(value)) for key, value in expect.get(part, {}).items()] for part in BY_KEY}
    return ExpectationForm(
        one=one,
        many=many,
        deadlines=rows["deadlines"] + [Row("", "")] * EMPTY_ROWS,
        facts=rows["facts"] + [Row("", "")] * EMPTY_ROWS,
        deadline_names=_with(choices["projected"], [row.key for row in rows["deadlines"]]),
        fact_names=_with(choices["facts"], [row.key for row in rows["facts"]]),
        clocks=[(code, str(words)) for code, words in CLOCKS.items()],
        incidents=str(expect.get("incidents", "")),
    )


def _choices(teller: Teller, process: str) -> dict[str, Pairs]:
    """What can be chosen for each part of an expectation."""
    found = teller.definition(process)
    elements = found.diagram.elements.values() if found is not None else ()
    facts = found.facts.items() if found is not None else ()

    def of(section: str) -> Pairs:
        rows = found.manifest.get(section) if found is not None else None
        return [(key, teller.label(section, key, process)) for key in rows] if isinstance(rows, Mapping) else []

    return {
        "status": [(code, str(words)) for code, words in STATUSES.items()],
        "stage": of("stages"),
        "outcome": of("outcomes"),
        "open": [(one.id, one.name or one.id) for one in elements if one.kind in {"userTask", "manualTask"}],
        "papers": of("papers"),
        "linked": [(name, teller.title(name)) for name in sorted(teller.models)],
        "projected": of("deadlines"),
        "facts": [(key, fact.label or key) for key, fact in facts],
    }


def read_expectation(
    typed: Mapping[str, Sequence[str]], before: Mapping[str, Any], teller: Teller, process: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """The expectation that was typed, and what is wrong with it: name of the field -> words.

    `typed` has every value of a field. What was not touched keeps the type it had in `before`.
    """
    expect: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for part in ONE:
        if value := _first(typed, part):
            expect[part] = "" if value == NOTHING else value
    for part in MANY:
        if typed.get(f"on_{part}"):
            chosen = list(typed.get(part, ()))
            kept = before.get(part)
            expect[part] = kept if isinstance(kept, list) and sorted(map(str, kept)) == sorted(chosen) else chosen
    expect["deadlines"] = _rows("deadlines", typed, before, problems, lambda _key, words: _clock(words))
    found = teller.definition(process)
    facts = found.facts if found is not None else {}
    expect["facts"] = _rows("facts", typed, before, problems, lambda key, words: _fact(words, facts.get(key)))
    incidents = _first(typed, "incidents").strip()
    if incidents.isascii() and incidents.isdigit() and len(incidents) <= DIGITS:
        expect["incidents"] = int(incidents)
    elif incidents:
        problems["incidents"] = gettext("Enter a number.")
    return {part: value for part, value in expect.items() if value != {}}, problems


def as_typed(form: ExpectationForm, typed: Mapping[str, Sequence[str]]) -> ExpectationForm:
    """The form with what was typed, right or wrong, so that nothing is lost."""
    rows = {part: [Row(key, words) for key, words in _pairs(part, typed)] for part in BY_KEY}
    return replace(form, deadlines=rows["deadlines"], facts=rows["facts"], incidents=_first(typed, "incidents"))


def _first(typed: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(typed.get(name, ())), "")


def _pairs(part: str, typed: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    return list(zip(typed.get(f"{part}_key", ()), typed.get(f"{part}_value", ()), strict=False))


def _rows(
    part: str,
    typed: Mapping[str, Sequence[str]],
    before: Mapping[str, Any],
    problems: dict[str, str],
    read: Callable[[str, str], Any],
) -> dict[str, Any]:
    old = before.get(part, {})
    found = {}
    for key, words in _pairs(part, typed):
        if not key or not words.strip():
            continue
        try:
            found[key] = old[key] if key in old and written(old[key]) == words else read(key, words.strip())
        except ValueError as error:
            problems[part] = str(error)
    return found


def _clock(words: str) -> str:
    """A state, a last day or an instant. Raises ValueError."""
    if words in CLOCKS:
        return words
    try:
        datetime.fromisoformat(words)
    except ValueError as error:
        raise ValueError(gettext("“%(value)s” is neither a day nor a state of the clock.", value=words)) from error
    return words.replace(" ", "T")


def _fact(words: str, fact: engine.Fact | None) -> Any:
    """A value as the scenario writes it: numbers, yes and no, and lists by the kind of the fact. Raises ValueError."""
    kind = fact.type if fact is not None else "text"
    if words[:1] not in {"[", "{"} and kind not in BARE:
        return words
    try:
        return tomlkit.value(words).unwrap()
    except (TOMLKitError, ValueError) as error:
        raise ValueError(gettext("“%(value)s” cannot be read as a value.", value=words)) from error


def written(value: Any) -> str:
    """A value as the form shows it: text as it is, everything else as the file writes it."""
    return value if isinstance(value, str) else str(tomlkit.item(value).as_string())


def _with(offered: Pairs, names: Sequence[str]) -> Pairs:
    """The choices, with what the file says and the folder does not know."""
    known = {code for code, _ in offered}
    return offered + [(name, name) for name in names if name not in known]
