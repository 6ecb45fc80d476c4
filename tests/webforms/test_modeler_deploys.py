"""The acceptance limit changed in desktop Camunda Modeler, deployed by its button, approved and in force."""

import re
import time
from datetime import date

import pytest

import engine
from scheduler.rehearsal import rehearse
from scheduler.tick import tick
from tests.house import PROCESSES, deploy_rehearsed
from tests.webforms.test_engine_rest import basic, deploy, number, token  # noqa: F401 fixtures
from tests.webforms.test_models_pages import house, modelled, post  # noqa: F401 fixtures

FOLDER = PROCESSES / "mediation"
HEAD = re.compile(r"<bpmn:definitions [^>]*>")
MODELER = """<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:modeler="http://camunda.org/schema/modeler/1.0" id="Definitions_0ms7mh1" targetNamespace="http://bpmn.io/schema/bpmn" exporter="Camunda Modeler" exporterVersion="5.50.1" modeler:executionPlatform="Camunda Platform" modeler:executionPlatformVersion="7.24.0">"""  # noqa: E501 as the Modeler writes it
DRAWN = """<bpmn:boundaryEvent id="Event_0k3x9qd" name="受理提醒" cancelActivity="false" attachedToRef="review">
      <bpmn:extensionElements>
        <camunda:properties>
          <camunda:property name="law" value="内部管理" />
        </camunda:properties>
      </bpmn:extensionElements>
      <bpmn:outgoing>Flow_1t0bq2c</bpmn:outgoing>
      <bpmn:timerEventDefinition id="TimerEventDefinition_1n5d8vf">
        <bpmn:timeDuration xsi:type="bpmn:tFormalExpression">3wd</bpmn:timeDuration>
      </bpmn:timerEventDefinition>
    </bpmn:boundaryEvent>
    <bpmn:serviceTask id="Activity_0w2mzr7" name="提醒尽快决定" camunda:modelerTemplate="tiaojie.notice" camunda:modelerTemplateVersion="1" camunda:type="external" camunda:topic="notify">
      <bpmn:extensionElements>
        <camunda:properties>
          <camunda:property name="payload" value="={&#34;role&#34;: &#34;mediation_head&#34;, &#34;text&#34;: &#34;请尽快决定&#34;}" />
          <camunda:property name="law" value="内部管理" />
        </camunda:properties>
      </bpmn:extensionElements>
      <bpmn:incoming>Flow_1t0bq2c</bpmn:incoming>
      <bpmn:outgoing>Flow_0p9hx4s</bpmn:outgoing>
    </bpmn:serviceTask>
    <bpmn:endEvent id="Event_1c6rr0z" name="已提醒">
      <bpmn:incoming>Flow_0p9hx4s</bpmn:incoming>
    </bpmn:endEvent>
    <bpmn:sequenceFlow id="Flow_1t0bq2c" sourceRef="Event_0k3x9qd" targetRef="Activity_0w2mzr7" />
    <bpmn:sequenceFlow id="Flow_0p9hx4s" sourceRef="Activity_0w2mzr7" targetRef="Event_1c6rr0z" />
    """  # noqa: E501 as the Modeler writes it
SHAPES = """<bpmndi:BPMNShape id="Event_0k3x9qd_di" bpmnElement="Event_0k3x9qd"><dc:Bounds x="1482" y="492" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="Activity_0w2mzr7_di" bpmnElement="Activity_0w2mzr7"><dc:Bounds x="1560" y="540" width="100" height="80" /><bpmndi:BPMNLabel /></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="Event_1c6rr0z_di" bpmnElement="Event_1c6rr0z"><dc:Bounds x="1712" y="562" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="Flow_1t0bq2c_di" bpmnElement="Flow_1t0bq2c"><di:waypoint x="1500" y="528" /><di:waypoint x="1500" y="580" /><di:waypoint x="1560" y="580" /></bpmndi:BPMNEdge>
      <bpmndi:BPMNEdge id="Flow_0p9hx4s_di" bpmnElement="Flow_0p9hx4s"><di:waypoint x="1660" y="580" /><di:waypoint x="1712" y="580" /></bpmndi:BPMNEdge>
      """  # noqa: E501 likewise
