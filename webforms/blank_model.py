"""The smallest process that runs, to begin with: one human step between start and end, with form and scenario."""

import re
from html import escape
from json import dumps

ID = re.compile(r"[a-z][a-z0-9_]{0,39}")

DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:modeler="http://camunda.org/schema/modeler/1.0" id="{id}_definitions" targetNamespace="urn:tiaojie:{id}" modeler:executionPlatform="Camunda Platform" modeler:executionPlatformVersion="7.24.0">
  <bpmn:process id="{id}" name="{title}" isExecutable="true" camunda:historyTimeToLive="P3650D">
    <bpmn:startEvent id="begun" name="开始">
      <bpmn:outgoing>begun_to_handle</bpmn:outgoing>
    </bpmn:startEvent>
    <bpmn:userTask id="handle_request" name="办理" camunda:candidateGroups="{role}" camunda:formRef="handle_request" camunda:formRefBinding="deployment">
      <bpmn:extensionElements>
        <camunda:properties>
          <camunda:property name="stage" value="handling" />
        </camunda:properties>
      </bpmn:extensionElements>
      <bpmn:incoming>begun_to_handle</bpmn:incoming>
      <bpmn:outgoing>handle_to_done</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:endEvent id="done" name="办结">
      <bpmn:extensionElements>
        <camunda:properties>
          <camunda:property name="outcome" value="done" />
        </camunda:properties>
      </bpmn:extensionElements>
      <bpmn:incoming>handle_to_done</bpmn:incoming>
    </bpmn:endEvent>
    <bpmn:sequenceFlow id="begun_to_handle" sourceRef="begun" targetRef="handle_request" />
    <bpmn:sequenceFlow id="handle_to_done" sourceRef="handle_request" targetRef="done" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="{id}_diagram">
    <bpmndi:BPMNPlane id="{id}_plane" bpmnElement="{id}">
      <bpmndi:BPMNShape id="begun_shape" bpmnElement="begun"><dc:Bounds x="160" y="102" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="handle_request_shape" bpmnElement="handle_request"><dc:Bounds x="260" y="80" width="120" height="80" /></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="done_shape" bpmnElement="done"><dc:Bounds x="444" y="102" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="begun_to_handle_edge" bpmnElement="begun_to_handle"><di:waypoint x="196" y="120" /><di:waypoint x="260" y="120" /></bpmndi:BPMNEdge>
      <bpmndi:BPMNEdge id="handle_to_done_edge" bpmnElement="handle_to_done"><di:waypoint x="380" y="120" /><di:waypoint x="444" y="120" /></bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
"""  # noqa: E501 as modelers write it
MANIFEST = """id = "{id}"
title = {title}

[number]
kind = "办"
pattern = "{{short}}办〔{{year}}〕{{seq:03d}}号"

[start]
roles = ["{role}"]
form = "start_request"

[stages.handling]
label = "办理"

[outcomes.done]
label = "办结"

[facts.request]
label = "事由"
type = "text"
search = true

[facts.result]
label = "办理结果"
type = "text"
"""


def blank_model(process: str, title: str, role: str) -> dict[str, str]:
    """The files of a process with this id (`ID`), title and role; its author says the rest."""
    quoted = dumps(title, ensure_ascii=False)
    return {
        "manifest.toml": MANIFEST.format(id=process, title=quoted, role=role),
        "process.bpmn": DIAGRAM.format(id=process, title=escape(title), role=role),
        "forms/start_request.form": _form("start_request", "request", "事由"),
        "forms/handle_request.form": _form("handle_request", "result", "办理结果"),
        "CHANGES.md": f"# {title}：修改记录\n",
    }


def _form(name: str, key: str, label: str) -> str:
    field = {"type": "textarea", "id": f"{name}_{key}", "key": key, "label": label, "validate": {"required": True}}
    form = {"schemaVersion": 19, "type": "default", "id": name, "components": [field]}
    return dumps(form, ensure_ascii=False, indent=2) + "\n"
