"""Decision models: hit policies, the requirements graph, Camunda's files and results."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.decisions import DecisionError, Match, map_result, parse_decisions

NAMESPACES = [
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
]


def model(body, namespace=NAMESPACES[2], extra=""):
    xml = f'<definitions xmlns="{namespace}" id="d" name="d" namespace="urn:d" {extra}>{body}</definitions>'
    return parse_decisions(xml.encode())


def escaped(text):
    return str(text).replace("&", "&amp;").replace("<", "&lt;")


def entry(kind, text):
    return f"<{kind}><text>{escaped(text)}</text></{kind}>"


def table(rules, *, policy="UNIQUE", inputs=("x",), outputs=("y",), more="", output_body=""):
    heads = "".join(
        f'<input id="i{at}"><inputExpression><text>{name}</text></inputExpression></input>'
        for at, name in enumerate(inputs)
    )
    tails = "".join(f'<output id="o{at}" name="{name}">{output_body}</output>' for at, name in enumerate(outputs))
    rows = "".join(
        f'<rule id="r{at}">'
        + "".join(entry("inputEntry", cell) for cell in row[: len(inputs)])
        + "".join(entry("outputEntry", cell) for cell in row[len(inputs) :])
        + "</rule>"
        for at, row in enumerate(rules, 1)
    )
    return f'<decisionTable id="t" hitPolicy="{policy}" {more}>{heads}{tails}{rows}</decisionTable>'


def decision(logic, *, key="dec", name="Dec", needs="", variable=""):
    return f'<decision id="{key}" name="{name}">{variable}{needs}{logic}</decision>'


def literal(text):
    return f'<literalExpression id="l"><text>{escaped(text)}</text></literalExpression>'


def decide(logic, **context):
    decisions = model(decision(logic))
    assert decisions.problems() == []
    return decisions.evaluate("dec", context)


NUMBERS = literal("[1, 2]")
OVERLAPPING = [("> 1", '"a"'), ("> 2", '"b"'), ("> 3", '"a"')]
VALUES = '<outputValues><text>"b","a"</text></outputValues>'


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_version_of_dmn_is_read(namespace):
    decisions = model(decision(table([("< 5", '"low"'), (">= 5", '"high"')])), namespace)
    assert decisions.problems() == []
    assert (decisions.ids, decisions.names) == (("dec",), ("Dec",))
    assert decisions.evaluate("Dec", {"x": 7}) == "high"
    assert decisions.evaluate("dec", {"x": None}) is None


@pytest.mark.parametrize(
    ("policy", "body", "x", "expected"),
    [
        ("UNIQUE", "", 2, "a"),
        ("FIRST", "", 4, "a"),
        ("RULE ORDER", "", 4, ["a", "b", "a"]),
        ("COLLECT", "", 3, ["a", "b"]),
        ("COLLECT", "", 0, None),
        ("PRIORITY", VALUES, 4, "b"),
        ("OUTPUT ORDER", VALUES, 4, ["b", "a", "a"]),
        ("ANY", "", 2, "a"),
    ],
)
def test_hit_policies(policy, body, x, expected):
    assert decide(table(OVERLAPPING, policy=policy, output_body=body), x=x) == expected


@pytest.mark.parametrize("cell", ['>= date("2026-01-01")', '>= date and time("2026-01-01T00:00:00")'])
@pytest.mark.parametrize("value", ["2026-01-01", date(2026, 1, 1), datetime(2026, 1, 1, 8, tzinfo=UTC)])
def test_a_date_input_takes_days_and_times_as_camunda_modeler_writes_them(cell, value):
    logic = table([(cell, '"new"')]).replace("<inputExpression>", '<inputExpression typeRef="date">')
    assert decide(logic, x=value) == "new"
    assert decide(logic, x=date(2025, 12, 31)) is None


@pytest.mark.parametrize(("policy", "rule"), [("UNIQUE", "dmn-unique-violated"), ("ANY", "dmn-any-violated")])
def test_a_violated_hit_policy_is_an_error_and_names_the_rules(policy, rule):
    decisions = model(decision(table(OVERLAPPING, policy=policy)))
    with pytest.raises(DecisionError) as caught:
        decisions.evaluate("dec", {"x": 3})
    assert (caught.value.rule, caught.value.element, caught.value.params) == (rule, "t", {"rules": [1, 2]})
    errors = []
    assert decisions.evaluate("dec", {"x": 3}, errors=errors) is None
    assert [error.rule for error in errors] == [rule]


@pytest.mark.parametrize(("aggregation", "expected"), [("SUM", 60), ("MIN", 10), ("MAX", 30), ("COUNT", 3)])
def test_aggregation(aggregation, expected):
    rules = [("> 0", "10"), ("> 0", "20"), ("> 0", "x * 30")]
    assert decide(table(rules, policy="COLLECT", more=f'aggregation="{aggregation}"'), x=1) == expected


def test_several_outputs_make_a_context():
    rules = [('"物业"', "30", '"调解员"'), ("-", "60", '"主任"')]
    logic = table(rules, policy="FIRST", outputs=("days", "role"))
    assert decide(logic, x="物业") == {"days": 30, "role": "调解员"}
    assert decide(logic, x="邻里") == {"days": 60, "role": "主任"}


def test_a_default_output_stands_in():
    body = '<defaultOutputEntry><text>"none"</text></defaultOutputEntry>'
    assert decide(table([("> 5", '"hit"')], output_body=body), x=1) == "none"
    assert decide(table([("> 5", '"hit"')], policy="COLLECT", output_body=body), x=1) == "none"


def test_matches_tell_which_rule_applied():
    annotated = table([("> 1", '"a"')]).replace("<rule", '<annotation name="依据"/><rule', 1)
    annotated = annotated.replace("</rule>", entry("annotationEntry", "第十二条") + "</rule>")
    found = model(decision(annotated)).matches("dec", {"x": 2})
    assert found == [Match("r1", 1, {"y": "a"}, {"依据": "第十二条"})]


def test_results_are_mapped_as_camunda_does():
    decisions = model(decision(table(OVERLAPPING, policy="COLLECT")))
    one, three = decisions.matches("dec", {"x": 2}), decisions.matches("dec", {"x": 4})
    assert map_result(one, "singleEntry") == "a"
    assert map_result(one, "singleResult") == {"y": "a"}
    assert map_result([], "singleEntry") is None
    assert map_result(three, "collectEntries") == ["a", "b", "a"]
    assert map_result(three) == [{"y": "a"}, {"y": "b"}, {"y": "a"}]
    with pytest.raises(DecisionError, match="3 rules match"):
        map_result(three, "singleEntry")
    pair = model(decision(table([("-", "1", "2")], outputs=("a", "b")))).matches("dec", {"x": 1})
    assert map_result(pair, "singleResult") == {"a": 1, "b": 2}
    with pytest.raises(DecisionError, match="2 outputs"):
        map_result(pair, "collectEntries")


def test_a_literal_expression_counts_as_one_rule():
    decisions = model(decision(literal("x + 1"), variable='<variable name="sum" typeRef="number"/>'))
    assert map_result(decisions.matches("dec", {"x": 1}), "singleEntry") == 2


CAMUNDA = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="fees" name="fees"
    xmlns:camunda="http://camunda.org/schema/1.0/dmn" xmlns:modeler="http://camunda.org/schema/modeler/1.0"
    namespace="http://camunda.org/schema/1.0/dmn" modeler:executionPlatform="Camunda Platform">
  <decision id="route" name="分流" camunda:historyTimeToLive="P180D">
    <informationRequirement id="need"><requiredDecision href="#weight" /></informationRequirement>
    <decisionTable id="table" hitPolicy="FIRST">
      <input id="in1" label="类型" camunda:inputVariable="type">
        <inputExpression id="e1" typeRef="string"><text>类型</text></inputExpression>
      </input>
      <input id="in2" label="日期">
        <inputExpression id="e2" typeRef="date"><text>受理日期</text></inputExpression>
      </input>
      <input id="in3"><inputExpression id="e3" typeRef="integer"><text>points</text></inputExpression></input>
      <output id="out" label="结果" name="result" typeRef="string" />
      <rule id="rule1">
        <inputEntry id="c1"><text>"物业","邻里"</text></inputEntry>
        <inputEntry id="c2"><text>&gt;= date("2026-01-01")</text></inputEntry>
        <inputEntry id="c3"><text>&gt; 2</text></inputEntry>
        <outputEntry id="c4"><text>"快速"</text></outputEntry>
      </rule>
      <rule id="rule2">
        <inputEntry id="c5"><text></text></inputEntry><inputEntry id="c6"><text>-</text></inputEntry>
        <inputEntry id="c7"><text></text></inputEntry><outputEntry id="c8"><text>"普通"</text></outputEntry>
      </rule>
    </decisionTable>
  </decision>
  <decision id="weight" name="权重">
    <decisionTable id="table2" hitPolicy="COLLECT" aggregation="SUM">
      <input id="in4"><inputExpression id="e4" typeRef="integer"><text>人数</text></inputExpression></input>
      <output id="out2" name="points" typeRef="integer" />
      <rule id="rule3">
        <inputEntry id="c9"><text>&gt;= 1</text></inputEntry><outputEntry id="c10"><text>1</text></outputEntry>
      </rule>
      <rule id="rule4">
        <inputEntry id="c11"><text>&gt;= 10</text></inputEntry><outputEntry id="c12"><text>2</text></outputEntry>
      </rule>
    </decisionTable>
  </decision>
</definitions>"""


