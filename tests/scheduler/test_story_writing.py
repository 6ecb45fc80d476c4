"""A scenario that is written is the scenario that was read."""

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from scheduler.stories import Step, Story, read_stories, read_story
from scheduler.story_writing import inline, written
from tests.conftest import PROCESSES

STORIES = {f"{story.process}/{story.name}": story for story in read_stories(PROCESSES)}


@pytest.fixture
def again(tmp_path):
    def read(story):
        path = tmp_path / story.process / "scenarios" / f"{story.name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(story), "utf-8")
        return replace(read_story(path), path=story.path)

    return read


def test_every_scenario_there_is_comes_back_as_it_was(again):
    assert len(STORIES) > 100
    for story in STORIES.values():
        assert again(story) == story


def test_it_is_laid_out_as_people_write_them():
    path = PROCESSES / "mediation" / "scenarios" / "agreed_on_spot.toml"
    assert written(read_story(path)).splitlines()[:6] == path.read_text("utf-8").splitlines()[:6]
    for story in STORIES.values():
        text = written(story)
        assert "\n\n\n" not in text and text.endswith("\n") and not text.endswith("\n\n")


def test_what_toml_has_no_type_for_is_text(again):
    at = datetime(2026, 3, 2, 1, 30, 5, tzinfo=UTC)
    answers = {"一": Decimal("5.10"), "on": date(2026, 3, 2), "at": at, "none": None, "rows": [{"a": None, "b": 1}]}
    story = Story("one", "own", 't"\n\\t', "yuxi_town", at, {}, (), (Step(do="a", answers=answers),), Path("x"))
    found = again(story)
    assert (found.title, found.at) == (story.title, at) and found.at.tzinfo == engine.OFFICE
    assert found.steps[0].answers == {"一": "5.10", "on": "2026-03-02", "at": "2026-03-02T09:30:05", "rows": [{"b": 1}]}


TEXT = st.text(st.characters(codec="utf-8"))
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_whatever_somebody_answers_comes_back(value):
    assert tomllib.loads(f"x = {inline(value)}")["x"] == value
