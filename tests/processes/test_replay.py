"""The past of the real processes, rebuilt from its trail: asked again of itself it says what happened, everywhere."""

from pathlib import Path

import pytest

import engine
from scheduler.playing import Player
from scheduler.scenarios import Scenarios
from scheduler.stories import read_stories, stories_before
from tests.conftest import PROCESSES

STORIES = [story for name in ("mediation", "escalation") for story in read_stories(PROCESSES / name)]
PROFILE, PROCESS = "decisions/clock_profile.dmn", "process.bpmn"
COURT = ("court_entrusted", "agreed_written", "consumer_after")


@pytest.fixture(scope="module")
def scenarios():
    return Scenarios(PROCESSES)


def told(scenarios, story):
    """The house in which a story was told to its end."""
    before = stories_before(story)
    stage = scenarios.house.sandbox(min(each.at for each in (*before, story)))
    for each in (*before, story):
        player = Player(stage, each, scenarios.definitions)
        for instant in player.play():
            stage.advance(instant)
        assert player.problems == []
    return stage


def replayed(scenarios, stage, **changed):
    """Every case of the house against the files of its process, some of mediation's changed."""
    found = []
    with stage.database.reads.begin() as session:
        cases = [engine.snapshot(session, case_id) for case_id in engine.case_ids(session)]
        for process in sorted({case.process for case in cases}):
            files = {**scenarios.definitions[process].files, **(changed if process == "mediation" else {})}
            ids = [case.case_id for case in cases if case.process == process]
            found += engine.replay_cases(session, process, files, ids, mapping={}).cases
    return found


@pytest.mark.parametrize("story", STORIES, ids=lambda story: f"{story.process}/{story.name}")
def test_an_unchanged_draft_finds_no_difference_and_judges_everything(story, scenarios):
    stage = told(scenarios, story)
    found = replayed(scenarios, stage)
    stage.close()
    assert [(case.differences, case.unjudged, case.gone, case.refused) for case in found] == [((), (), (), ())] * len(
        found
    )
    assert sum(case.points for case in found) > 0


def test_a_row_of_the_time_limits_names_the_case_it_applies_to(scenarios):
    """Three days of the court become five: the court's case is named, with the rule and the day; the others are not."""
    text = Path(PROCESSES / "mediation" / PROFILE).read_text("utf-8")
    changed = text.replace(
        '<outputEntry id="clock_profile_r1_o2"><text>"3wd"', '<outputEntry id="clock_profile_r1_o2"><text>"5wd"'
    )
    assert changed != text
    differing = {}
    for story in STORIES:
        if story.process == "mediation" and story.name in COURT:
            stage = told(scenarios, story)
            differing[story.name] = [case for case in replayed(scenarios, stage, **{PROFILE: changed}) if case.differs]
            stage.close()
    assert {name for name, cases in differing.items() if cases} == {"court_entrusted"}
    kinds = [(one.kind, tuple(one.rules_now)) for case in differing["court_entrusted"] for one in case.differences]
    assert kinds[0] == ("value", (1,)) and ("due", ()) in kinds
