"""Small models for the clockwork."""

import itertools
from datetime import datetime
from pathlib import Path

import pytest

import engine
from scheduler.sandbox import Sandbox, in_memory

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="d" targetNamespace="t">'
    '<bpmn:message id="m" name="ping"/><bpmn:error id="e" name="broken" errorCode="broken"/>'
)
START = datetime(2026, 1, 5, 9, 0, tzinfo=engine.OFFICE)


def model(body, *, process="p"):
    """A model of one process."""
    return {
        "model.bpmn": f'{HEAD}<bpmn:process id="{process}" isExecutable="true">{body}</bpmn:process></bpmn:definitions>'
    }


def line(*nodes):
    """Nodes one after the other: (kind, id, inside)."""
    flows = "".join(
        f'<bpmn:sequenceFlow id="{a[1]}_{b[1]}" sourceRef="{a[1]}" targetRef="{b[1]}"/>'
        for a, b in itertools.pairwise(nodes)
    )
    return flows + "".join(f'<bpmn:{kind} id="{name}">{inside}</bpmn:{kind}>' for kind, name, inside in nodes)


def timer(text, kind="timeDuration"):
    return f"<bpmn:timerEventDefinition><bpmn:{kind}>{text}</bpmn:{kind}></bpmn:timerEventDefinition>"


WAIT = ("intermediateCatchEvent", "pause", timer("P2D"))
BEGIN, END = ("startEvent", "begin", ""), ("endEvent", "over", "")


@pytest.fixture
def stage(tmp_path):
    opened = Sandbox(in_memory(), START, Path(tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def start(stage):
    """Start a case of some files in the sandbox; answers its id."""

    def begin(files, process="p", **data):
        with stage.database.sessions.begin() as session:
            own = {**files, "manifest.toml": f'id = "{process}"\n'}
            version = engine.add_trial(session, own, process, now=stage.now)
            return engine.start_trial(session, version, data, now=stage.now)

    return begin
