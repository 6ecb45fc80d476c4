"""Whole models as other editors write them: what is left after all repairs is a model that runs."""

import pytest

import engine
from engine.checks import check_files, refusals
from scheduler.trace import Answers, Trial

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {more} targetNamespace="t">{body}</definitions>'
)
BIZAGI = HEAD.format(
    more='exporter="Bizagi Modeler"',
    body="""<process id="Id_1" name="登记"><extensionElements/>
    <startEvent id="Id_2"/><task id="Id_3" name="审核"/><exclusiveGateway id="Id_4" name="是否受理"/>
    <task id="Id_5" name="办理"/><endEvent id="Id_6"/><endEvent id="Id_7"/>
    <sequenceFlow id="Id_8" sourceRef="Id_2" targetRef="Id_3"/>
    <sequenceFlow id="Id_9" sourceRef="Id_3" targetRef="Id_4"/>
    <sequenceFlow id="Id_10" name="是" sourceRef="Id_4" targetRef="Id_5"><conditionExpression/></sequenceFlow>
    <sequenceFlow id="Id_11" name="否" sourceRef="Id_4" targetRef="Id_6"><conditionExpression/></sequenceFlow>
    <sequenceFlow id="Id_12" sourceRef="Id_5" targetRef="Id_7"/></process>""",
)
SIGNAVIO = HEAD.format(
    more='exporter="Signavio Process Editor" xmlns:signavio="http://www.signavio.com"',
    body="""<process id="sid-1" isExecutable="false"><extensionElements><signavio:signavioMetaData metaKey="k"
    metaValue="v"/></extensionElements><startEvent id="sid-2"><outgoing>sid-5</outgoing></startEvent>
    <intermediateCatchEvent id="sid-3" name="等待 3 天"><incoming>sid-5</incoming><timerEventDefinition id="sid-9">
    <timeDate xsi:type="tFormalExpression"/></timerEventDefinition></intermediateCatchEvent>
    <task id="sid-4" name="归档"/><sequenceFlow id="sid-5" sourceRef="sid-2" targetRef="sid-3"/>
    <sequenceFlow id="sid-6" sourceRef="sid-3" targetRef="sid-4"/></process>""",
)
FLOWABLE = HEAD.format(
    more='xmlns:flowable="http://flowable.org/bpmn"',
    body="""<process id="p" isExecutable="true"><startEvent id="Start" flowable:formFieldValidation="true"/>
    <userTask id="check" flowable:candidateGroups="clerk" flowable:dueDate="${due}"><multiInstanceLoopCharacteristics
    isSequential="true" flowable:collection="${items}" flowable:elementVariable="item"/></userTask>
    <exclusiveGateway id="which" default="no"/><serviceTask id="mail" flowable:topic="mail"/><endEvent id="End"/>
    <sequenceFlow id="a" sourceRef="Start" targetRef="check"/><sequenceFlow id="b" sourceRef="check" targetRef="which"/>
    <sequenceFlow id="yes" sourceRef="which" targetRef="mail"><conditionExpression xsi:type="tFormalExpression"
    ><![CDATA[${approved && amount >= 100}]]></conditionExpression></sequenceFlow>
    <sequenceFlow id="no" sourceRef="which" targetRef="End"/><sequenceFlow id="c" sourceRef="mail" targetRef="End"/>
    </process>""",
)
CAMUNDA8 = HEAD.format(
    more='xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"',
    body="""<process id="p" isExecutable="true"><startEvent id="begin"/><userTask id="check"><extensionElements>
    <zeebe:userTask/><zeebe:assignmentDefinition candidateGroups="clerk"/><zeebe:taskSchedule dueDate="=due"/>
    </extensionElements></userTask><serviceTask id="mail"><extensionElements><zeebe:taskDefinition type="mail"
    retries="3"/></extensionElements><multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics
    inputCollection="=items" inputElement="item"/></extensionElements></multiInstanceLoopCharacteristics></serviceTask>
    <endEvent id="over"/><sequenceFlow id="a" sourceRef="begin" targetRef="check"/>
    <sequenceFlow id="b" sourceRef="check" targetRef="mail"/><sequenceFlow id="c" sourceRef="mail" targetRef="over"/>
    </process>""",
)
DATA = {"due": "2026-02-01T09:00:00+08:00", "items": ["x", "y"], "approved": True, "amount": 100}


@pytest.mark.parametrize(
    ("text", "data", "passed"),
    [
        (BIZAGI, {"id_4": "是"}, ["Id_2", "Id_3", "Id_4", "Id_5", "Id_7"]),
        (BIZAGI, {}, ["Id_2", "Id_3", "Id_4", "Id_6"]),
        (SIGNAVIO, {}, ["sid-2", "sid-3", "sid-4", "sid-4_over"]),
        (FLOWABLE, DATA, ["case_begins", "check", "check", "which", "mail", "case_ends"]),
        (FLOWABLE, DATA | {"amount": 99}, ["case_begins", "check", "check", "which", "case_ends"]),
        (CAMUNDA8, DATA, ["begin", "check", "mail", "mail", "over"]),
    ],
)
def test_an_export_runs_after_all_repairs(text, data, passed):
    repaired = engine.apply_repairs({"process.bpmn": text})
    assert engine.proposed_repairs(repaired) == ()
    assert refusals(check_files(repaired), house=False) == []
    result = Trial(repaired, None, data, Answers()).run()
    assert result.status == "finished", (result.note, result.waiting)
    done = [step.element for step in result.trace if step.event == "completed"]
    assert sorted(set(done)) == sorted(set(passed))
    assert [done.count(element) >= passed.count(element) for element in passed] == [True] * len(passed)
