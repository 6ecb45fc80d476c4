"""What the checks of a model find, in the reader's language. Their rules are stable; unknown ones speak English."""

from collections.abc import Mapping
from typing import Any

import engine
from webforms.i18n import translated
from webforms.words import gettext

PARTS = (
    "what",
    "instead",
    "reason",
    "wanted",
    "kind",
    "host",
    "event",
    "scope",
)  # parameters that are words themselves
FEEL = "feel-"


def said(finding: engine.Finding) -> tuple[str, str]:
    """What is wrong, and what to do about it."""
    params = _in_words(finding.params)
    message = translated(f"finding:{finding.rule}", finding.message, params)
    if not finding.remedy:
        return message, ""
    usual = translated(f"remedy:{finding.rule}", finding.remedy, params)
    return message, usual if usual != finding.remedy else _part(finding.remedy)


def _in_words(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, with the words among them translated, and FEEL's own reason by its code."""
    found = {key: _part(value) if key in PARTS else value for key, value in params.items()}
    row, column = params.get("row"), params.get("column")
    found["place"] = gettext("Row %(row)s, column %(column)s: ", row=row, column=column) if row and column else ""
    code = str(params.get("code", ""))
    if code.startswith(FEEL):
        reason = str(params.get("reason", ""))
        found["reason"] = translated(f"finding:{code}", reason, {"function": "", "limit": "", **found})
    return found


def _part(words: Any) -> str:
    text = str(words)
    known = translated(f"part:{text}", text)
    if known != text or not text.startswith("The "):
        return known
    kind, _, name = text.rpartition(" ")  # The fact amount; The completionCondition
    return translated(f"part:{kind}", " ").lstrip() + name
