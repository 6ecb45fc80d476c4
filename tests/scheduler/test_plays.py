"""Plays: a draft tried out move by move in a copy of the house, taken back, changed under way, and recorded."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

import engine
from engine.registry import Publication, publish
from scheduler.play_keeping import Plays
from scheduler.rehearsal import CopiedHouse, Rehearsal, rehearse
from scheduler.sandbox import House
from scheduler.stories import read_story
from tests.house import PROCESSES

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
ANN = engine.Actor(1, "安", frozenset({("analyst", "justice_bureau")}))
OPENING = {
    "intake_kind": "written", "matter_id": "M43", "received_on": "2026-02-10",
    "applicants": [{"name": "王建国", "phone": "13881700001", "id_number": "511903198001011234", "address": "和平街"}],
    "respondents": [{"name": "李秀兰", "phone": "13881700002"}],
    "issue": "院坝排水。", "request": "修复墙面。", "people_count": "2", "prior_consent": "agreed",
}  # fmt: skip
SETUP = {"process": "mediation", "office": "yuxi_town", "at": "2026-02-10T09:00", "by": "registrar"}
START = {"kind": "start", "answers": OPENING}


@pytest.fixture(scope="module")
def prepared():
    return House(PROCESSES, [PROCESSES / "escalation", PROCESSES / "mediation"])


@pytest.fixture
def stage(prepared):
    stage = prepared.sandbox(NOW)
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def files():
    folder = PROCESSES / "mediation"
    return engine.read_files(folder) | engine.read_scenarios(folder)


@pytest.fixture
def plays():
    return Plays()


def row(*moves, **setup):
    return engine.PlayRow(1, 1, {**SETUP, **setup}, list(moves), "", 1, "", NOW, NOW)


def do(name, **answers):
    return {"kind": "do", "name": name, "answers": answers}


def renamed_in(diagram):
    """The diagram with another id for one step; its form stays."""
    return re.sub(
        r'(id|bpmnElement|sourceRef|targetRef|attachedToRef)="review_application"', r'\1="examine_application"', diagram
    )


def explained(play, label):
    """Every line of the sum behind a time limit."""
    with play.database.reads.begin() as session:
        page = engine.case_page(session, play.case_id, engine.SYSTEM, now=play.now)
        due = next(due for due in page.deadlines if label in due.label)
        return due, [str(s) for s in engine.deadline_page(session, due.deadline_id, engine.SYSTEM, now=play.now).steps]


def test_a_limit_over_the_spring_festival_says_why(stage, files, plays):
    with plays.at(stage.database, files, row(START)) as play:
        due, steps = explained(play, "审查")
        assert due.last_day == date(2026, 2, 24)
        assert any("春节 (2026-02-15 to 2026-02-23)" in step for step in steps)
        assert any("2026-02-14" in step and "make-up" in step for step in steps)
        assert play.expects == [
            {"open": ["review_application"], "stage": "intake", "deadlines": {"accept": "2026-02-24"}}
        ]
        assert play.next_due() == datetime(2026, 2, 13, 9, tzinfo=engine.OFFICE)


def test_a_move_costs_one_step_and_taking_back_builds_anew(stage, files, plays):
    with plays.at(stage.database, files, row(START)) as play:
        assert play.make(do("review_application", review_finding="")), "refused, and kept as such"
        assert play.moves[-1]["refused"] == ["review_finding"]
        assert not play.make(do("review_application", review_finding="accept"))
        moves = list(play.moves)
    with plays.at(stage.database, files, row(*moves)) as same:
        assert same is play
    with plays.at(stage.database, files, row(*moves[:1])) as before:
        assert before is not play and [task.element for task in before.cases()[""].tasks] == ["review_application"]
    with pytest.raises(engine.MoveImpossible), plays.at(stage.database, files, row(*moves[:1])) as lost:
        lost.make(do("nothing"))
    with plays.at(stage.database, files, row(*moves[:1])) as again:
        assert again is not lost, "what went wrong costs the play in memory"


def test_a_change_of_the_draft_is_played_again_and_says_where_it_stops(stage, files, plays):
    moves = [START, do("review_application", review_finding="accept")]
    seven = files["decisions/clock_profile.dmn"].replace("5wd", "7wd")
    with plays.at(stage.database, {**files, "decisions/clock_profile.dmn": seven}, row(*moves)) as play:
        assert play.stuck is None and play.expects[0]["deadlines"]["accept"] == "2026-02-26"
    renamed = renamed_in(files["process.bpmn"])
    with plays.at(stage.database, {**files, "process.bpmn": renamed}, row(*moves)) as play:
        assert isinstance(play.stuck, engine.MoveImpossible) and len(play.moves) == 1
    with pytest.raises(engine.InvalidDefinition), plays.at(stage.database, {**files, "process.bpmn": "<x"}, row()):
        pass


def test_people_are_written_as_roles_and_memory_is_bounded(stage, files, plays):
    moves = [START, do("review_application", review_finding="accept"),
             do("decide_acceptance", acceptance_decision="accept", accepted_on="2026-02-10")]  # fmt: skip
    with plays.at(stage.database, files, row(*moves)) as play:
        assert play.stuck is None, play.stuck
        form = play.definition.form("appoint_mediators")
        key = next(field.key for field in form.questions if field.values_key.startswith(("people", "roster")))
        second = play.stage.cast.holder("mediator", "yuxi_town", 2, now=play.now)
        assert play.as_told(form, {key: str(second.id), "note": str(second.id)}) == {
            key: "@mediator2", "note": str(second.id),
        }  # fmt: skip
        title, answers = play.examples("do", "appoint_mediators")["agreed_written"]
        assert title and "@" not in str(answers)
    for number in range(2, 8):
        with plays.at(stage.database, files, replace(row(START), id=number)):
            pass
    assert len(plays._kept) == 4 and len(plays._houses) == 1
    with plays.at(stage.database, files, row({"kind": "start", "answers": {}}, open="x")) as play:
        assert isinstance(play.stuck, engine.EngineError), "an entry of the calendar that is not there"


def test_where_an_office_has_published_its_roster_its_people_are_there(prepared, files, plays):
    stage = prepared.sandbox(NOW)
    row_of = {"name": "张三", "account": "zhang.san", "status": "active", "phone": "13881700009"}
    with stage.database.sessions.begin() as session:
        roster = engine.directory(session).registers["roster"]
        first = Publication("yuxi_town", date(2026, 1, 1), rows=[{**row_of, "id": "r-1"}])
        publish(session, roster, first, key="t", actor=engine.SYSTEM, now=NOW)
    moves = [START, do("review_application", review_finding="accept"),
             do("decide_acceptance", acceptance_decision="accept", accepted_on="2026-02-10")]  # fmt: skip
    with plays.at(stage.database, files, row(*moves)) as play:
        _, answers = play.examples("do", "appoint_mediators")["agreed_written"]
        form = play.definition.form("appoint_mediators")
        told = play.as_told(form, answers)
        assert "@mediator" in str(told) and not play.make(do("appoint_mediators", **told))
    kept = {name: text for name, text in files.items() if not name.startswith("scenarios/")}
    kept["scenarios/agreed_written.toml"] = files["scenarios/agreed_written.toml"]
    assert [one["problems"] for one in rehearse(stage.database, kept)["scenarios"]] == [[]]
    stage.close()


def test_a_play_with_a_linked_case_is_recorded_and_holds(stage, files, plays, tmp_path):
    told = read_story(PROCESSES / "mediation/scenarios/high_impact_registered.toml")
    with plays.at(stage.database, files, row(office=told.office, at=told.at.isoformat())) as play:
        play.make({"kind": "start", "answers": dict(told.start)})
        for step in told.steps:
            if step.wait or step.until:
                with play.database.reads.begin() as session:
                    until = step.until or engine.later(session, step.wait, play.now)
                play.make({"kind": "wait", "until": until.isoformat()})
            if step.do or step.raised:
                kind, name = ("do", step.do) if step.do else ("raise", step.raised)
                play.make({"kind": kind, "name": name, "of": step.process, "answers": dict(step.answers)})
        assert set(play.cases()) == {"", "escalation"}
        text = plays.text(play, "recorded", "记录", frozenset())
    assert 'process = "escalation"' in text
    house = CopiedHouse(tmp_path, stage.database, {**files, "scenarios/recorded.toml": text})
    recorded = read_story(tmp_path / "mediation/scenarios/recorded.toml")
    assert Rehearsal(tmp_path / "mediation", copied=house).play(recorded).problems == ()
