"""One look at the clock."""

from datetime import timedelta

import engine
from scheduler.tick import tick
from tests.scheduler.conftest import BEGIN, END, START, WAIT, line, model, timer

BROKEN = ("scriptTask", "count", "<bpmn:script>1 + </bpmn:script>")


def look(stage, case):
    with stage.database.reads.begin() as session:
        return engine.snapshot(session, case)


def test_nothing_due_does_nothing(stage, start):
    case = start(model(line(BEGIN, WAIT, END)))
    assert tick(stage.database, START).total == 0
    assert look(stage, case).status == "running"


def test_a_timer_fires_exactly_when_it_is_due_and_once(stage, start):
    case = start(model(line(BEGIN, WAIT, END)))
    assert tick(stage.database, START + timedelta(days=2, microseconds=-1)).fired == 0
    assert tick(stage.database, START + timedelta(days=2)).fired == 1
    assert tick(stage.database, START + timedelta(days=2)).total == 0
    assert look(stage, case).status == "completed"


def test_everything_that_follows_is_done_in_the_same_look(stage, start):
    chain = [("intermediateCatchEvent", f"pause_{n}", timer("PT0S")) for n in range(3)]
    case = start(model(line(BEGIN, *chain, END)))
    tick(stage.database, START)
    assert look(stage, case).status == "completed"


def failing(stage, start, monkeypatch):
    """Two cases with a due timer; the first one's timers fail."""
    bad, good = start(model(line(BEGIN, WAIT, END))), start(model(line(BEGIN, WAIT, END), process="q"), "q")
    fire = engine.fire_timers

    def fire_or_fail(session, case_id, *, now):
        if case_id == bad:
            raise engine.RunFailed("no", element="pause")
        fire(session, case_id, now=now)

    monkeypatch.setattr(engine, "fire_timers", fire_or_fail)
    return bad, good


def test_a_failing_case_does_not_hold_up_the_others(stage, start, monkeypatch):
    bad, good = failing(stage, start, monkeypatch)
    done = tick(stage.database, START + timedelta(days=2))
    assert (done.fired, done.failed) == (1, 1)
    assert look(stage, good).status == "completed"
    assert look(stage, bad).incidents == ("RunFailed: no",)


def test_it_backs_off_and_keeps_one_incident_for_one_cause(stage, start, monkeypatch):
    bad, _ = failing(stage, start, monkeypatch)
    now = START + timedelta(days=2)
    for _ in range(3):
        tick(stage.database, now)
        upcoming = look(stage, bad).timers[0]
        assert upcoming > now
        now = upcoming
    assert len(look(stage, bad).incidents) == 1


def test_after_the_cause_is_gone_it_goes_on(stage, start, monkeypatch):
    bad, _ = failing(stage, start, monkeypatch)
    tick(stage.database, START + timedelta(days=2))
    monkeypatch.undo()
    tick(stage.database, START + timedelta(days=3))
    assert look(stage, bad).status == "completed"


def test_services_are_carried_out_by_handlers(stage, start):
    service = '<bpmn:serviceTask id="tell" camunda:type="external" camunda:topic="post"/>'
    flows = (
        '<bpmn:sequenceFlow id="a" sourceRef="begin" targetRef="tell"/>'
        '<bpmn:sequenceFlow id="b" sourceRef="tell" targetRef="over"/>'
    )
    start(model(f'<bpmn:startEvent id="begin"/>{service}<bpmn:endEvent id="over"/>{flows}'))
    calls = []
    handlers = {"post": lambda _session, key, payload: calls.append((key, payload["name"]))}
    assert tick(stage.database, START, handlers).delivered == 1
    assert tick(stage.database, START, handlers).delivered == 0
    assert len(calls) == 1
    assert calls[0][1] == "post"


def test_a_failing_service_is_tried_again_later_and_becomes_an_incident(stage, start):
    service = '<bpmn:serviceTask id="tell" camunda:type="external" camunda:topic="post"/>'
    flows = (
        '<bpmn:sequenceFlow id="a" sourceRef="begin" targetRef="tell"/>'
        '<bpmn:sequenceFlow id="b" sourceRef="tell" targetRef="over"/>'
    )
    case = start(model(f'<bpmn:startEvent id="begin"/>{service}<bpmn:endEvent id="over"/>{flows}'))

    def fail(_session, _key, _payload):
        raise OSError("the post is closed")

    now, failures = START, 0
    while failures < 20 and not look(stage, case).incidents:
        failures += tick(stage.database, now, {"post": fail}).failed
        assert tick(stage.database, now, {"post": fail}).failed == 0
        now += timedelta(hours=2)
    assert look(stage, case).incidents == ("OSError: the post is closed",)


def test_the_trail_is_anchored_once_a_day(stage, start):
    start(model(line(BEGIN, WAIT, END)))
    assert tick(stage.database, START).anchored
    assert not tick(stage.database, START + timedelta(hours=3)).anchored
    assert tick(stage.database, START + timedelta(days=1)).anchored
    with stage.database.reads.begin() as session:
        assert engine.verify(session) == []
