"""Everything that is wrong with a decision model is listed, and nothing raises."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decisions import DecisionError, parse_decisions

NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"
BROKEN = """
  <decision id="dec" name="dec">
    <informationRequirement><requiredDecision href="#gone"/></informationRequirement>
    <decisionTable id="t" hitPolicy="BEST" aggregation="SUM">
      <input id="i1"><inputExpression id="e1" typeRef="tNope"><text>x +</text></inputExpression></input>
      <input id="i2"><inputExpression id="e2"><text></text></inputExpression></input>
      <output id="o1" name="a"/><output id="o2"/>
      <rule id="r1">
        <inputEntry id="c1"><text>&gt; 5,</text></inputEntry>
        <inputEntry id="c2" expressionLanguage="groovy"><text>1</text></inputEntry>
        <outputEntry id="c3"><text>nope(1)</text></outputEntry>
        <outputEntry id="c4"><text>ok</text></outputEntry>
      </rule>
      <rule id="r2"><outputEntry id="c5"><text>1</text></outputEntry></rule>
    </decisionTable>
  </decision>
  <decision id="empty" name="empty"/>
  <decision id="a" name="a"><informationRequirement><requiredDecision href="#b"/></informationRequirement>
    <literalExpression id="la"><text>b</text></literalExpression></decision>
  <decision id="b" name="b"><informationRequirement><requiredDecision href="#a"/></informationRequirement>
    <literalExpression id="lb"><text>a</text></literalExpression></decision>
