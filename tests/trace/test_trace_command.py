"""`tiaojie trace` as a script uses it: exit codes, one document, and never a traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from webforms.cli import main

MODELS = Path(__file__).parent / "models"
COMMAND = [sys.executable, "-c", "import sys; from webforms.cli import main; sys.exit(main())", "trace"]


def model(name):
    return str(MODELS / f"{name}.bpmn")


def command(*arguments, stdin=None):
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, encoding="utf-8", check=False)  # noqa: S603 our own command
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [("sequence", 0, "finished"), ("refused_juel", 2, "refused"), ("or_no_match", 3, "incident"),
     ("message_waiting", 4, "waiting")],
)  # fmt: skip
def test_the_real_command(name, code, status):
    done = command(model(name), "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["status"]) == (code, status)
    assert set(document) == {"findings", "trace", "events", "variables", "status", "waiting", "note"}
    assert {"rule", "file", "element", "line", "message", "remedy", "level"} <= set(document["findings"][0])


def test_the_text_for_people():
    done = command(model("message_waiting"))
    assert done.returncode == 4
    assert "waiting: hear message hello" in done.stdout


def traced(capsys, *arguments):
    code = main(["trace", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_what_a_line_says(capsys):
    _, document = traced(capsys, model("message_receive"))
    assert document["trace"][0] == {
        "at": "2026-01-05T09:00:00+08:00", "element": "begin", "event": "entered", "process": "p", "case": 1
    }  # fmt: skip
    assert document["events"] == [
        {"at": "2026-01-05T11:00:00+08:00", "element": "late", "event": "caught", "kind": "timer", "name": "",
         "payload": None, "process": "p", "case": 1}
    ]  # fmt: skip


def test_processes_are_told_apart(capsys):
    _, document = traced(capsys, model("messages_between"), "--process", "buyer", "--data", '{"编号": 1}')
    steps = {(step["element"], step["process"], step["case"]) for step in document["trace"]}
    assert {("order", "buyer", 1), ("double", "seller", 2)} <= steps
    assert {(event["element"], event["case"]) for event in document["events"]} == {
        ("order", 1), ("ordered", 2), ("answer", 2), ("confirmed", 1)
    }  # fmt: skip


def test_what_it_waits_for(capsys, tmp_path):
    (tmp_path / "answers.json").write_text("{}")
    code, document = traced(
        capsys, model("message_boundary"), "--answers", str(tmp_path / "answers.json"), "--limit", "5"
    )
    assert code == 4
    waits = {(row["element"], row["kind"], row["name"], row["due"], row["case"]) for row in document["waiting"]}
    assert waits == {
        ("work", "task", "", None, 1), ("note", "message", "note", None, 1), ("stop", "message", "stop", None, 1)
    }  # fmt: skip


def test_when_a_timer_it_waits_for_is_due(capsys, tmp_path):
    (tmp_path / "answers.json").write_text("{}")
    arguments = ("--answers", str(tmp_path / "answers.json"), "--limit", "2")
    _, document = traced(capsys, model("timer_cycle_endless"), *arguments)
    assert ("remind", "2026-01-07T09:00:00+08:00") in {(row["element"], row["due"]) for row in document["waiting"]}


@pytest.mark.parametrize(
    "answers",
    ['{"ask": 5}', '{"ask": [1, 2]}', '{"ask": [{}, "x"]}', '{"ask": "x"}', "[]", "", "{", '{"*": 1}', "null"],
)
def test_answers_that_are_none(answers, tmp_path):
    (tmp_path / "answers.json").write_text(answers)
    assert main(["trace", model("sequence"), "--answers", str(tmp_path / "answers.json")]) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--data", "[1]"], ["--data", "{"], ["--data", "@nowhere"], ["--answers", "nowhere"], ["--at", "yesterday"],
        ["--at", "0001-01-01T00:00"], ["--limit", "0"], ["--limit", "-1"], ["--reference", "/nowhere"],
        ["--process", "nowhere"], ["nowhere.bpmn"],
    ],
)  # fmt: skip
def test_wrong_usage(arguments):
    assert main(["trace", model("sequence"), *arguments]) == 2


@pytest.mark.parametrize("arguments", [[], ["--nonsense"], ["--limit", "x"]])
def test_usage_that_the_parser_refuses(arguments):
    with pytest.raises(SystemExit) as stop:
        main(["trace", *arguments, *([model("sequence")] if arguments else [])])
    assert stop.value.code == 2


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x00\xff\xfe\x01", b"<", b"<a/>", b"{}", b"<?xml version='1.0'?>", "<定义/>".encode("gb18030"),
        b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>',
        b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process/></definitions>',
        b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p"/></definitions>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><definitions>&b;</definitions>',
    ],
)  # fmt: skip
def test_garbage_is_refused(content, tmp_path):
    (tmp_path / "model.bpmn").write_bytes(content)
    assert main(["trace", str(tmp_path / "model.bpmn"), "--json"]) == 2


def test_a_file_with_a_byte_order_mark(tmp_path):
    (tmp_path / "model.bpmn").write_bytes(b"\xef\xbb\xbf" + (MODELS / "sequence.bpmn").read_bytes())
    assert main(["trace", str(tmp_path / "model.bpmn")]) == 0


def test_two_files_of_one_name(tmp_path, capsys):
    (tmp_path / "sequence.bpmn").write_text((MODELS / "links.bpmn").read_text("utf-8"), "utf-8")
    assert main(["trace", model("sequence"), str(tmp_path / "sequence.bpmn")]) == 2
    assert "sequence.bpmn" in capsys.readouterr().err
