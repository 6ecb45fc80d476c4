"""Reading scenario files, and playing them in the real house."""

from datetime import timedelta

import pytest

import engine
from scheduler.playing import Player
from scheduler.samples import sample
from scheduler.scenarios import Scenarios
from scheduler.stories import InvalidStory, read_story
from tests.conftest import PROCESSES

WATCHED = """
title = "t"
covers = ["watched"]
office = "yuxi_town"
at = "2026-03-06T16:00"
[start]
impact_note = "三人争吵。"
people_count = 3
claimed_amount = "100"
"""


@pytest.fixture
def written(tmp_path):
    """A scenario file of this text, read."""

    def write(text, process="escalation"):
        path = tmp_path / process / "scenarios" / "one.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return read_story(path)

    return write


@pytest.fixture(scope="module")
def scenarios():
    return Scenarios(PROCESSES)


@pytest.mark.parametrize(
    "text",
    ["title = ", "title = 'x'", "surprise = 1" + WATCHED, WATCHED + "[[steps]]\nopen = 'x'",
     WATCHED + "[[steps]]\ndo = 'x'\nraise = 'y'", WATCHED + "[[steps]]\n[steps.expect]\nopened = []",
     WATCHED.replace("16:00", "noon")],
)  # fmt: skip
def test_a_mistake_in_the_file_is_named(written, text):
    with pytest.raises(InvalidStory):
        written(text)


def test_a_story_that_holds(scenarios, written):
    played = scenarios.play(written(WATCHED + "[[steps]]\n[steps.expect]\nstatus = 'completed'\noutcome = 'watched'"))
    assert played.problems == ()
    assert ("escalation", "watched") in played.outcomes
    assert played.flows["escalation"]


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        ("status = 'running'", "status is 'completed', not 'running'"),
        ("outcome = 'resolved'", "outcome is 'watched', not 'resolved'"),
        ("open = ['give_guidance']", "open tasks are nothing, not give_guidance"),
        ("papers = ['impact_report']", "papers impact_report are missing; there are nothing"),
        ("deadlines = { progress = '2026-03-13' }", "there is no deadline progress"),
        ("facts = { people_count = 4 }", "fact people_count is 3, not 4"),
        ("linked = ['mediation']", "linked cases are nothing, not mediation"),
        ("incidents = 1", "0 incidents"),
    ],
)
def test_what_does_not_hold_is_told_with_what_was_found(scenarios, written, expect, found):
    played = scenarios.play(written(f"{WATCHED}[[steps]]\n[steps.expect]\n{expect}"))
    assert found in played.problems[0]


def test_an_outcome_that_is_not_reached_is_a_problem(scenarios, written):
    played = scenarios.play(written(WATCHED.replace('"watched"', '"resolved"')))
    assert played.problems == ("the outcome resolved was not reached",)


def test_a_task_that_is_not_open_ends_the_story(scenarios, written):
    played = scenarios.play(written(WATCHED + "[[steps]]\ndo = 'give_guidance'"))
    assert "give_guidance is not open" in played.problems[0]


def test_answers_the_form_refuses_are_told(scenarios, written):
    played = scenarios.play(written(WATCHED.replace("people_count = 3", "people_count = -3")))
    assert "people_count" in played.problems[0]


def test_dates_can_be_moved(scenarios, written, built_house):
    story = written(WATCHED)
    stage = built_house.sandbox(story.at)
    player = Player(stage, story, scenarios.definitions, shift=timedelta(days=70))
    for instant in player.play():
        stage.advance(instant)
    assert player.problems == []
    assert player.seen().events[0].at == story.at + timedelta(days=70)
    stage.close()


def test_waiting_counts_working_days(sandbox):
    with sandbox.database.reads.begin() as session:
        assert engine.later(session, "1wd", sandbox.now) == sandbox.now + timedelta(days=1)
        assert engine.later(session, "5wd", sandbox.now) == sandbox.now + timedelta(days=7)
        assert engine.later(session, "P1M", sandbox.now).month == 4
        assert engine.later(session, "24h", sandbox.now) == sandbox.now + timedelta(hours=24)


@pytest.mark.parametrize("name", ["a.pdf", "a.png", "a.jpg", "a.docx", "a.xlsx", "a.mp3", "a.txt"])
def test_sample_files_are_what_their_names_say(name, sandbox):
    import io

    actor = sandbox.cast.holder("mediator", "yuxi_town", now=sandbox.now)
    with sandbox.database.sessions.begin() as session:
        row = engine.add_file(session, io.BytesIO(sample(name)), name, sandbox.files, actor=actor, now=sandbox.now)
    assert row.size == len(sample(name))


def test_coverage_names_what_was_not_travelled(scenarios, written):
    played = scenarios.play(written(WATCHED))
    part = next(part for part in scenarios.coverage([played]) if part.process == "escalation")
    assert 0 < part.share < 1
    assert "resolved" in part.unreached
    assert not part.complete