LATER = {  # what the scenarios of before expected of the limit
    "agreed_written": {'accept = "2026-03-09"': 'accept = "2026-03-11"'},
    "declined_by_silence": {"2026-03-09": "2026-03-11", "2026-03-17": "2026-03-19"},
    "makeup_counts": {"2026-05-11": "2026-05-13", "2026-05-12T09:00": "2026-05-14T09:00"},
    "on_spot_failed": {"2026-03-09": "2026-03-11"},
    "supplemented": {"2026-03-13": "2026-03-17"},
}


def changed(name, *changes):
    text = (FOLDER / name).read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.fixture
def handed_in():
    """The three files as the Modeler has them open: without folders, in its own dialect."""
    event = '<bpmn:boundaryEvent id="acceptance_overdue"'
    shape = '<bpmndi:BPMNShape id="acceptance_overdue_di"'
    diagram = changed("process.bpmn", (event, DRAWN + event), (shape, SHAPES + shape))
    rule = 'clock_profile_r13_o2"><text>"5wd"'
    field = '{"id": "Field_1d0mzc4", "type": "checkbox", "key": "needs_visit", "label": "需要实地查看"},'
    return {
        "process.bpmn": HEAD.sub(MODELER, diagram, count=1),
        "clock_profile.dmn": changed("decisions/clock_profile.dmn", (rule, rule.replace("5wd", "7wd"))),
        "decide_acceptance.form": changed(
            "forms/decide_acceptance.form", ('"components": [', f'"components": [{field}')
        ),
    }


def test_the_limit_from_the_desktop_to_a_new_case(house, token, handed_in):  # noqa: F811 the fixtures
    house.app.config["REHEARSE"] = rehearse
    deploy_rehearsed(house)
    ann, justice = house.client("ann"), house.client("justice")
    draft = f"/models/{number(deploy(house, basic(token), **handed_in))}"
    findings = ann.get(draft + "/findings.json").json
    assert [(one["element"], one["declare"]) for one in findings] == [("Field_1d0mzc4", True)]
    assert post(house, ann, draft + "/facts").json == {"declared": 1}
    assert ann.get(draft + "/findings.json").json == []
    for scenario, words in LATER.items():
        address = f"{draft}/text/scenarios/{scenario}.toml"
        text = (FOLDER / f"scenarios/{scenario}.toml").read_text("utf-8")
        for old, new in words.items():
            assert old in text
            text = text.replace(old, new)
        assert (
            post(house, ann, address, text=text, revision=house.hidden(ann.get(address).text, "revision")).status_code
            == 303
        )
    compared = ann.get(f"{draft}/compare", follow_redirects=True).text
    assert all(words in compared for words in ("7wd", "受理提醒", "3wd", "需要实地查看", "提醒尽快决定"))
    post(house, ann, draft + "/changes", heading="受理七个工作日", words="新办法第十条")
    post(house, ann, draft + "/trial")
    while "正在运行" in (page := ann.get(draft).text) or "正在准备" in page:
        time.sleep(0.3)
    assert "可以提交" in page, page
    assert post(house, ann, draft + "/submit", reason="新办法施行").status_code == 303
    post(house, ann, draft + "/approve")
    assert "待审批" in ann.get(draft).text, "not by whom it is"
    assert post(house, justice, draft + "/approve").status_code == 303
    tick(house.database, house.clock())
    case_id = house.register()
    with house.database.reads() as session:
        limits = engine.case_page(session, case_id, house.actor("desk"), now=house.clock()).deadlines
    assert [(one.label, one.last_day) for one in limits] == [
        ("受理提醒", date(2026, 3, 5)),
        ("受理审查期限", date(2026, 3, 11)),
    ]
