"""Forms, decisions and papers: each part checks its own files; here they are held against diagram and manifest."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from engine import documents, forms
from engine.checks.cross_rules import check_cross_rules
from engine.checks.drawing import Drawing
from engine.checks.manifest import Manifest
from engine.checks.report import Report
from engine.decisions import DecisionError, Decisions, parse_decisions
from engine.errors import Finding
from engine.feel import FeelError
from engine.forms import Field, Form
from engine.forms.fields import walk
from engine.functions import FUNCTIONS

MAPPINGS = frozenset(["", "singleEntry", "singleResult", "collectEntries", "resultList"])
DIRECTORY = "people:"


def check_forms(
    files: Mapping[str, str], drawing: Drawing, manifest: Manifest | None, roles: Collection[str], report: Report
) -> None:
    """The forms themselves, and those that elements name."""
    used = {manifest.tables.get("start", {}).get("form", "")} if manifest is not None else set()
    for node, element in drawing.nodes():
        used.add(element.form)
        if element.form and f"forms/{element.form}.form" not in files and "{" not in element.form:
            rule = "form-unknown" if manifest is not None else "form-elsewhere"
            report.add(rule, node.file, node.id, node.line, form=element.form)
    readable: dict[str, Form] = {}
    for name, text in files.items():
        if not name.endswith(".form"):
            continue
        report.take(found := forms.problems(text, name, FUNCTIONS))
        if name.removeprefix("forms/").removesuffix(".form") not in used and manifest is not None:
            report.add("form-unused", name)
        if not any(finding.level == "semantics" for finding in found):
            form = Form.parse(text, name, FUNCTIONS)
            readable[name.removeprefix("forms/").removesuffix(".form")] = form
            _keys(name, form, manifest, roles, report)
    if manifest is not None:
        check_cross_rules(manifest, readable, report)


def _keys(file: str, form: Form, manifest: Manifest | None, roles: Collection[str], report: Report) -> None:
    known = manifest.names("facts") if manifest is not None else set()
    columns = manifest.columns if manifest is not None else {}
    if known:
        for each in form.questions:
            if each.key not in known:
                report.add("undeclared-form-key", file, each.id, name=each.key)
            for column in _columns(each):
                if each.key in known and column not in columns.get(each.key, set()):
                    report.add("undeclared-form-column", file, each.id, name=column, list=each.key)
        keys = {each.key for each in walk(form.fields)} | known | {"case", "actor"}
        keys |= {column for each in form.questions for column in columns.get(each.key, ())}
        for each, expression in form.expressions:
            for name in sorted(expression.free_names - keys):
                report.add("unknown-name", file, each.id, what="The form", name=name)
    for each in walk(form.fields):
        role = each.values_key.removeprefix(DIRECTORY)
        if roles and each.values_key.startswith(DIRECTORY) and role not in roles:
            report.add("unknown-role", file, each.id, role=role)


def _columns(each: Field) -> Iterator[str]:
    """The columns of a list, out of their groups; a list inside the list is one of them, with columns of its own."""
    if each.kind in {"dynamiclist", "group"}:
        for inner in each.children:
            yield from _columns(inner) if inner.kind == "group" else filter(None, [inner.key])


def check_decisions(files: Mapping[str, str], drawing: Drawing, report: Report) -> dict[str, tuple[str, Decisions]]:
    """The decisions themselves, and those that elements name; returns them by id and name, with their file."""
    known: dict[str, tuple[str, Decisions]] = {}
    for name, text in files.items():
        if name.endswith(".dmn"):
            parsed = parse_decisions(text.encode(), functions=FUNCTIONS)
            _decisions(name, text, parsed, known, report)
    for node, element in drawing.nodes():
        if element.kind != "businessRuleTask":
            continue
        if not element.decision:
            report.add("decision-missing", node.file, node.id, node.line)
        elif element.decision not in known and "{" not in element.decision:
            report.add("decision-unknown", node.file, node.id, node.line, decision=element.decision)
        if element.mapping not in MAPPINGS:
            report.add("decision-mapping", node.file, node.id, node.line, mapping=element.mapping)
    return known


def _decisions(
    file: str, text: str, parsed: Decisions, known: dict[str, tuple[str, Decisions]], report: Report
) -> None:
    for problem in parsed.problems():
        line = _line(text, problem.element)
        message = problem.message[:1].upper() + problem.message[1:]
        remedy, params = "Correct the decision.", {key: str(value) for key, value in problem.params.items()}
        report.take([Finding(problem.rule, "semantics", file, problem.element or None, message, remedy, params, line)])
    for decision in parsed.ids:
        if decision in known:
            report.add("decision-duplicate", file, decision, _line(text, decision), id=decision)
    for decision in (*parsed.ids, *parsed.names):
        known.setdefault(decision, (file, parsed))


def _line(text: str, element: str) -> int | None:
    at = text.find(f'id="{element}"') if element else -1
    return text.count("\n", 0, at) + 1 if at >= 0 else None


def check_reads(decisions: Mapping[str, tuple[str, Decisions]], names: Collection[str], report: Report) -> None:
    """What decisions read must be known by name."""
    for decision, (file, parsed) in decisions.items():
        try:
            reads = parsed.reads(decision)
        except (DecisionError, FeelError):
            continue  # reported as the decision's own problem
        for name in sorted(reads - set(names)):
            report.add("decision-reads-unknown", file, decision, decision=decision, name=name)


def check_papers(files: Mapping[str, str], manifest: Manifest, names: Collection[str], report: Report) -> None:
    """The templates of the declared papers, and the parts they share."""
    parts, known = documents.parts_of(files), {*names, *FUNCTIONS}
    used = {row.get("template", f"documents/{kind}.html") for kind, row in manifest.rows.get("papers", {}).items()}
    used |= {part for name in used & files.keys() for part in documents.taken(files[name], parts)}
    for name in sorted(used & files.keys()):
        found = documents.problems(files[name], name, known, parts)
        report.take(replace(f, level="house") if f.rule == "document-unknown-fact" else f for f in found)
    for name, _ in parts:
        if name not in used:
            report.add("file-unused", name, name=name)
