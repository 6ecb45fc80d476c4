"""Which names an expression may read: facts, results, the items of repeated activities, and what the host gives."""

from collections.abc import Iterable

from engine.checks.drawing import Drawing
from engine.checks.expressions import Site
from engine.checks.manifest import MANIFEST, Manifest, Text
from engine.checks.report import Report
from engine.feel import Expression
from engine.xml import CAMUNDA, NS, tag

GIVEN = frozenset(["case", "actor"])
OPENED = frozenset(["period_first", "period_last", "period_name", "planned_at"])  # what the calendar gives
COUNTERS = frozenset(["nrOfInstances", "nrOfCompletedInstances", "nrOfActiveInstances"])


def locals_of(drawing: Drawing) -> set[str]:
    """The items and result lists of repeated activities."""
    found = set[str]()
    for node, _ in drawing.nodes():
        loop = node.child("bpmn:multiInstanceLoopCharacteristics")
        if loop is None:
            continue
        found |= COUNTERS | {loop.get(tag("elementVariable", CAMUNDA)) or ""}
        found |= {item.get("name") or item.get("id") or "" for item in loop.iterfind("bpmn:inputDataItem", NS)}
        found |= {(item.text or "").strip() for item in loop.iterfind("bpmn:loopDataOutputRef", NS)}
    return found - {""}


def results_of(drawing: Drawing) -> dict[str, str]:
    """Result variable -> the element that writes it."""
    return {element.result: element.id for _, element in drawing.nodes() if element.result}


def known_names(drawing: Drawing, manifest: Manifest | None) -> frozenset[str]:
    """All names of the folder."""
    facts = manifest.names("facts") if manifest is not None else set()
    if manifest is not None and manifest.tables.get("start", {}).get("calendar"):
        facts |= OPENED
    return frozenset(facts | locals_of(drawing) | results_of(drawing).keys() | GIVEN)


def check_names(
    compiled: Iterable[tuple[Site, Expression]],
    texts: Iterable[Text],
    drawing: Drawing,
    manifest: Manifest,
    report: Report,
) -> None:
    """Names nobody declares, where the manifest declares any."""
    facts = manifest.names("facts")
    if not facts:
        return
    known = known_names(drawing, manifest)
    for site, expression in compiled:
        for name in sorted(expression.free_names - known):
            report.add("unknown-name", site.item.file, site.item.id, site.item.line, what=site.what, name=name)
    for text in texts:
        for name in sorted(text.expression.free_names - known - text.given):
            report.add("unknown-name", MANIFEST, text.element, what=text.what, name=name)
    for node, element in drawing.nodes():
        if element.result and element.result not in facts:
            report.add("undeclared-result", node.file, node.id, node.line, name=element.result)
