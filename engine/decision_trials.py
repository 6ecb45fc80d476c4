"""Trying a decision out: values in as an analyst types them, result and matching rules out, by the engine itself."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from engine import decisions
from engine.errors import NotFound
from engine.facts import Fact, read_facts
from engine.feel import FeelError, compile_expression
from engine.functions import FUNCTIONS
from engine.values import json_ready
from engine.xml import UnsafeXml, local, parse_xml

TRUTH = {"true": True, "false": False}
TYPES = {"integer": "number", "long": "number", "double": "number", "money": "number"}


@dataclass(frozen=True)
class TrialInput:
    """A variable that a decision reads. `type` is boolean, number, date, string, or empty where nothing says it."""

    name: str
    label: str
    type: str


@dataclass(frozen=True)
class TrialRule:
    """A rule that applied: its place in the table from 1, and what it says."""

    rule: str
    number: int
    outputs: Mapping[str, Any]
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class DecisionTrial:
    """What can be asked of a file of decisions, and what came of it; `problem` says why there is no result."""

    decisions: tuple[tuple[str, str], ...]  # id and name, in the order of the file
    decision: str
    inputs: tuple[TrialInput, ...]
    result: Any = None
    rules: tuple[TrialRule, ...] = ()
    problem: str = ""
    unread: tuple[str, ...] = field(default=())  # inputs whose value is not of their type


def try_decision(
    files: Mapping[str, str],
    name: str,
    decision: str = "",
    typed: Mapping[str, str] | None = None,
    *,
    now: datetime,
) -> DecisionTrial:
    """Decide with these values; without values only say what can be asked. Raises NotFound for what is not there.

    A value is read as the type of its variable; one that begins with `=` is a FEEL expression, an empty one is null.
    """
    if name not in files or not name.endswith(".dmn"):
        raise NotFound
    parsed = decisions.parse_decisions(files[name].encode(), functions=FUNCTIONS)
    known = tuple(zip(parsed.ids, parsed.names, strict=True))
    if decision and decision not in parsed.ids:
        raise NotFound
    chosen = decision or next(iter(parsed.ids), "")
    problem = next((one.message for one in parsed.problems()), "")
    if not chosen:
        return DecisionTrial(known, "", (), problem=problem)
    inputs = _inputs(parsed.reads(chosen), _described(files[name]), _facts(files))
    if typed is None:
        return DecisionTrial(known, chosen, inputs, problem=problem)
    context, unread = _values(inputs, typed, now)
    if unread:
        return DecisionTrial(known, chosen, inputs, unread=unread)
    try:
        result = parsed.evaluate(chosen, context, now=now)
        matches = parsed.matches(chosen, context, now=now)
    except decisions.DecisionError as error:
        return DecisionTrial(known, chosen, inputs, problem=str(error))
    rules = tuple(TrialRule(m.rule, m.number, json_ready(m.outputs), m.annotations) for m in matches)
    return DecisionTrial(known, chosen, inputs, json_ready(result), rules)


def _inputs(
    names: frozenset[str], described: Mapping[str, tuple[str, str]], facts: Mapping[str, Fact]
) -> tuple[TrialInput, ...]:
    """In the order of the table's columns; what only an expression mentions comes after."""
    order = [*(name for name in described if name in names), *sorted(names - described.keys())]
    found = []
    for name in order:
        label, kind = described.get(name, ("", ""))
        fact = facts.get(name)
        kind = kind if kind and kind != "Any" else fact.type if fact is not None else ""
        found.append(TrialInput(name, label or (fact.label if fact else name), TYPES.get(kind, kind)))
    return tuple(found)


def _described(text: str) -> dict[str, tuple[str, str]]:
    """Label and type of every column that is a bare variable, by the variable."""
    try:
        root = parse_xml(text)
    except UnsafeXml:
        return {}
    found: dict[str, tuple[str, str]] = {}
    for column in (element for element in root.iter() if local(element) == "input"):
        for asked in (element for element in column if local(element) == "inputExpression"):
            name = "".join(inner.text or "" for inner in asked if local(inner) == "text").strip()
            found.setdefault(name, (column.get("label", ""), asked.get("typeRef", "")))
    return found


def _facts(files: Mapping[str, str]) -> Mapping[str, Fact]:
    try:
        return read_facts(tomllib.loads(files.get("manifest.toml", "")).get("facts", {}))
    except (tomllib.TOMLDecodeError, AttributeError, TypeError):
        return {}  # the checks say what is wrong with the manifest


def _values(
    inputs: tuple[TrialInput, ...], typed: Mapping[str, str], now: datetime
) -> tuple[dict[str, Any], tuple[str, ...]]:
    values: dict[str, Any] = {}
    unread = []
    for each in inputs:
        try:
            values[each.name] = _value(typed.get(each.name, "").strip(), each.type, now)
        except (ValueError, KeyError, InvalidOperation, FeelError):
            unread.append(each.name)
    return values, tuple(unread)


def _value(text: str, kind: str, now: datetime) -> Any:
    if not text:
        return None
    if text.startswith("="):
        return compile_expression(text[1:], functions=FUNCTIONS)({}, now=now)
    if kind == "boolean":
        return TRUTH[text]
    if kind == "number":
        return _number(text)
    if kind == "date":
        return date.fromisoformat(text)
    return text


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number
