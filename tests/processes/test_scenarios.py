"""Every scenario holds, twice; together they travel every sequence flow and reach every outcome."""

import pytest

from scheduler.scenarios import Scenarios
from scheduler.stories import read_stories
from tests.conftest import PROCESSES

STORIES = read_stories(PROCESSES)


@pytest.fixture(scope="module")
def scenarios():
    return Scenarios(PROCESSES)


@pytest.fixture(scope="module")
def results():
    return {}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: f"{story.process}/{story.name}")
def test_scenario(story, scenarios, results):
    played = scenarios.play(story)
    results[story.process, story.name] = played
    assert played.problems == ()


def test_every_flow_is_travelled_and_every_outcome_reached(scenarios, results):
    if len(results) < len(STORIES):
        pytest.skip("only some scenarios were played")
    missing = {part.process: (part.missed, part.unreached) for part in scenarios.coverage(results.values())}
    assert missing == dict.fromkeys(scenarios.definitions, ((), ()))
