"""A date that has passed stays with the task it limits: late work does not lose its deadline when the timer fires."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import engine
from scheduler.tick import tick

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
PROCESSES = Path(__file__).parents[2] / "processes"
MANIFEST = """
id = "inspection"
title = "检查"
[start]
roles = ["registrar"]
[deadlines.review]
label = "审查期限"
basis = "《办法》第三条"
status = "confirmed"
"""
BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t" id="d">
  <bpmn:process id="inspection" isExecutable="true">
    <bpmn:startEvent id="inspection_asked" name="申请"/>
    <bpmn:sequenceFlow id="to_review" sourceRef="inspection_asked" targetRef="review_request"/>
    <bpmn:userTask id="review_request" name="审查" camunda:candidateGroups="registrar"/>
    <bpmn:sequenceFlow id="to_end" sourceRef="review_request" targetRef="inspection_over"/>
    <bpmn:endEvent id="inspection_over" name="结束"/>
    <bpmn:boundaryEvent id="review_overdue" name="审查超期" attachedToRef="review_request" cancelActivity="false">
      <bpmn:extensionElements><camunda:properties>
        <camunda:property name="deadline" value="review"/></camunda:properties></bpmn:extensionElements>
      <bpmn:timerEventDefinition id="t"><bpmn:timeDuration>5wd</bpmn:timeDuration></bpmn:timerEventDefinition>
    </bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="to_warn" sourceRef="review_overdue" targetRef="warn_leader"/>
    <bpmn:userTask id="warn_leader" name="督办" camunda:candidateGroups="organ_leader"/>
    <bpmn:sequenceFlow id="to_warned" sourceRef="warn_leader" targetRef="leader_warned"/>
    <bpmn:endEvent id="leader_warned" name="已督办"/>
  </bpmn:process>
</bpmn:definitions>"""


@pytest.fixture
def database(tmp_path):
    database = engine.connect(f"sqlite:///{tmp_path / 'house.db'}", key=b"k")
    engine.create_tables(database)
    with database.sessions.begin() as session:
        engine.load_reference(session, PROCESSES, actor=engine.SYSTEM, now=NOW)
        files = {"manifest.toml": MANIFEST, "process.bpmn": BPMN}
        engine.deploy_files(session, files, actor=engine.SYSTEM, now=NOW)
    yield database
    database.bind.dispose()


@pytest.fixture
def clerk():
    roles = frozenset({("registrar", "yuxi_town"), ("organ_leader", "yuxi_town")})
    return engine.Actor(7, "张三", roles)


def test_late_work_keeps_its_date_and_stays_in_the_list_of_late_work(database, clerk):
    with database.sessions.begin() as session:
        engine.start_case(session, "inspection", {}, office="yuxi_town", actor=clerk, now=NOW)
    later = NOW + timedelta(days=9)
    tick(database, later)
    with database.reads() as session:
        rows = {row.element: row for row in engine.inbox(session, clerk, view="overdue", now=later).rows}
    assert set(rows) == {"review_request"}
    due = rows["review_request"].due
    assert (due.label, due.last_day.isoformat(), due.is_overdue) == ("审查期限", "2026-03-09", True)


def test_another_step_does_not_take_the_date_away(database, clerk):
    with database.sessions.begin() as session:
        engine.start_case(session, "inspection", {}, office="yuxi_town", actor=clerk, now=NOW)
    later = NOW + timedelta(days=9)
    tick(database, later)
    with database.reads() as session:
        [warning] = [
            r for r in engine.inbox(session, clerk, view="office", now=later).rows if r.element == "warn_leader"
        ]
    with database.sessions.begin() as session:
        engine.complete_task(session, warning.task_id, {}, actor=clerk, now=later)
    with database.reads() as session:
        [late] = engine.inbox(session, clerk, view="overdue", now=later).rows
    assert late.due.is_overdue


REMINDER = """<bpmn:boundaryEvent id="half_way" name="提醒" attachedToRef="review_request" cancelActivity="false">
      <bpmn:extensionElements><camunda:properties>
        <camunda:property name="law" value="单位内部提醒"/></camunda:properties></bpmn:extensionElements>
      <bpmn:timerEventDefinition id="h"><bpmn:timeDuration>2wd</bpmn:timeDuration></bpmn:timerEventDefinition>
    </bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="to_reminded" sourceRef="half_way" targetRef="reminded"/>
    <bpmn:endEvent id="reminded" name="已提醒"/>
    """


def test_a_timer_that_only_reminds_is_no_limit_of_the_task(database, clerk):
    """It neither ends the task nor names a deadline: the date of the step stays the one of its deadline."""
    with database.sessions.begin() as session:
        drawn = BPMN.replace(
            '<bpmn:boundaryEvent id="review_overdue"', REMINDER + '<bpmn:boundaryEvent id="review_overdue"'
        )
        files = {"manifest.toml": MANIFEST, "process.bpmn": drawn}
        engine.deploy_files(session, files, actor=engine.SYSTEM, now=NOW)
        case = engine.start_case(session, "inspection", {}, office="yuxi_town", actor=clerk, now=NOW)
    for days in (0, 4):  # before and after the reminder
        later = NOW + timedelta(days=days)
        tick(database, later)
        with database.reads.begin() as session:
            (task,) = engine.open_tasks(session, case.case_id)
            (row,) = engine.inbox(session, clerk, view="claimable", now=later).rows
        assert task.element == "review_request"
        assert row.due is not None and row.due.last_day.isoformat() == "2026-03-09"
