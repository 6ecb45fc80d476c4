"""What the processes of the plan's other duties leave behind: registers, notices, refusals in words."""

import json
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

import engine
from engine.case_records import case_record
from scheduler.playing import Player
from scheduler.scenarios import Scenarios
from scheduler.stories import read_story
from tests.conftest import PROCESSES


@pytest.fixture(scope="module")
def scenarios():
    return Scenarios(PROCESSES)


def stories_before(story):
    """The stories that a story comes after."""
    names = [name.partition("/") for name in story.after]
    return [read_story(PROCESSES / process / "scenarios" / f"{name}.toml") for process, _, name in names]


def play(stage, story, scenarios):
    """Tell a story to its end in a house; what went wrong."""
    player = Player(stage, story, scenarios.definitions)
    for instant in player.play():
        stage.advance(instant)
    return player.problems


def told(scenarios, name, *, until=None):
    """The house after a story; `until` is a task before which the telling ends."""
    process, _, story = name.partition("/")
    read = read_story(PROCESSES / process / "scenarios" / f"{story}.toml")
    stage = scenarios.house.sandbox(
        min(read.at, *(each.at for each in stories_before(read))) if read.after else read.at
    )
    for each in stories_before(read):
        play(stage, each, scenarios)
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


def test_names_that_are_still_in_a_case_text_stop_it(scenarios):
    number = "恩渔溪行调〔2026〕001号"
    text = "李 秀兰赔了钱，住和平街12号。"
    story = read_story(PROCESSES / "experience/scenarios/case_published.toml")
    (handled,) = stories_before(story)
    stage = scenarios.house.sandbox(handled.at)
    assert play(stage, handled, scenarios) == []
    changed = [replace(s, answers={**s.answers, "case_text": text}) if s.do == "write_case" else s for s in story.steps]
    problems = play(stage, replace(story, steps=tuple(changed)), scenarios)
    assert "还有当事人的姓名、住址，或者电话、证件、账号、车牌号码" in " ".join(problems)
    with stage.database.reads.begin() as session:
        engine.directory(session)
        known = case_record(session, number, "yuxi_town")
        assert known is not None
        assert (known["status"], known["facts"]["applicants"][0]["name"]) == ("completed", "王建国")
        assert "id_number" not in known["facts"]["applicants"][0]
        assert case_record(session, number, "liulin_town") is None, "an office knows its own cases"


def test_a_case_that_nobody_knows_is_not_nominated(scenarios):
    step = {"source_number": "恩渔溪行调〔2026〕999号", "case_text": "两家排水争执。", "case_lesson": "先看现场。"}
    assert "没有这个案号，或者不是本单位已经办结的案件。" in refusals(
        scenarios, "experience/case_published", "write_case", **step
    )


def test_what_is_published_is_in_the_register_of_experience(scenarios):
    stage, _ = told(scenarios, "experience/practice_published")
    with stage.database.reads.begin() as session:
        rows = engine.register_rows(session, "experience", as_of=date(2026, 5, 11), office="yuxi_town").rows
    assert [(row.data["name"], row.data["kind"]) for row in rows] == [("渔溪镇：院坝调解日", "practice")]


def test_a_transfer_carries_what_is_known_and_the_result_comes_back(scenarios):
    _, player = told(scenarios, "linkage/handled_here")
    case = player.seen("mediation")
    assert case.variables["applicants"][0]["address"] == "渔溪镇和平街12号"
    assert case.variables["intake_kind"] == "referral"
    assert player.seen().variables["handling_result"] == "not_accepted"


def test_a_referred_case_hands_itself_over_to_the_unit_that_is_competent(scenarios):
    _, player = told(scenarios, "mediation/referred", until="receive_item")
    transfer = player.seen("linkage")
    assert transfer.variables["receiver_office"] == "market_supervision_bureau"
    assert transfer.variables["issue"] == "双方因院坝排水发生争执，墙面受损。"


def test_every_unit_is_asked_whether_it_adopts_the_manual(scenarios):
    bureau = "justice_bureau"
    stage, player = told(scenarios, "procedure_manual/revised")
    assert len(player.seen().variables["missing_units"]) == 42
    with stage.database.reads.begin() as session:
        found = {
            day: [row.data["version"] for row in engine.register_rows(session, "manual", as_of=day, office=bureau).rows]
            for day in (date(2026, 4, 30), date(2026, 5, 1), date(2026, 6, 30), date(2026, 7, 1))
        }
    assert list(found.values()) == [[], [1], [1], [2]]


def test_an_expert_who_does_not_answer_is_on_record_as_such(scenarios):
    _, player = told(scenarios, "guidance/not_confirmed")
    kinds = [row["opinion_kind"] for row in player.seen().variables["pool_use"]]
    assert kinds == ["no_answer", "no_answer"]
