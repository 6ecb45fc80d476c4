"""What filings leave in the registers, and what the forms refuse."""

from datetime import date
from pathlib import Path

import pytest

import engine
from scheduler.playing import Player
from scheduler.scenarios import Scenarios
from scheduler.stories import read_story

FOLDER = Path(__file__).parents[2] / "processes" / "registry_filing"


@pytest.fixture(scope="module")
def scenarios():
    return Scenarios(FOLDER)


@pytest.fixture
def told(scenarios):
    """A function that plays a story to its end; the house afterwards."""
    stages = []

    def tell(name):
        problems, stage = scenarios._tell(read_story(FOLDER / "scenarios" / f"{name}.toml"), lambda _: [])
        assert problems == []
        stages.append(stage)
        return stage

    yield tell
    for stage in stages:
        stage.close()


def rows(stage, register, office, day):
    with stage.database.reads() as session:
        page = engine.register_rows(session, register, as_of=day, office=office)
    return {row.key: row.data for row in page.rows}, page.own


def test_an_adjustment_is_published_and_the_old_list_can_still_be_seen(told):
    stage = told("adjusted")
    before, own = rows(stage, "matters", "yuxi_town", date(2026, 2, 9))
    after, _ = rows(stage, "matters", "yuxi_town", date(2026, 2, 10))
    assert (len(before), own) == (9, True)
    assert before.keys() - after.keys() == {"M45"}
    assert after["M43"]["phone"] == "0827-3360001"
    assert "phone" not in before["M43"]
    [new] = after.keys() - before.keys()
    assert (new, after[new]["name"]) == ("恩渔溪-01", "集市摊位纠纷")
    with stage.database.reads() as session:
        editions = engine.register_editions(session, "matters", office="yuxi_town")
        changed = engine.register_diff(session, "matters", editions[1].id, editions[0].id)
    assert [(e.number, e.added, e.changed, e.removed) for e in editions] == [(2, 1, 1, 1), (1, 9, 0, 0)]
    assert editions[0].address == "https://www.scey.gov.cn/xztj/2026"
    assert editions[0].by == "justice_officer1"
    assert {(row.kind, row.key) for row in changed} == {("changed", "M43"), ("added", new), ("removed", "M45")}


def test_who_is_on_the_roster_can_be_appointed_and_nobody_else(told):
    stage = told("roster_renewed")
    roster, _ = rows(stage, "roster", "yuxi_town", date(2026, 3, 5))
    assert [row["status"] for row in roster.values()] == ["active", "left"]
    assert [row["account"] for row in roster.values()] == ["mediator.yuxi-town.1", "mediator.yuxi-town.2"]
    first, second = (stage.cast.holder("mediator", "yuxi_town", nth, now=stage.now) for nth in (1, 2))
    with stage.database.reads() as session:
        known = engine.directory(session)
        options = engine.options_for(session, known, "yuxi_town", engine.SYSTEM, now=stage.now)
        assert [option.value for option in options("roster")] == [str(first.id)]
        other = engine.options_for(session, known, "yushan_town", engine.SYSTEM, now=stage.now)("roster")
        assert other.note == "尚无公布的名录，按岗位列出。"
    assert second.id != first.id


def test_a_filing_with_one_mediator_needs_a_reason(scenarios):
    story = read_story(FOLDER / "scenarios" / "filed.toml")
    stage = scenarios.house.sandbox(story.at)
    player = Player(stage, story, scenarios.definitions, stop_before="fill_registry")
    for instant in player.play():
        stage.advance(instant)
    with stage.database.reads() as session:
        [task] = engine.open_tasks(session, player.case_id)
    actor = stage.cast.holder("reporter", story.office, now=stage.now)
    person = {"name": "张勇", "employment": "full_time", "licence": "none", "phone": "13990800001", "status": "active"}
    again = {"name": "民间纠纷", "basis": [{"law": "某法"}], "town": "yes", "profile": "default"}
    answers = {"matters": [{"_was": "0"}, {"_was": "6"}, again], "roster": [person], "registry_files": []}
    with pytest.raises(engine.InvalidAnswers) as refused, stage.database.sessions.begin() as session:
        engine.complete_task(session, task.id, answers, actor=actor, now=stage.now)
    assert set(refused.value.problems) == {"registry_files"}
    answers["registry_files"] = [player._upload("sealed.pdf", actor)]
    with pytest.raises(engine.InvalidAnswers) as refused, stage.database.sessions.begin() as session:
        engine.complete_task(session, task.id, answers, actor=actor, now=stage.now)
    assert refused.value.problems["exception_note"].message.startswith("在岗调解员不足2名的事项：")
    assert refused.value.problems["matters"].message == "清单里有重复的事项。"
    stage.close()
