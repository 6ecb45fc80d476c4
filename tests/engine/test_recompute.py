"""The year's notice comes: dates that were projected move, and the trail says from where to where."""

from datetime import date, datetime

import pytest

import engine
from scheduler.playing import Player
from scheduler.scenarios import Scenarios
from tests.conftest import PROCESSES

NOTICE = """
year = 2027
source = "test"
[[holidays]]
name = "元旦"
off = ["2027-01-01/2027-01-03", "2027-01-06/2027-01-08"]
work = ["2026-12-27"]
"""


@pytest.fixture
def case(built_house):
    """A case whose deadline ends in a year without a calendar."""
    scenarios = Scenarios(PROCESSES)
    story = next(s for s in scenarios.stories() if s.name == "into_2027")
    stage = built_house.sandbox(story.at)
    player = Player(stage, story, scenarios.definitions, stop_before="hold_session")
    told = player.play()
    for _ in range(2):
        stage.advance(next(told))
    assert player.problems == []
    yield stage, player.case_id
    stage.close()


def deadline(stage, case_id, name="complete"):
    with stage.database.reads.begin() as session:
        seen = engine.snapshot(session, case_id)
    return next(row for row in seen.deadlines if row.name == name and row.status == "running"), seen


def load_notice(stage, text=NOTICE):
    with stage.database.sessions.begin() as session:
        engine.store_reference(session, "calendar:2027", engine.parse_year(text), now=stage.now)


def recompute(stage):
    with stage.database.sessions.begin() as session:
        cases = engine.cases_of_older_calendars(session)
        return [
            row for case in cases
            for row in engine.recompute_deadlines(session, case, actor=engine.SYSTEM, now=stage.now)
        ]  # fmt: skip


def test_a_projected_date_is_never_final(case):
    row, _ = deadline(*case)
    assert (row.last_day, row.projected) == (date(2027, 1, 6), True)


def test_provisional_dates_are_listed_until_the_notice_settles_them(case):
    stage, case_id = case
    with stage.database.reads() as session:
        listed = engine.projected_deadlines(session)
    assert [(row.case_id, row.last_day) for row in listed] == [(case_id, date(2027, 1, 6))]
    load_notice(stage)
    recompute(stage)
    with stage.database.reads() as session:
        assert engine.projected_deadlines(session) == []


def test_the_notice_moves_it_and_makes_it_final(case):
    stage, case_id = case
    load_notice(stage)
    moved = recompute(stage)
    row, seen = deadline(stage, case_id)
    assert (row.last_day, row.projected) == (date(2027, 1, 9 + 2), False)
    assert [(m.before, m.after, m.projected) for m in moved if m.before != m.after] == [
        (date(2027, 1, 6), date(2027, 1, 11), False)
    ]
    told = [e.detail for e in seen.events if e.kind == "deadline_recomputed"]
    assert len(told) == len(moved)
    assert any(d["was"] == "2027-01-06" and d["last_day"] == "2027-01-11" for d in told)


def test_its_timer_and_its_tasks_move_along(case):
    stage, case_id = case
    load_notice(stage)
    recompute(stage)
    row, seen = deadline(stage, case_id)
    assert row.due_at in seen.timers
    auditor = stage.cast.holder("auditor", "justice_bureau", now=stage.now)
    with stage.database.reads.begin() as session:
        page = engine.inbox(session, auditor, view="office", now=stage.now)
        assert {r.due.last_day for r in page.rows if r.case_id == case_id and r.due} == {row.last_day}
        assert engine.verify(session) == []
    stage.advance(datetime(2027, 1, 7, 9, tzinfo=engine.OFFICE))
    assert deadline(stage, case_id)[0].status == "running"


def test_a_second_time_nothing_changes(case):
    stage, case_id = case
    load_notice(stage)
    recompute(stage)
    before = len(deadline(stage, case_id)[1].events)
    assert recompute(stage) == []
    assert len(deadline(stage, case_id)[1].events) == before


def test_a_notice_of_another_year_writes_no_event(case):
    stage, case_id = case
    other = """
year = 2029
source = "test"
[[holidays]]
name = "元旦"
off = ["2029-01-01"]
"""
    with stage.database.sessions.begin() as session:
        engine.store_reference(session, "calendar:2029", engine.parse_year(other), now=stage.now)
    before = len(deadline(stage, case_id)[1].events)
    assert recompute(stage) == []
    assert len(deadline(stage, case_id)[1].events) == before
    with stage.database.reads.begin() as session:
        assert engine.cases_of_older_calendars(session) == []
