"""The command line: what scripts may rely on."""

import argparse
import json
import shutil
import stat
import tomllib

import pytest
from sqlalchemy import text

import engine
from tests.conftest import PROCESSES
from webforms.cli import COMMANDS, main

YEAR = """
year = 2027
source = "notice"
[[holidays]]
name = "元旦"
off = ["2027-01-01/2027-01-04"]
"""
MODEL = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">'
    '<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="s"/><bpmn:userTask id="ask"/><bpmn:endEvent id="e"/>'
    '<bpmn:sequenceFlow id="f" sourceRef="s" targetRef="ask"/><bpmn:sequenceFlow id="g" sourceRef="ask" targetRef="e"/>'
    "</bpmn:process></bpmn:definitions>"
)


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """A data folder of the test's own; nothing of this machine's settings."""
    for name in ("DATABASE", "SECRET_KEY", "DEMO", "CLOCK_OFFSET", "HOST", "PORT"):
        monkeypatch.delenv(f"TIAOJIE_{name}", raising=False)
    monkeypatch.setenv("TIAOJIE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def tell(capsys):
    """Run a command: exit code, standard output (read as JSON with --json), standard error."""

    def run(*arguments):
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in arguments and out else out, err

    return run


@pytest.fixture(scope="session")
def deployed(tmp_path_factory):
    """A data folder with everything published, to be copied."""
    folder = tmp_path_factory.mktemp("deployed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIAOJIE_DATA", str(folder))
        assert main(["deploy", str(PROCESSES), "--json"]) == 0
    return folder


@pytest.fixture
def installed(deployed, data):
    shutil.copytree(deployed, data)
    return data


def test_every_command_has_help(capsys):
    for arguments in (["--help"], *([name, "--help"] for name in names())):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
        assert "usage: tiaojie" in capsys.readouterr().out
    assert set(names()) == {
        "serve", "clock", "check", "deploy", "scenarios", "trace", "verify", "calendar", "person", "demo", "backup",
        "diff", "figures", "migrate", "obligations", "replay", "year",
    }  # fmt: skip


def names():
    """The commands that register."""

    class Collector:
        def __init__(self):
            self.found = []

        def add_parser(self, name, **_options):
            self.found.append(name)
            return argparse.ArgumentParser()

    collector = Collector()
    for command in COMMANDS:
        command.register(collector)
    return collector.found


@pytest.mark.parametrize(
    "arguments", [["verify"], ["clock", "--once"], ["calendar", "show", "2026"], ["person", "list"]]
)
def test_without_an_installation_the_command_that_makes_one_is_named(tell, arguments):
    code, _, err = tell(*arguments)
    assert code == 2
    assert "tiaojie deploy processes" in err


def test_a_missing_secret_key_is_a_refusal_to_serve(tell, installed):
    code, _, err = tell("serve")
    assert code == 2
    assert "TIAOJIE_SECRET_KEY" in err
    assert "secrets.token_hex" in err


def test_an_address_in_use_is_a_refusal(tell, installed, monkeypatch):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("TIAOJIE_SECRET_KEY", "k")
        monkeypatch.setenv("TIAOJIE_PORT", str(taken.getsockname()[1]))
        code, _, err = tell("serve")
    assert code == 2
    assert "TIAOJIE_PORT" in err


def test_deploying_again_changes_nothing(tell, installed):
    code, out, _ = tell("deploy", PROCESSES, "--json")
    assert code == 0
    assert out["reference"] == []
    assert [row["is_new"] for row in out["versions"]] == [False] * len(out["versions"])


def test_one_folder_can_be_deployed(tell, data):
    code, out, _ = tell("deploy", PROCESSES / "escalation", "--json")
    assert code == 0
    assert [row["process"] for row in out["versions"]] == ["escalation"]


def test_a_bad_folder_is_refused_with_findings(tell, tmp_path):
    shutil.copytree(PROCESSES / "escalation", tmp_path / "escalation")
    model = tmp_path / "escalation" / "process.bpmn"
    model.write_text(
        model.read_text("utf-8").replace('camunda:formRef="receive_report"', 'camunda:formRef="gone"'), "utf-8"
    )
    code, out, _ = tell("check", tmp_path / "escalation", "--json")
    assert code == 1
    assert not out["publishable"]
    assert all(set(row) >= {"rule", "level", "file", "element", "message", "remedy"} for row in out["findings"])
    code, _, err = tell("deploy", tmp_path / "escalation")
    assert code == 1
    assert "receive_report" in err


def test_our_own_processes_can_be_published(tell):
    code, out, _ = tell("check", PROCESSES, "--json")
    assert code == 0, out["findings"]


def test_check_and_deploy_say_what_does_not_exist(tell, tmp_path):
    assert tell("check", tmp_path / "nothing")[0] == 2
    assert tell("deploy", tmp_path / "nothing")[0] == 2
    assert tell("check", tmp_path)[0] == 2


def test_people(tell, installed):
    code, added, _ = tell("person", "add", "anna", "安娜", "--role", "mediator@yuxi_town", "--json")
    assert code == 0
    assert added["password"]
    code, people, _ = tell("person", "list", "--json")
    assert [(p["username"], p["roles"]) for p in people] == [("anna", [{"role": "mediator", "office": "yuxi_town"}])]
    code, reset, _ = tell("person", "reset-password", "anna", "--json")
    assert reset["password"] != added["password"]
    assert tell("person", "disable", "anna")[0] == 0
    assert tell("person", "list", "--json")[1][0]["active"] is False


@pytest.mark.parametrize(
    "arguments",
    [
        ["add", "x y", "安娜"],
        ["add", "anna", "安娜", "--role", "nobody@yuxi_town"],
        ["add", "anna", "安娜", "--role", "mediator"],
        ["add", "anna", "安娜", "--role", "mediator@nowhere"],
        ["disable", "nobody"],
        ["reset-password", "nobody"],
    ],
)
def test_what_is_wrong_with_a_person_is_said(tell, installed, arguments):
    code, _, err = tell("person", *arguments)
    assert code == 2
    assert err


def test_a_user_name_is_taken_once(tell, installed):
    assert tell("person", "add", "anna", "安娜")[0] == 0
    assert tell("person", "add", "anna", "安妮")[0] == 2


def test_calendar(tell, installed, tmp_path):
    code, shown, _ = tell("calendar", "show", "2026", "--json")
    assert (code, shown["official"]) == (0, True)
    assert tell("calendar", "show", "2027", "--json")[1]["official"] is False
    (tmp_path / "2027.toml").write_text(YEAR, "utf-8")
    code, out, _ = tell("calendar", "import", tmp_path / "2027.toml", "--json")
    assert (code, out["is_new"], out["moved"]) == (0, True, [])
    assert tell("calendar", "show", "2027", "--json")[1]["official"] is True
    assert tell("calendar", "import", tmp_path / "2027.toml", "--json")[1]["is_new"] is False


def test_a_wrong_notice_changes_nothing(tell, installed, tmp_path):
    (tmp_path / "2027.toml").write_text(YEAR.replace("2027-01-01", "2027-13-01"), "utf-8")
    code, _, err = tell("calendar", "import", tmp_path / "2027.toml")
    assert code == 2
    assert "2027-13-01" in err
    assert tell("calendar", "import", tmp_path / "none.toml")[0] == 2


def test_verify_and_clock(tell, installed):
    assert tell("verify", "--json") == (0, {"sound": True, "problems": []}, "")
    code, out, _ = tell("clock", "--once", "--json")
    assert code == 0
    assert out["anchored"] is True


def test_verify_finds_a_changed_record(tell, installed):
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(installed / "tiaojie.db")) as raw:
        raw.execute("UPDATE ledger SET actor_name = 'somebody' WHERE seq = 1")
        raw.commit()
    code, out, _ = tell("verify", "--json")
    assert code == 1
    assert out["problems"]


