"""A process that only the calendar opens: every month, in every reporting office, one task."""

MANIFEST = """
id = "duty"
title = "例行"
[start]
[[start.calendar]]
id = "monthly"
label = "月报"
every = "month"
on = "25"
roll = "back"
begins = "26"
for_each = "offices.reporting"
by_hand = ["justice_officer"]
facts = { planned_on = "=date(planned_at)" }
[facts.period_name]
type = "text"
[facts.planned_on]
type = "date"
[outcomes.done]
label = "办结"
"""
DRAWN = """<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="d" targetNamespace="t">
<bpmn:process id="duty" isExecutable="true">
<bpmn:startEvent id="opened"/><bpmn:userTask id="fill" name="填" camunda:candidateGroups="reporter"><bpmn:documentation>
例行</bpmn:documentation></bpmn:userTask><bpmn:endEvent id="done"><bpmn:extensionElements><camunda:properties>
<camunda:property name="outcome" value="done"/></camunda:properties></bpmn:extensionElements></bpmn:endEvent>
<bpmn:sequenceFlow id="a" sourceRef="opened" targetRef="fill"/>
<bpmn:sequenceFlow id="b" sourceRef="fill" targetRef="done"/>
</bpmn:process></bpmn:definitions>"""
DUTY = {"manifest.toml": MANIFEST, "process.bpmn": DRAWN}
