"""Each repair: it is proposed, its rule is kept afterwards, and the model runs."""

from collections import Counter
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from lxml import etree

import engine
import webforms
from engine.checks import check_files, refusals
from engine.model_repairs.words import RULES as RULE_WORDS
from scheduler.trace import Answers, Trial
from tests.engine.runtime.bpmn import (
    catch,
    definitions,
    end,
    flow,
    inclusive,
    model,
    node,
    path,
    process,
    start,
    user,
    xor,
)

ZEEBE = 'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
FLOWABLE = 'xmlns:flowable="http://flowable.org/bpmn"'
TIMER = "<bpmn:timerEventDefinition/>"


def labelled(source, target, name):
    return f'<bpmn:sequenceFlow id="{source}-{target}" name="{name}" sourceRef="{source}" targetRef="{target}"/>'


def link(name):
    return f'<bpmn:linkEventDefinition name="{name}"/>'


def content(files):
    """What is in a model, wherever in the file it is written."""
    root = etree.fromstring(files["process.bpmn"].encode())
    return Counter(
        (
            node.tag,
            "" if node is root else node.getparent().get("id"),
            str(sorted(node.attrib.items())),
            node.text or "",
        )
        for node in root.iter("{*}*")
    )


def one_task(task):
    return model(start(), task, end(), path("start", "a", "end"))


