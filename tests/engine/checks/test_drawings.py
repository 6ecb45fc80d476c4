"""The rules about diagrams: each by a small model that breaks it and a twin that does not."""

# ruff: noqa: E501 the rows of a table stay in one line

import pytest

from engine import runtime
from engine.checks import check_files, refusals
from engine.checks.house_rules import HOUSE_RULES
from engine.checks.rules import SEMANTICS
from engine.errors import Finding, InvalidDefinition
from tests.engine.checks.folders import PLAIN, edited
from tests.engine.checks.test_cross_rules import EDITS as CHECKS
from tests.engine.checks.test_folders import EDITS
from tests.engine.checks.test_joins import PAIRS as JOINS
from tests.engine.checks.test_openings import EDITS as OPENINGS
from tests.engine.runtime.bpmn import (
    boundary,
    catch,
    definitions,
    end,
    error,
    flow,
    fork,
    instances,
    message,
    model,
    node,
    path,
    process,
    properties,
    script,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
    xor,
)

FILE = "process.bpmn"
CHOICE = model(start(), xor("g", "no"), end("yes"), end("other"), path("start", "g"), flow("g", "yes", "a"),
               flow("g", "other", name="no"))  # fmt: skip
NESTED = model(start(), sub("part", start("s"), user("inner"), end("e"), path("s", "inner", "e")), end(),
               path("start", "part", "end"))  # fmt: skip
CAUGHT = model(start(), sub("part", start("s"), end("e", error("E1")), path("s", "e")), boundary("bad", "part", error("E1")), end(), end("e2"),
               path("start", "part", "end"), path("bad", "e2"), names="e:E1 e:E2")  # fmt: skip
LINKS = model(start(), throw("away", '<bpmn:linkEventDefinition name="L"/>'), catch("back", '<bpmn:linkEventDefinition name="L"/>'),
              end(), path("start", "away"), path("back", "end"))  # fmt: skip
SCRIPT = model(start(), script("count", "n", "1 + 1"), end(), path("start", "count", "end"))
EDGE = model(start(), user("review"), boundary("late", "review", timer("P3D")), end(), end("e2"),
             path("start", "review", "end"), path("late", "e2"))  # fmt: skip
REMIND = (
    EDGE.replace('cancelActivity="true"', 'cancelActivity="false"')
    .replace("timeDuration", "timeCycle")
    .replace("P3D", "R3/P1D")
)
MESSAGE = model(start(), catch("paid", message("paid")), end(), path("start", "paid", "end"), names="m:paid s:flood")
RACE = model(start(), node("eventBasedGateway", "race"), catch("paid", message("paid")), catch("late", timer("P3D")), end(),
             end("e2"), path("start", "race", "paid", "end"), path("race", "late", "e2"), names="m:paid")  # fmt: skip
EVENT_SUB = model(start(), user("review"), end(), path("start", "review", "end"),
                  sub("stop", start("told", message("paid")), end("se"), path("told", "se"), triggeredByEvent="true"),
                  names="m:paid")  # fmt: skip
EACH = model(start(), user("ask", instances("people", "person")), end(), path("start", "ask", "end"))
LOOP = model(
    start(), user("ask", '<bpmn:standardLoopCharacteristics loopMaximum="3"/>'), end(), path("start", "ask", "end")
)
CALL = definitions(process("p", start(), node("callActivity", "call", calledElement="q"), end(), path("start", "call", "end")),
                   process("q", start("qs"), end("qe"), path("qs", "qe")), names="m:paid")  # fmt: skip
TELL = properties(payload='={"role": "mediator", "text": "到期"}')
SERVICE = model(
    start(),
    node("serviceTask", "tell", TELL, camunda_type="external", camunda_topic="notify"),
    end(),
    path("start", "tell", "end"),
)
LANES = edited(PLAIN, "<bpmn:startEvent", '<bpmn:laneSet><bpmn:lane name="L"><bpmn:flowNodeRef>review</bpmn:flowNodeRef></bpmn:lane>'
               "</bpmn:laneSet><bpmn:startEvent")  # fmt: skip
