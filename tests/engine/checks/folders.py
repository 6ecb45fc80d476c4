"""Small process folders for the tests of checks."""

# ruff: noqa: E501 the rows of a table stay in one line

from collections.abc import Mapping

from tests.engine.runtime.bpmn import end, model, path, start, user

MANIFEST = """
id = "p"
title = "试验"
headline = "=subject"
[number]
kind = "试"
pattern = "{short}〔{year}〕{seq:03d}"
[start]
roles = ["clerk"]
form = "open"
[stages.first]
label = "第一"
[outcomes.agreed]
label = "同意"
[deadlines.answer]
label = "答复期限"
basis = "第八条"
status = "confirmed"
start = "=received_on"
remind = ["1wd"]
[papers.letter]
title = "信"
template = "documents/letter.html"
number = "{seq}"
[facts.subject]
type = "text"
label = "事由"
[facts.received_on]
type = "date"
[facts.count]
type = "integer"
[facts.people]
type = "list"
[facts.people.fields.name]
type = "text"
"""

OPEN = (
    '{"schemaVersion": 19, "type": "default", "id": "open", "components": ['
    '{"type": "textfield", "id": "f1", "key": "subject", "label": "事由"},'
    '{"type": "dynamiclist", "id": "f2", "path": "people", "label": "人员", "components": ['
    '{"type": "textfield", "id": "f3", "key": "name", "label": "姓名"}]}]}'
)
TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
<decision id="size" name="大小"><decisionTable id="t" hitPolicy="FIRST">
<input id="i"><inputExpression id="e"><text>count</text></inputExpression></input><output id="o" name="size"/>
<rule id="r"><inputEntry id="c"><text>&gt; 3</text></inputEntry><outputEntry id="v"><text>"big"</text></outputEntry></rule>
</decisionTable></decision></definitions>"""
DRAWN = model(
    start("received"),
    user(
        "review_case",
        "<bpmn:documentation>第八条</bpmn:documentation><bpmn:extensionElements><camunda:properties>"
        '<camunda:property name="stage" value="first"/><camunda:property name="paper" value="letter"/>'
        '<camunda:property name="deadline" value="answer"/>'
        "</camunda:properties></bpmn:extensionElements>",
        camunda_candidateGroups="clerk",
        camunda_formRef="open",
        camunda_dueDate="5wd",
    ),
    '<bpmn:businessRuleTask id="decide_size" camunda:decisionRef="size" camunda:resultVariable="count" '
    'camunda:mapDecisionResult="singleEntry"/>',
    end(
        "agreed",
        "<bpmn:extensionElements><camunda:properties>"
        '<camunda:property name="outcome" value="agreed"/></camunda:properties></bpmn:extensionElements>',
    ),
    path("received", "review_case", "decide_size", "agreed"),
)
FOLDER: Mapping[str, str] = {
    "manifest.toml": MANIFEST,
    "process.bpmn": DRAWN,
    "forms/open.form": OPEN,
    "decisions/size.dmn": TABLE,
    "documents/letter.html": "{{ subject }} {{ received_on|cn_date }}",
}
PLAIN = model(start(), user("review"), end(), path("start", "review", "end"))


def edited(text: str, old: str, new: str) -> str:
    """The text with one edit that must be possible."""
    assert old in text, old
    return text.replace(old, new, 1)


def folder(file: str = "", old: str = "", new: str = "") -> dict[str, str]:
    """The good folder, or its twin with one edit."""
    files = dict(FOLDER)
    if file:
        files[file] = edited(files[file], old, new)
    return files