CHOICE = [user("a"), user("b"), end(), path("a", "end"), path("b", "end")]
CASES = {
    "executable": (
        model(start(), user("a"), end(), path("start", "a", "end")).replace(' isExecutable="true"', ""),
        {"repair-executable"}, ["start", "a", "end"], {},
    ),
    "reserved ids": (
        model(start("Start"), user("Root"), end("End"), path("Start", "Root", "End")),
        {"repair-id"}, ["case_begins", "root_step", "case_ends"], {},
    ),
    "ids with dots": (
        model(start(), user("a.1"), end(), path("start", "a.1", "end")), {"repair-id"}, ["start", "a_1", "end"], {},
    ),
    "missing ids": (
        one_task(user("a")).replace('id="start-a" ', "").replace('<bpmn:process id="p"', "<bpmn:process"),
        {"repair-id-missing"}, ["start", "a", "end"], {},
    ),
    "zeebe": (
        one_task(
            f'<bpmn:serviceTask id="a"><bpmn:extensionElements><zeebe:taskDefinition {ZEEBE} type="mail" retries="3"/>'
            "</bpmn:extensionElements></bpmn:serviceTask>"
        ),
        {"repair-dialect"}, ["start", "a", "end"], {},
    ),
    "settings of others": (
        one_task(
            f'<bpmn:userTask id="a" {FLOWABLE} flowable:assignee="${{starter}}" flowable:candidateUsers="bob">'
            f"<bpmn:extensionElements><flowable:taskListener/><zeebe:ioMapping {ZEEBE}/></bpmn:extensionElements>"
            "</bpmn:userTask>"
        ),
        {"repair-dialect-rest"}, ["start", "a", "end"], {},
    ),
    "zeebe script": (
        one_task(
            f'<bpmn:scriptTask id="a"><bpmn:extensionElements><zeebe:script {ZEEBE} expression="=1 + 1" '
            'resultVariable="two"/></bpmn:extensionElements></bpmn:scriptTask>'
        ),
        {"repair-dialect"}, ["start", "a", "end"], {},
    ),
    "flowable": (
        one_task(f'<bpmn:userTask id="a" {FLOWABLE} flowable:candidateGroups="clerk" flowable:async="true"/>'),
        {"repair-dialect"}, ["start", "a", "end"], {},
    ),
    "plain task": (one_task(node("task", "a")), {"repair-task-type"}, ["start", "a", "end"], {}),
    "empty condition": (
        model(start(), user("a"), end(), flow("start", "a", ""), path("a", "end")),
        {"repair-condition-empty"}, ["start", "a", "end"], {},
    ),
    "juel": (
        model(start(), xor("x", "x-b"), *CHOICE, path("start", "x"), flow("x", "a", "${n > 1 && kind == 'big'}"),
              flow("x", "b")),
        {"repair-juel"}, ["start", "x", "a", "end"], {"n": 2, "kind": "big"},
    ),
    "labels": (
        model(start(), xor("x"), *CHOICE, path("start", "x"), labelled("x", "a", "受理"),
              labelled("x", "b", "不予受理")),
        {"repair-labels"}, ["start", "x", "a", "end"], {"x": "受理"},
    ),
    "labels that compare": (
        model(start(), inclusive("x"), *CHOICE, path("start", "x"), labelled("x", "a", "n &gt; 5"),
              labelled("x", "b", "否则")),
        {"repair-labels"}, ["start", "x", "b", "end"], {"n": 3},
    ),
    "default": (
        model(start(), xor("x"), *CHOICE, path("start", "x"), flow("x", "a"), flow("x", "b", "n > 5")),
        {"repair-default"}, ["start", "x", "b", "end"], {"n": 6},
    ),
    "timer": (
        model(start(), catch("a", TIMER).replace('name="a"', 'name="等待5个工作日"'), end(), path("start", "a", "end")),
        {"repair-timer"}, ["start", "a", "end"], {},
    ),
    "links": (
        model(start(), node("intermediateThrowEvent", "t", link("甲")), node("intermediateCatchEvent", "c", link("乙")),
              end(), path("start", "t"), path("c", "end")),
        {"repair-link"}, ["start", "t", "c", "end"], {},
    ),
    "to nowhere": (
        model(start(), user("a"), path("start", "a"), flow("a", "gone")),
        {"repair-flow-target"}, ["start", "a", "a-gone_over"], {},
    ),
    "from nowhere": (
        model(start(), user("a"), end(), path("start", "a", "end"), flow("gone", "a")),
        {"repair-flow-source"}, ["start", "a", "end"], {},
    ),
    "split": (
        model(start(), user("s"), *CHOICE, path("start", "s"), path("s", "a"), path("s", "b")),
        {"repair-split"}, ["start", "s", "s_split", "a", "b", "end", "end"], {},
    ),
    "choice": (
        model(start(), user("s"), *CHOICE, path("start", "s"), labelled("s", "a", "是"), labelled("s", "b", "否")),
        {"repair-choice"}, ["start", "s", "s_split", "b", "end"], {},
    ),
    "no start, no end": (
        model(user("a"), user("b"), path("a", "b")),
        {"repair-start", "repair-end"}, ["p_begins", "a", "b", "b_over"], {},
    ),
}  # fmt: skip
RULES = {
    "id-reserved", "id-missing", "dialect-unsupported", "condition-empty", "expression-juel", "flow-never-taken",
    "gateway-without-conditions", "gateway-without-default", "timer-empty", "link-unpaired", "ref-dangling",
    "implicit-start", "implicit-end", "ref-missing", "process-not-executable",
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_repair_is_proposed_keeps_its_rule_and_runs(name):
    text, rules, passed, data = CASES[name]
    files = {"process.bpmn": text}
    proposals = engine.proposed_repairs(files)
    assert {proposal.rule for proposal in proposals} == rules
    assert all(proposal.message and "{" not in proposal.message.replace("${", "") for proposal in proposals)
    repaired = engine.apply_repairs(files, [proposal.id for proposal in proposals])
    assert engine.proposed_repairs(repaired) == ()
    found = check_files(repaired)
    assert not refusals(found, house=False)
    assert not {finding.rule for finding in found} & RULES
    result = Trial(repaired, None, data, Answers()).run()
    assert result.status == "finished", result.note
    assert sorted(step.element for step in result.trace if step.event == "completed") == sorted(passed)


@pytest.mark.parametrize("name", CASES)
def test_repairs_are_the_same_in_any_order_and_when_repeated(name):
    files = {"process.bpmn": CASES[name][0]}
    ids = [proposal.id for proposal in engine.proposed_repairs(files)]
    at_once = engine.apply_repairs(files, ids)
    assert engine.apply_repairs(at_once, ids) == at_once
    for order in (ids, ids[::-1]):
        singly = files
        for each in order:
            singly = engine.apply_repairs(singly, [each])
        assert content(singly) == content(at_once)
    assert engine.apply_repairs(files, []) == files


def test_every_repair_has_a_model_here_and_chinese_words():
    assert {rule for _, rules, *_ in CASES.values() for rule in rules} == RULE_WORDS.keys()
    with (Path(webforms.__file__).parent / "translations/zh_CN/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file)
    for rule, english in RULE_WORDS.items():
        chinese = catalogue.get(f"code:{rule}").string
        assert chinese % dict.fromkeys(("element", "before", "after", "dialect", "otherwise"), "甲")
        told = {name for name in ("before", "dialect", "otherwise") if f"%({name})s" in chinese}
        assert all(f"{{{name}}}" in english for name in told), rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (model(start(), catch("a", TIMER), end(), path("start", "a", "end")), "timer-empty"),
        (model(start(), xor("x", "x-b"), *CHOICE, path("start", "x"), flow("x", "a", "${bean.call(1)}"),
               flow("x", "b")), "expression-juel"),
        (model(start(), xor("x"), *CHOICE, path("start", "x"), path("x", "a"), path("x", "b")),
         "gateway-without-conditions"),
        (definitions(process("p", start("Start"), user("a"), path("Start", "a")), process("p", start("Start"))),
         "id-duplicate"),
    ],
)  # fmt: skip
def test_what_cannot_be_repaired_stays_a_finding(text, rule):
    repaired = engine.apply_repairs({"process.bpmn": text})
    assert rule in {finding.rule for finding in refusals(check_files(repaired), house=False)}


@pytest.mark.parametrize(
    ("juel", "feel"),
    [
        ("${a == 'x' || b != 2}", 'a = "x" or b != 2'),
        ("#{ not done }", "done != true"),
        ("${!(a == b) and c.d >= 1.5}", "a != b and c.d >= 1.5"),
        ("${(a || b) && c}", "(a or b) and c"),
        ("${a + 1 > 2}", ""),
        ("${empty list}", ""),
        ("${bean.call()}", ""),
        ("${!(a > 1)}", ""),
        ("${a ? 1 : 2}", ""),
        ("${a", ""),
        ("${" + "(" * 900 + "a" + ")" * 900 + "}", ""),
    ],
)
def test_only_exact_twins_are_written(juel, feel):
    text = model(start(), xor("x", "x-b"), *CHOICE, path("start", "x"), flow("x", "a", juel), flow("x", "b"))
    found = [p.after for p in engine.proposed_repairs({"process.bpmn": text}) if p.rule == "repair-juel"]
    assert found == ([feel] if feel else [])
