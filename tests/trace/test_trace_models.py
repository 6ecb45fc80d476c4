"""Models of every kind, drawn as several editors write them, against what BPMN 2.0 says must happen."""

import json
import tomllib
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

import engine
from scheduler.trace import START, Answers, Trial
from webforms.cli import main

HERE = Path(__file__).parent
MODELS = HERE / "models"
EXPECTED = tomllib.loads((HERE / "expectations.toml").read_text("utf-8"))
CODES = {"finished": 0, "refused": 2, "incident": 3, "waiting": 4}
FOLDERS = {".dmn": "decisions/", ".form": "forms/"}


def file_names(name):
    case = EXPECTED[name]
    return [case.get("model", f"{name}.bpmn"), *case.get("with", [])]


def run(name):
    case = EXPECTED[name]
    files = {FOLDERS.get(Path(each).suffix, "") + each: (MODELS / each).read_text("utf-8") for each in file_names(name)}
    at = datetime.fromisoformat(case["at"]).replace(tzinfo=engine.OFFICE) if "at" in case else START
    answers = Answers(answers_of(case))
    return Trial(files, case.get("process"), case.get("data", {}), answers, at, limit=case.get("limit", 1_000)).run()


def answers_of(case):
    return json.loads(case["answers"]) if "answers" in case else None


def parse_steps(text, year):
    """[(instant, {what happened: how often}, what happened in order)]."""
    found = []
    for line in text.strip().splitlines():
        day, clock, *what = line.split()
        at = datetime.fromisoformat(f"{day if len(day) == 10 else f'{year}-{day}'}T{clock}+08:00")
        order = []
        for each in what:
            step, _, times = each.partition("*")
            order += [step] * int(times or 1)
        found.append((at, Counter(order), order))
    return found


def happened(result):
    """The same, from a trace."""
    marks = {"completed": "", "cancelled": "-", "failed": "!"}
    found = []
    for step in result.trace:
        if step.event == "entered":
            continue
        at = step.at.astimezone(engine.OFFICE)
        if not found or found[-1][0] != at:
            found.append((at, Counter(), []))
        found[-1][1][marks[step.event] + step.element] += 1
        found[-1][2].append(marks[step.event] + step.element)
    return found


def check_shape(result):
    """What holds for every trace."""
    inside = Counter()
    assert [s.at for s in result.trace] == sorted(s.at for s in result.trace)
    for step in result.trace:
        assert "." not in step.element
        key = (step.case_id, step.element)
        inside[key] += 1 if step.event == "entered" else -1
        assert inside[key] >= 0, f"{step.element} is left before it is entered"
    if result.status == "finished" and not result.waiting:
        assert not +inside, "something was entered and never left"


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_model(name):
    case, result = EXPECTED[name], run(name)
    rules = {finding.rule for finding in result.findings if finding.level == "semantics"}
    assert rules == set(case.get("refused", ())), [str(finding) for finding in result.findings]
    assert result.status == case.get("status", "refused" if "refused" in case else "finished"), result.note
    check_shape(result)
    if "steps" in case:
        found, wanted = happened(result), parse_steps(case["steps"], case.get("at", "2026")[:4])
        place = 2 if case.get("ordered") else 1
        assert [(f"{s[0]:%F %T}", s[place]) for s in found] == [(f"{s[0]:%F %T}", s[place]) for s in wanted]
    if "events" in case:
        assert [f"{e.element} {e.event} {e.kind} {e.name}".strip() for e in result.events] == case["events"]
    if "waiting" in case:
        assert Counter(row["element"] for row in result.waiting) == Counter(case["waiting"])
    if "note" in case:
        assert case["note"] in result.note


@pytest.mark.parametrize("name", [name for name in sorted(EXPECTED) if "refused" not in EXPECTED[name]])
def test_variables_and_code(name, tmp_path, capsys):
    """The same through the command: the exit code and the document."""
    case = EXPECTED[name]
    arguments = ["trace", *(str(MODELS / each) for each in file_names(name)), "--json"]
    arguments += ["--process", case["process"]] if "process" in case else []
    arguments += ["--data", json.dumps(case["data"])] if "data" in case else []
    arguments += ["--at", case["at"]] if "at" in case else []
    arguments += ["--limit", str(case["limit"])] if "limit" in case else []
    if "answers" in case:
        (tmp_path / "answers.json").write_text(case["answers"], "utf-8")
        arguments += ["--answers", str(tmp_path / "answers.json")]
    code = main(arguments)
    document = json.loads(capsys.readouterr().out)
    assert code == CODES[document["status"]]
    expected = json.loads(case["variables"]) if "variables" in case else {}
    found = {key: value for key, value in document["variables"].items() if key in expected}
    assert found == expected
    assert [type(value) for value in found.values()] == [type(value) for value in (expected[key] for key in found)]
    assert not set(case.get("without", ())) & document["variables"].keys()
    assert {"findings", "trace", "events", "variables", "status", "waiting"} <= document.keys()
    assert all({"at", "element", "event"} <= step.keys() for step in document["trace"])
    assert all(datetime.fromisoformat(step["at"]).tzinfo for step in document["trace"] + document["events"])


def test_every_model_is_used():
    used = {each for name in EXPECTED for each in file_names(name)}
    assert used == {path.name for path in MODELS.iterdir()}
