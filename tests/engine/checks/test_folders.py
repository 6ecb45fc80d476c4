"""Manifest, forms, decisions, papers and the house's own rules: each rule by one edit of a good folder."""

# ruff: noqa: E501 the rows of a table stay in one line

import tomllib
from pathlib import Path

import pytest

from engine.checks import check_definition, check_files, refusals
from engine.definitions import define, read_files
from tests.engine.checks.folders import FOLDER, PLAIN, folder

ROLES = {"clerk", "judge"}
PROCESSES = Path(__file__).parents[3] / "processes"

M, B, F, D, P = "manifest.toml", "process.bpmn", "forms/open.form", "decisions/size.dmn", "documents/letter.html"
EDITS = [
    ("manifest-syntax", "semantics", M, "[number]", "[number"),
    ("manifest-shape", "semantics", M, 'label = "第一"', "label = 1"),
    ("manifest-shape", "semantics", M, 'roles = ["clerk"]', "roles = [1]"),
    ("manifest-shape", "semantics", M, "[stages.first]\n", "[stages]\nfirst = 2\n[outcomes.unused]\n"),
    ("manifest-key", "warning", M, "[number]", 'colour = "red"\n[number]'),
    ("manifest-key", "warning", M, "remind =", "reminders ="),
    ("manifest-id", "semantics", M, 'id = "p"', 'title2 = "p"'),
    ("process-missing", "semantics", M, 'id = "p"', 'id = "q"'),
    ("number-pattern", "semantics", M, "{seq:03d}", ""),
    ("number-pattern", "semantics", M, "{seq:03d}", "{seq:03d}{office.__class__}"),
    ("number-pattern", "semantics", M, "{seq:03d}", "{seq:>999999999999999999999}"),
    ("fact-name", "semantics", M, "facts.count", "facts.case"),
    ("fact-name", "semantics", M, "facts.count", 'facts."a b"'),
    ("fact-type", "semantics", M, 'type = "date"', 'type = "day"'),
    ("deadline-extendable", "semantics", M, "remind =", 'extendable = "anybody"\nremind ='),
    ("deadline-status", "semantics", M, '"confirmed"', '"sure"'),
    ("deadline-without-basis", "house", M, 'basis = "第八条"\n', ""),
    ("period-wrong", "semantics", M, '"1wd"', '"soon"'),
    ("paper-template-missing", "semantics", M, "documents/letter.html", "documents/other.html"),
    ("report-unknown", "semantics", M, "[papers.letter]", '[report]\npaper = "note"\n[papers.letter]'),
    ("report-unknown", "semantics", M, "[papers.letter]", '[report]\nfigures = "rows"\n[papers.letter]'),
    ("form-unknown", "semantics", M, 'form = "open"', 'form = "shut"'),
    ("form-unknown", "semantics", B, 'formRef="open"', 'formRef="shut"'),
    ("expression", "semantics", M, '"=subject"', '"=subject +"'),
    ("expression", "semantics", M, '"=received_on"', '"=received_on)"'),
    ("expression-juel", "semantics", M, '"=subject"', '"${subject}"'),
    ("unknown-name", "house", M, '"=subject"', '"=object"'),
    ("count-undated", "semantics", M, "[number]", '[counts.a]\nwhen = "true"\n[number]'),
    ("count-until", "semantics", M, "[number]", '[counts.a]\nday = "received_on"\nuntil = "b"\n[number]'),
    ("count-clock", "semantics", M, "[number]", '[counts.a]\nday = "today()"\n[number]'),
    ("count-element", "semantics", M, "[number]", '[counts.a]\nday = "done.nowhere"\n[number]'),
    ("count-name", "semantics", M, "[number]", '[counts.A]\nday = "received_on"\n[number]'),
    ("count-name", "semantics", M, "[number]", '[counts.a]\nday = "received_on"\nsums = { "the sum" = "1" }\n[number]'),
    ("manifest-shape", "semantics", M, "[number]", '[counts.a]\nday = "received_on"\nsums = { b = 1 }\n[number]'),
    ("expression", "semantics", M, "[number]", '[counts.a]\nday = "received_on +"\n[number]'),
    ("expression-juel", "semantics", M, "[number]", '[counts.a]\nday = "${received_on}"\n[number]'),
    ("unknown-name", "house", M, "[number]", '[counts.a]\nday = "received_by"\n[number]'),
    ("level-undeclared", "semantics", M, "[number]", 'level = "=subject"\n[number]'),
    ("level-without-rule", "semantics", M, "[number]", "[levels.high]\nrank = 1\n[number]"),
    ("level-colour", "semantics", M, "[number]", 'level = "=subject"\n[levels.high]\nrank = 1\ncolour = "pink"\n[number]'),
    ("level-rank", "semantics", M, "[number]", 'level = "=subject"\n[levels.high]\nlabel = "高"\n[number]'),
    ("manifest-shape", "semantics", M, "[number]", 'level = "=subject"\n[levels.high]\nrank = true\n[number]'),
    ("unknown-name", "house", M, "[number]", 'level = "=object"\n[levels.high]\nrank = 1\n[number]'),
    ("expression", "semantics", M, "[number]", 'level = "=subject"\nlevel_reason = "=(subject"\n[levels.high]\nrank = 1\n[number]'),
    ("include-name", "semantics", M, "[number]", 'include = ["../secret/x/y.toml"]\n[number]'),
    ("include-name", "semantics", M, "[number]", 'include = ["other/run.py"]\n[number]'),
    ("include-missing", "semantics", M, "[number]", 'include = ["other/decisions/weight.dmn"]\n[number]'),
    ("include-clash", "semantics", M, "[number]", 'include = ["a/decisions/size.dmn", "b/decisions/size.dmn"]\n[number]'),
    ("unknown-role", "house", M, '["clerk"]', '["cook"]'),
    ("unknown-role", "house", B, 'candidateGroups="clerk"', 'candidateGroups="cook"'),
    ("start-impossible", "house", M, 'roles = ["clerk"]\n', ""),
    ("unknown-paper", "semantics", B, 'value="letter"', 'value="note"'),
    ("unknown-stage", "semantics", B, 'value="first"', 'value="second"'),
    ("unknown-outcome", "semantics", B, 'name="outcome" value="agreed"', 'name="outcome" value="refused"'),
    ("unknown-deadline", "semantics", B, 'value="answer"', 'value="reply"'),
    ("outcome-unreached", "house", B, 'name="outcome" value="agreed"', 'name="law" value="x"'),
    ("stage-unused", "warning", B, 'name="stage"', 'name="law"'),
    ("paper-unused", "warning", B, 'name="paper"', 'name="law"'),
    ("deadline-unused", "warning", B, 'name="deadline"', 'name="law"'),
    ("deadline-without-time", "house", B, ' camunda:dueDate="5wd"', ""),
    ("property-unknown", "warning", B, 'name="stage"', 'name="stages"'),
    ("user-task-without-role", "house", B, ' camunda:candidateGroups="clerk"', ""),
    ("without-documentation", "warning", B, "<bpmn:documentation>第八条</bpmn:documentation>", ""),
    ("undeclared-form-key", "house", F, '"key": "subject"', '"key": "topic"'),
    ("undeclared-form-column", "house", F, '"key": "name"', '"key": "nick"'),
    ("unknown-name", "house", F, '"label": "事由"', '"label": "事由", "conditional": {"hide": "=nobody"}'),
    ("unknown-role", "house", F, '"type": "textfield", "id": "f1"', '"type": "select", "id": "f1", "valuesKey": "people:cook"'),
    ("form-unused", "warning", F, "", ""),
    ("decision-missing", "semantics", B, ' camunda:decisionRef="size"', ""),
    ("decision-unknown", "semantics", B, 'decisionRef="size"', 'decisionRef="weight"'),
    ("decision-mapping", "semantics", B, "singleEntry", "oneEntry"),
    ("decision-duplicate", "semantics", D, "", ""),
    ("decision-reads-unknown", "house", D, "<text>count</text>", "<text>weight</text>"),
    ("undeclared-result", "house", B, 'resultVariable="count"', 'resultVariable="size"'),
    ("file-unused", "warning", P, "", ""),
    ("document-unknown-fact", "house", P, "subject", "object"),
]  # fmt: skip


