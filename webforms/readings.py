"""Answers to read, not to change: for check pages, the case page and print."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext

import engine

Options = Callable[[str], Sequence[engine.Option]]
INERT = {"text", "separator", "spacer"}
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class ReadFile:
    """A file in an answer."""

    id: str
    name: str
    size: int


@dataclass(frozen=True)
class Answer:
    """One answer; a group has `inner` ones, a list has rows of them."""

    kind: str
    label: str
    text: str = ""
    files: tuple[ReadFile, ...] = ()
    inner: "tuple[Answer, ...]" = ()
    rows: "tuple[tuple[Answer, ...], ...]" = ()


def answers_view(
    form: engine.Form, values: Mapping[str, Any], options: Options, *, facts: Mapping[str, Any] | None = None
) -> tuple[Answer, ...]:
    """The typed answers of a form, without what its conditions hide."""
    known = dict(facts or {}) | dict(values)
    seen = engine.visible(form, values, facts=known, options=options, files=files_in(known).get)
    return _level(form.fields, known, "", seen, options)


def in_text(each: engine.Field, value: Any, options: Options) -> str:
    """A single typed value in words; an empty text where there is none."""
    if value is None or value in ("", []):
        return ""
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    if isinstance(value, list | tuple):
        return str(gettext(", ")).join(in_text(each, item, options) for item in value)
    if each.kind in {"radio", "select", "checklist"}:
        known = options(each.values_key) if each.values_key else each.options
        return next((option.label for option in known if str(option.value) == str(value)), str(value))
    if isinstance(value, int | float | Decimal):
        return each.prefix + _number(Decimal(str(value)), each.rules.digits) + each.suffix
    return _moment(value) if isinstance(value, date | time) else str(value)


def _number(value: Decimal, digits: int | None) -> str:
    return f"{value:,.{digits}f}" if digits is not None else f"{value:,f}"


def _moment(value: date | time) -> str:
    if isinstance(value, datetime):
        return (value.astimezone(ZONE) if value.tzinfo else value).strftime("%Y-%m-%d %H:%M")
    return value.strftime("%H:%M") if isinstance(value, time) else value.isoformat()


def _level(
    fields: Sequence[engine.Field], values: Mapping[str, Any], prefix: str, seen: set[str], options: Options
) -> tuple[Answer, ...]:
    found = []
    for each in fields:
        path = prefix + (each.key or each.id)
        if each.kind in INERT or path not in seen:
            continue
        value = values.get(each.key)
        if each.kind == "group":
            inner = _level(each.children, values, prefix, seen, options)
            found += [Answer("group", each.label, inner=inner)] if inner else []
        elif each.kind == "dynamiclist":
            rows = [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else []
            drawn = (_level(each.children, row, f"{path}[{at}].", seen, options) for at, row in enumerate(rows))
            found.append(Answer("dynamiclist", each.label, rows=tuple(drawn)))
        elif each.kind == "filepicker":
            found.append(Answer("filepicker", each.label, files=tuple(_files(value))))
        else:
            found.append(Answer(each.kind, each.label, in_text(each, value, options)))
    return tuple(found)


def _files(value: Any) -> list[ReadFile]:
    items = value if isinstance(value, list | tuple) else []
    return [
        ReadFile(str(item["file"]), str(item.get("name", "")), int(item.get("size", 0)))
        for item in items
        if isinstance(item, Mapping) and "file" in item
    ]


def files_in(value: Any) -> dict[str, Mapping[str, Any]]:
    """Every file mentioned anywhere in the values, by id."""
    found: dict[str, Mapping[str, Any]] = {}
    if isinstance(value, Mapping) and isinstance(value.get("file"), str):
        return {value["file"]: value}
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for item in inner:
        found |= files_in(item)
    return found
