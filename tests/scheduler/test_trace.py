"""Any model in a sandbox."""

from datetime import timedelta

import pytest

from scheduler.trace import Answers, Trial
from tests.scheduler.conftest import BEGIN, END, START, WAIT, line, model, timer

ASK = ("userTask", "ask", "")
HEAR = ("intermediateCatchEvent", "hear", '<bpmn:messageEventDefinition messageRef="m"/>')
SAY = ("intermediateThrowEvent", "say", '<bpmn:messageEventDefinition messageRef="m"/>')
LOOP = (
    '<bpmn:startEvent id="begin"/><bpmn:userTask id="ask"/><bpmn:exclusiveGateway id="more" default="no"/>'
    '<bpmn:endEvent id="over"/><bpmn:sequenceFlow id="a" sourceRef="begin" targetRef="ask"/>'
    '<bpmn:sequenceFlow id="b" sourceRef="ask" targetRef="more"/>'
    '<bpmn:sequenceFlow id="yes" sourceRef="more" targetRef="ask">'
    "<bpmn:conditionExpression>n &lt; 3</bpmn:conditionExpression></bpmn:sequenceFlow>"
    '<bpmn:sequenceFlow id="no" sourceRef="more" targetRef="over"/>'
)


def run(files, given=None, **options):
    return Trial(files, answers=Answers(given), **options).run()


def told(result):
    return [(step.element, step.event) for step in result.trace]


def test_a_model_that_runs_to_its_end():
    result = run(model(line(BEGIN, ASK, END)))
    assert result.status == "finished"
    assert told(result) == [
        ("begin", "entered"), ("begin", "completed"), ("ask", "entered"), ("ask", "completed"), ("over", "entered"),
        ("over", "completed"),
    ]  # fmt: skip


def test_the_clock_jumps_to_what_is_due():
    result = run(model(line(BEGIN, WAIT, END)))
    assert result.trace[-1].at == START + timedelta(days=2)
    assert [(e.element, e.event, e.kind) for e in result.events] == [("pause", "caught", "timer")]


def test_answers_become_variables_visit_by_visit():
    result = run(model(LOOP), {"ask": [{"n": 1}, {"n": 2}, {"n": 3}]})
    assert result.status == "finished"
    assert result.variables["n"] == 3
    assert told(result).count(("ask", "completed")) == 3


def test_a_task_that_the_answers_do_not_mention_waits():
    result = run(model(line(BEGIN, ASK, END)), {"other": {}})
    assert result.status == "waiting"
    assert [row["element"] for row in result.waiting] == ["ask"]


def test_a_star_answers_every_other_task():
    assert run(model(line(BEGIN, ASK, END)), {"*": {}}).status == "finished"


def test_an_endless_model_stops_waiting():
    result = run(model(LOOP), {"ask": {"n": 1}}, limit=20)
    assert result.status == "waiting"
    assert "20" in result.note


def test_data_are_variables_from_the_start():
    result = run(model(LOOP), data={"n": 5})
    assert result.variables["n"] == 5
    assert told(result).count(("ask", "completed")) == 1


def test_a_message_waits_unless_somebody_sends_it():
    assert run(model(line(BEGIN, HEAR, END))).status == "waiting"
    result = run(model(line(BEGIN, HEAR, END)), {"hear": {"amount": 5}})
    assert (result.status, result.variables["amount"]) == ("finished", 5)


def test_a_message_starts_another_process_of_the_files():
    heard = ("startEvent", "heard", '<bpmn:messageEventDefinition messageRef="m"/>')
    other = f'<bpmn:process id="q" isExecutable="true">{line(heard, ("endEvent", "done", ""))}</bpmn:process>'
    files = model(line(BEGIN, SAY, END))
    files["model.bpmn"] = files["model.bpmn"].replace("</bpmn:process>", f"</bpmn:process>{other}")
    result = run(files, process="p")
    assert result.status == "finished"
    assert ("done", "completed") in told(result)
    assert [(e.element, e.event, e.name) for e in result.events] == [
        ("say", "thrown", "ping"),
        ("heard", "caught", "ping"),
    ]


def test_a_process_that_only_a_message_starts_is_started_by_it():
    heard = ("startEvent", "heard", '<bpmn:messageEventDefinition messageRef="m"/>')
    assert run(model(line(heard, ASK, END))).status == "finished"


@pytest.mark.parametrize("bad", ["", "garbage", "<a/>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_what_cannot_be_read_is_refused_with_a_finding(bad):
    result = run({"model.bpmn": bad})
    assert result.status == "refused"
    assert result.findings
    assert result.trace == []


def test_house_rules_only_warn():
    result = run(model(line(BEGIN, ASK, END)))
    assert {finding.level for finding in result.findings} == {"warning"}


def choosing(*before):
    """A gateway whose condition is the variable n: neither true nor false is a mistake of the model."""
    flow = '<bpmn:sequenceFlow id="which_over" sourceRef="which" targetRef="over"'
    condition = f"{flow}><bpmn:conditionExpression>n</bpmn:conditionExpression></bpmn:sequenceFlow>"
    body = line(BEGIN, *before, ("exclusiveGateway", "which", ""), END).replace(f"{flow}/>", condition)
    rest = '<bpmn:endEvent id="other"/><bpmn:sequenceFlow id="else" sourceRef="which" targetRef="other"/>'
    return model(body.replace('id="which"', 'id="which" default="else"') + rest)


@pytest.mark.parametrize("before", [[], [ASK], [WAIT]], ids=["at the start", "after a task", "after a timer"])
def test_what_breaks_down_is_an_incident_with_its_place(before):
    assert run(choosing(*before), data={"n": True}).status == "finished"
    result = run(choosing(*before), data={"n": 5})
    assert result.status == "incident"
    assert "instead of true or false" in result.note
    assert told(result)[-1] == ("which", "failed")


def test_the_same_model_gives_the_same_trace():
    assert told(run(model(LOOP), data={"n": 5})) == told(run(model(LOOP), data={"n": 5}))


def test_a_duration_timer_in_the_data():
    pause = ("intermediateCatchEvent", "pause", timer("=limit"))
    result = run(model(line(BEGIN, pause, END)), data={"limit": "24h"})
    assert result.trace[-1].at == START + timedelta(hours=24)
