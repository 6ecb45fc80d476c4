"""Reading what there is to choose from: listed in the form, or a source of the directory."""

import re
from collections.abc import Mapping
from typing import Any

from engine.forms.fields import Option
from engine.forms.rules import Notes

SOURCE = re.compile(r"\w+(:\w+)?")
NAMED = {"people", "persons"}  # sources that need to be told which


def options_of(notes: Notes, raw: Mapping[str, Any]) -> tuple[tuple[Option, ...], str]:
    """The options of a component, and the source of those that are looked up."""
    if raw.get("valuesExpression"):
        message = "Options from a FEEL expression are not supported."
        notes.refuse("form-options-unsupported", message, "List the options, or name a source of the directory.")
        return (), ""
    if values_key := str(raw.get("valuesKey") or ""):
        if not SOURCE.fullmatch(values_key) or values_key in NAMED:
            notes.refuse(
                "form-options-source",
                f"There is no source of options {values_key!r}.",
                "Write people:<role>, persons:me, offices, offices:<kind>, <register> or <register>:all.",
                given=values_key,
            )
        return (), values_key
    values = raw.get("values")
    if not isinstance(values, list) or not values:
        notes.refuse("form-options-missing", "There is nothing to choose from.", "List the options.")
        return (), ""
    options = [
        Option(each["value"], str(each.get("label") or each["value"]))
        for each in values
        if isinstance(each, dict) and isinstance(each.get("value"), str) and each["value"].strip()
    ]
    if len(options) < len(values):
        notes.refuse("form-options-invalid", "Every option needs a value, which is text.")
    if len({option.value for option in options}) < len(options):
        notes.refuse("form-options-duplicate", "Two options have the same value.")
    return tuple(options), ""
