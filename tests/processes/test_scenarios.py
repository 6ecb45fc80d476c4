"""Every scenario holds, twice; together they travel every sequence flow and reach every outcome."""

import os

import pytest

from scheduler.scenarios import Scenarios
from scheduler.stories import read_stories
from tests.conftest import PROCESSES

STORIES = read_stories(PROCESSES)


@pytest.fixture(scope="module")
def scenarios():
    return Scenarios(PROCESSES)


class Plays:
    """The chosen scenarios, played on every core that no other tests use, and handed out in their order."""

    def __init__(self, scenarios, stories):
        self.running = scenarios.play_all(stories, jobs=1 if "PYTEST_XDIST_WORKER" in os.environ else 0)
        self.results = {}

    def result(self, story):
        while (story.process, story.name) not in self.results:
            played = next(self.running)
            self.results[played.story.process, played.name] = played
        return self.results[story.process, story.name]


@pytest.fixture(scope="module")
def plays(request, scenarios):
    chosen = [item for item in request.session.items if item.parent is request.node]
    stories = [item.callspec.params["story"] for item in chosen if hasattr(item, "callspec")]
    made = Plays(scenarios, stories)
    yield made
    made.running.close()


@pytest.mark.parametrize("story", STORIES, ids=lambda story: f"{story.process}/{story.name}")
def test_scenario(story, plays):
    assert plays.result(story).problems == ()


def test_every_flow_is_travelled_and_every_outcome_reached(scenarios, plays):
    if len(plays.results) < len(STORIES):
        pytest.skip("only some scenarios were played")
    results = plays.results.values()
    missing = {part.process: (part.missed, part.unreached) for part in scenarios.coverage(results)}
    assert missing == dict.fromkeys(scenarios.definitions, ((), ()))