def rules(files, **options):
    return {(f.rule, f.level) for f in check_files(files, roles=ROLES, **options)}


def test_the_good_folder():
    assert refusals(check_files(FOLDER, roles=ROLES)) == []
    drawing = {"diagram-missing", "name-language"}
    assert {rule for rule, _ in rules(FOLDER)} <= drawing, "the builder draws no shapes and writes no Chinese"


@pytest.mark.parametrize(
    ("rule", "level", "file", "old", "new"), EDITS, ids=[f"{e[0]}-{n}" for n, e in enumerate(EDITS)]
)
def test_one_edit_breaks_one_rule(rule, level, file, old, new):
    files = folder(file, old, new)
    if not old:  # a second copy of the file
        stem, _, ending = file.rpartition(".")
        files[f"{stem}_2.{ending}"] = files[file]
    assert (rule, level) in rules(files)
    assert (rule, level) not in rules(FOLDER)


@pytest.mark.parametrize(
    ("file", "text", "start"),
    [
        (F, "{", "form-"),
        (D, "<x/>", "dmn-"),
        (P, "{% if %}", "document-"),
    ],
)
def test_what_the_parts_find_is_in_the_list(file, text, start):
    found = [f for f in check_files({**FOLDER, file: text}, roles=ROLES) if f.file == file]
    assert any(f.rule.startswith(start) and f.level == "semantics" for f in found)


def test_everything_at_once_in_order():
    files = {name: text.replace('"open"', '"shut"').replace("count", "weight") for name, text in FOLDER.items()}
    files["process.bpmn"] = files["process.bpmn"].replace("agreed", "refused").replace("5wd", "soon")
    found = check_files(files, roles={"judge"})
    assert {"form-unknown", "unknown-outcome", "period-wrong", "unknown-role", "outcome-unreached"} <= {
        f.rule for f in found
    }
    assert found == sorted(found, key=lambda f: (f.file, f.line or 0, f.element or "", f.rule, f.message))


def test_levels():
    files = folder(B, ' camunda:candidateGroups="clerk"', "")
    assert ("user-task-without-role", "house") in rules(files)
    assert ("user-task-without-role", "house") not in rules(files, house=False)
    assert ("user-task-without-role", "warning") in rules({B: PLAIN}), "without a manifest house rules are advice"
    found = check_files(files, roles=ROLES)
    assert refusals(found)
    assert not refusals(found, house=False)


def test_a_definition_is_its_files():
    assert check_definition(define(FOLDER), roles=ROLES) == check_files(FOLDER, "p", roles=ROLES)


@pytest.mark.parametrize("process", ["mediation", "escalation", "registry_filing"])
def test_the_processes_of_the_house(process):
    roles = {row["id"] for row in tomllib.loads((PROCESSES / "roles.toml").read_text("utf-8"))["roles"]}
    assert refusals(check_files(read_files(PROCESSES / process), process, roles=roles)) == []