"""


def definitions(body):
    return f'<definitions xmlns="{NAMESPACE}" namespace="urn:d">{body}</definitions>'.encode()


def rules(xml):
    return [problem.rule for problem in parse_decisions(xml).problems()]


def test_all_problems_are_found_at_once():
    found = {(problem.element, problem.rule) for problem in parse_decisions(definitions(BROKEN)).problems()}
    assert found == {
        ("t", "dmn-hit-policy"),
        ("t", "dmn-aggregation"),
        ("e1", "dmn-input-syntax"),
        ("e1", "dmn-unknown-type"),
        ("i2", "dmn-empty-input"),
        ("o2", "dmn-output-name"),
        ("c1", "dmn-cell-syntax"),
        ("c2", "dmn-language"),
        ("c3", "dmn-cell-syntax"),
        ("r2", "dmn-rule-width"),
        ("empty", "dmn-no-logic"),
        ("dec", "dmn-unknown-requirement"),
        ("a", "dmn-cycle"),
        ("b", "dmn-cycle"),
    }


def test_a_wrong_cell_says_where_it_is():
    [problem] = [problem for problem in parse_decisions(definitions(BROKEN)).problems() if problem.element == "c3"]
    assert (problem.params["row"], problem.params["column"], problem.position) == (1, 3, 0)
    assert problem.params["code"] == "feel-unknown-function"
    assert problem.message == "there is no function nope"


def test_a_broken_model_still_answers_null_where_it_can():
    decisions = parse_decisions(definitions(BROKEN))
    assert decisions.evaluate("empty", {}) is None
    with pytest.raises(DecisionError):
        decisions.evaluate("a", {})


@pytest.mark.parametrize(
    ("xml", "rule"),
    [
        (b"", "dmn-xml"),
        (b"<definitions", "dmn-xml"),
        (b"<definitions/>", "dmn-namespace"),
        (definitions(""), "dmn-no-decision"),
        (b"<!DOCTYPE x>" + definitions(""), "dmn-doctype"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + definitions("&a;"), "dmn-doctype"),
        (b" " * 2_000_001, "dmn-too-large"),
        (
            definitions('<import namespace="urn:x" importType="https://www.omg.org/spec/DMN/20191111/MODEL/"/>'),
            "dmn-import",
        ),
    ],
)
def test_what_is_no_model_is_a_problem(xml, rule):
    assert rules(xml)[0] == rule


TABLE = """<decision id="d" name="d"><decisionTable id="t" hitPolicy="PRIORITY">
<input id="i"><inputExpression id="e"><text>n</text></inputExpression>
<inputValues id="v"><text>1, 2</text></inputValues></input>
<output id="o" name="x"><outputValues id="w"><text>"b", "a"</text></outputValues></output>
<rule id="r"><inputEntry id="c"><text>1</text></inputEntry><outputEntry id="u"><text>"a"</text></outputEntry></rule>
</decisionTable></decision>"""
VALUE = '<decision id="d" name="d"><literalExpression id="e"><text>1 + 1</text></literalExpression></decision>'


@pytest.mark.parametrize(
    ("good", "old", "new", "rule"),
    [
        (TABLE, "<text>1, 2</text>", "<text>1, </text>", "dmn-allowed-values"),
        (TABLE, '<outputValues id="w"><text>"b", "a"</text></outputValues>', "", "dmn-no-priorities"),
        (TABLE, TABLE[TABLE.index("<output id") : TABLE.index("<rule")], "", "dmn-no-output"),
        (VALUE, "1 + 1", "1 +", "dmn-expression-syntax"),
        (VALUE, "</decision>", "</decision>" + VALUE, "dmn-duplicate-id"),
    ],
)
def test_a_rule_and_its_twin(good, old, new, rule):
    assert old in good
    assert rules(definitions(good)) == []
    assert rule in rules(definitions(good.replace(old, new, 1)))


def test_entities_never_grow():
    lines = ['<!ENTITY a0 "aaaaaaaaaa">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9)]
    started = time.thread_time()
    assert rules(f"<!DOCTYPE x [{''.join(lines)}]>".encode() + definitions("&a8;")) in (["dmn-doctype"], ["dmn-xml"])
    assert time.thread_time() - started < 2


def test_a_decision_has_a_budget():
    text = "count(for a in 1..40000, b in 1..40000 return a)"
    xml = definitions(f'<decision id="d"><literalExpression><text>{text}</text></literalExpression></decision>')
    with pytest.raises(DecisionError) as caught:
        parse_decisions(xml).evaluate("d", {})
    assert caught.value.rule == "dmn-budget"


def test_a_long_chain_of_decisions_is_no_crash():
    chain = "".join(
        f'<decision id="d{n}"><informationRequirement><requiredDecision href="#d{n + 1}"/></informationRequirement>'
        f"<literalExpression><text>d{n + 1}</text></literalExpression></decision>"
        for n in range(300)
    )
    with pytest.raises(DecisionError):
        parse_decisions(definitions(chain)).evaluate("d0", {})


@pytest.mark.parametrize("tag", ["list", "conditional", "context", "functionDefinition"])
def test_deep_nesting_is_a_problem_or_an_answer(tag):
    inner = {"conditional": "if", "context": "contextEntry"}.get(tag)
    start, end = (f"<{tag}><{inner}>", f"</{inner}></{tag}>") if inner else (f"<{tag}>", f"</{tag}>")
    xml = definitions(f'<decision id="d">{start * 120}{end * 120}</decision>')
    decisions = parse_decisions(xml)
    assert decisions.problems() or isinstance(decisions.evaluate("d", {}), list)
    assert rules(definitions(f'<decision id="d">{start * 1000}{end * 1000}</decision>')) == ["dmn-xml"]


TAGS = [
    *("decision", "decisionTable", "rule", "input", "inputEntry", "outputEntry", "output", "context", "contextEntry"),
    *("list", "text", "invocation", "literalExpression", "binding", "parameter", "variable", "businessKnowledgeModel"),
    *("itemDefinition", "encapsulatedLogic", "for", "in", "return", "functionDefinition", "filter", "conditional"),
    *("typeRef", "allowedValues"),
]


def elements(inner):
    return st.tuples(st.sampled_from(TAGS), st.lists(inner, max_size=4)).map(
        lambda made: f'<{made[0]} id="x" name="x" typeRef="x">{"".join(made[1])}</{made[0]}>'
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.recursive(st.sampled_from(["x", "1", "x + 1", "-"]), elements, max_leaves=20), max_size=4))
def test_any_model_has_problems_or_decisions(bodies):
    decisions = parse_decisions(definitions("".join(bodies)))
    decisions.problems()
    for decision in decisions.ids:
        try:
            decisions.evaluate(decision, {"x": 1}, errors=[])
        except DecisionError:
            continue