JOIN = model(
    start(), fork("f"), user("a"), user("b"), fork("j"), end(), path("start", "f", "a", "j", "end"), path("f", "b", "j")
)
ALTERNATIVES = model(start(), fork("f"), xor("x", "dflt"), user("a"), user("b"), user("c"), xor("m"), fork("j"), end(),
                     path("start", "f", "x"), flow("x", "a", "n = 1"), flow("x", "b", name="dflt"), path("a", "m"), path("b", "m"),
                     path("m", "j", "end"), path("f", "c", "j"))  # fmt: skip
DRAWN = '<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"><bpmndi:BPMNPlane>%s</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>'
SHAPES = edited(PLAIN, "</bpmn:definitions>", DRAWN % "".join(f'<bpmndi:BPMNShape bpmnElement="{e}"/>' for e in (
    "start", "review", "end", "start-review", "review-end")))  # fmt: skip
LISTENER = '<bpmn:extensionElements><camunda:taskListener class="x"/></bpmn:extensionElements>'
ZEEBE = (
    '<bpmn:extensionElements><z:taskDefinition xmlns:z="http://camunda.org/schema/zeebe/1.0"/></bpmn:extensionElements>'
)
END = '<bpmn:endEvent id="end" name="end">'
FLOW = 'sourceRef="review" targetRef="end"'
USER = '<bpmn:userTask id="review" name="review">'

