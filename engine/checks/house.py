"""What this host asks of a diagram beside running it right: the law, roles, names, outcomes, and good drawing."""

import re
from collections.abc import Collection

from engine.checks.drawing import Drawing, Item, Scope
from engine.checks.manifest import MANIFEST, Manifest
from engine.checks.report import Report
from engine.runtime.diagram import ACTIVITIES, EVENTS, Element
from engine.xml import BPMNDI, NS, local, tag

PROPERTIES = frozenset(
    ["deadline", "period", "stop_clock", "extend", "extend_by", "extend_reason", "office", "stage", "outcome", "paper",
     "law", "label", "formRef", "role", "payload", "preview", "target", "remind", "waits_for"]
)  # fmt: skip
DECLARED = {"paper": "papers", "preview": "papers", "outcome": "outcomes", "stage": "stages", "deadline": "deadlines",
            "extend": "deadlines", "stop_clock": "deadlines"}  # fmt: skip
SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
DRAWN = re.compile(r"[A-Z][A-Za-z]+_[0-9a-z]{7}")  # given by the modeler; who draws never sees it
CHINESE = re.compile(r"[㐀-鿿]")


def check_house(drawing: Drawing, manifest: Manifest | None, roles: Collection[str], report: Report) -> None:
    """Everything this host asks of the elements."""
    for node, element in drawing.nodes():
        _law(node, element, report)
        _people(node, element, roles, report)
        _properties(node, element, manifest, report)
        _style(node, element, report)
    for scope in drawing.scopes:
        _lanes(scope, drawing, report)
    for file, root in drawing.roots.items():
        _shapes(file, root, drawing, report)
    if manifest is not None:
        _unused(drawing, manifest, report)


def _law(node: Item, element: Element, report: Report) -> None:
    cited = element.documentation or element.properties.get("law")
    if element.event == "timer" and "deadline" not in element.properties and not cited:
        report.add("timer-without-basis", node.file, node.id, node.line)
    elif (element.kind == "userTask" or element.event == "timer") and not cited:
        report.add("without-documentation", node.file, node.id, node.line)


def _people(node: Item, element: Element, roles: Collection[str], report: Report) -> None:
    if element.kind == "userTask" and not element.role and not element.assignee:
        report.add("user-task-without-role", node.file, node.id, node.line)
    if element.event == "message" and element.form and "role" not in element.properties and element.kind != "userTask":
        report.add("event-without-role", node.file, node.id, node.line)
    if element.kind == "userTask" and "," in element.role:
        role = element.role.split(",")[0].strip()
        report.add("several-roles", node.file, node.id, node.line, role=role)
    named = [role.strip() for role in element.role.split(",") if role.strip()] + list(element.names("role"))
    for role in named:
        if roles and role not in roles and "{" not in role:
            report.add("unknown-role", node.file, node.id, node.line, role=role)


def _properties(node: Item, element: Element, manifest: Manifest | None, report: Report) -> None:
    for name in element.properties.keys() - PROPERTIES:
        report.add("property-unknown", node.file, node.id, node.line, name=name)
    if "extend" in element.properties and not element.properties.get("extend_by"):
        report.add("extend-without-period", node.file, node.id, node.line)
    if node.camunda("topic") == "notify" and not element.properties.get("payload", "").strip():
        report.add("notice-empty", node.file, node.id, node.line)
    timed = element.event == "timer" or element.due or "period" in element.properties
    if "deadline" in element.properties and not timed:
        name = element.properties["deadline"]
        report.add("deadline-without-time", node.file, node.id, node.line, name=name)
    if manifest is None:
        return
    for key, section in DECLARED.items():
        if element.properties.get(key, "").startswith("=") or "{" in element.properties.get(key, ""):
            continue
        names = element.names(key) if key in {"paper", "stop_clock"} else (element.properties.get(key, ""),)
        for name in names:
            if name and name not in manifest.names(section):
                report.add(f"unknown-{section.removesuffix('s')}", node.file, node.id, node.line, name=name)


def _style(node: Item, element: Element, report: Report) -> None:
    if node.id is not None and not (SNAKE.fullmatch(node.id) or DRAWN.fullmatch(node.id)):
        report.add("id-style", node.file, node.id, node.line, id=node.id)
    if element.kind in ACTIVITIES | EVENTS and element.name and not CHINESE.search(element.name):
        report.add("name-language", node.file, node.id, node.line, name=element.name)


def _lanes(scope: Scope, drawing: Drawing, report: Report) -> None:
    for lane in scope.item.xml.iterfind("./bpmn:laneSet//bpmn:lane", NS):
        refs = [(ref.text or "").strip() for ref in lane.iterfind("bpmn:flowNodeRef", NS)]
        name = lane.get("name") or lane.get("id") or ""
        for ref in refs:
            if ref not in drawing.records:
                report.add("lane-dangling", scope.item.file, lane.get("id"), lane.sourceline, lane=name, ref=ref)
        found = (drawing.records[ref] for ref in refs if ref in drawing.records)
        roles = sorted({element.role for element in found if element.kind == "userTask" and element.role})
        if len(roles) > 1:
            report.add(
                "lane-roles", scope.item.file, lane.get("id"), lane.sourceline, lane=name, roles=", ".join(roles)
            )


def _shapes(file: str, root: object, drawing: Drawing, report: Report) -> None:
    shapes = [s for kind in ("BPMNShape", "BPMNEdge") for s in root.iter(tag(kind, BPMNDI))]  # type: ignore[attr-defined]  # lxml
    drawn = {shape.get("bpmnElement") for shape in shapes}
    if not shapes:
        report.add("diagram-missing", file)
        return
    for scope in drawing.scopes:
        for item in (*scope.nodes.values(), *scope.flows):
            if item.file == file and item.id is not None and item.id not in drawn:
                report.add("bpmn-undrawn", file, item.id, item.line, id=item.id)
    ids = {node.get("id") for node in root.iter("{*}*") if local(node) not in {"BPMNShape", "BPMNEdge"}}  # type: ignore[attr-defined]  # lxml
    for shape in shapes:
        ref = shape.get("bpmnElement") or ""
        if ref not in ids:
            report.add("diagram-dangling", file, shape.get("id"), shape.sourceline, ref=ref)


def _unused(drawing: Drawing, manifest: Manifest, report: Report) -> None:
    used: dict[str, set[str]] = {section: set() for section in DECLARED.values()}
    dynamic = set[str]()
    for _, element in drawing.nodes():
        for key, section in DECLARED.items():
            text = element.properties.get(key, "")
            if text.startswith("="):
                dynamic.add(section)
            used[section] |= set(element.names(key))
    for section, found in used.items():
        if section in dynamic:
            continue
        for name in sorted(manifest.names(section) - found):
            rule = "outcome-unreached" if section == "outcomes" else f"{section.removesuffix('s')}-unused"
            report.add(rule, MANIFEST, name, name=name)