def test_a_file_of_camunda_modeler_runs_as_it_is():
    decisions = parse_decisions(CAMUNDA.encode())
    assert decisions.problems() == []
    assert decisions.reads("route") == {"类型", "受理日期", "人数"}
    case = {"类型": "物业", "受理日期": "2026-03-01", "人数": 12}
    assert decisions.evaluate("route", case) == "快速"
    assert decisions.evaluate("route", case | {"受理日期": date(2025, 1, 1)}) == "普通"
    assert decisions.evaluate("route", case | {"受理日期": datetime(2026, 1, 1, 8, tzinfo=UTC)}) == "快速"
    assert map_result(decisions.matches("route", case | {"人数": 3}), "singleEntry") == "普通"


GRAPH = f"""
  <itemDefinition name="tAmount"><typeRef>number</typeRef>
    <allowedValues><text>[0..1000]</text></allowedValues></itemDefinition>
  <inputData id="in_amount" name="Claim amount"><variable name="Claim amount" typeRef="tAmount"/></inputData>
  <businessKnowledgeModel id="bkm" name="fee of"><variable name="fee of"/>
    <encapsulatedLogic><formalParameter name="amount" typeRef="number"/>{literal("amount * 0.1")}</encapsulatedLogic>
  </businessKnowledgeModel>
  <decision id="base" name="Base fee"><variable name="Base fee" typeRef="number"/>
    <informationRequirement><requiredInput href="#in_amount"/></informationRequirement>
    <knowledgeRequirement><requiredKnowledge href="#bkm"/></knowledgeRequirement>
    {literal("fee of(Claim amount)")}
  </decision>
  <decision id="total" name="Total"><variable name="Total"/>
    <informationRequirement><requiredDecision href="#base"/></informationRequirement>
    <context>
      <contextEntry><variable name="tax"/>{literal("Base fee * 0.2")}</contextEntry>
      <contextEntry><variable name="sum"/>{literal("Base fee + tax")}</contextEntry>
    </context>
  </decision>
  <decisionService id="service" name="service"><outputDecision href="#base"/>
    <inputData href="#in_amount"/></decisionService>
"""