# rule, the good model, what is replaced by what
CASES = [
    ("xml-unsafe", PLAIN, "<bpmn:definitions", "<!DOCTYPE x><bpmn:definitions"),
    ("xml-unsafe", PLAIN, "</bpmn:definitions>", ""),
    ("bpmn-namespace", PLAIN, "spec/BPMN/20100524/MODEL", "spec/BPMN/20090000/MODEL"),
    ("file-not-text", PLAIN, 'name="review"', 'name="\ud800"'),
    ("id-missing", PLAIN, '<bpmn:process id="p"', "<bpmn:process"),
    ("id-duplicate", PLAIN, 'id="end"', 'id="review"'),
    ("id-invalid", PLAIN, 'id="end"', 'id="the end"'),
    ("id-invalid", EACH, 'id="ask"', 'id="ask [child]"'),
    ("id-reserved", PLAIN, 'id="end"', 'id="End"'),
    ("id-reserved", PLAIN, 'id="review"', 'id="Root"'),
    ("id-reserved", PLAIN, 'id="review"', 'id="p.EndJoin"'),
    ("id-reserved", PLAIN, 'id="review-end"', 'id="review.split"'),
    ("ref-missing", PLAIN, FLOW, 'sourceRef="review"'),
    ("ref-missing", EDGE, ' attachedToRef="review"', ""),
    ("ref-dangling", PLAIN, FLOW, 'sourceRef="review" targetRef="nowhere"'),
    ("ref-dangling", PLAIN, FLOW, 'sourceRef="nowhere" targetRef="end"'),
    ("ref-dangling", EDGE, 'attachedToRef="review"', 'attachedToRef="nowhere"'),
    ("ref-dangling", MESSAGE, 'messageRef="m_paid"', 'messageRef="m_other"'),
    ("ref-dangling", MESSAGE, '<bpmn:messageEventDefinition messageRef="m_paid"/>', "<bpmn:eventDefinitionRef>x</bpmn:eventDefinitionRef>"),
    ("ref-kind", MESSAGE, 'messageRef="m_paid"', 'messageRef="s_flood"'),
    ("flow-crosses-scope", NESTED, 'sourceRef="inner" targetRef="e"', 'sourceRef="inner" targetRef="end"'),
    ("flow-into-start", PLAIN, FLOW, 'sourceRef="review" targetRef="start"'),
    ("flow-out-of-end", PLAIN, "</bpmn:process>", flow("end", "review") + "</bpmn:process>"),
    ("flow-never-taken", model(start(), xor("g", "no"), end("x"), end("y"), end("z"), path("start", "g"), flow("g", "x", "a"),
                               flow("g", "y", "b"), flow("g", "z", name="no")),
     '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">a</bpmn:conditionExpression>', ""),
    ("default-not-outgoing", CHOICE, 'default="no"', 'default="start-g"'),
    ("condition-misplaced", JOIN, 'targetRef="a">', 'targetRef="a"><bpmn:conditionExpression>n = 1</bpmn:conditionExpression>'),
    ("condition-empty", CHOICE, ">a</bpmn:conditionExpression>", "></bpmn:conditionExpression>"),
    ("gateway-without-conditions", JOIN, 'parallelGateway id="f" name="f"></bpmn:parallelGateway>', 'exclusiveGateway id="f"/>'),
    ("unreachable", PLAIN, "</bpmn:process>", user("lost") + "</bpmn:process>"),
    ("dead-end", PLAIN, FLOW, 'sourceRef="review" targetRef="review"'),
    ("no-start", model(user("a"), user("b"), path("a", "b")), "</bpmn:process>", flow("b", "a") + "</bpmn:process>"),
    ("several-starts", PLAIN, "</bpmn:process>", start("s2") + flow("s2", "review") + "</bpmn:process>"),
    ("empty-scope", NESTED, NESTED[NESTED.index('<bpmn:startEvent id="s"') : NESTED.index("</bpmn:subProcess>")], ""),
    ("join-deadlock", JOIN, 'parallelGateway id="f" name="f"></bpmn:parallelGateway>', 'exclusiveGateway id="f"/>'),
    ("join-waits", ALTERNATIVES, 'exclusiveGateway id="m" name="m"></bpmn:exclusiveGateway>', 'parallelGateway id="m"/>'),
    ("unsupported-element", JOIN, 'parallelGateway id="j" name="j"></bpmn:parallelGateway>', 'complexGateway id="j"/>'),
    ("unsupported-element", NESTED, "bpmn:subProcess", "bpmn:transaction"),
    ("unsupported-element", NESTED, "bpmn:subProcess", "bpmn:adHocSubProcess"),
    ("unsupported-element", PLAIN, "</bpmn:process>", user("undo", isForCompensation="true") + "</bpmn:process>"),
    ("unsupported-element", PLAIN, "</bpmn:process>", node("choreographyTask", "dance") + "</bpmn:process>"),
    ("event-kind", PLAIN, END, END + "<bpmn:compensateEventDefinition/>"),
    ("event-kind", PLAIN, END, END + "<bpmn:cancelEventDefinition/>"),
    ("event-kind", PLAIN, 'id="start" name="start">', 'id="start">' + timer("P1D")),
    ("event-kind", NESTED, 'id="s" name="s">', 'id="s">' + timer("P1D")),
    ("event-kind", EDGE, "<bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition>", ""),
    ("event-kind", MESSAGE, '<bpmn:messageEventDefinition messageRef="m_paid"/>', "<bpmn:conditionalEventDefinition/>"),
    ("event-multiple", EDGE, "<bpmn:timerEventDefinition>", signal("flood") + "<bpmn:timerEventDefinition>"),
    ("event-multiple", EDGE, "</bpmn:timerEventDefinition>", signal("flood") + "</bpmn:timerEventDefinition>"),
    ("misplaced", JOIN, END, END + flow("f", "j")),
    ("event-multiple", MESSAGE, message("paid"), f"<bpmn:endEvent>{message('paid')}</bpmn:endEvent>"),
    ("event-multiple", MESSAGE, 'id="paid" name', 'id="paid" parallelMultiple="true" name'),
    ("event-name-missing", MESSAGE, ' messageRef="m_paid"', ""),
    ("event-name-missing", MESSAGE, 'id="m_paid" name="paid"', 'id="m_paid"'),
    ("boundary-place", EDGE, 'attachedToRef="review"', 'attachedToRef="start"'),
    ("boundary-error-goes-on", NESTED.replace("</bpmn:process>", boundary("bad", "part", error()) + "</bpmn:process>"),
     'cancelActivity="true"', 'cancelActivity="false"'),
    ("boundary-never-fires", EDGE, "<bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition>", error()),
    ("boundary-never-fires", EDGE, f"{USER}</bpmn:userTask>", node("task", "review")),
    ("event-subprocess-nested", EVENT_SUB.replace("stop", "s0"), "</bpmn:process>", sub("outer", start("os"), end("oe"), path("os", "oe"), sub(
        "stop", start("told2", message("paid")), end("se2"), path("told2", "se2"), triggeredByEvent="true")) + "</bpmn:process>"),
    ("event-subprocess-nested", CALL, path("qs", "qe"), path("qs", "qe") + sub("stop", start("told", message("paid")), end("se"), path("told", "se"), triggeredByEvent="true")),
    ("error-uncaught", CAUGHT, 'attachedToRef="part"', 'attachedToRef="part2"'),
    ("error-uncaught", CAUGHT, 'boundaryEvent id="bad" name="bad" attachedToRef="part" cancelActivity="true"><bpmn:errorEventDefinition errorRef="e_E1"',
     'boundaryEvent id="bad" attachedToRef="part"><bpmn:errorEventDefinition errorRef="e_E2"'),
    ("several-roles", PLAIN, 'id="review"', 'id="review" camunda:candidateGroups="clerk, judge"'),
    ("assignee-by-name", PLAIN, 'id="review"', 'id="review" camunda:assignee="demo"'),
    ("event-subprocess-start", EVENT_SUB, message("paid"), timer("P1D")),
    ("event-subprocess-start", EVENT_SUB, message("paid"), error()),
    ("event-subprocess-start", EVENT_SUB, message("paid"), ""),
    ("event-subprocess-start", EVENT_SUB, "</bpmn:subProcess>", start("t2", message("paid")) + flow("t2", "se") + "</bpmn:subProcess>"),
    ("event-subprocess-connected", EVENT_SUB, "</bpmn:process>", flow("review", "stop") + "</bpmn:process>"),
    ("event-gateway-few", RACE, 'sourceRef="race" targetRef="late"', 'sourceRef="paid" targetRef="late"'),
    ("event-gateway-next", RACE, 'sourceRef="race" targetRef="late"', 'sourceRef="race" targetRef="end"'),
    ("event-gateway-shared", RACE, "</bpmn:process>", flow("paid", "late") + "</bpmn:process>"),
    ("attribute-unsupported", RACE, 'id="race"', 'id="race" instantiate="true"'),
    ("link-unpaired", LINKS, 'name="L"', 'name="M"'),
    ("link-ambiguous", LINKS, "</bpmn:process>", catch("again", '<bpmn:linkEventDefinition name="L"/>') + "</bpmn:process>"),
    ("loop-without-count", EACH, 'camunda:collection="people"', ""),
    ("loop-two-counts", EACH, "</bpmn:multi", "<bpmn:loopCardinality>3</bpmn:loopCardinality></bpmn:multi"),
    ("loop-without-end", LOOP, ' loopMaximum="3"', ""),
    ("loop-maximum", LOOP, '"3"', '"three"'),
    ("attribute-unsupported", EACH, 'isSequential="false"', 'behavior="One"'),
    ("attribute-unsupported", PLAIN, 'id="review"', 'id="review" startQuantity="2"'),
    ("attribute-unsupported", SERVICE, 'camunda:topic="notify"', 'camunda:class="x.Y"'),
    ("extension-unsupported", PLAIN, USER, USER + LISTENER),
    ("dialect-unsupported", PLAIN, USER, USER + ZEEBE),
    ("called-missing", CALL, ' calledElement="q"', ""),
    ("called-unknown", CALL, 'calledElement="q"', 'calledElement="r"'),
    ("called-recursive", CALL, 'calledElement="q"', 'calledElement="p"'),
    ("called-start", CALL, 'id="qs" name="qs">', f'id="qs">{message("paid")}'),
    ("extend-without-period", PLAIN, USER, USER + properties(extend="x")),
    ("expression-juel", CHOICE, ">a<", ">${a}<"),
    ("expression-juel", PLAIN, 'id="review"', 'id="review" camunda:candidateGroups="#{group}"'),
    ("expression-juel", EACH, "people", "${people}"),
    ("expression-juel", EDGE, "P3D", "${limit}"),
    ("expression-language", CHOICE, 'xsi:type="bpmn:tFormalExpression"', 'language="groovy"'),
    ("expression-language", SCRIPT, 'scriptFormat="feel"', 'scriptFormat="python"'),
    ("expression-empty", SCRIPT, "1 + 1", " "),
    ("expression", SCRIPT, "1 + 1", "1 +"),
    ("expression", SCRIPT, "1 + 1", "nonsense(1)"),
    ("expression", CHOICE, ">a<", ">a and<"),
    ("expression", EACH, "people", "all people"),
    ("expression", EACH, "</bpmn:multi", "<bpmn:completionCondition>1 +</bpmn:completionCondition></bpmn:multi"),
    ("expression", PLAIN, 'id="review"', 'id="review" camunda:assignee="=a b"'),
    ("expression", PLAIN, USER, USER + properties(payload="{a: }")),
    ("expression", EDGE, "P3D", "three days"),
    ("period-wrong", EDGE, "P3D", "3 days"),
    ("script-assignment", SCRIPT, 'camunda:resultVariable="n"><bpmn:script>1 + 1', "><bpmn:script>n = 2"),
    ("timer-empty", EDGE, "P3D", " "),
    ("timer-empty", EDGE, "<bpmn:timeDuration>P3D</bpmn:timeDuration>", ""),
    ("timer-cron", REMIND, "R3/P1D", "0 0 9 * * ?"),
    ("timer-cycle", REMIND, "R3/P1D", "R3/"),
    ("timer-cycle", REMIND, "R3/P1D", "R3/PT0S"),
    ("timer-cycle", REMIND, "R3/P1D", "R3/P1D/2027-01-01"),
    ("timer-cycle", REMIND, "R3/P1D", "P1D"),
    ("timer-cycle-place", REMIND, 'cancelActivity="false"', 'cancelActivity="true"'),
    ("period-wrong", EDGE, "P3D", "P1.5M"),
    ("period-wrong", EDGE, "P3D", "2026-13-01"),
    ("period-wrong", PLAIN, 'id="review"', 'id="review" camunda:dueDate="tomorrow"'),
    ("number-wrong", PLAIN, 'id="review"', 'id="review" camunda:priority="high"'),
    ("script-without-result", SCRIPT, ' camunda:resultVariable="n"', ""),
    ("gateway-without-default", CHOICE, ' default="no"', ""),
    ("implicit-start", PLAIN, '<bpmn:startEvent id="start" name="start"></bpmn:startEvent>', user("start")),
    ("implicit-end", PLAIN, END + "</bpmn:endEvent>", ""),
    ("notice-empty", SERVICE, TELL, ""),
    ("service-without-topic", SERVICE, ' camunda:topic="notify"', ""),
    ("attribute-ignored", PLAIN, 'id="review"', 'id="review" camunda:candidateUsers="demo"'),
    ("event-without-role", MESSAGE, message("paid"), properties(formRef="f") + message("paid")),
    ("timer-without-basis", EDGE.replace("<bpmn:timerEvent", properties(law="第八条") + "<bpmn:timerEvent"), 'name="law"', 'name="label"'),
    ("default-with-condition", CHOICE, 'targetRef="other">', 'targetRef="other"><bpmn:conditionExpression>b</bpmn:conditionExpression>'),
    ("process-not-executable", PLAIN, 'isExecutable="true"', 'isExecutable="false"'),
    ("process-unused", CALL, "</bpmn:definitions>", process("r", start("rs"), end("re"), path("rs", "re")) + "</bpmn:definitions>"),
    ("process-ambiguous", PLAIN, "</bpmn:definitions>", process("r", start("rs"), end("re"), path("rs", "re")) + "</bpmn:definitions>"),
    ("bpmn-undrawn", SHAPES, '<bpmndi:BPMNShape bpmnElement="review"/>', ""),
    ("diagram-missing", SHAPES, "bpmndi:BPMNShape", "bpmndi:Nothing"),
    ("diagram-dangling", SHAPES, 'bpmnElement="review"', 'bpmnElement="gone"'),
    ("form-elsewhere", PLAIN, 'id="review"', 'id="review" camunda:formRef="f"'),
    ("id-style", PLAIN, 'id="start"', 'id="StartEvent_1"'),
    ("name-language", PLAIN.replace('name="start"', 'name="开始"').replace('name="end"', 'name="结束"').replace('name="review"', 'name="审查"'),
     "审查", "Review"),
    ("lane-roles", LANES.replace(USER, '<bpmn:userTask id="review" camunda:candidateGroups="a">'),
     "</bpmn:flowNodeRef>", "</bpmn:flowNodeRef><bpmn:flowNodeRef>more</bpmn:flowNodeRef>"),
    ("lane-dangling", LANES, ">review<", ">gone<"),
    ("not-executed", PLAIN, "</bpmn:process>", '<bpmn:dataObject id="data"/></bpmn:process>'),
]  # fmt: skip


