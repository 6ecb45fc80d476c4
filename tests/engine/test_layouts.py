"""A drawing for what has none: everything is drawn, nothing lies on another, and nothing that runs is changed."""

import re
from pathlib import Path

import pytest
from lxml import etree

import engine
from tests.engine.checks.test_any_input import mutated

ROOT = Path(__file__).parents[2]
DRAWN = sorted((ROOT / "processes").glob("*/process.bpmn")) + sorted((ROOT / "tests/trace/models").glob("*.bpmn"))
DIAGRAM = re.compile(r"<(bpmndi:)?BPMNDiagram.*</\1?BPMNDiagram>", re.DOTALL)
NS = {"di": "http://www.omg.org/spec/BPMN/20100524/DI", "dc": "http://www.omg.org/spec/DD/20100524/DC"}


def bare(path):
    return {"process.bpmn": DIAGRAM.sub("", path.read_text("utf-8"))}


def boxes(plane):
    found = {}
    for shape in plane.iterfind(".//di:BPMNShape", NS):
        sides = shape.find("dc:Bounds", NS).attrib
        found[shape.get("bpmnElement")] = tuple(float(sides[side]) for side in ("x", "y", "width", "height"))
    return found


def overlap(one, other):
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.parent.name + "-" + path.stem)
def test_everything_is_drawn_apart_from_each_other(path):
    files = bare(path)
    drawn = engine.with_drawing(files)
    assert engine.undrawn(drawn) == {}
    assert {change.part for change in engine.compare(files, drawn)} <= {"drawing", "notation"}
    rules = {found.rule for found in engine.check_files(drawn, house=True)}
    assert "ref-dangling" in rules or not rules & {"bpmn-undrawn", "diagram-missing", "diagram-dangling"}
    root = etree.fromstring(drawn["process.bpmn"].encode())
    tasks = {node.get("id") for node in root.iter("{*}*") if node.tag.endswith(("Task", "task", "Gateway"))}
    for plane in root.iterfind(".//di:BPMNPlane", NS):
        placed = [(name, box) for name, box in boxes(plane).items() if name in tasks]
        assert [(a, b) for n, (a, one) in enumerate(placed) for b, two in placed[n + 1 :] if overlap(one, two)] == []
    assert engine.with_drawing(drawn) == drawn, "what is drawn stays as it is"


@pytest.mark.parametrize("part", range(2))
def test_no_drawing_crashes(part):
    """60 models with random edits."""
    for seed in range(part, 60, 2):
        text = mutated(DRAWN[seed % len(DRAWN)].read_text("utf-8"), seed, 4)
        files = engine.with_drawing({"process.bpmn": text}, ["process.bpmn"])
        assert engine.thumbnail(files)
        engine.check_files(files)


def test_a_long_chain_and_a_wide_fan_are_laid_out_soon():
    tasks = "".join(f'<task id="t{n}"/>' for n in range(3000))
    flows = "".join(f'<sequenceFlow id="f{n}" sourceRef="t{n // 3}" targetRef="t{n}"/>' for n in range(1, 3000))
    text = f'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p">{tasks}{flows}</process></definitions>'  # noqa: E501
    drawn = engine.with_drawing({"a.bpmn": text, "b.bpmn": "<", "c.dmn": "<x/>"})
    assert len(boxes(etree.fromstring(drawn["a.bpmn"].encode()))) == 3000
    assert drawn["b.bpmn"] == "<"
