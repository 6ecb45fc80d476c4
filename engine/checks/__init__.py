"""Everything that is wrong with a process folder, in one list.

`semantics` findings would run differently from what is drawn, or not at all: refused everywhere. `house` findings are
refused when a folder is published. `warning` findings are advice. The rules are in `rules` and `house_rules`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from lxml import etree

from engine import runtime
from engine.checks.activities import called_by, check_activities
from engine.checks.contents import check_decisions, check_forms, check_papers, check_reads
from engine.checks.counts import check_counts
from engine.checks.drawing import Drawing, read_drawing
from engine.checks.events import check_events
from engine.checks.expressions import check_expressions
from engine.checks.house import check_house
from engine.checks.house_rules import HOUSE_RULES
from engine.checks.joins import check_joins
from engine.checks.manifest import MANIFEST, Manifest, check_manifest, read_toml
from engine.checks.names import check_names, known_names
from engine.checks.openings import check_openings
from engine.checks.report import Report
from engine.checks.rules import SEMANTICS
from engine.checks.structure import check_structure
from engine.definitions import Definition
from engine.errors import Finding, InvalidDefinition

__all__ = ["check_definition", "check_files", "main_process", "refusals"]

FAILURES = (etree.LxmlError, InvalidDefinition, ArithmeticError, AttributeError, LookupError, NotImplementedError,
            RecursionError, TypeError, ValueError)  # fmt: skip


def check_definition(
    definition: Definition, *, roles: Collection[str] = frozenset(), house: bool = True
) -> list[Finding]:
    """Everything wrong with a definition; `roles` are those that exist, `house=False` leaves the house's rules out."""
    return check_files(definition.files, definition.process, roles=roles, house=house)


def check_files(
    files: Mapping[str, str],
    process: str | None = None,
    *,
    roles: Collection[str] = frozenset(),
    offices: Collection[str] = frozenset(),
    house: bool = True,
) -> list[Finding]:
    """Everything wrong with the files of a folder, whatever is in them. Without a manifest house rules are advice.

    `roles` and `offices` are those that exist; where none are given, any may.
    """
    report = Report(SEMANTICS | HOUSE_RULES)
    files = {name: text for name, text in files.items() if _is_text(name, text, report)}
    manifest = _manifest(files, report)
    drawing = read_drawing(files, report)
    main = _main(drawing, process or (manifest.texts.get("id", "") if manifest else ""), report)
    _set_apart(drawing, main, report)
    _check_drawing(drawing, manifest, roles, report)
    compiled = check_expressions(drawing, report)
    check_forms(files, drawing, manifest, roles, report)
    decided = check_decisions(files, drawing, report)
    if manifest is not None:
        texts = check_manifest(manifest, files, roles, report)
        texts += check_openings(manifest, drawing, main, roles, offices, report)
        texts += check_counts(manifest, drawing, report)
        check_names(compiled, texts, drawing, manifest, report)
        names = known_names(drawing, manifest)
        check_papers(files, manifest, names, report)
        if manifest.names("facts"):
            check_reads(decided, names, report)
        _check_start(main, drawing, manifest, report)
    if main and not report.refuses():
        runs = _compile(files, main, report)
        if runs is not None:
            check_joins(runs.diagram, drawing, report)
    found = report.sorted()
    if MANIFEST not in files:
        found = [replace(f, level="warning") if f.level == "house" else f for f in found]
    return [f for f in found if house or f.level == "semantics"]


def _check_drawing(drawing: Drawing, manifest: Manifest | None, roles: Collection[str], report: Report) -> None:
    check_structure(drawing, report)
    check_events(drawing, report)
    check_activities(drawing, report)
    check_house(drawing, manifest, roles, report)


def _is_text(name: str, text: str, report: Report) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        report.add("file-not-text", name.encode(errors="replace").decode())
        return False
    return True


def _check_start(main: str, drawing: Drawing, manifest: Manifest, report: Report) -> None:
    """Whether a case can begin."""
    start = manifest.tables.get("start", {})
    drawn = drawing.processes[main].nodes.values() if main else ()
    messages = any(node.kind == "startEvent" and node.event == "message" for node in drawn)
    if not start.get("roles") and not start.get("message") and not start.get("calendar") and not messages:
        report.add("start-impossible", MANIFEST)


def refusals(findings: Iterable[Finding], *, house: bool = True) -> list[Finding]:
    """The findings that stop a deployment; with `house=False` those that stop any run."""
    levels = {"semantics", "house"} if house else {"semantics"}
    return [finding for finding in findings if finding.level in levels]


def main_process(files: Mapping[str, str], process: str | None = None) -> str:
    """The process that cases of these files run: `process`, the manifest's, or the one nobody calls; empty if none."""
    report = Report(SEMANTICS | HOUSE_RULES)
    manifest = _manifest(files, report)
    return _main(read_drawing(files, report), process or (manifest.texts.get("id", "") if manifest else ""), report)


def _manifest(files: Mapping[str, str], report: Report) -> Manifest | None:
    if MANIFEST not in files:
        return None
    try:
        return Manifest(read_toml(files[MANIFEST]), report)
    except (ValueError, RecursionError) as error:
        report.add("manifest-syntax", MANIFEST, reason=str(error))
        return None


def _main(drawing: Drawing, wanted: str, report: Report) -> str:
    """The process that cases run."""
    known = drawing.processes
    if wanted:
        if wanted not in known:
            report.add("process-missing", next(iter(drawing.roots), MANIFEST), process=wanted)
            return ""
        return wanted
    called = {each for process in known.values() for each in called_by(process, drawing)}
    candidates = [k for k, p in known.items() if k not in called and p.item.get("isExecutable") != "false"]
    candidates = candidates or [k for k in known if k not in called] or list(known)
    if not candidates:
        if drawing.roots:
            report.add("process-missing", next(iter(drawing.roots)), process="")
        return ""
    if len(candidates) > 1:
        item = known[candidates[0]].item
        report.add("process-ambiguous", item.file, item.id, item.line, process=candidates[0])
    return candidates[0]


def _set_apart(drawing: Drawing, main: str, report: Report) -> None:
    """Leave out what is only drawn: pools of others, processes that nothing calls."""
    if not main:
        return
    reached, pending = {main}, [main]
    while pending:
        more = called_by(drawing.processes[pending.pop()], drawing) - reached
        reached |= more
        pending.extend(more)
    if drawing.processes[main].item.get("isExecutable") == "false":
        item = drawing.processes[main].item
        report.add("process-not-executable", item.file, item.id, item.line)
    drawn = []
    for key, process in drawing.processes.items():
        if key not in reached and process.item.get("isExecutable") == "false":
            drawn.append(process)
        elif key not in reached:
            report.add("process-unused", process.item.file, process.item.id, process.item.line, id=key)
    drawing.scopes = [scope for scope in drawing.scopes if not any(process in scope.around() for process in drawn)]


def _compile(files: Mapping[str, str], process: str, report: Report) -> runtime.Compiled | None:
    """What the engine itself refuses although no rule does; otherwise what it will run."""
    try:
        return runtime.compile_process(files, process)
    except InvalidDefinition as error:
        for finding in error.findings:
            report.add(
                "bpmn-refused", finding.file, finding.element, finding.line, process=process, reason=finding.message
            )
    except FAILURES as error:
        reason = f"{type(error).__name__}: {error}"
        report.add("bpmn-refused", "process.bpmn", process=process, reason=reason)
    return None