def rules(text):
    return {f.rule for f in check_files({FILE: text})}


@pytest.mark.parametrize(("rule", "good", "old", "new"), CASES, ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)])
def test_a_rule_and_its_twin(rule, good, old, new):
    bad = edited(good, old, new) if rule not in {"unsupported-element", "diagram-missing"} else good.replace(old, new)
    if rule == "lane-roles":
        more = user("more", camunda_candidateGroups="b") + flow("review", "more")
        good, bad = (text.replace("</bpmn:process>", more + "</bpmn:process>") for text in (good, bad))
    assert rule in rules(bad)
    assert rule not in rules(good)
    assert refusals(check_files({FILE: good}), house=False) == []
    level = (SEMANTICS | HOUSE_RULES)[rule].level
    found = [f for f in check_files({FILE: bad}) if f.rule == rule]
    assert {f.level for f in found} == {level if level == "semantics" else "warning"}
    assert all(f.message and f.remedy and "{" not in f.remedy.replace("{{", "") for f in found)


def test_every_rule_is_tested():
    tested = {c[0] for c in CASES} | {e[0] for e in [*EDITS, *OPENINGS]} | {e[2] for e in CHECKS}
    tested |= {rule for _, rule, _ in JOINS.values()}
    assert {*SEMANTICS, *HOUSE_RULES} - tested == {
        "bpmn-refused",
        "bpmn-missing",
    }
    assert set(SEMANTICS).isdisjoint(HOUSE_RULES)


