"""The `[checks]` of a manifest: rules over the answers of forms must be readable and name what the forms ask."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.checks.manifest import MANIFEST, Manifest
from engine.checks.report import Report
from engine.feel import FeelError, compile_expression
from engine.forms import Field, Form
from engine.forms.fields import walk
from engine.functions import FUNCTIONS

GROUP: dict[str, type] = {"forms": list, "given": dict, "rules": list}
RULE: dict[str, type] = {"holds": str, "message": str, "fields": list, "each": str}
NEEDED = ("holds", "message", "fields")
WORDS: dict[type, str] = {str: "a text", list: "a list", dict: "a table"}
IN_ROW = re.compile(r"(\w+)\[([^\]]+)\]\.(\w+)")


def check_cross_rules(manifest: Manifest, forms: Mapping[str, Form], report: Report) -> None:
    """Everything wrong with the checks; `forms` are those of the folder that can be read, by name."""
    for name, group in manifest.checks.items():
        entry = f"checks.{name}"
        if not _is_shaped(entry, group, GROUP, ("forms", "rules"), report):
            continue
        known = {"case", "actor", *manifest.names("facts")}
        asked = [forms[form] for form in group["forms"] if form in forms]
        for form in group["forms"]:
            if form not in forms:
                report.add("check-form-unknown", MANIFEST, entry, form=form)
        known |= {each.key for form in asked for each in form.questions}
        for given, text in group.get("given", {}).items():
            _names(f"{entry}.given.{given}", "The value", text, known, report)
            known = known | {given}
        for place, rule in enumerate(group["rules"], start=1):
            if _is_shaped(f"{entry}.rules.{place}", rule, RULE, NEEDED, report):
                _rule(f"{entry}.rules.{place}", rule, asked, known, manifest.columns, report)


def _is_shaped(entry: str, given: Any, keys: Mapping[str, type], needed: Iterable[str], report: Report) -> bool:
    if not isinstance(given, dict):
        report.add("manifest-shape", MANIFEST, entry=entry, wanted=WORDS[dict])
        return False
    wrong = [key for key in keys if key in given and not isinstance(given[key], keys[key])]
    wrong += [key for key in needed if key not in given]
    wrong += [key for key in ("forms", "fields") if any(not isinstance(each, str) for each in given.get(key, ()))]
    wrong += [key for key in ("given",) if any(not isinstance(each, str) for each in given.get(key, {}).values())]
    for key in dict.fromkeys(wrong):
        report.add("manifest-shape", MANIFEST, entry=f"{entry}.{key}", wanted=WORDS[keys[key]])
    for key in given.keys() - keys.keys():
        report.add("manifest-key", MANIFEST, entry=f"{entry}.{key}")
    return not wrong


def _rule(
    entry: str,
    rule: Mapping[str, Any],
    asked: list[Form],
    known: set[str],
    columns: Mapping[str, set[str]],
    report: Report,
) -> None:
    each = rule.get("each", "")
    for form in asked:
        lists = {field.key: field for field in form.questions if field.kind == "dynamiclist"}
        if each and each not in lists:
            report.add("check-each-unknown", MANIFEST, entry, name=each, form=form.id)
            continue
        for name in rule["fields"]:
            if not _is_asked(name, lists.get(each), form, lists):
                report.add("check-field-unknown", MANIFEST, entry, name=name, form=form.id)
        known = known | ({*_columns(lists[each]), *columns.get(each, ())} if each else set())
    _names(entry, "The rule", rule["holds"], known, report)
    if rule["message"].startswith("="):
        _names(entry, "The message", rule["message"], known, report)


def _is_asked(name: str, each: Field | None, form: Form, lists: Mapping[str, Field]) -> bool:
    if each is not None:
        return name in _columns(each)
    found = IN_ROW.fullmatch(name)
    if found is None:
        return any(field.key == name for field in form.questions)
    named = lists.get(found[1])
    return named is not None and bool(named.row_style.key) and found[3] in _columns(named)


def _columns(each: Field) -> Iterator[str]:
    yield from (column.key for column in walk(each.children) if column.key)


def _names(entry: str, what: str, text: str, known: set[str], report: Report) -> None:
    """The text must be FEEL that reads known names only."""
    try:
        expression = compile_expression(text.strip().removeprefix("="), functions=FUNCTIONS)
    except FeelError as error:
        report.add(
            "expression", MANIFEST, entry, what=what, text=text, reason=str(error), code=error.code,
            column=error.column or 1, position=error.position or 0,
        )  # fmt: skip
        return
    for name in sorted(expression.free_names - known):
        report.add("unknown-name", MANIFEST, entry, what=what, name=name)