def test_decisions_use_decisions_knowledge_and_types():
    decisions = model(GRAPH)
    assert decisions.problems() == []
    assert decisions.evaluate("Total", {"Claim amount": 100}) == {"tax": Decimal(2), "sum": Decimal(12)}
    assert decisions.evaluate("base", {"Claim amount": 5000}) is None  # not an allowed value
    assert decisions.invoke("service", {"Claim amount": 50}) == 5
    assert decisions.reads("total") == {"Claim amount"}


def test_an_input_is_seen_only_where_it_is_required():
    body = '<inputData id="i" name="x"><variable name="x"/></inputData>' + decision(literal("x"))
    decisions = model(body)
    assert decisions.evaluate("dec", {"x": 1}) is None
    assert [problem.rule for problem in decisions.problems()] == ["dmn-unconnected-input"]


@pytest.mark.parametrize(
    ("logic", "expected"),
    [
        (f"<list>{literal('1')}{literal('x')}</list>", [1, 3]),
        (
            f'<relation><column name="a"/><column name="b"/><row>{literal("1")}{literal("2")}</row></relation>',
            [{"a": 1, "b": 2}],
        ),
        (
            f"<invocation>{literal('max')}</invocation>",
            None,
        ),
        (
            f"""<context><contextEntry><variable name="twice"/><functionDefinition><formalParameter name="n"/>
            {literal("n * 2")}</functionDefinition></contextEntry><contextEntry><invocation>{literal("twice")}<binding>
            <parameter name="n"/>{literal("x")}</binding></invocation></contextEntry></context>""",
            6,
        ),
        (
            f"""<conditional><if>{literal("x > 2")}</if><then>{literal("1")}</then><else>{literal("2")}</else>
            </conditional>""",
            1,
        ),
        (f"<filter><in>{literal('[1, 5]')}</in><match>{literal('item > x')}</match></filter>", [5]),
        (f'<for iteratorVariable="i"><in>{literal("[1, 2]")}</in><return>{literal("i * x")}</return></for>', [3, 6]),
        (
            f'<some iteratorVariable="i"><in>{NUMBERS}</in><satisfies>{literal("i > x")}</satisfies></some>',
            False,
        ),
        (
            f'<every iteratorVariable="i"><in>{NUMBERS}</in><satisfies>{literal("i < x")}</satisfies></every>',
            True,
        ),
    ],
)
def test_boxed_expressions(logic, expected):
    assert decide(logic, x=3) == expected


