"""The clock that jumps."""

from datetime import timedelta

import pytest

import engine
from scheduler.sandbox import ClockRunsWild
from tests.scheduler.conftest import BEGIN, END, START, WAIT, line, model, timer


def status(stage, case):
    with stage.database.reads.begin() as session:
        return engine.snapshot(session, case)


def test_it_stops_at_every_due_instant(stage, start):
    second = ("intermediateCatchEvent", "again", timer("P1D"))
    case = start(model(line(BEGIN, WAIT, second, END)))
    stage.advance(START + timedelta(days=10))
    seen = status(stage, case)
    assert [e.at for e in seen.events if e.kind == "timer_fired"] == [
        START + timedelta(days=2),
        START + timedelta(days=3),
    ]
    assert stage.now == START + timedelta(days=10)


def test_what_is_due_at_the_end_happens(stage, start):
    case = start(model(line(BEGIN, WAIT, END)))
    stage.advance(START + timedelta(days=2))
    assert status(stage, case).status == "completed"


def test_it_never_goes_back(stage):
    stage.advance(START - timedelta(days=1))
    assert stage.now == START


def test_a_clock_that_runs_wild_is_stopped(stage, start):
    nagged = (
        '<bpmn:boundaryEvent id="nag" attachedToRef="ask" cancelActivity="false">'
        f"{timer('R/PT1M', 'timeCycle')}</bpmn:boundaryEvent>"
        '<bpmn:sequenceFlow id="n" sourceRef="nag" targetRef="nagged"/><bpmn:endEvent id="nagged"/>'
    )
    start(model(line(BEGIN, ("userTask", "ask", ""), END) + nagged))
    with pytest.raises(ClockRunsWild):
        stage.advance(START + timedelta(days=365), looks=50)


def test_people_are_made_when_they_are_needed_and_stay_the_same(sandbox):
    first = sandbox.cast.holder("mediator", "yuxi_town", now=sandbox.now)
    second = sandbox.cast.holder("mediator", "yuxi_town", 2, now=sandbox.now)
    assert first.id != second.id
    assert sandbox.cast.holder("mediator", "yuxi_town", now=sandbox.now) == first
    assert sandbox.cast.person(second.id) == second


def test_every_sandbox_is_a_copy_of_its_own(built_house):
    one, two = built_house.sandbox(START), built_house.sandbox(START)
    one.cast.holder("mediator", "yuxi_town", now=START)
    with two.database.reads.begin() as session:
        assert engine.list_people(session, actor=engine.SYSTEM) == ()
    one.close()
    two.close()