def test_a_backup_is_a_whole_installation(tell, installed, tmp_path, monkeypatch):
    code, out, _ = tell("backup", tmp_path / "copies", "--json")
    assert (code, out["problems"]) == (0, [])
    monkeypatch.setenv("TIAOJIE_DATA", out["folder"])
    assert tell("verify")[0] == 0
    assert list((tmp_path / "copies").glob("*.unfinished")) == []


def test_a_backup_names_a_missing_file(tell, installed, tmp_path):
    database = engine.connect(f"sqlite:///{installed / 'tiaojie.db'}", key=(installed / "audit.key").read_bytes())
    from datetime import UTC, datetime
    from io import BytesIO

    from scheduler.samples import PDF

    now = datetime(2026, 1, 1, tzinfo=UTC)
    with database.sessions.begin() as session:
        person, _ = engine.create_person(
            session, username="anna", name="安娜", hasher=engine.CHEAP_HASHER, actor=engine.SYSTEM, now=now
        )
        actor = engine.Actor(person, "安娜")
        row = engine.add_file(session, BytesIO(PDF), "a.pdf", installed / "files", actor=actor, now=now)
    database.bind.dispose()
    assert tell("backup", tmp_path / "copies", "--json")[0] == 0
    engine.file_path(installed / "files", row.digest).unlink()
    code, out, _ = tell("backup", tmp_path / "again", "--json")
    assert code == 1
    assert row.digest in out["problems"][0]


