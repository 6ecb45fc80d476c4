"""Models from the command line: what differs, and handing in a draft instead of publishing."""

import shutil
from datetime import UTC, datetime

import pytest

import engine
from tests.cli.test_commands import data, tell  # noqa: F401 fixtures
from tests.conftest import PROCESSES


@pytest.fixture
def folder(tmp_path):
    """A tree with one process, to be changed."""
    for name in ("offices.toml", "roles.toml", "calendar", "registers", "inspection"):
        source = PROCESSES / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    return tmp_path / "inspection"


def test_what_differs_from_the_published_version(folder, tell):  # noqa: F811 the fixture
    assert tell("deploy", folder)[0] == 0
    assert tell("diff", "inspection", folder)[0] == 0
    scenario = next((folder / "scenarios").glob("*.toml"))
    scenario.unlink()
    (folder / "forms" / "extra.form").write_text("{}", "utf-8")
    changes = folder / "CHANGES.md"
    changes.write_text(changes.read_text("utf-8") + "\n再改。\n", "utf-8")
    code, found, _ = tell("diff", "inspection", folder, "--json")
    assert code == 1 and {(row["file"], row["kind"], row["part"]) for row in found["changes"]} == {
        (f"scenarios/{scenario.name}", "removed", "file"), ("forms/extra.form", "added", "file"),
        ("CHANGES.md", "added", "lines"),
    }  # fmt: skip
    assert "    + 再改。" in tell("diff", "inspection", folder)[1]
    for named in ("nowhere", "inspection@ffff", "@"):
        assert tell("diff", named, folder)[0] == 2


def test_a_folder_becomes_a_draft_and_the_same_one_again(folder, tell, data):  # noqa: F811 the fixtures
    assert tell("deploy", folder)[0] == 0
    removed = next((folder / "scenarios").glob("*.toml"))
    removed.unlink()
    code, made, _ = tell("deploy", folder, "--draft", "--json")
    assert (code, made["process"], made["revision"]) == (0, "inspection", 2)
    assert tell("deploy", folder, "--draft", "--json")[1] == made, "the same again changes nothing"
    database = engine.connect(f"sqlite:///{data / 'tiaojie.db'}")
    with database.reads.begin() as session:
        page = engine.draft(session, made["draft"], engine.SYSTEM)
        assert [line.name for line in page.lines if line.change == "removed"] == [f"scenarios/{removed.name}"]
        assert len(engine.versions(session, "inspection", engine.SYSTEM)) == 1, "nothing is published"
    database.bind.dispose()
    (folder / "manifest.toml").write_text("", "utf-8")
    (folder / "process.bpmn").write_text("<x", "utf-8")
    assert tell("deploy", folder, "--draft")[0] == 2


def test_closed_cases_are_asked_again(folder, tell, data):  # noqa: F811 the fixtures
    assert tell("deploy", folder)[0] == 0
    now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    boss = engine.Actor(None, "boss", frozenset([("administrator", "justice_bureau")]))
    database = engine.connect(f"sqlite:///{data / 'tiaojie.db'}", key=(data / "audit.key").read_bytes())
    with database.sessions.begin() as session:
        version = engine.versions(session, "inspection", engine.SYSTEM)[0]
        case_id = engine.start_trial(session, version.id, {}, now=now)
        engine.cancel_case(session, case_id, reason="test", actor=boss, now=now)
    database.bind.dispose()
    code, found, _ = tell("replay", folder, "--json")
    assert (code, [row["differences"] for row in found["cases"]]) == (0, [[]]) and found["cases"][0]["points"] > 0
    drawn = (folder / "process.bpmn").read_text("utf-8")
    (folder / "process.bpmn").write_text(drawn.replace("<bpmn:definitions", "<x", 1), "utf-8")
    assert tell("replay", folder)[0] == 2
    assert tell("replay", folder.parent / "nowhere")[0] == 2 and tell("replay", folder, "--map", "x")[0] == 2
