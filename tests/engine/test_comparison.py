"""What differs between two versions of a folder: every kind of change, nothing else, and the same from both sides."""

import json
from collections import Counter
from pathlib import Path

import pytest

import engine
from engine.comparison import PARTS, mirrored

MEDIATION = engine.read_files(Path(__file__).parents[2] / "processes" / "mediation")
BPMN, FORM = "process.bpmn", "forms/review_application.form"
DMN = "decisions/clock_profile.dmn"
OPEN = '<bpmn:userTask id="record_oral_application" name="口头申请笔录"'
BROKEN = "<bpmn:"


def edited(name, *changes):
    text = MEDIATION[name]
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return {**MEDIATION, name: text}


def told(files):
    return [(one.kind, one.part, one.element, one.key) for one in engine.compare(MEDIATION, files)]


def cut(text, begin, end):
    first = text.index(begin)
    return text[first : text.index(end, first) + len(end)]


def form(change):
    raw = json.loads(MEDIATION[FORM])
    change(raw["components"])
    return {**MEDIATION, FORM: json.dumps(raw, ensure_ascii=False)}


def rule(number):
    return cut(MEDIATION[DMN], f'<rule id="clock_profile_r{number}">', "</rule>")


TASK = cut(MEDIATION[BPMN], OPEN, "</bpmn:userTask>")
SIMPLE = {
    "name": (edited(BPMN, ('name="口头申请笔录"', 'name="笔录"')), ("changed", "name", "record_oral_application", "")),
    "role": (
        edited(BPMN, (f'{OPEN} camunda:candidateGroups="registrar"', f'{OPEN} camunda:candidateGroups="mediator"')),
        ("changed", "role", "record_oral_application", ""),
    ),
    "form": (
        edited(BPMN, ('camunda:formRef="record_oral_application"', 'camunda:formRef="other"')),
        ("changed", "form", "record_oral_application", ""),
    ),
    "due": (
        edited(BPMN, ('camunda:formRef="record_oral_application" camunda:dueDate="1wd"',
                      'camunda:formRef="record_oral_application"')),
        ("removed", "due", "record_oral_application", ""),
    ),
    "property": (
        edited(BPMN, ('name="deadline" value="oral_record"', 'name="deadline" value="accept"')),
        ("changed", "property", "record_oral_application", "deadline"),
    ),
    "documentation": (
        edited(BPMN, ("当场记录，向申请人宣读", "记录，向申请人宣读")),
        ("changed", "documentation", "record_oral_application", ""),
    ),
    "route": (
        edited(BPMN, ('sourceRef="record_oral_application" targetRef="review"',
                      'sourceRef="record_oral_application" targetRef="review_started"')),
        ("changed", "route", "record_oral_application_to_review", "targetRef"),
    ),
    "default": (
        edited(BPMN, ('default="is_oral_to_review"', 'default="is_oral_to_record_oral_application"')),
        ("changed", "default", "is_oral", ""),
    ),
    "removed": (edited(BPMN, (TASK, "")), ("removed", "element", "record_oral_application", "")),
    "added": (
        edited(BPMN, (TASK, TASK + '<bpmn:task id="new_step" name="新步骤"/>')),
        ("added", "element", "new_step", ""),
    ),
    "cell": (
        edited(DMN, ('r1_o2"><text>"3wd"', 'r1_o2"><text>"5wd"')),
        ("changed", "cell", "clock_profile_r1", "受理审查"),
    ),
    "annotation": (
        edited(DMN, ("法院委派优先于事项的方案", "法院委派优先")),
        ("changed", "annotation", "clock_profile_r1", ""),
    ),
    "rule": (edited(DMN, (rule(1), "")), ("removed", "rule", "clock_profile_r1", "")),
    "order": (
        edited(DMN, (rule(1), ""), (rule(2), rule(2) + rule(1))),
        ("moved", "order", "clock_profile", ""),
    ),
    "hit policy": (
        edited(DMN, ('hitPolicy="FIRST"', 'hitPolicy="UNIQUE"')),
        ("changed", "hit-policy", "clock_profile", ""),
    ),
    "column": (edited(DMN, ('label="收到日期"', 'label="收件日期"')), ("changed", "input", "clock_profile_in2", "")),
    "level": (
        edited("manifest.toml", ('label = "重大（橙）"', 'label = "重大"')),
        ("changed", "level", "levels.orange.label", ""),
    ),
    "outcome": (
        edited("manifest.toml", ("[outcomes.referred]", '[outcomes.other]\nlabel = "其他"\n\n[outcomes.referred]')),
        ("added", "outcome", "outcomes.other", ""),
    ),
    "setting": (edited("manifest.toml", ('title = "行政调解"', 'title = "调解"')), ("changed", "setting", "title", "")),
    "line": (
        {**MEDIATION, "CHANGES.md": "# x\n" + MEDIATION["CHANGES.md"]},
        ("added", "lines", "1:1", ""),
    ),
    "file": ({**MEDIATION, "scenarios/new.toml": 'title = "x"'}, ("added", "file", "", "")),
    "notation": (edited(BPMN, (OPEN, OPEN.replace(" name", "\n  name"))), ("changed", "notation", "", "")),
    "unreadable": (edited(DMN, ('<?xml version="1.0" encoding="UTF-8"?>', "<a>")), ("changed", "lines", "1:1", "")),
}  # fmt: skip


