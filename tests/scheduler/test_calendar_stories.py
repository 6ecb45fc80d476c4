"""Scenarios whose case is opened by the calendar, and those that let it open others."""

import shutil

import pytest

import engine
from scheduler.playing import Player
from scheduler.scenarios import Scenarios
from scheduler.stories import InvalidStory, read_story
from tests.conftest import PROCESSES
from tests.duty import DRAWN, MANIFEST

STORY = """
title = "按月办理"
covers = ["done"]
office = "yuxi_town"
at = "2026-10-01T08:00"
open = "monthly"
[[steps]]
[steps.expect]
open = ["fill"]
facts = { period_name = "2026年10月", planned_on = "2026-10-23", period_first = "2026-09-26" }
[[steps]]
do = "fill"
wait = "1wd"
[steps.expect]
outcome = "done"
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A tree with one process that only the calendar opens."""
    root = tmp_path_factory.mktemp("tree")
    for name in ("offices.toml", "roles.toml", "calendar"):
        copy = shutil.copytree if (PROCESSES / name).is_dir() else shutil.copy
        copy(PROCESSES / name, root / name)
    (root / "duty" / "scenarios").mkdir(parents=True)
    (root / "duty" / "manifest.toml").write_text(MANIFEST, "utf-8")
    (root / "duty" / "process.bpmn").write_text(DRAWN, "utf-8")
    return root


def story(tree, text):
    path = tree / "duty" / "scenarios" / "one.toml"
    path.write_text(text, "utf-8")
    return read_story(path)


def test_the_calendar_opens_the_case_of_the_story(tree):
    scenarios = Scenarios(tree)
    played = scenarios.play(story(tree, STORY))
    assert played.problems == ()
    assert ("duty", "done") in played.outcomes


@pytest.mark.parametrize(
    ("calendar", "offices"), [("", 1), ("calendar = true\n", 43), ('calendar = ["duty/monthly"]\n', 43)]
)
def test_the_others_are_opened_only_if_the_story_asks(tree, calendar, offices):
    scenarios = Scenarios(tree)
    told = story(tree, STORY.replace("open =", f"{calendar}open =", 1))
    stage = scenarios.house.sandbox(told.at)
    player = Player(stage, told, scenarios.definitions)
    for instant in player.play():
        stage.advance(instant)
    assert player.problems == []
    with stage.database.reads.begin() as session:
        assert len(engine.case_ids(session)) == offices
    stage.close()


@pytest.mark.parametrize(
    ("old", "new"),
    [("[[steps]]\n[steps", "[start]\n[[steps]]\n[steps"), ("covers", "by = 'reporter'\ncovers"),
     ("covers", "calendar = 'yes'\ncovers"), ("covers", "calendar = ['monthly']\ncovers")],
)  # fmt: skip
def test_a_mistake_in_the_file_is_named(tree, old, new):
    with pytest.raises(InvalidStory):
        story(tree, STORY.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [('"monthly"', '"weekly"', "has no entry weekly"), ("yuxi_town", "audit_bureau", "is not for audit_bureau")],
)
def test_what_the_calendar_does_not_have_is_told(tree, old, new, words):
    played = Scenarios(tree).play(story(tree, STORY.replace(old, new)))
    assert words in played.problems[0]
