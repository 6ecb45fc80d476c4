"""What the processes of the plan's other duties leave behind: registers, notices, refusals in words."""

import json
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

import engine
from scheduler.playing import Player
from scheduler.scenarios import Scenarios
from scheduler.stories import read_story
from tests.conftest import PROCESSES


@pytest.fixture(scope="module")
def scenarios():
    return Scenarios(PROCESSES)


def told(scenarios, name, *, until=None):
    """The house after a story; `until` is a task before which the telling ends."""
    process, _, story = name.partition("/")
    read = read_story(PROCESSES / process / "scenarios" / f"{story}.toml")
    stage = scenarios.house.sandbox(read.at)
    player = Player(stage, read, scenarios.definitions, stop_before=until or "")
    for instant in player.play():
        stage.advance(instant)
    assert player.problems == []
    return stage, player


def staff_on(stage, day):
    with stage.database.reads.begin() as session:
        page = engine.register_rows(session, "units", as_of=day, office="market_supervision_bureau")
    return [[person["name"] for person in row.data.get("staff", ())] for row in page.rows]


def test_the_register_of_units_knows_the_staff_of_every_day(scenarios):
    stage, _ = told(scenarios, "organisation/post_empty")
    assert staff_on(stage, date(2026, 3, 9)) == []
    assert staff_on(stage, date(2026, 3, 10)) == [["王芳", "赵永贵"]]
    assert staff_on(stage, date(2026, 5, 6)) == [["王芳"]]
    assert staff_on(stage, date(2026, 8, 20)) == [["谭晓梅"]]


def test_what_is_on_file_is_there_to_be_confirmed_the_year_after(scenarios):
    stage, player = told(scenarios, "organisation/post_empty")
    actor = stage.cast.holder("reporter", "market_supervision_bureau", now=stage.now)
    with stage.database.sessions.begin() as session:
        office = "market_supervision_bureau"
        case = engine.start_case(session, "organisation", {"org_year": 2027}, office=office, actor=actor, now=stage.now)
        known = engine.snapshot(session, case.case_id).variables
    assert known["leadership"] == "committee"
    assert [person["name"] for person in known["staff"]] == ["谭晓梅"]
    assert player.case_id != case.case_id


def refusals(scenarios, name, task, **answers):
    """What a story meets when one of its answers is another."""
    process, _, story = name.partition("/")
    read = read_story(PROCESSES / process / "scenarios" / f"{story}.toml")
    steps = [replace(s, answers={**s.answers, **answers}) if s.do == task else s for s in read.steps]
    stage = scenarios.house.sandbox(read.at)
    player = Player(stage, replace(read, steps=tuple(steps)), scenarios.definitions)
    for instant in player.play():
        stage.advance(instant)
    return " ".join(player.problems)


def test_a_heavy_department_without_committee_or_room_is_told_so(scenarios):
    met = refusals(scenarios, "organisation/post_empty", "fill_organisation", leadership="leader", has_room="no")
    assert "leadership: 行政调解任务较重的四部门须成立行政调解委员会。" in met
    assert "has_room: 行政调解任务较重的四部门须有独立的行政调解室。" in met
    assert "staff" in refusals(scenarios, "organisation/post_empty", "fill_organisation", staff=[])


def test_a_venue_with_a_gap_cannot_pass(scenarios):
    rows = [{"finding": "met", "score": 8} for _ in range(12)]
    rows[4] = {"finding": "not_met", "score": 0, "problem": "无固定场地。"}
    met = refusals(scenarios, "venue_345/accepted", "inspect_venue", venue_items=rows)
    assert "inspection_decision: 还有不达标的项目，不能作出达标的结论。" in met
    rows[4]["score"] = 10
    met = refusals(scenarios, "venue_345/accepted", "inspect_venue", venue_items=rows)
    assert "venue_items[4].score" in met, "nine points are all there are"


def test_the_assessment_takes_its_figures_from_what_is_there(scenarios):
    filed = read_story(PROCESSES / "organisation/scenarios/post_empty.toml")
    stage = scenarios.house.sandbox(filed.at)
    for story in (
        replace(filed, steps=filed.steps[:-2]),  # up to the successor, in August
        read_story(PROCESSES / "inspection/scenarios/assessed_after_objection.toml"),
    ):
        start = story.start | ({"unit": "market_supervision_bureau"} if "unit" in story.start else {})
        player = Player(stage, replace(story, start=start), scenarios.definitions, stop_before="assess_unit")
        for instant in player.play():
            stage.advance(instant)
        assert player.problems == []
    rows = {row["item"]: row for row in player.seen().variables["assessment"]}
    assert rows["A2"]["data"] == "已备案，工作人员 1 名"
    assert rows["A2"]["suggested"] == rows["A2"]["score"] == 10
    assert rows["A4"]["data"] == "逾期 0 次，平均办理 0 天"
    assert rows["A5"]["suggested"] is None, "nothing accepted and nothing closed is no rate"
    assert rows["A9"]["data"] == "本次指出问题 2 项，逾期整改"
    assert rows["A9"]["suggested"] == 5
    assert sum(row["weight"] for row in rows.values()) == 100


def test_a_circular_is_drafted_from_what_the_units_have_done(scenarios):
    stage = scenarios.house.sandbox(read_story(PROCESSES / "mediation/scenarios/agreed_on_spot.toml").at)
    handled = Player(
        stage, read_story(PROCESSES / "mediation/scenarios/agreed_on_spot.toml"), scenarios.definitions, checks=False
    )
    for instant in handled.play():
        stage.advance(instant)
    story = read_story(PROCESSES / "circular/scenarios/carried_over.toml")
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    start = story.start | {"period_first": first.isoformat(), "period_last": last.isoformat()}
    player = Player(
        stage, replace(story, at=stage.now, start=start), scenarios.definitions, stop_before="draft_circular"
    )
    for instant in player.play():
        stage.advance(instant)
    assert player.problems == []
    known = player.seen().variables
    assert len(known["unit_state"]) == 43
    top = known["unit_state"][0]
    assert (top["unit"], top["accepted"], top["closed"], top["overdue"]) == (handled.office, 1, 1, 0)
    assert {row["unit"] for row in known["problems"]} == {row["unit"] for row in known["unit_state"]}
    assert {row["problem"] for row in known["problems"]} == {"调解员名录尚未公布"}


def test_who_has_not_read_is_urged_by_name(scenarios):
    stage, player = told(scenarios, "circular/carried_over")
    assert [row["unit"] for row in player.seen().variables["receipts"]] == ["yuxi_town"]
    with stage.database.reads.begin() as session:
        found = session.execute(text("select payload from effect where kind = 'notify' order by id")).scalars().all()
    told_whom = [json.loads(payload).get("payload", {}) for payload in found]
    urged = [one["office"] for one in told_whom if "逾期未阅" in one.get("text", "")]
    assert urged == ["liulin_town"]
    assert [one["text"] for one in told_whom if "逾期未答复" in one.get("text", "")] == [
        "2025年第四季度行政调解工作情况通报点名的问题逾期未答复：柳林镇人民政府"
    ]