@pytest.mark.parametrize("case", SIMPLE)
def test_one_change_is_told_as_one(case):
    files, expected = SIMPLE[case]
    assert told(files) == [expected]


@pytest.mark.parametrize("case", SIMPLE)
def test_nothing_when_the_same_and_the_same_from_both_sides(case):
    files, _ = SIMPLE[case]
    assert engine.compare(files, files) == ()
    there, back = engine.compare(MEDIATION, files), engine.compare(files, MEDIATION)
    assert Counter(map(essence, there)) == Counter(essence(mirrored(one)) for one in back)


def essence(change):
    element = ":".join(sorted(change.element.split(":"))) if change.part == "lines" else change.element
    return change.file, change.kind, change.part, element, change.key, change.before, change.after


def small(inside, drawing=""):
    return {
        BPMN: '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:di="d" xmlns:c="c">'
        f'<process id="p">{inside}</process>{drawing}</definitions>'
    }


def change(before, after):
    return [(one.kind, one.part, one.element, one.before, one.after) for one in engine.compare(before, after)]


def timer(duration, own):
    event = (
        f'<timerEventDefinition id="{own}"><timeDuration id="{own}2">{duration}</timeDuration></timerEventDefinition>'
    )
    return small(f'<task id="a"/><boundaryEvent id="b" attachedToRef="a">{event}</boundaryEvent>')


def test_timers_and_conditions_tell_their_values_and_made_up_ids_tell_nothing():
    assert change(timer("P30D", "x"), timer("P15D", "y")) == [("changed", "timer", "b", "P30D", "P15D")]
    assert change(timer("P30D", "x"), timer("P30D", "y")) == [("changed", "notation", "", "", "")]
    flow = '<sequenceFlow id="f" sourceRef="a" targetRef="b">{}</sequenceFlow>'
    guarded = flow.format('<conditionExpression xsi:type="t" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
                          "=x</conditionExpression>")  # fmt: skip
    assert change(small(flow.format("")), small(guarded)) == [("added", "condition", "f", "", "=x")]
    assert change(small(""), small(guarded))[0][:3] == ("added", "flow", "f")


def test_an_event_without_a_value_is_a_meaning_too():
    plain, ends = '<endEvent id="e"/>', '<endEvent id="e"><terminateEventDefinition/></endEvent>'
    assert change(small(plain), small(ends))[0][:3] == ("added", "attribute", "e")


def test_scopes_and_lanes_are_told_by_name():
    before = small('<task id="a"/><subProcess id="s" name="审查"/>')
    after = small('<subProcess id="s" name="审查"><task id="a"/></subProcess>')
    assert change(before, after) == [("moved", "scope", "a", "p", "审查")]
    lanes = [
        small(
            f'<laneSet id="l"><lane id="x" name="甲">{a}</lane><lane id="y" name="乙">{b}</lane></laneSet>'
            '<task id="a"/>'
        )
        for a, b in (("<flowNodeRef>a</flowNodeRef>", ""), ("", "<flowNodeRef>a</flowNodeRef>"))
    ]
    assert change(*lanes) == [("moved", "lane", "a", "甲", "乙")]


def test_what_only_moved_in_the_picture_is_counted():
    shape = '<di:Shape bpmnElement="a"><di:Bounds x="{}" y="1"/></di:Shape>'
    before, after = (small('<task id="a"/>', shape.format(x)) for x in (1, 20))
    assert told_keys(before, after) == [("moved", "drawing", "1")]


def told_keys(before, after):
    return [(one.kind, one.part, one.key) for one in engine.compare(before, after)]


def test_fields_are_found_again_by_id_or_key():
    def again(parts):
        next(part for part in parts if "key" in part)["id"] = "Field_other"

    assert told(form(again)) == [("changed", "notation", "", "")]
    assert told(form(lambda parts: parts[0].update(label="别的")))[0][1:] == (
        "field-property", json.loads(MEDIATION[FORM])["components"][0]["id"], "label",
    )  # fmt: skip
    assert ("removed", "field") in [one[:2] for one in told(form(lambda parts: parts.pop()))]
    assert [one[:2] for one in told(form(lambda parts: parts.append(parts.pop(0))))] == [("moved", "order")]
    added = form(lambda parts: parts.append({"type": "textfield", "key": "new", "id": "new", "label": "新"}))
    assert told(added) == [("added", "field", "new", "")]
    required = form(lambda parts: parts[0].setdefault("validate", {}).update(maxLength=7))
    assert [one[1::2] for one in told(required)] == [("field-property", "validate.maxLength")]


@pytest.mark.parametrize(
    "text", ["", "null", "[]", '{"components": 7}', '{"components": [7, {"values": 3}]}', BROKEN, "\0"]
)
@pytest.mark.parametrize("name", [BPMN, DMN, FORM, "manifest.toml"])
def test_what_cannot_be_read_is_compared_all_the_same(name, text):
    broken = {**MEDIATION, name: text}
    there, back = engine.compare(MEDIATION, broken), engine.compare(broken, MEDIATION)
    assert there and Counter(map(essence, there)) == Counter(essence(mirrored(one)) for one in back)


def test_every_part_has_english_words():
    found = {one.part: one.message for files, _ in SIMPLE.values() for one in engine.compare(MEDIATION, files)}
    assert set(found) <= set(PARTS) and "%" not in "".join(found.values())