def test_no_file_at_all():
    assert {f.rule for f in check_files({})} == {"bpmn-missing"}


def test_what_only_the_engine_refuses(monkeypatch):
    def refuse(*_):
        raise InvalidDefinition([Finding("x", "semantics", FILE, "review", "it is odd")])

    monkeypatch.setattr(runtime, "compile_process", refuse)
    (found,) = refusals(check_files({FILE: PLAIN}))
    assert (found.rule, found.element) == ("bpmn-refused", "review")
    assert "it is odd" in found.message


def test_where_it_is():
    lines = PLAIN.replace("><", ">\n<")
    found = check_files({FILE: lines.replace('targetRef="end"', 'targetRef="gone"')})
    (dangling,) = [f for f in found if f.rule == "ref-dangling"]
    assert dangling.file == FILE
    assert dangling.element == "review-end"
    assert "review-end" in lines.split("\n")[(dangling.line or 0) - 1]
    assert dangling.params == {"attribute": "targetRef", "ref": "gone"}


def test_where_an_expression_is_wrong():
    (found,) = refusals(check_files({FILE: edited(SCRIPT, "1 + 1", "1 + nonsense(2)")}))
    assert (found.rule, found.element, found.params["position"], found.params["code"]) == (
        "expression",
        "count",
        "4",
        "feel-unknown-function",
    )


def test_what_has_no_id_has_a_line():
    text = PLAIN.replace('<bpmn:userTask id="review"', '\n<bpmn:userTask startQuantity="2"')
    (found,) = [f for f in check_files({FILE: text}) if f.rule == "attribute-unsupported"]
    assert (found.element, found.line) == (None, 2)


def test_everything_in_one_list():
    text = PLAIN.replace('id="start"', 'id="Start"').replace('targetRef="end"', 'targetRef="gone"')
    text = text.replace('id="review"', 'id="review" camunda:dueDate="${x}" startQuantity="2"')
    assert {"id-reserved", "ref-dangling", "expression-juel", "attribute-unsupported"} <= rules(text)


def test_ids_that_a_modeler_gave_are_left_alone():
    drawn = PLAIN.replace('"review"', '"Activity_1alod5m"')
    assert drawn != PLAIN and "id-style" not in {one.rule for one in check_files({FILE: drawn})}
