"""Whether the answers of a form agree with one another: rules over the whole form, or over each row of a list."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.errors import Problem
from engine.feel import Expression, FeelError, compile_expression
from engine.forms.fields import ZONE
from engine.forms.layout import Cell, Row, answers

DISAGREES = "disagrees"  # the code of these problems; params["texts"] are the words of the rules


@dataclass(frozen=True, kw_only=True)
class CrossRule:
    """One rule: it must be true, neither false nor null. The words are a text, or FEEL that gives one.

    `fields` are keys, or `list[row].column` where `row` is the value of the list's key column. With `each`, the key
    of a list, the rule is asked of every row, reads its columns, and its fields are columns.
    """

    holds: Expression
    message: str | Expression
    fields: tuple[str, ...]
    each: str = ""


@dataclass(frozen=True)
class CrossRules:
    """Rules that share names: `given` is read in its order, each name may use those before it."""

    given: Mapping[str, Expression] = field(default_factory=dict)
    rules: tuple[CrossRule, ...] = ()


def read_rules(
    section: Mapping[str, Any], form: str, functions: Mapping[str, Callable[..., Any]]
) -> tuple[CrossRules, ...]:
    """The rules that the `[checks]` of a manifest have for a form. Raises FeelError for what is not FEEL."""

    def made(text: str) -> Expression:
        return compile_expression(text.strip().removeprefix("="), functions=functions)

    return tuple(
        CrossRules(
            {name: made(text) for name, text in group.get("given", {}).items()},
            tuple(
                CrossRule(
                    holds=made(rule["holds"]),
                    message=made(rule["message"]) if rule["message"].startswith("=") else rule["message"],
                    fields=tuple(rule.get("fields", ())),
                    each=rule.get("each", ""),
                )
                for rule in group.get("rules", ())
            ),
        )
        for group in section.values()
        if form in group.get("forms", ())
    )


def disagreements(
    checks: Sequence[CrossRules], cells: Sequence[Cell], facts: Mapping[str, Any], now: datetime | None
) -> dict[str, Problem]:
    """What the rules find wrong, by the path of every field concerned; under no path where none of them is shown."""
    found: dict[str, list[str]] = {}
    moment = now.astimezone(ZONE) if now else None
    for group in checks:
        scope: dict[str, Any] = {**facts, **answers(cells)}
        for name, expression in group.given.items():
            scope[name] = _value(expression, scope, moment)
        for rule in group.rules:
            for told, paths in _broken(rule, cells, scope, moment):
                for path in paths or [""]:
                    found.setdefault(path, []).append(told)
    return {
        path: Problem(DISAGREES, " ".join(dict.fromkeys(texts)), {"texts": tuple(dict.fromkeys(texts))})
        for path, texts in found.items()
    }


def _broken(
    rule: CrossRule, cells: Sequence[Cell], scope: Mapping[str, Any], now: datetime | None
) -> Iterator[tuple[str, list[str]]]:
    """The words of the rule and the paths of its fields, once for every time it does not hold."""
    if not rule.each:
        if _value(rule.holds, scope, now) is not True:
            yield _words(rule, scope, now), [path for name in rule.fields for path in _paths(name, cells)]
        return
    for row in _rows(rule.each, cells):
        inner = {**scope, **row.kept, **answers(row.cells)}
        if not row.blank and _value(rule.holds, inner, now) is not True:
            shown = {cell.field.key: cell.path for cell in row.cells if not cell.hidden}
            yield _words(rule, inner, now), [shown[name] for name in rule.fields if name in shown]


def _paths(name: str, cells: Sequence[Cell]) -> Iterator[str]:
    """Where on the form a field of a rule is."""
    listed, is_list, rest = name.partition("[")
    for cell in _seen(cells):
        if cell.field.key != listed:
            continue
        if not is_list:
            yield cell.path
            continue
        wanted, _, column = rest.partition("].")
        for row in cell.rows:
            named = {**row.kept, **{c.field.key: c.value for c in row.cells}}
            if str(named.get(cell.field.row_style.key)) == wanted:
                yield from (c.path for c in row.cells if c.field.key == column and not c.hidden)


def _rows(name: str, cells: Sequence[Cell]) -> Iterator[Row]:
    for cell in _seen(cells):
        if cell.field.key == name:
            yield from cell.rows


def _seen(cells: Sequence[Cell]) -> Iterator[Cell]:
    """The visible cells of a form, out of their groups."""
    for cell in cells:
        if cell.hidden:
            continue
        if cell.field.kind == "group":
            yield from _seen(cell.inner)
        else:
            yield cell


def _words(rule: CrossRule, scope: Mapping[str, Any], now: datetime | None) -> str:
    if isinstance(rule.message, str):
        return rule.message
    told = _value(rule.message, scope, now)
    return told if isinstance(told, str) else rule.message.text


def _value(expression: Expression, scope: Mapping[str, Any], now: datetime | None) -> Any:
    """What an expression gives; null where it cannot be found out, so that a rule does not hold."""
    try:
        return expression(scope, now=now)
    except FeelError:
        return None
