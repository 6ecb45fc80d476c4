"""The ids of a file, and whether what is drawn stands where it can be drawn."""

import re
from typing import Any

from engine.checks.report import Report
from engine.runtime.diagram import NODES, SCOPES
from engine.xml import BPMN, local

ID = re.compile(r"[^\W\d][\w.\-]*")


def check_ids(file: str, root: Any, seen: dict[str, int], report: Report) -> None:
    """Look at every id of a file; `seen` are the lines of those met so far."""
    for node in root.iter(f"{{{BPMN}}}*"):
        given, kind = node.get("id"), local(node)
        if kind in NODES | {"sequenceFlow"} and local(node.getparent()) not in SCOPES:
            place = local(node.getparent())
            report.add(
                "misplaced",
                file,
                given if given and not given.startswith("?") else None,
                node.sourceline,
                kind=kind,
                place=place,
            )
        if given is None or kind == "inputDataItem":
            continue
        if given.startswith("?"):
            if kind == "process":
                report.add("id-missing", file, None, node.sourceline, kind=kind)
            continue
        if given in seen:
            report.add("id-duplicate", file, given, node.sourceline, id=given, first=seen[given])
            continue
        seen[given] = node.sourceline or 0
        if kind not in NODES | SCOPES | {"sequenceFlow"}:
            continue
        if not ID.fullmatch(given):
            report.add("id-invalid", file, given, node.sourceline, id=given)
        elif given in {"Start", "End", "Root"} or "." in given:
            report.add("id-reserved", file, given, node.sourceline, id=given)
