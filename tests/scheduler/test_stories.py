"""Reading scenario files, and playing them in the real house."""

from datetime import timedelta

import pytest

import engine
from scheduler.playing import Player
from scheduler.samples import sample
from scheduler.scenarios import Scenarios
from scheduler.stories import InvalidStory, read_story
from tests.conftest import PROCESSES

SETTLED = """
title = "t"
covers = ["downgraded"]
office = "yuxi_town"
at = "2026-03-06T16:00"
[start]
impact_note = "三人争吵。"
people_count = 3
claimed_amount = "100"
[[steps]]
do = "review_impact"
answers = { review_note = "已核实。" }
[[steps]]
do = "report_by_phone"
answers = { told_by_phone_at = "2026-03-06T16:00", told_to = "值班员", phone_note = "已报告。" }
[[steps]]
do = "report_in_writing"
answers = { report_content = "三人争吵，已平息。" }
[[steps]]
do = "receive_report"
answers = { level_decision = "change", decided_level = "blue", level_note = "已平息。" }
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
    ["title = ", "title = 'x'", "surprise = 1" + SETTLED, SETTLED + "[[steps]]\nopen = 'x'",
     SETTLED + "[[steps]]\ndo = 'x'\nraise = 'y'", SETTLED + "[[steps]]\n[steps.expect]\nopened = []",
     SETTLED.replace("16:00", "noon")],
)  # fmt: skip
def test_a_mistake_in_the_file_is_named(written, text):
    with pytest.raises(InvalidStory):
        written(text)


def test_a_story_that_holds(scenarios, written):
    played = scenarios.play(
        written(SETTLED + "[[steps]]\n[steps.expect]\nstatus = 'completed'\noutcome = 'downgraded'")
    )
    assert played.problems == ()
    assert ("escalation", "downgraded") in played.outcomes
    assert played.flows["escalation"]


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        ("status = 'running'", "status is 'completed', not 'running'"),
        ("outcome = 'resolved'", "outcome is 'downgraded', not 'resolved'"),
        ("open = ['assign_lead']", "open tasks are nothing, not assign_lead"),
        ("papers = ['impact_final_report']", "papers impact_final_report are missing; there are impact_first_report"),
        ("deadlines = { progress = '2026-03-13' }", "there is no deadline progress"),
        ("facts = { people_count = 4 }", "fact people_count is 3, not 4"),
        ("linked = ['mediation']", "linked cases are nothing, not mediation"),
        ("incidents = 1", "0 incidents"),
    ],
)
def test_what_does_not_hold_is_told_with_what_was_found(scenarios, written, expect, found):
    played = scenarios.play(written(f"{SETTLED}[[steps]]\n[steps.expect]\n{expect}"))
    assert found in played.problems[0]


def test_an_outcome_that_is_not_reached_is_a_problem(scenarios, written):
    played = scenarios.play(written(SETTLED.replace('"downgraded"', '"resolved"')))
    assert played.problems == ("the outcome resolved was not reached",)


def test_a_task_that_is_not_open_ends_the_story(scenarios, written):
    played = scenarios.play(written(SETTLED + "[[steps]]\ndo = 'assign_lead'"))
    assert "assign_lead is not open" in played.problems[0]


def test_answers_the_form_refuses_are_told(scenarios, written):
    played = scenarios.play(written(SETTLED.replace("people_count = 3", "people_count = -3")))
    assert "people_count" in played.problems[0]


def test_dates_can_be_moved(scenarios, written, built_house):
    story = written(SETTLED)
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
    played = scenarios.play(written(SETTLED))
    part = next(part for part in scenarios.coverage([played]) if part.process == "escalation")
    assert 0 < part.share < 1
    assert "resolved" in part.unreached
    assert not part.complete


def test_several_processes_play_what_has_been_compiled_here(scenarios, written):
    """What is compiled by playing cannot be sent to another process; the stories can."""
    story = written(SETTLED)
    assert scenarios.definitions["escalation"].rules
    assert [one.problems for one in scenarios.play_all([story, story], jobs=2)] == [(), ()]