def test_the_clock_is_an_argument():
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert model(decision(literal("today()"))).evaluate("dec", {}, now=now) == date(2026, 3, 1)


def test_functions_of_the_host_may_be_used():
    xml = f'<definitions xmlns="{NAMESPACES[4]}" namespace="u">{decision(literal("holiday(x)"))}</definitions>'.encode()
    functions = {"holiday": lambda day: day == date(2026, 10, 1)}
    assert parse_decisions(xml, functions=functions).evaluate("dec", {"x": date(2026, 10, 1)}) is True
    assert parse_decisions(xml).problems()[0].params["code"] == "feel-unknown-function"


def test_comments_and_cdata_in_a_cell_are_no_trouble():
    cell = literal("x").replace("x</text>", "<!-- how -->x <![CDATA[< 5]]></text>")
    assert decide(cell, x=1) is True


def test_an_unknown_decision_is_an_error():
    with pytest.raises(DecisionError) as caught:
        model(decision(literal("1"))).evaluate("other", {})
    assert caught.value.rule == "dmn-unknown-decision"


def test_files_import_files_under_their_own_names():
    law = f"""<itemDefinition name="tPerson"><itemComponent name="full name"><typeRef>string</typeRef></itemComponent>
      </itemDefinition><businessKnowledgeModel id="greet" name="greet"><encapsulatedLogic>
      <formalParameter name="p" typeRef="tPerson"/>{literal('"您好" + p.full name')}</encapsulatedLogic>
      </businessKnowledgeModel>"""
    middle = f"""<import namespace="urn:law" name="law" importType="DMN"/>
      <businessKnowledgeModel id="twice" name="twice"><knowledgeRequirement><requiredKnowledge href="urn:law#greet"/>
      </knowledgeRequirement><encapsulatedLogic><formalParameter name="q" typeRef="law.tPerson"/>
      {literal("law.greet(q) + law.greet(p: q)")}</encapsulatedLogic></businessKnowledgeModel>"""
    needs = '<knowledgeRequirement><requiredKnowledge href="urn:middle#twice"/></knowledgeRequirement>'
    top = '<import namespace="urn:middle" name="m" importType="DMN"/>' + decision(literal("m.twice(x)"), needs=needs)
    start = f'<definitions xmlns="{NAMESPACES[4]}" namespace="urn:'
    files = [f'{start}{name}">{body}</definitions>'.encode() for name, body in (("law", law), ("middle", middle))]
    decisions = parse_decisions(f'{start}top">{top}</definitions>'.encode(), imports=files)
    assert decisions.problems() == []
    assert decisions.evaluate("dec", {"x": {"full name": "王"}}) == "您好王您好王"
    assert decisions.evaluate("dec", {"x": {"name": "王"}}) is None