def test_keys_are_readable_by_the_owner_alone(installed):
    assert stat.S_IMODE((installed / "audit.key").stat().st_mode) == 0o600


def test_trace_says_what_happened(tell, tmp_path):
    model = tmp_path / "m.bpmn"
    model.write_text(MODEL, "utf-8")
    code, out, _ = tell("trace", model, "--json")
    assert (code, out["status"]) == (0, "finished")
    assert set(out) >= {"findings", "trace", "events", "variables", "status", "waiting"}
    first = {"at": "2026-01-05T09:00:00+08:00", "element": "s", "event": "entered", "case": 1}
    assert out["trace"][0].items() >= first.items()
    (tmp_path / "answers.json").write_text("{}", "utf-8")
    code, out, _ = tell("trace", model, "--answers", tmp_path / "answers.json", "--json")
    assert (code, out["waiting"][0]["element"]) == (4, "ask")
    code, out, _ = tell("trace", model, "--data", '{"n": 1.5, "day": "2026-01-01"}', "--json")
    assert out["variables"] == {"n": 1.5, "day": "2026-01-01"}
    model.write_text(MODEL.replace('targetRef="e"', 'targetRef="gone"'), "utf-8")
    code, out, _ = tell("trace", model, "--json")
    assert (code, out["status"]) == (2, "refused")
    assert out["findings"]


@pytest.mark.parametrize(
    "arguments", [["--data", "no"], ["--data", "[]"], ["--answers", "none.json"], ["--at", "noon"]]
)
def test_trace_refuses_what_it_cannot_read(tell, tmp_path, arguments):
    model = tmp_path / "m.bpmn"
    model.write_text(MODEL, "utf-8")
    assert tell("trace", model, *arguments)[0] == 2


def test_scenarios_tell_what_does_not_hold(tell, tmp_path):
    shutil.copytree(PROCESSES, tmp_path / "processes")
    code, out, _ = tell("scenarios", tmp_path / "processes", "-k", "escalation/resolved", "--json")
    assert (code, [row["passed"] for row in out["scenarios"]]) == (0, [True])
    story = tmp_path / "processes" / "escalation" / "scenarios" / "resolved.toml"
    story.write_text(story.read_text("utf-8").replace('outcome = "resolved"', 'outcome = "handed_over"'), "utf-8")
    code, _, err = tell("scenarios", tmp_path / "processes", "-k", "escalation/resolved")
    assert code == 1
    assert "escalation/resolved: " in err
    assert tell("scenarios", tmp_path / "processes", "-k", "nothing like this")[0] == 2
    code, out, _ = tell("scenarios", tmp_path / "processes" / "law_change", "-j", "1", "--json")
    assert code == 0
    assert [part["process"] for part in out["coverage"]] == ["law_change"]


def test_the_demo_keeps_what_is_there(tell, installed):
    tell("person", "add", "anna", "安娜")
    code, out, _ = tell("demo", PROCESSES, "--json")
    assert (code, out["kept"]) == (0, True)
    assert len(tell("person", "list", "--json")[1]) == 1


def test_the_scripts_are_where_they_are_expected():
    project = tomllib.loads((PROCESSES.parent / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["scripts"]["tiaojie"] == "webforms.cli:main"
    assert (PROCESSES.parent / ".ci" / "run").stat().st_mode & stat.S_IXUSR


def test_the_demo_does_not_replace_a_database_in_use(tell, installed):
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(installed / "tiaojie.db")) as raw:
        raw.execute("SELECT count(*) FROM person").fetchall()
        code, _, err = tell("demo", PROCESSES)
    assert code == 2
    assert "in use" in err


def test_figures_are_checked_and_counted_again(tell, installed):
    code, out, _ = tell("figures", "check", "--json")
    assert (code, out) == (0, {"differences": [], "undated": []})
    database = engine.connect(f"sqlite:///{installed / 'tiaojie.db'}")
    with database.sessions.begin() as session:
        session.execute(text("INSERT INTO tally VALUES ('accepted', '*', '', '2026-03', '', '', 7)"))
    code, out, err = tell("figures", "check")
    assert code == 1
    assert "accepted * 2026-03" in " ".join(err.split()) and "tiaojie figures rebuild" in out
    assert tell("figures", "rebuild", "--all", "--json")[:2] == (0, {"counted": 0, "changed": 0, "stays": 0})
    assert tell("figures", "check")[0] == 0
    database.bind.dispose()
